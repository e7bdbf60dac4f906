using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>A tag of a Mercury module: the metadata that a set of flags names, in their order, then the bits of the
/// tag.</summary>
static class MercuryTag
{
    const int ReadCount = 0x0001;
    const int Rssi = 0x0002;
    const int Antenna = 0x0004;
    const int Frequency = 0x0008;
    const int Timestamp = 0x0010;
    const int Phase = 0x0020;
    const int Protocol = 0x0040;
    const int EmbeddedData = 0x0080;
    const int Gpio = 0x0100;

    const int AroundEpc = 4; // PC and CRC.
    const int HasXpc = 0x0200;
    const int HasSecondXpc = 0x8000;

    /// <summary>How many bytes the tag at the front has; 0 when they are not all there.</summary>
    public static int Measure(ReadOnlySpan<byte> bytes, int flags)
    {
        int at = Before(flags, ReadCount | Rssi | Antenna | Frequency | Timestamp | Phase | Protocol);
        if ((flags & EmbeddedData) != 0 && !TrySkipBits(bytes, ref at))
            return 0;
        at += Before(flags, Gpio);
        return TrySkipBits(bytes, ref at) ? at : 0;
    }

    /// <summary>Bytes of those fields among the wanted ones that the flags name.</summary>
    static int Before(int flags, int wanted)
    {
        flags &= wanted;
        return (flags & ReadCount) + ((flags & Rssi) >> 1) + ((flags & Antenna) >> 2) + (((flags & Frequency) >> 3) * 3)
            + (((flags & Timestamp) >> 4) * 4) + (((flags & Phase) >> 5) * 2) + ((flags & Protocol) >> 6)
            + ((flags & Gpio) >> 8);
    }

    static bool TrySkipBits(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (at + 2 > bytes.Length)
            return false;
        int bits = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
        at += 2 + ((bits + 7) / 8);
        return at <= bytes.Length;
    }

    /// <summary>Fills a read.</summary>
    /// <param name="tag">As long as <see cref="Measure"/> says.</param>
    /// <param name="flags">The fields that it has.</param>
    /// <param name="read">The read.</param>
    public static RejectReason Take(ReadOnlySpan<byte> tag, int flags, ref ChipRead read)
    {
        int at = 0;
        read.Flags = ReadFlags.NoTime;
        if ((flags & ReadCount) != 0)
            read.Hits = Math.Max(1, (int)tag[at++]);
        if ((flags & Rssi) != 0)
            read.RssiCentiDbm = (short)((sbyte)tag[at++] * 100);
        if ((flags & Antenna) != 0)
            read.Antenna = tag[at] >> 4 == 0 ? (ushort)16 : (ushort)(tag[at] >> 4);
        at += Before(flags, Antenna | Frequency);
        if ((flags & Timestamp) != 0)
            read.Detail = BinaryPrimitives.ReadUInt32BigEndian(tag[at..]);
        at += Before(flags, Timestamp);
        if ((flags & Phase) != 0)
            read.Detail |= (ulong)BinaryPrimitives.ReadUInt16BigEndian(tag[at..]) << 32;
        at += Before(flags, Phase | Protocol);
        if ((flags & EmbeddedData) != 0)
            _ = TrySkipBits(tag, ref at);
        at += Before(flags, Gpio);
        return TakeEpc(BinaryPrimitives.ReadUInt16BigEndian(tag[at..]), tag[(at + 2)..], ref read);
    }

    /// <summary>PC, perhaps one or two words more that it announces, EPC, CRC.</summary>
    static RejectReason TakeEpc(int bits, ReadOnlySpan<byte> bytes, ref ChipRead read)
    {
        if (bits % 8 != 0)
            return RejectReason.BadNumber;
        if (bytes.Length < AroundEpc)
            return RejectReason.NoChip;
        int before = 2;
        if ((BinaryPrimitives.ReadUInt16BigEndian(bytes) & HasXpc) != 0)
        {
            bool hasSecond = (BinaryPrimitives.ReadUInt16BigEndian(bytes[before..]) & HasSecondXpc) != 0;
            before += hasSecond ? 4 : 2;
        }

        return before + 2 > bytes.Length ? RejectReason.NoChip : BinaryFields.Epc(bytes[before..^2], ref read);
    }
}
