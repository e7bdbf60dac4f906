using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>A reader as the command line names it: <c>PROTOCOL=tcp://HOST:PORT[;location=NAME;zone=Z;…]</c>.</summary>
sealed record ReaderSpec
{
    public const string Syntax =
        "PROTOCOL=tcp://HOST:PORT[;location=NAME][;zone=ZONE][;date=YYYY-MM-DD][;session=TOKEN][;device=ID]";

    public required string Protocol { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public string Location { get; init; } = "FINISH";

    public ZoneRules Zone { get; init; } = ZoneRules.Utc;

    public DateOnly? SessionDate { get; init; }

    /// <summary>Token of a session to go on with.</summary>
    public string? Session { get; init; }

    /// <summary>Device to open a session of.</summary>
    public string? Device { get; init; }

    /// <summary>A name that stays when the address changes; null: the address is the name.</summary>
    public string? Label { get; init; }

    /// <summary>Name in settings, tables and messages.</summary>
    public string Name => Label ?? $"{Protocol} {Host}:{Port}";

    public ReaderSettings ToSettings() => new()
    {
        Name = Name,
        Protocol = Protocol,
        Location = Location,
        Zone = Zone,
        SessionDate = SessionDate,
    };

    public static ReaderSpec Parse(string text)
    {
        // Parameters of a protocol may hold semicolons and equals signs too.
        int end = text.IndexOf("=tcp://", StringComparison.Ordinal);
        string[] parts = text[(end + 1)..].Split(';', StringSplitOptions.TrimEntries);
        if (end < 0 || !Uri.TryCreate(parts[0], UriKind.Absolute, out Uri? address)
            || address.Port <= 0 || address.Host.Length == 0)
        {
            throw ToolException.BadInput($"'{text}' is no reader; write it as {Syntax}.");
        }

        ReaderSpec spec = new()
        {
            Protocol = FindProtocol(text[..end]).Name,
            Host = address.DnsSafeHost,
            Port = address.Port,
        };
        foreach (string part in parts.Skip(1).Where(part => part.Length > 0))
            spec = spec.With(part, text);
        return spec;
    }

    public static ReaderProtocol FindProtocol(string name)
    {
        try
        {
            return ReaderProtocol.Find(name)
                ?? throw ToolException.BadInput(
                    $"there is no protocol '{name}'; there are: {string.Join(", ", ReaderProtocol.All)}. "
                    + "`rufus-ingest protocols` says which devices speak them.");
        }
        catch (FormatException exception)
        {
            throw ToolException.BadInput(exception.Message);
        }
    }

    ReaderSpec With(string part, string text)
    {
        string[] pair = part.Split('=', 2);
        string value = pair.Length == 2 ? pair[1] : "";
        if (value.Length == 0)
            throw ToolException.BadInput($"'{part}' in '{text}' needs a value; write it as {Syntax}.");
        return pair[0] switch
        {
            "location" => this with { Location = value },
            "zone" => this with { Zone = CommonOptions.FindZone(value) },
            "date" => this with { SessionDate = CommonOptions.ReadDate(value) },
            "session" => this with { Session = value },
            "device" => this with { Device = value },
            _ => throw ToolException.BadInput($"'{pair[0]}' in '{text}' is not known; write it as {Syntax}."),
        };
    }
}
