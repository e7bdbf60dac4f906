namespace RufusIngest.Simulators;

/// <summary>Race time for all readers of a play. It runs from the first client of any of them on.</summary>
internal sealed class PlayClock(TimeProvider timeProvider, double speed, long beginUtcMs)
{
    private readonly Lock _lock = new();
    private readonly bool _unpaced = speed == 0 || double.IsInfinity(speed);
    private long? _startedAt;

    public void Start()
    {
        lock (_lock)
        {
            _startedAt ??= timeProvider.GetTimestamp();
        }
    }

    /// <summary>How long until the given race time; zero when it has come.</summary>
    public TimeSpan Until(long raceUtcMs)
    {
        if (_unpaced)
        {
            return TimeSpan.Zero;
        }

        long startedAt;
        lock (_lock)
        {
            startedAt = _startedAt ?? timeProvider.GetTimestamp();
        }

        var waitMs = ((raceUtcMs - beginUtcMs) / speed) - timeProvider.GetElapsedTime(startedAt).TotalMilliseconds;

        // Timers count whole milliseconds; rounding down would spin. A slow play waits in steps a timer can hold.
        return waitMs <= 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(waitMs), 60_000));
    }

    public Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        Task.Delay(delay, timeProvider, cancellationToken);
}
