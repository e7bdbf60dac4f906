using System.Buffers;
using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>What a device says of itself; null is left out. Sent by the names given here unless the route says others.</summary>
public sealed record DeviceTelemetry
{
    /// <summary>When it was measured; sent as <c>measured_at</c>, UTC with ms.</summary>
    public required DateTimeOffset MeasuredAt { get; init; }

    /// <summary>Status in words; sent as <c>device_status</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Charge in percent; sent as <c>battery_percentage</c>.</summary>
    public int? BatteryPercentage { get; init; }

    /// <summary>Whether it charges; sent as <c>charging</c>.</summary>
    public bool? Charging { get; init; }

    /// <summary>Temperature of its processor in °C; sent as <c>temperature</c>.</summary>
    public double? Temperature { get; init; }

    /// <summary>Latitude in degrees; sent as <c>latitude</c>.</summary>
    public double? Latitude { get; init; }

    /// <summary>Longitude in degrees; sent as <c>longitude</c>.</summary>
    public double? Longitude { get; init; }

    internal byte[] Write(CloudRoute route)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            if (route.NameOf("measured_at") is { Length: > 0 } measured)
                writer.WriteString(measured, RufusCloudClient.Text(MeasuredAt));
            if (Status is not null && route.NameOf("device_status") is { Length: > 0 } status)
                writer.WriteString(status, Status);
            if (Charging is { } charging && route.NameOf("charging") is { Length: > 0 } charge)
                writer.WriteBoolean(charge, charging);
            foreach ((string ours, double? value) in new[]
            {
                ("battery_percentage", BatteryPercentage), ("temperature", Temperature), ("latitude", Latitude),
                ("longitude", Longitude),
            })
            {
                if (value is { } number && route.NameOf(ours) is { Length: > 0 } name)
                    writer.WriteNumber(name, number);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
