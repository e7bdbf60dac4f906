using System.Buffers;
using System.Threading.Tasks.Sources;

namespace RufusIngest.Records;

/// <summary>
/// Brings the records of many connections into one order, in blocks. Writing is thread-safe and waits while the stated
/// number of bytes is on the way (back-pressure); taking is for one consumer, which numbers them. Small records that
/// come while the consumer is busy share a block.
/// </summary>
sealed class Sequencer : IValueTaskSource<bool>
{
    readonly Lock _lock = new();
    readonly Queue<RecordBlock> _waiting = new();
    readonly Stack<RecordBlock> _idle = new();
    readonly int _chunkSize;
    readonly int _blockSize;
    readonly int _maxBlocks;
    readonly TimeProvider _time;
    RecordBlock? _open;
    TaskCompletionSource? _room;
    int _blocks;
    ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    bool _isAwaited;
    bool _isComplete;
    long _waits;

    /// <summary>Makes one.</summary>
    /// <param name="chunkSize">Bytes of a chunk at most.</param>
    /// <param name="maxWaitingBytes">Bytes on the way at most, in whole blocks, at least two.</param>
    /// <param name="time">Stamps what arrives.</param>
    public Sequencer(int chunkSize, int maxWaitingBytes, TimeProvider time)
    {
        _chunkSize = chunkSize;
        _blockSize = chunkSize + RecordBlock.HeaderLength;
        _maxBlocks = Math.Max(2, maxWaitingBytes / _blockSize);
        _time = time;
    }

    /// <summary>Host time now, 100 ns ticks since 1970-01-01 UTC.</summary>
    public long Now => _time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;

    /// <summary>How often a writer found no room and waited.</summary>
    public long Waits => Interlocked.Read(ref _waits);

    /// <summary>Bytes that wait to be taken.</summary>
    public long WaitingBytes
    {
        get
        {
            lock (_lock)
                return _waiting.Sum(block => (long)block.Data.Length) + (_open?.Data.Length ?? 0);
        }
    }

    /// <summary>Appends a record that is not a chunk. One that is longer than a block gets one of its own.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting for room.</exception>
    /// <exception cref="InvalidOperationException">No more records are taken.</exception>
    public ValueTask WriteAsync(
        RecordKind kind, int index, long receivedAt, ReadOnlySpan<byte> payload, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, (uint)RecordBlock.MaxIndex, nameof(index));
        return TryWrite(kind, index, receivedAt, payload)
            ? ValueTask.CompletedTask
            : WaitAndWriteAsync(kind, index, receivedAt, payload.ToArray(), cancellation);
    }

    /// <summary>Appends received bytes as chunks; the memory is not needed afterwards.</summary>
    public async ValueTask WriteChunksAsync(
        int reader, long receivedAt, ReadOnlySequence<byte> bytes, CancellationToken cancellation)
    {
        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            for (int at = 0; at < segment.Length; at += _chunkSize)
            {
                ReadOnlyMemory<byte> chunk = segment.Slice(at, Math.Min(_chunkSize, segment.Length - at));
                while (!TryWrite(RecordKind.Chunk, reader, receivedAt, chunk.Span))
                    await WaitForRoomAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Appends a tick, unless there is no room: the next one makes up for it.</summary>
    public void Tick()
    {
        if (!_isComplete)
            TryWrite(RecordKind.Tick, 0, Now, default);
    }

    /// <summary>No more records will be written.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isComplete = true;
            _room?.TrySetResult();
            _room = null;
            Signal();
        }
    }

    /// <summary>
    /// Ends when there is something to take, or with false after <see cref="Complete"/>. One at a time; it costs no object.
    /// </summary>
    public ValueTask<bool> WaitToTakeAsync()
    {
        lock (_lock)
        {
            if (_waiting.Count > 0 || _open is not null)
                return new ValueTask<bool>(true);
            if (_isComplete)
                return new ValueTask<bool>(false);
            _wait.Reset();
            _isAwaited = true;
            return new ValueTask<bool>(this, _wait.Version);
        }
    }

    /// <summary>Takes the oldest block; the consumer gives it back when it is done with it.</summary>
    public bool TryTake(out RecordBlock block)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out block!))
                return true;
            block = _open!;
            _open = null;
            return block is not null;
        }
    }

    /// <summary>Gives a block back: there is room again.</summary>
    public void Return(RecordBlock block)
    {
        block.Clear();
        lock (_lock)
        {
            _blocks--;
            if (block.Capacity == _blockSize)
                _idle.Push(block);
            _room?.TrySetResult();
            _room = null;
        }
    }

    bool TryWrite(RecordKind kind, int index, long receivedAt, ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            if (_isComplete)
                throw new InvalidOperationException("The pipeline takes no more records.");
            if (_open is null || !_open.HasRoomFor(payload.Length))
            {
                if (_blocks >= _maxBlocks)
                    return false;
                if (_open is not null)
                    _waiting.Enqueue(_open);
                _open = NewBlock(payload.Length);
                _blocks++;
            }

            _open.Append(kind, index, receivedAt, payload);
            Signal();
            return true;
        }
    }

    RecordBlock NewBlock(int payloadLength)
    {
        int capacity = Math.Max(_blockSize, payloadLength + RecordBlock.HeaderLength);
        return capacity == _blockSize && _idle.TryPop(out RecordBlock? idle) ? idle : new RecordBlock(capacity);
    }

    void Signal()
    {
        if (!_isAwaited)
            return;
        _isAwaited = false;
        _wait.SetResult(_open is not null || _waiting.Count > 0);
    }

    async ValueTask WaitAndWriteAsync(
        RecordKind kind, int index, long receivedAt, byte[] payload, CancellationToken cancellation)
    {
        do
            await WaitForRoomAsync(cancellation).ConfigureAwait(false);
        while (!TryWrite(kind, index, receivedAt, payload));
    }

    Task WaitForRoomAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_blocks < _maxBlocks || _isComplete)
                return Task.CompletedTask;
            _waits++;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellation);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);
}
