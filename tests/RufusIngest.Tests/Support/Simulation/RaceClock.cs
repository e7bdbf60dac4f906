namespace RufusIngest.Tests.Support;

/// <summary>The clock of a simulated race and what is due on it: it moves from event to event. One thread.</summary>
sealed class RaceClock : TimeProvider
{
    static readonly DateTimeOffset s_start = DateTimeOffset.FromUnixTimeMilliseconds(CoreRun.Start);

    readonly PriorityQueue<Action, (long At, int Made)> _due = new();
    int _made;

    public TimeSpan Elapsed { get; private set; }

    public double Seconds => Elapsed.TotalSeconds;

    /// <summary>Events that came due so far.</summary>
    public int Steps { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => s_start + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    public void After(TimeSpan delay, Action action) =>
        _due.Enqueue(action, (Elapsed.Ticks + Math.Max(0, delay.Ticks), _made++));

    public void After(double seconds, Action action) => After(TimeSpan.FromSeconds(seconds), action);

    /// <summary>Moves on to the next event and lets it happen. False: nothing is due any more.</summary>
    public bool Step()
    {
        if (!_due.TryDequeue(out Action? action, out (long At, int Made) due))
            return false;
        Elapsed = new TimeSpan(due.At);
        Steps++;
        action();
        return true;
    }
}
