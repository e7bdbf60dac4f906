using System.Buffers.Binary;

namespace RufusIngest.Records;

/// <summary>
/// Consecutive records in one piece of memory: what waits between connections and core, and what a journal stores as it
/// is. Pooled by the pipeline; valid during the call it is handed to.
/// </summary>
/// <remarks>
/// A record is 16 bytes, little endian, and its payload: payload length (4), kind (1), index (3), host time (8).
/// </remarks>
public sealed class RecordBlock
{
    /// <summary>Bytes of a record before its payload.</summary>
    public const int HeaderLength = 16;

    /// <summary>Highest index of a reader or location that a record can name.</summary>
    public const int MaxIndex = (1 << 24) - 1;

    byte[] _data;
    int _length;

    internal RecordBlock(int capacity) => _data = new byte[capacity];

    /// <summary>Sequence of the first record, from 1.</summary>
    public long FirstSequence { get; internal set; }

    /// <summary>How many records it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The records, one behind the other.</summary>
    public ReadOnlySpan<byte> Data => _data.AsSpan(0, _length);

    internal int Capacity => _data.Length;

    /// <summary>Reads the record at an offset, and moves the offset behind it.</summary>
    /// <param name="data">Records.</param>
    /// <param name="offset">Where the record begins.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="record">The record; its payload is a part of <paramref name="data"/>.</param>
    /// <returns>False at the end, or where no record begins; the offset stays.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> data, scoped ref int offset, long sequence, out IngestRecord record)
    {
        record = default;
        if ((uint)offset > (uint)data.Length || data.Length - offset < HeaderLength)
            return false;
        ReadOnlySpan<byte> header = data.Slice(offset, HeaderLength);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        uint kindAndIndex = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (length > (uint)(data.Length - offset - HeaderLength))
            return false;
        record = new IngestRecord
        {
            Sequence = sequence,
            Kind = (RecordKind)(byte)kindAndIndex,
            Index = (int)(kindAndIndex >> 8),
            ReceivedAt = BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
            Payload = data.Slice(offset + HeaderLength, (int)length),
        };
        offset += HeaderLength + (int)length;
        return true;
    }

    internal bool HasRoomFor(int payloadLength) => HeaderLength + (long)payloadLength <= _data.Length - _length;

    internal void Append(RecordKind kind, int index, long receivedAt, ReadOnlySpan<byte> payload)
    {
        Span<byte> to = _data.AsSpan(_length);
        BinaryPrimitives.WriteInt32LittleEndian(to, payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], (byte)kind | (uint)index << 8);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], receivedAt);
        payload.CopyTo(to[HeaderLength..]);
        _length += HeaderLength + payload.Length;
        Count++;
    }

    internal void Clear()
    {
        _length = 0;
        Count = 0;
        FirstSequence = 0;
    }
}
