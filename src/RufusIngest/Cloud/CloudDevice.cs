using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>A timing device as the server describes it; what it does not say is null.</summary>
public sealed record CloudDevice
{
    /// <summary>Its id, an opaque string; empty when a listing leaves it out.</summary>
    public required string DeviceId { get; init; }

    /// <summary>Kind of device, in free words.</summary>
    public string? Type { get; init; }

    /// <summary>Model.</summary>
    public string? Model { get; init; }

    /// <summary>Display name.</summary>
    public string? Alias { get; init; }

    /// <summary>Version of its firmware.</summary>
    public string? Firmware { get; init; }

    /// <summary>Serial number.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>When it was bound.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>Number of its sessions.</summary>
    public int? Sessions { get; init; }

    /// <summary>Number of its passings.</summary>
    public int? Passings { get; init; }

    /// <summary>Last contact: <c>last_seen</c> or <c>last_login</c>, whichever the server gives.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Status in words of the server; which there are is not documented.</summary>
    public string? Status { get; init; }

    /// <summary>Charge in percent.</summary>
    public int? BatteryPercentage { get; init; }

    /// <summary>Whether it charges.</summary>
    public bool? Charging { get; init; }

    /// <summary>When it last told its status.</summary>
    public DateTimeOffset? LastTelemetryAt { get; init; }

    internal static CloudDevice Read(JsonElement item) => new()
    {
        DeviceId = CloudAnswer.Text(item, "deviceid") ?? "",
        Type = CloudAnswer.Text(item, "type"),
        Model = CloudAnswer.Text(item, "model"),
        Alias = CloudAnswer.Text(item, "alias"),
        Firmware = CloudAnswer.Text(item, "firmware"),
        SerialNumber = CloudAnswer.Text(item, "serial_number"),
        CreationDate = CloudAnswer.Time(item, "creation_date"),
        Sessions = CloudAnswer.Integer(item, "sessions"),
        Passings = CloudAnswer.Integer(item, "passings"),
        LastSeen = CloudAnswer.Time(item, "last_seen") ?? CloudAnswer.Time(item, "last_login"),
        Status = CloudAnswer.Text(item, "device_status"),
        BatteryPercentage = CloudAnswer.Integer(item, "battery_percentage"),
        Charging = CloudAnswer.Truth(item, "charging"),
        LastTelemetryAt = CloudAnswer.Time(item, "last_telemetry_at"),
    };
}
