using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace RufusIngest.Tests.Support;

/// <summary>A clock that stands still, and says when somebody has begun to wait on it.</summary>
sealed class WatchedTime : FakeTimeProvider
{
    readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>A wait as long as this one is a time-out and not told.</summary>
    public TimeSpan Ignored { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called when somebody has begun to wait.</summary>
    public Action? Waiting { get; set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime == Ignored)
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
