namespace RufusIngest.Tests.Support;

/// <summary>The system's clock, on which waits and time limits are shorter by a factor.</summary>
sealed class SwiftTime(int factor) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(
            callback, state, dueTime > TimeSpan.Zero ? dueTime / factor : dueTime,
            period > TimeSpan.Zero ? period / factor : period);
}
