namespace RufusIngest.Cloud;

/// <summary>Bounds and times of the upload.</summary>
public sealed class UploadOptions
{
    /// <summary>
    /// Batches of a channel a session may hold beside the one under way; then the input waits. Default 64.
    /// </summary>
    public int MaxQueuedBatches { get; init; } = 64;

    /// <summary>
    /// Passings taken from a store for one request; batches of a channel go as they are. Default 500: the API names no
    /// limit. An answer 413 teaches a session a smaller one.
    /// </summary>
    public int MaxPassingsPerPost { get; init; } = 500;

    /// <summary>
    /// Single passings in a row, without a success between them, that a server may refuse with 400 or 413: so many are
    /// set aside, then the session stops, as it is not the passings that are wrong. Default 100.
    /// </summary>
    public int MaxSetAsideInARow { get; init; } = 100;

    /// <summary>
    /// Whether the key may read, so that the server can be asked what it has after a request whose outcome is not
    /// known. Default null: it is tried, and not again in this run once the server has refused it.
    /// </summary>
    public bool? CanRead { get; init; }

    /// <summary>What to do when the server says that a session is unknown or closed. Default: hold.</summary>
    public SessionGonePolicy WhenSessionGone { get; init; }

    /// <summary>
    /// Compress request bodies (gzip). Default false: the API does not say that it takes them. When the first
    /// compressed request is answered with 400 or 415, the session goes on without.
    /// </summary>
    public bool Compress { get; init; }

    /// <summary>
    /// From the begin of a request to the end of its answer; then it counts as a failure of the network, and the server
    /// may have had it. Default 30 s. The time-out of the <see cref="HttpClient"/> holds too, up to the answer's
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
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPassingsPerPost);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxSetAsideInARow);
        if (!Enum.IsDefined(WhenSessionGone))
            throw new ArgumentOutOfRangeException(nameof(WhenSessionGone), WhenSessionGone, "No such policy.");
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
