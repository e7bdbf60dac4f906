namespace RufusIngest.Hosting;

/// <summary>How often and when a read (GET) of the API is asked again.</summary>
public sealed class ReadResilienceOptions
{
    /// <summary>Requests at most, the first included; 1: none is repeated. 1 to 20, default 4.</summary>
    public int MaxAttempts { get; set; } = 4;

    /// <summary>About the first wait; each further one is about twice as long, with jitter. Default 0.5 s.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Longest wait. A server that asks for a longer one by <c>Retry-After</c> is not asked again: its answer is handed
    /// on. Default 30 s.
    /// </summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// From the begin of a request to the headers of its answer; then it counts as failed and is asked again. Default
    /// 15 s.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>What is wrong: name of the option, and the words that follow it.</summary>
    internal IEnumerable<(string Option, string Fault)> Faults()
    {
        if (MaxAttempts is < 1 or > 20)
            yield return (nameof(MaxAttempts), $"is {MaxAttempts}; it must be 1 to 20");
        if (FirstDelay <= TimeSpan.Zero || FirstDelay > MaxDelay)
            yield return (nameof(FirstDelay), $"is {FirstDelay}; it must be above zero and at most {nameof(MaxDelay)}");
        if (MaxDelay > TimeSpan.FromHours(1))
            yield return (nameof(MaxDelay), $"is {MaxDelay}; it must be at most an hour");
        if (AttemptTimeout < TimeSpan.FromMilliseconds(10) || AttemptTimeout > TimeSpan.FromHours(1))
            yield return (nameof(AttemptTimeout), $"is {AttemptTimeout}; it must be 10 ms to an hour");
    }
}
