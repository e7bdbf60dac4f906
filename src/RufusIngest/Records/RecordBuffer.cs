using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Records;

/// <summary>A record on its way to the core: pooled, with room for a chunk. Owned by one side at a time.</summary>
sealed class RecordBuffer(int capacity)
{
    byte[] _payload = new byte[capacity];
    int _length;

    public RecordKind Kind { get; private set; }

    public int Index { get; private set; }

    public long ReceivedAt { get; private set; }

    public void Fill(RecordKind kind, int index, long receivedAt, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > _payload.Length)
            _payload = new byte[payload.Length];
        payload.CopyTo(_payload);
        _length = payload.Length;
        (Kind, Index, ReceivedAt) = (kind, index, receivedAt);
    }

    public IngestRecord ToRecord(long sequence) => new()
    {
        Sequence = sequence,
        Kind = Kind,
        Index = Index,
        ReceivedAt = ReceivedAt,
        Payload = _payload.AsSpan(0, _length),
    };

    /// <summary>Keeps buffers of chunk size; one that grew for a settings record is let go.</summary>
    internal sealed class Policy(int capacity) : PooledObjectPolicy<RecordBuffer>
    {
        public override RecordBuffer Create() => new(capacity);

        public override bool Return(RecordBuffer obj) => obj._payload.Length == capacity;
    }
}
