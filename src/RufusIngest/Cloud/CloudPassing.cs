using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>A passing as the server stored it; what it does not say, or says in an unknown form, is null.</summary>
public sealed record CloudPassing
{
    /// <summary>Its number in the session (<c>num_passing</c>).</summary>
    public int? Number { get; init; }

    /// <summary>Bib, or the chip where no bib was known.</summary>
    public string? Bib { get; init; }

    /// <summary>Chip code.</summary>
    public string? Chip { get; init; }

    /// <summary>Time of record.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Latitude in degrees.</summary>
    public double? Latitude { get; init; }

    /// <summary>Longitude in degrees.</summary>
    public double? Longitude { get; init; }

    /// <summary>Status in words such as <c>Sent</c>; which there are is not documented.</summary>
    public string? Status { get; init; }

    /// <summary>Another id of the participant.</summary>
    public string? ParticipantId { get; init; }

    /// <summary>A time zone in free words; it has no documented effect on the time.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Gender.</summary>
    public string? Gender { get; init; }

    /// <summary>Session it is in. Given on reading only.</summary>
    public string? TokenSession { get; init; }

    /// <summary>Device it came from. Given on reading only.</summary>
    public string? DeviceId { get; init; }

    /// <summary>Reads one as the API writes it; a chip may be <c>chips</c>, and coordinates text. Never fails.</summary>
    public static CloudPassing Read(JsonElement item) => new()
    {
        Number = CloudAnswer.Integer(item, "num_passing"),
        Bib = CloudAnswer.Text(item, "bib"),
        Chip = CloudAnswer.Text(item, "chip") ?? CloudAnswer.Text(item, "chips"),
        Timestamp = CloudAnswer.Time(item, "timestamp"),
        Latitude = CloudAnswer.Real(item, "latitude"),
        Longitude = CloudAnswer.Real(item, "longitude"),
        Status = CloudAnswer.Text(item, "status"),
        ParticipantId = CloudAnswer.Text(item, "participant_id"),
        TimeZone = CloudAnswer.Text(item, "timezone"),
        Gender = CloudAnswer.Text(item, "gender"),
        TokenSession = CloudAnswer.Text(item, "token_session"),
        DeviceId = CloudAnswer.Text(item, "deviceid"),
    };
}

/// <summary>What the server says of an insert; null where it does not say.</summary>
/// <param name="Inserted">Passings that were new.</param>
/// <param name="Duplicates">Passings it had.</param>
public readonly record struct InsertCounts(int? Inserted, int? Duplicates);
