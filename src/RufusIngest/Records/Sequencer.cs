using System.Buffers;
using System.Threading.Channels;
using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Records;

/// <summary>
/// Brings the records of many connections into one order. Writing is thread-safe and waits while all chunks are on the
/// way (back-pressure); reading is for one consumer, which numbers them.
/// </summary>
sealed class Sequencer
{
    readonly Channel<RecordBuffer> _channel;
    readonly ObjectPool<RecordBuffer> _pool;
    readonly int _chunkSize;
    readonly TimeProvider _time;
    long _sequence;
    long _waits;

    public Sequencer(int chunkSize, int maxChunks, TimeProvider time)
    {
        _chunkSize = chunkSize;
        _time = time;
        _pool = new DefaultObjectPool<RecordBuffer>(new RecordBuffer.Policy(chunkSize), maxChunks + 1);
        _channel = Channel.CreateBounded<RecordBuffer>(new BoundedChannelOptions(maxChunks) { SingleReader = true });
    }

    /// <summary>Host time now, 100 ns ticks since 1970-01-01 UTC.</summary>
    public long Now => _time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;

    /// <summary>How often a writer found no room and waited.</summary>
    public long Waits => Interlocked.Read(ref _waits);

    /// <summary>Appends a record that is not a chunk.</summary>
    public ValueTask WriteAsync(
        RecordKind kind, int index, long receivedAt, ReadOnlySpan<byte> payload, CancellationToken cancellation)
    {
        RecordBuffer buffer = _pool.Get();
        buffer.Fill(kind, index, receivedAt, payload);
        if (_channel.Writer.TryWrite(buffer))
            return ValueTask.CompletedTask;
        Interlocked.Increment(ref _waits);
        return _channel.Writer.WriteAsync(buffer, cancellation);
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
                await WriteAsync(RecordKind.Chunk, reader, receivedAt, chunk.Span, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Appends a tick, unless there is no room: the next one makes up for it.</summary>
    public void Tick()
    {
        RecordBuffer buffer = _pool.Get();
        buffer.Fill(RecordKind.Tick, 0, Now, default);
        if (!_channel.Writer.TryWrite(buffer))
            _pool.Return(buffer);
    }

    public void Complete() => _channel.Writer.TryComplete();

    /// <summary>Ends when there is a record, or with false after <see cref="Complete"/>.</summary>
    /// <remarks>It takes no cancellation: with one, each wait would cost the channel an object.</remarks>
    public ValueTask<bool> WaitToReadAsync() => _channel.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Applies the next record, if there is one, and gives its buffer back.</summary>
    /// <param name="core">Applies it.</param>
    /// <param name="output">Gains what it brings about.</param>
    /// <param name="receivedAt">Its host time, 0 when unknown.</param>
    public bool TryApplyNext(IngestCore core, IngestOutput output, out long receivedAt)
    {
        receivedAt = 0;
        if (!_channel.Reader.TryRead(out RecordBuffer? buffer))
            return false;
        receivedAt = buffer.ReceivedAt;
        core.Apply(buffer.ToRecord(++_sequence), output);
        _pool.Return(buffer);
        return true;
    }
}
