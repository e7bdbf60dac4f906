using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>A timing session as the server describes it; what it does not say is null.</summary>
public sealed record CloudSession
{
    /// <summary>Its token, an opaque string.</summary>
    public required string TokenSession { get; init; }

    /// <summary>Display name.</summary>
    public string? Alias { get; init; }

    /// <summary>Whether it still takes passings.</summary>
    public bool? Active { get; init; }

    /// <summary>How many passings it holds.</summary>
    public int? Passings { get; init; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>As the server says it: samples hold a date and time, not a length.</summary>
    public string? Duration { get; init; }

    /// <summary>Time of its first passing.</summary>
    public DateTimeOffset? First { get; init; }

    /// <summary>Time of its last passing.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>Reads one; without a token it is an empty string.</summary>
    internal static CloudSession Read(JsonElement item) => new()
    {
        TokenSession = CloudAnswer.Text(item, "token_session") ?? "",
        Alias = CloudAnswer.Text(item, "alias"),
        Active = CloudAnswer.Truth(item, "active"),
        Passings = CloudAnswer.Integer(item, "passings"),
        CreationDate = CloudAnswer.Time(item, "creation_date"),
        Duration = CloudAnswer.Text(item, "duration"),
        First = CloudAnswer.Time(item, "first"),
        Last = CloudAnswer.Time(item, "last"),
    };
}
