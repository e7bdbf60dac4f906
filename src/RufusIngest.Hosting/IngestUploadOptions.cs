using RufusIngest.Cloud;

namespace RufusIngest.Hosting;

/// <summary>As <see cref="UploadOptions"/>, with the same defaults, but bindable from configuration.</summary>
public sealed class IngestUploadOptions
{
    /// <summary>As <see cref="UploadOptions.MaxQueuedBatches"/>.</summary>
    public int MaxQueuedBatches { get; set; } = Defaults.MaxQueuedBatches;

    /// <summary>As <see cref="UploadOptions.MaxPassingsPerPost"/>.</summary>
    public int MaxPassingsPerPost { get; set; } = Defaults.MaxPassingsPerPost;

    /// <summary>As <see cref="UploadOptions.MaxSetAsideInARow"/>.</summary>
    public int MaxSetAsideInARow { get; set; } = Defaults.MaxSetAsideInARow;

    /// <summary>As <see cref="UploadOptions.CanRead"/>.</summary>
    public bool? CanRead { get; set; } = Defaults.CanRead;

    /// <summary>
    /// As <see cref="UploadOptions.WhenSessionGone"/>. <see cref="SessionGonePolicy.OpenNew"/> needs the
    /// <see cref="IngestLocationOptions.DeviceId"/> of every location.
    /// </summary>
    public SessionGonePolicy WhenSessionGone { get; set; } = Defaults.WhenSessionGone;

    /// <summary>As <see cref="UploadOptions.Compress"/>.</summary>
    public bool Compress { get; set; } = Defaults.Compress;

    /// <summary>As <see cref="UploadOptions.RequestTimeout"/>.</summary>
    public TimeSpan RequestTimeout { get; set; } = Defaults.RequestTimeout;

    /// <summary>As <see cref="UploadOptions.FirstRetryDelay"/>.</summary>
    public TimeSpan FirstRetryDelay { get; set; } = Defaults.FirstRetryDelay;

    /// <summary>As <see cref="UploadOptions.MaxRetryDelay"/>.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = Defaults.MaxRetryDelay;

    /// <summary>As <see cref="UploadOptions.MaxRetryAfter"/>.</summary>
    public TimeSpan MaxRetryAfter { get; set; } = Defaults.MaxRetryAfter;

    static UploadOptions Defaults { get; } = new();

    internal UploadOptions ToUpload() => new()
    {
        MaxQueuedBatches = MaxQueuedBatches,
        MaxPassingsPerPost = MaxPassingsPerPost,
        MaxSetAsideInARow = MaxSetAsideInARow,
        CanRead = CanRead,
        WhenSessionGone = WhenSessionGone,
        Compress = Compress,
        RequestTimeout = RequestTimeout,
        FirstRetryDelay = FirstRetryDelay,
        MaxRetryDelay = MaxRetryDelay,
        MaxRetryAfter = MaxRetryAfter,
    };
}
