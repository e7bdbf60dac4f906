using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Gets each location a session at the server: the one named, or a new one of its device.</summary>
static class CloudSessions
{
    const string Model = "RufusIngest";

    /// <summary>Tokens by location. Opening a session closes the one its device has active.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> OpenAsync(
        Terminal terminal, RufusCloudClient cloud, IReadOnlyList<ReaderSpec> readers, bool quiet,
        CancellationToken cancellation)
    {
        Dictionary<string, string> tokens = [];
        foreach (var location in readers.GroupBy(reader => reader.Location))
        {
            string? session = GivenSession(location);
            if (session is null)
                (session, _) = await OpenOneAsync(terminal, cloud, location, quiet, cancellation).ConfigureAwait(false);
            else
                await RequireEmptyAsync(cloud, location.Key, session, cancellation).ConfigureAwait(false);
            tokens[location.Key] = session;
        }

        return tokens;
    }

    /// <summary>Throws when readers of one location name different sessions or devices.</summary>
    public static void RequireConsistent(IReadOnlyList<ReaderSpec> readers)
    {
        foreach (var location in readers.GroupBy(reader => reader.Location))
        {
            _ = GivenSession(location);
            _ = TheOne(location.Select(reader => reader.Device), location.Key, "device");
        }
    }

    /// <summary>The token that the command line names for a location, or null.</summary>
    public static string? GivenSession(IGrouping<string, ReaderSpec> location) =>
        TheOne(location.Select(reader => reader.Session), location.Key, "session");

    /// <summary>The location's device: the one named, or one that is bound for it.</summary>
    public static async Task<string> DeviceOfAsync(
        RufusCloudClient cloud, IGrouping<string, ReaderSpec> location, CancellationToken cancellation) =>
        TheOne(location.Select(reader => reader.Device), location.Key, "device")
        ?? await cloud.BindDeviceAsync(
            Model, $"rufus-ingest-{location.Key}", location.Key, cancellationToken: cancellation).ConfigureAwait(false);

    /// <summary>Opens a session for a location; that closes the one its device has active.</summary>
    public static async Task<(string Token, string Device)> OpenOneAsync(
        Terminal terminal, RufusCloudClient cloud, IGrouping<string, ReaderSpec> location, bool quiet,
        CancellationToken cancellation)
    {
        string device = await DeviceOfAsync(cloud, location, cancellation).ConfigureAwait(false);
        string session = await cloud.OpenSessionAsync(device, location.Key, cancellation).ConfigureAwait(false);
        if (!quiet)
            terminal.Say($"{location.Key}: opened session {session} of device {device}.");
        return (session, device);
    }

    /// <summary>
    /// Numbers start at 1 with each run without a journal, so a session that has passings would take the new ones for
    /// repeats. A key that cannot read leaves it unknown.
    /// </summary>
    public static async Task RequireEmptyAsync(
        RufusCloudClient cloud, string location, string token, CancellationToken cancellation)
    {
        CloudSession session;
        try
        {
            session = await cloud.GetSessionAsync(token, cancellation).ConfigureAwait(false);
        }
        catch (RufusCloudException exception)
            when (exception.Failure is RufusFailure.KeyRefused or RufusFailure.PermissionMissing)
        {
            return;
        }

        if (session.Passings > 0)
        {
            throw new ToolException(
                ExitCode.Refused,
                $"{location}: session {token} has {session.Passings} passings already, and this run would number from 1 "
                + "again; leave session= out to open a new one.");
        }
    }

    static string? TheOne(IEnumerable<string?> values, string location, string what)
    {
        string[] given = [.. values.OfType<string>().Distinct()];
        return given.Length <= 1
            ? given.FirstOrDefault()
            : throw ToolException.BadInput($"the readers of location {location} name different {what}s.");
    }
}
