namespace RufusIngest.Cloud;

/// <summary>How to talk to the RUFUS Cloud API or to a server that speaks it.</summary>
public sealed record RufusCloudOptions
{
    /// <summary>
    /// Send the key as <c>api_key</c>, the header every server knows; some reverse proxies drop names with an
    /// underscore.
    /// </summary>
    public bool SendApiKeyHeader { get; init; } = true;

    /// <summary>Send the key as <c>x-api-key</c>, the newer name, which passes every proxy.</summary>
    public bool SendXApiKeyHeader { get; init; } = true;

    /// <summary>
    /// The <c>type</c> a device is bound with; null leaves it out. The permitted values are not documented.
    /// </summary>
    public string? DeviceType { get; init; } = "CUSTOM_CHRONO";

    /// <summary>Longest answer that is read, in bytes after decompression. Default 4 MiB.</summary>
    public int MaxAnswerBytes { get; init; } = 4 << 20;

    /// <summary>Longest page of passings that is read, in bytes after decompression. Default 32 MiB.</summary>
    public int MaxPageBytes { get; init; } = 32 << 20;

    /// <summary>Most pages read in one listing; the next one is a failure, not an end. Default 1,000.</summary>
    public int MaxPages { get; init; } = 1000;

    /// <summary>
    /// How the server behaves where its documentation leaves it open; null: not known. It can keep the client from sending
    /// or asking what the server does not take, and never makes it less tolerant.
    /// </summary>
    public CloudProfile? Profile { get; init; }

    /// <summary>Path of the list of devices, which the specification leaves out. Default <c>devices</c>.</summary>
    public string DevicesPath { get; init; } = "devices";

    /// <summary>Path of the list of events, which the specification leaves out. Default <c>events</c>.</summary>
    public string EventsPath { get; init; } = "events";

    /// <summary>Where telemetry goes; null, the default: it is off.</summary>
    public CloudRoute? TelemetryRoute { get; init; }

    /// <summary>Where an event's participants are listed; null, the default: it is off.</summary>
    public CloudRoute? ParticipantsRoute { get; init; }

    /// <summary>Where participants are created; null, the default: it is off.</summary>
    public CloudRoute? CreateParticipantRoute { get; init; }

    internal bool SendsApiKey => SendApiKeyHeader && Profile?.ApiKeyHeader != false;

    internal bool SendsXApiKey => SendXApiKeyHeader && Profile?.XApiKeyHeader != false;

    internal void Check()
    {
        CloudRoute.CheckPath(DevicesPath, nameof(DevicesPath));
        CloudRoute.CheckPath(EventsPath, nameof(EventsPath));
        TelemetryRoute?.Check(nameof(TelemetryRoute));
        ParticipantsRoute?.Check(nameof(ParticipantsRoute));
        CreateParticipantRoute?.Check(nameof(CreateParticipantRoute));
        if (!SendApiKeyHeader && !SendXApiKeyHeader)
            throw new ArgumentException("The key must be sent by at least one header.");
        if (!SendsApiKey && !SendsXApiKey)
            throw new ArgumentException("The profile says that the server takes none of the headers that are switched on.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxAnswerBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPageBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPages);
    }
}
