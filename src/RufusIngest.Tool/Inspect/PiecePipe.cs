using System.Buffers;
using System.IO.Pipelines;

namespace RufusIngest.Tool.Inspect;

/// <summary>Gives a pipeline the pieces of one connection, each at the time at which it was captured.</summary>
/// <param name="pieces">Stays the caller's; stands at the connection's first piece, and at the end at the next
/// one's.</param>
/// <param name="clock">The pipeline's clock, or null where times do not count.</param>
sealed class PiecePipe(IEnumerator<InputPiece> pieces, PacketClock? clock) : PipeReader
{
    bool _isBegun;

    /// <summary>There is no further connection behind this one.</summary>
    public bool IsLast { get; private set; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TryRead(out ReadResult result);
        return ValueTask.FromResult(result);
    }

    public override bool TryRead(out ReadResult result)
    {
        IsLast = IsLast || (_isBegun && !pieces.MoveNext());
        _isBegun = true;
        bool isEnd = IsLast || pieces.Current.IsEnd;
        if (clock is not null && !isEnd)
            clock.Now = pieces.Current.ReceivedAt;
        result = new ReadResult(
            isEnd ? default : new ReadOnlySequence<byte>(pieces.Current.Bytes), isCanceled: false, isCompleted: isEnd);
        if (isEnd && !IsLast)
            IsLast = !pieces.MoveNext();
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed)
    {
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
    }

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }
}

/// <summary>A clock that shows when the packets came that are being read; 1970 where nobody knows. It never
/// ticks.</summary>
sealed class PacketClock : TimeProvider
{
    long _now;

    /// <summary>Ticks since 1970-01-01 UTC.</summary>
    public long Now
    {
        get => Volatile.Read(ref _now);
        set => Volatile.Write(ref _now, value);
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new NoTimer();

    sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
