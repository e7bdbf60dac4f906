using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace RufusIngest.Tests.Support;

/// <summary>A clock that stands still, and says when somebody has begun to wait on it.</summary>
sealed class WatchedTime : FakeTimeProvider
{
    readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Called when somebody has begun to wait.</summary>
    public Action? Waiting { get; set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        if (state is CancellationTokenSource) // A time-out, not a wait.
            return timer;
        _waits.Writer.TryWrite(dueTime);
        Waiting?.Invoke();
        return timer;
    }

    /// <summary>Waits until somebody waits, and lets that time pass.</summary>
    public async Task<TimeSpan> PassNextWaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = await _waits.Reader.ReadAsync(cancellationToken);
        Advance(wait);
        return wait;
    }
}
