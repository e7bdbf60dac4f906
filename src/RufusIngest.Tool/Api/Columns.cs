using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary>What is shown of devices, sessions, passings, events and participants, by the API's own names.</summary>
static class Columns
{
    public static Column<CloudDevice>[] Devices { get; } =
    [
        new("Device", "deviceid", device => device.DeviceId),
        new("Alias", "alias", device => device.Alias),
        new("Model", "model", device => device.Model),
        new("Serial number", "serial_number", device => device.SerialNumber),
        new(null, "type", device => device.Type),
        new(null, "firmware", device => device.Firmware),
        new(null, "creation_date", device => device.CreationDate),
        new("Sessions", "sessions", device => device.Sessions),
        new(null, "passings", device => device.Passings),
        new("Last seen", "last_seen", device => device.LastSeen),
        new(null, "device_status", device => device.Status),
        new(null, "battery_percentage", device => device.BatteryPercentage),
        new(null, "charging", device => device.Charging),
        new(null, "last_telemetry_at", device => device.LastTelemetryAt),
    ];

    public static Column<CloudSession>[] Sessions { get; } =
    [
        new("Session", "token_session", session => session.TokenSession),
        new("Alias", "alias", session => session.Alias),
        new("Active", "active", session => session.Active),
        new("Passings", "passings", session => session.Passings),
        new("Opened", "creation_date", session => session.CreationDate),
        new("First", "first", session => session.First),
        new("Last", "last", session => session.Last),
        new(null, "duration", session => session.Duration),
    ];

    public static Column<CloudPassing>[] Passings { get; } =
    [
        new("Number", "num_passing", passing => passing.Number),
        new("Time", "timestamp", passing => passing.Timestamp),
        new("Bib", "bib", passing => passing.Bib),
        new("Chip", "chip", passing => passing.Chip),
        new(null, "latitude", passing => passing.Latitude),
        new(null, "longitude", passing => passing.Longitude),
        new("Status", "status", passing => passing.Status),
        new(null, "participant_id", passing => passing.ParticipantId),
        new(null, "timezone", passing => passing.TimeZone),
        new(null, "gender", passing => passing.Gender),
        new("Session", "token_session", passing => passing.TokenSession),
        new(null, "deviceid", passing => passing.DeviceId),
    ];

    public static Column<CloudEvent>[] Events { get; } =
    [
        new("Event", "event_token", one => one.EventToken),
        new("Name", "name", one => one.Name),
        new("Edition", "edition", one => one.Edition),
        new("Location", "location", one => one.Location),
        new("Status", "status", one => one.Status),
        new("Starts", "start_date", one => one.StartDate),
        new("Ends", "end_date", one => one.EndDate),
    ];

    public static Column<CloudParticipant>[] Participants { get; } =
    [
        new("Bib", "bib", one => one.Bib),
        new("Chip", "chip", one => one.Chip),
        new("Others", "others", one => string.Join(", ", one.Others.Select(pair => $"{pair.Key}={pair.Value}"))),
    ];
}
