using System.CommandLine;
using System.Globalization;
using System.Security;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tool;

/// <summary>Options that several commands share, and what is made of their values.</summary>
static class CommonOptions
{
    public const string ApiKeyVariable = "RUFUS_API_KEY";

    public const string PolicyNames = "first, peak, fitted or last";

    public static Option<bool> Json(string description) => new("--json") { Description = description };

    public static Option<string?> Post() => new("--post")
    {
        Description = "Base address of the API, such as https://api.runonrufus.com/v0/.",
    };

    public static Option<string> BaseAddress() => new("--base-address")
    {
        Description = "Base address of the API.",
        DefaultValueFactory = _ => RufusCloudClient.DefaultAddress,
    };

    public static Option<bool> ReplaceActive() => new("--replace-active")
    {
        Description = "Open a session although that closes the one the device has active.",
    };

    public static Option<FileInfo?> Bibs() => new("--bibs") { Description = "CSV file of chip and bib." };

    public static Option<string?> Policy() => new("--policy")
    {
        Description = $"Which read of a burst gives the time of record: {PolicyNames}. Default: first.",
    };

    public static Option<FileInfo?> Journal() => new("--journal")
    {
        Description = "File that keeps everything received and what was sent; the same file again goes on where it was.",
    };

    public static Option<int> FlushSeconds() => new("--flush-seconds")
    {
        Description = "How long to go on sending at the end before the rest is written to a file.",
        DefaultValueFactory = _ => 30,
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int value) && (uint)value > 86_400)
                    result.AddError("--flush-seconds must be 0 to 86400.");
            },
        },
    };

    public static PassingPolicy ReadPolicy(string? name) => name?.ToUpperInvariant() switch
    {
        null or "FIRST" => PassingPolicy.First,
        "PEAK" => PassingPolicy.Peak,
        "FITTED" => PassingPolicy.Fitted,
        "LAST" => PassingPolicy.Last,
        _ => throw ToolException.BadInput($"there is no policy '{name}'; there are: {PolicyNames}."),
    };

    public static ChipTable ReadBibs(FileInfo? file)
    {
        if (file is null)
            return ChipTable.Empty;
        if (!file.Exists)
            throw ToolException.BadInput($"there is no file {file.FullName} (--bibs).");
        try
        {
            using StreamReader reader = file.OpenText();
            return ChipTable.ReadCsv(reader, file.Name);
        }
        catch (ChipTableException exception)
        {
            throw ToolException.BadInput($"the list of bibs cannot be used:\n{exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file.FullName} cannot be read: {exception.Message}", exception);
        }
    }

    public static ZoneRules FindZone(string name)
    {
        try
        {
            return ZoneRules.Find(name);
        }
        catch (Exception exception) when (exception is TimeZoneNotFoundException or InvalidTimeZoneException
            or SecurityException or IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput(
                $"there is no time zone '{name}'; give a name such as Europe/Madrid or an offset such as +02:00.",
                exception);
        }
    }

    public static DateOnly ReadDate(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date)
            ? date
            : throw ToolException.BadInput($"'{text}' is no date; write it as 2026-05-17.");
}
