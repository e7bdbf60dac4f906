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

    /// <summary>It says what the API requires of a passing that is sent.</summary>
    internal bool IsWhole => Number >= 0 && Bib is not null && Timestamp is not null;

    /// <summary>
    /// Writes it as a POST takes it: the members the API names for that and no other, without those that are null. The
    /// time is sent in UTC, cut to ms.
    /// </summary>
    /// <param name="writer">Gets one JSON object.</param>
    /// <exception cref="InvalidOperationException">It has no number from 0, no bib or no time.</exception>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (!IsWhole)
            throw new InvalidOperationException("A passing needs a number from 0, a bib and a time.");
        writer.WriteStartObject();
        writer.WriteString("bib", Bib);
        writer.WriteNumber("num_passing", Number!.Value);
        writer.WriteString("timestamp", RufusCloudClient.Text(Timestamp));
        if (Latitude is { } latitude)
            writer.WriteNumber("latitude", latitude);
        if (Longitude is { } longitude)
            writer.WriteNumber("longitude", longitude);
        WriteText(writer, "chip", Chip);
        WriteText(writer, "status", Status);
        WriteText(writer, "participant_id", ParticipantId);
        WriteText(writer, "timezone", TimeZone);
        WriteText(writer, "gender", Gender);
        writer.WriteEndObject();
    }

    static void WriteText(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }

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
