using System.Text.Json;

namespace RufusIngest.Server;

/// <summary>Writes devices, sessions and events as the API shows them.</summary>
static class ApiJson
{
    public static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long milliseconds)
    {
        Span<byte> text = stackalloc byte[Rfc3339.Length];
        Rfc3339.Format(milliseconds, text);
        json.WriteString(name, text);
    }

    /// <summary>A device in a listing.</summary>
    public static void WriteSummary(Utf8JsonWriter json, DeviceState device)
    {
        json.WriteStartObject();
        WriteMembers(json, device);
        json.WriteEndObject();
    }

    /// <summary>A device by itself: with its passings.</summary>
    public static void WriteDetail(Utf8JsonWriter json, DeviceState device)
    {
        json.WriteStartObject();
        WriteMembers(json, device);
        json.WriteNumber("passings"u8, device.Passings);
        json.WriteEndObject();
    }

    public static void WriteSummary(Utf8JsonWriter json, SessionState session)
    {
        json.WriteStartObject();
        var info = session.Info;
        json.WriteString("token_session"u8, session.Token);
        json.WriteString("alias"u8, session.Alias);
        WriteTime(json, "creation_date"u8, session.CreatedMs);
        json.WriteBoolean("active"u8, info.Active);
        json.WriteNumber("passings"u8, info.Passings);
        json.WriteEndObject();
    }

    /// <summary>A session by itself, which the API answers as an array of one.</summary>
    public static void WriteDetail(Utf8JsonWriter json, SessionState session)
    {
        var info = session.Info;
        json.WriteStartArray("result"u8);
        json.WriteStartObject();
        json.WriteString("token_session"u8, session.Token);
        json.WriteString("alias"u8, session.Alias);
        WriteTime(json, "creation_date"u8, session.CreatedMs);
        json.WriteNull("duration"u8); // The API's own meaning of it is not known.
        json.WriteBoolean("active"u8, info.Active);
        json.WriteNumber("passings"u8, info.Passings);
        WriteTime(json, "first"u8, info.Passings == 0 ? null : info.FirstMs);
        WriteTime(json, "last"u8, info.Passings == 0 ? null : info.LastMs);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    public static void WriteSummary(Utf8JsonWriter json, VenueEvent summary)
    {
        json.WriteStartObject();
        json.WriteString("event_token"u8, summary.Token);
        json.WriteString("name"u8, summary.Name);
        json.WriteString("edition"u8, summary.Edition);
        json.WriteString("location"u8, summary.Location);
        json.WriteString("status"u8, summary.Status);
        WriteTime(json, "start_date"u8, summary.StartDate?.ToUnixTimeMilliseconds());
        WriteTime(json, "end_date"u8, summary.EndDate?.ToUnixTimeMilliseconds());
        json.WriteEndObject();
    }

    // The older pages name the last contact last_seen, the newer ones last_login. No telemetry is taken yet.
    static void WriteMembers(Utf8JsonWriter json, DeviceState device)
    {
        var description = device.Description;
        var lastMs = device.WrittenMs;
        json.WriteString("deviceid"u8, device.Id);
        json.WriteString("type"u8, description.Type ?? ""); // The API has no null for these two.
        json.WriteString("model"u8, description.Model);
        json.WriteString("alias"u8, description.Alias ?? "");
        json.WriteString("firmware"u8, description.Firmware);
        json.WriteString("serial_number"u8, description.SerialNumber);
        WriteTime(json, "creation_date"u8, device.CreatedMs);
        json.WriteNumber("sessions"u8, device.Sessions);
        WriteTime(json, "last_seen"u8, lastMs);
        WriteTime(json, "last_login"u8, lastMs);
        json.WriteNull("device_status"u8);
        json.WriteNull("battery_percentage"u8);
        json.WriteNull("charging"u8);
        json.WriteNull("last_telemetry_at"u8);
    }

    static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? milliseconds)
    {
        if (milliseconds is { } time)
            WriteTime(json, name, time);
        else
            json.WriteNull(name);
    }
}
