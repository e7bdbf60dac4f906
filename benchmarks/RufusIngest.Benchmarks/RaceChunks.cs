using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace RufusIngest.Benchmarks;

/// <summary>
/// 64 KiB chunks of a race that is run again every day, for as long as a benchmark takes. The day is put into the lines
/// just before use; that costs about a nanosecond a read.
/// </summary>
sealed class RaceChunks
{
    const int Count = 32;

    /// <summary>Where the receive counters and the date stand in a line: 4 + 6 characters.</summary>
    const int Patch = 16;

    readonly byte[][] _chunks;
    int _next;
    DateTime _day = Samples.Start;
    ulong _head;
    ushort _tail;

    public RaceChunks()
    {
        byte[] all = Samples.Ipico(Count * Samples.IpicoReads, Chips);
        _chunks = [.. all.Chunk(Samples.IpicoReads * Samples.IpicoLine)];
        SetDay();
        for (int i = 0; i < Count; i++)
            Samples.WriteChecks(Next());
    }

    /// <summary>Chips of the race; each passes once a day.</summary>
    public const int Chips = Count * Samples.IpicoReads / Samples.HitsPerPassing;

    public byte[] Next()
    {
        byte[] chunk = _chunks[_next];
        for (int at = Patch; at < chunk.Length; at += Samples.IpicoLine)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(chunk.AsSpan(at), _head);
            BinaryPrimitives.WriteUInt16LittleEndian(chunk.AsSpan(at + 8), _tail);
        }

        if (++_next == _chunks.Length)
        {
            _next = 0;
            _day = _day.Year == 2098 ? Samples.Start : _day.AddDays(1);
            SetDay();
        }

        return chunk;
    }

    /// <summary>The counters make up for the date's digits, so that every check stays what it is.</summary>
    void SetDay()
    {
        Span<byte> patch = stackalloc byte[10];
        _day.TryFormat(patch[4..], out _, "yyMMdd", CultureInfo.InvariantCulture);
        int missing = 36;
        foreach (byte digit in patch[4..])
            missing -= digit - '0';
        for (int i = 0; i < 4; i++)
        {
            int digit = Math.Min(missing, 9);
            patch[i] = (byte)('0' + digit);
            missing -= digit;
        }

        _head = BinaryPrimitives.ReadUInt64LittleEndian(patch);
        _tail = BinaryPrimitives.ReadUInt16LittleEndian(patch[8..]);
    }
}
