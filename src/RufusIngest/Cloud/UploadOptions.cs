namespace RufusIngest.Cloud;

/// <summary>Bounds and times of the upload.</summary>
public sealed class UploadOptions
{
    /// <summary>Batches a session may hold beside the one under way; then the input waits. Default 64.</summary>
    public int MaxQueuedBatches { get; init; } = 64;

    /// <summary>
    /// From the begin of a request to the end of its answer; then it counts as a failure of the network, and the same
    /// bytes go again. Default 30 s. The time-out of the <see cref="HttpClient"/> holds too, up to the answer's
    /// headers.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Longest first delay before a batch goes again; each further one is up to twice as long. Default 0.5 s.
    /// </summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>What the delays grow up to. Default 60 s.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest wait that a server can ask for by <c>Retry-After</c>. Default 10 min.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(10);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxQueuedBatches);
        CheckTime(RequestTimeout, nameof(RequestTimeout));
        CheckTime(FirstRetryDelay, nameof(FirstRetryDelay));
        CheckTime(MaxRetryDelay, nameof(MaxRetryDelay));
        CheckTime(MaxRetryAfter, nameof(MaxRetryAfter));
    }

    /// <summary>Above zero, and short enough for a timer.</summary>
    static void CheckTime(TimeSpan time, string name)
    {
        if (time <= TimeSpan.Zero || time > TimeSpan.FromDays(1))
            throw new ArgumentOutOfRangeException(name, time, "Must be above zero and at most a day.");
    }
}
