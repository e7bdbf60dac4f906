using System.Text;
using Microsoft.Extensions.Options;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>Finds all faults of the options, not the first only; each message begins with the option's name.</summary>
sealed class RufusIngestValidator : IValidateOptions<RufusIngestOptions>
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, RufusIngestOptions options)
    {
        List<string> faults = [];
        CheckCloud(options, faults);
        CheckProfile(options, faults);
        CheckFiles(options, faults);
        CheckLocations(options, faults);
        CheckReaders(options, faults);
        CheckUpload(options.Upload, faults);
        faults.AddRange(options.Reads.Faults().Select(found => Named($"Reads:{found.Option}", found.Fault)));
        if (options.DegradedAfter <= TimeSpan.Zero)
            faults.Add(Named(nameof(options.DegradedAfter), $"is {options.DegradedAfter}; it must be above zero"));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    static string Named(string option, string fault) => $"{RufusIngestOptions.SectionName}:{option} {fault}.";

    static void CheckCloud(RufusIngestOptions options, List<string> faults)
    {
        if (!options.Send)
            return;
        if (string.IsNullOrEmpty(options.ApiKey))
            faults.Add(Named(nameof(options.ApiKey), "is missing; give the key, or set Send to false to send nothing"));
        else if (options.ApiKey.AsSpan().ContainsAnyExceptInRange('!', '~'))
            faults.Add(Named(nameof(options.ApiKey), "must be visible ASCII, without spaces"));
        Uri? address = options.BaseAddress;
        if (address is not { IsAbsoluteUri: true, Scheme: "http" or "https" })
            faults.Add(Named(nameof(options.BaseAddress), $"'{address}' is not an absolute http or https address"));
        else if (address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0)
            faults.Add(Named(nameof(options.BaseAddress), "must have no user, query or fragment"));
    }

    /// <summary>The profile's file, and then whether the client takes what it and the host's changes come to.</summary>
    static void CheckProfile(RufusIngestOptions options, List<string> faults)
    {
        string option = nameof(options.ProfileFile);
        try
        {
            using HttpClient http = new();
            RufusCloudOptions cloud = options.ToCloud();
            _ = new RufusCloudClient(http, "key", new() { Profile = cloud.Profile });
            option = nameof(options.ConfigureCloud);
            _ = new RufusCloudClient(http, "key", cloud);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException
            or ArgumentException)
        {
            faults.Add(Named(option, $"cannot be used: {e.Message.TrimEnd('.')}"));
        }
    }

    static void CheckFiles(RufusIngestOptions options, List<string> faults)
    {
        if (options.JournalFile is not { } journal)
            return;
        if (string.IsNullOrWhiteSpace(journal))
            faults.Add(Named(nameof(options.JournalFile), "is empty; leave it out for no journal"));
        else if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(journal))))
            faults.Add(Named(nameof(options.JournalFile), $"'{journal}' is in a folder that does not exist"));
    }

    static void CheckLocations(RufusIngestOptions options, List<string> faults)
    {
        if (options.Locations.Count == 0)
            faults.Add(Named(nameof(options.Locations), "is empty; there must be at least one"));
        CheckUnique("Locations", "Name", options.Locations.Select(place => place.Name), isRequired: true, faults);
        CheckUnique("Locations", "Token", options.Locations.Select(place => place.Token), isRequired: false, faults);
        CheckUnique("Locations", "DeviceId", options.Locations.Select(place => place.DeviceId), isRequired: false, faults);
        for (int i = 0; i < options.Locations.Count; i++)
        {
            IngestLocationOptions location = options.Locations[i];
            CheckGate($"Locations:{i}", location, faults);
            CheckFilter($"Locations:{i}:Filter", location.Filter, faults);
            if (options is { Send: true, Upload.WhenSessionGone: SessionGonePolicy.OpenNew }
                && string.IsNullOrWhiteSpace(location.DeviceId))
                faults.Add(Named($"Locations:{i}:DeviceId", "is missing; Upload:WhenSessionGone OpenNew needs it"));
        }
    }

    static void CheckGate(string place, IngestLocationOptions location, List<string> faults)
    {
        if (location.Policy == PassingPolicy.Manual || !Enum.IsDefined(location.Policy))
            faults.Add(Named($"{place}:Policy", $"{location.Policy} is no policy for reads"));
        CheckTime($"{place}:DeadTime", location.DeadTime, TimeSpan.Zero, Day, faults);
        CheckTime($"{place}:BurstGap", location.BurstGap, TimeSpan.Zero, Day, faults);
        CheckTime($"{place}:ReorderDelay", location.ReorderDelay, TimeSpan.Zero, Day, faults);
        CheckTime($"{place}:MaxBurst", location.MaxBurst ?? TimeSpan.Zero, TimeSpan.Zero, Day, faults);
        CheckTime($"{place}:MinLap", location.MinLap, TimeSpan.Zero, Day, faults);
        CheckTime($"{place}:BackupWindow", location.BackupWindow, TimeSpan.Zero, Day, faults);
        CheckTime($"{place}:ParkedAfter", location.ParkedAfter, TimeSpan.Zero, Day, faults);
    }

    static void CheckFilter(string place, IngestFilterOptions filter, List<string> faults)
    {
        if (filter.IgnoreBefore > filter.IgnoreAfter)
            faults.Add(Named($"{place}:IgnoreBefore", "is later than IgnoreAfter; nothing would be kept"));
        CheckChips($"{place}:Deny", filter.Deny, faults);
        CheckChips($"{place}:Allow", filter.Allow, faults);
        foreach ((int index, string prefix) in filter.Prefixes.Index())
        {
            if (Encoding.UTF8.GetByteCount(prefix) is 0 or > ChipCode.MaxTextLength)
                faults.Add(Named($"{place}:Prefixes:{index}", $"must be 1 to {ChipCode.MaxTextLength} bytes long"));
        }

        if (filter.MinRssiDbm is < -300 or > 300)
            faults.Add(Named($"{place}:MinRssiDbm", $"is {filter.MinRssiDbm}; it must be -300 to 300"));
    }

    static void CheckChips(string option, IList<string> chips, List<string> faults)
    {
        foreach ((int index, string chip) in chips.Index())
        {
            if (!ChipCode.TryFromText(Encoding.UTF8.GetBytes(chip), out _))
                faults.Add(Named($"{option}:{index}", $"'{chip}' is no chip code"));
        }
    }

    static void CheckProtocol(
        string option, string protocol, IReadOnlyList<ReaderProtocol> protocols, List<string> faults)
    {
        try
        {
            if (ReaderProtocol.Find(protocols, protocol) is null)
                faults.Add(Named(option, NotOneOf(protocol, "protocols", [.. protocols.Select(known => known.Name)])));
        }
        catch (FormatException exception)
        {
            faults.Add(Named(option, exception.Message.TrimEnd('.')));
        }
    }

    static void CheckReaders(RufusIngestOptions options, List<string> faults)
    {
        CheckUnique("Readers", "Name", options.Readers.Select(reader => reader.Name), isRequired: true, faults);
        string[] locations = [.. options.Locations.Select(location => location.Name)];
        IngestSettings none = new() { Locations = [], Readers = [] };
        IReadOnlyList<ReaderProtocol> protocols = options.ToPipeline(none).Protocols;
        for (int i = 0; i < options.Readers.Count; i++)
        {
            IngestReaderOptions reader = options.Readers[i];
            CheckProtocol($"Readers:{i}:Protocol", reader.Protocol, protocols, faults);
            if (!locations.Contains(reader.Location))
                faults.Add(Named($"Readers:{i}:Location", NotOneOf(reader.Location, "locations", locations)));
            if (!IsZone(reader.Zone))
                faults.Add(Named($"Readers:{i}:Zone", $"'{reader.Zone}' is not a time zone that this machine knows"));
            CheckTime($"Readers:{i}:ClockCorrection", reader.ClockCorrection, -3650 * Day, 3650 * Day, faults);
            CheckPoints($"Readers:{i}:Points", reader.Points, locations, faults);
        }
    }

    static void CheckPoints(string option, IList<IngestPointOptions> points, string[] locations, List<string> faults)
    {
        if (points.Count > 255)
            faults.Add(Named(option, $"are {points.Count}; there may be 255"));
        foreach ((int index, IngestPointOptions point) in points.Index())
        {
            if (point.Location is { } location && !locations.Contains(location))
                faults.Add(Named($"{option}:{index}:Location", NotOneOf(location, "locations", locations)));
            CheckNumbers($"{option}:{index}:Antennas", point.Antennas, faults);
            CheckNumbers($"{option}:{index}:SubReaders", point.SubReaders, faults);
            if (point.Name is { } name && Encoding.UTF8.GetByteCount(name) is 0 or > PointNames.MaxLength)
                faults.Add(Named($"{option}:{index}:Name", $"must be 1 to {PointNames.MaxLength} bytes long"));
        }
    }

    static void CheckNumbers(string option, IList<int> numbers, List<string> faults)
    {
        foreach ((int index, int number) in numbers.Index())
        {
            if (number is < 0 or > ushort.MaxValue)
                faults.Add(Named($"{option}:{index}", $"is {number}; it must be 0 to {ushort.MaxValue}"));
        }
    }

    static void CheckUpload(IngestUploadOptions upload, List<string> faults)
    {
        foreach ((string option, int value) in ((string, int)[])
        [
            (nameof(upload.MaxQueuedBatches), upload.MaxQueuedBatches),
            (nameof(upload.MaxPassingsPerPost), upload.MaxPassingsPerPost),
            (nameof(upload.MaxSetAsideInARow), upload.MaxSetAsideInARow),
        ])
        {
            if (value < 1)
                faults.Add(Named($"Upload:{option}", $"is {value}; it must be at least 1"));
        }

        TimeSpan least = TimeSpan.FromTicks(1);
        CheckTime("Upload:RequestTimeout", upload.RequestTimeout, least, Day, faults);
        CheckTime("Upload:FirstRetryDelay", upload.FirstRetryDelay, least, Day, faults);
        CheckTime("Upload:MaxRetryDelay", upload.MaxRetryDelay, least, Day, faults);
        CheckTime("Upload:MaxRetryAfter", upload.MaxRetryAfter, least, Day, faults);
        if (!Enum.IsDefined(upload.WhenSessionGone))
            faults.Add(Named("Upload:WhenSessionGone", $"{upload.WhenSessionGone} is no such policy"));
    }

    static void CheckTime(string option, TimeSpan value, TimeSpan least, TimeSpan most, List<string> faults)
    {
        if (value < least || value > most)
            faults.Add(Named(option, $"is {value}; it must be {least} to {most}"));
    }

    /// <summary>A token is not shown: it lets passings in.</summary>
    static void CheckUnique(
        string list, string option, IEnumerable<string?> values, bool isRequired, List<string> faults)
    {
        Dictionary<string, int> seen = [];
        foreach ((int index, string? value) in values.Index())
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                if (isRequired || value is not null)
                    faults.Add(Named($"{list}:{index}:{option}", "is empty"));
            }
            else if (!seen.TryAdd(value, index))
            {
                faults.Add(Named($"{list}:{index}:{option}", $"is also that of {list}:{seen[value]}"));
            }
        }
    }

    static string NotOneOf(string value, string what, string[] known) =>
        $"'{value}' is not one of the {what}: {string.Join(", ", known)}";

    static bool IsZone(string name)
    {
        try
        {
            _ = ZoneRules.Find(name);
            return true;
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or ArgumentException)
        {
            return false;
        }
    }
}
