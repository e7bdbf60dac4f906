namespace RufusIngest.Cloud;

/// <summary>How to talk to the RUFUS Cloud API or to a server that speaks it.</summary>
public sealed class RufusCloudOptions
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

    /// <summary>What is known of the server; null: nothing.</summary>
    public CloudProfile? Profile { get; init; }

    /// <summary>Longest answer that is read, in bytes after decompression. Default 4 MiB.</summary>
    public int MaxAnswerBytes { get; init; } = 4 << 20;

    /// <summary>Longest page of passings that is read, in bytes after decompression. Default 32 MiB.</summary>
    public int MaxPageBytes { get; init; } = 32 << 20;

    /// <summary>Most pages read in one listing; the next one is a failure, not an end. Default 1,000.</summary>
    public int MaxPages { get; init; } = 1000;

    internal void Check()
    {
        if (!SendApiKeyHeader && !SendXApiKeyHeader)
            throw new ArgumentException("The key must be sent by at least one header.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxAnswerBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPageBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPages);
    }
}
