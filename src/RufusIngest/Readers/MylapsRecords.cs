using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// A record of version 1, in columns: chip 0, time of day 7, device 19, reader 21, antennas 23, lap 24, sequence 27 and
/// date 31, in <c>yyMMdd</c>; at 37 the low byte of the sum of all before it, in hex.
/// </summary>
static class MylapsStore
{
    /// <summary>Bytes of a record.</summary>
    public const int Length = 39;

    const int Sum = 37;

    public static RejectReason Read(ReadOnlySpan<byte> record, ref ChipRead read)
    {
        if (record.Length != Length)
            return record.Length < Length ? RejectReason.TooFewFields : RejectReason.TooLong;
        if (AsciiNumber.TwoHexDigits(record, Sum) != (byte)Checksum.Sum(record[..Sum]))
            return RejectReason.BadCheck;
        ReadOnlySpan<byte> chip = record[..7];
        if (chip.TrimStart((byte)' ').IsEmpty)
            return RejectReason.NoChip;
        RejectReason reason = ReadFields.Chip(chip, ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TryTimeOfDay(Column(record, 7, 12), out long time)
            || !AsciiTime.TryShortDate(record[31..37], out long date))
            return RejectReason.BadTime;
        read.Time = date + time;
        read.SubReader = ReadFields.Small(Column(record, 19, 2), ref read);
        ushort reader = ReadFields.Small(Column(record, 21, 2), ref read);
        ushort lap = ReadFields.Small(Column(record, 24, 3), ref read);
        int antennas = AsciiNumber.HexValue(record[23]);
        int sequence = (AsciiNumber.TwoHexDigits(record, 27) << 8) | AsciiNumber.TwoHexDigits(record, 29);
        ReadFields.Dropped((antennas > 0xF && record[23] != ' ') || sequence < 0, ref read);
        read.Number = sequence < 0 ? -1 : sequence;
        read.Detail = Detail(lap, antennas > 0xF ? 0 : antennas, 0, reader);
        return RejectReason.None;
    }

    /// <summary>The layout of <see cref="ChipRead.Detail"/>.</summary>
    public static ulong Detail(ushort lap, int antennas, int chipType, ushort reader) =>
        lap | ((ulong)antennas << 16) | ((ulong)chipType << 24) | ((ulong)reader << 32);

    /// <summary>A column of text on its right side.</summary>
    static ReadOnlySpan<byte> Column(ReadOnlySpan<byte> record, int at, int length) =>
        record.Slice(at, length).TrimStart((byte)' ');
}

/// <summary>A record of version 2: <c>key=value|key=value</c> in any order. Other keys are passed over.</summary>
readonly ref struct MylapsKeys
{
    readonly ReadOnlySpan<byte> _chip;
    readonly ReadOnlySpan<byte> _chipType;
    readonly ReadOnlySpan<byte> _date;
    readonly ReadOnlySpan<byte> _time;
    readonly ReadOnlySpan<byte> _lap;
    readonly ReadOnlySpan<byte> _hits;
    readonly ReadOnlySpan<byte> _device;
    readonly ReadOnlySpan<byte> _reader;
    readonly ReadOnlySpan<byte> _antenna;
    readonly ReadOnlySpan<byte> _markerType;
    readonly ReadOnlySpan<byte> _name;

    public MylapsKeys(ReadOnlySpan<byte> record)
    {
        while (!record.IsEmpty)
        {
            int length = record.IndexOf((byte)'|');
            ReadOnlySpan<byte> pair = length < 0 ? record : record[..length];
            record = length < 0 ? default : record[(length + 1)..];
            int equals = pair.IndexOf((byte)'=');
            if (equals is not (1 or 2) || pair[0] == 0)
                continue;
            ReadOnlySpan<byte> value = pair[(equals + 1)..];
            switch (equals == 1 ? pair[0] : (pair[0] << 8) | pair[1])
            {
                case 'c':
                    _chip = value;
                    break;
                case ('c' << 8) | 't':
                    _chipType = value;
                    break;
                case 'd':
                    _date = value;
                    break;
                case 't':
                    _time = value;
                    break;
                case 'n':
                    _name = value;
                    break;
                case 'l':
                    _lap = value;
                    break;
                case 'h':
                    _hits = value;
                    break;
                case ('d' << 8) | 'v':
                    _device = value;
                    break;
                case ('r' << 8) | 'e':
                    _reader = value;
                    break;
                case ('a' << 8) | 'n':
                    _antenna = value;
                    break;
                case ('m' << 8) | 't':
                    _markerType = value;
                    break;
                default:
                    break;
            }
        }
    }

    public RejectReason ReadPassing(ref ChipRead read)
    {
        RejectReason reason = ReadFields.Chip(_chip, ref read);
        if (reason == RejectReason.None)
            reason = ReadTime(ref read);
        if (reason != RejectReason.None)
            return reason;
        ReadFields.Hits(_hits, ref read);
        read.SubReader = ReadFields.Small(_device, ref read);
        ushort reader = ReadFields.Small(_reader, ref read);
        ushort lap = ReadFields.Small(_lap, ref read);
        bool isMask = TryMask(_antenna, out int mask);
        if (!isMask)
            read.Antenna = ReadFields.Small(_antenna, ref read);
        read.Detail = MylapsStore.Detail(lap, mask, ChipType(), reader);
        return RejectReason.None;
    }

    public RejectReason ReadMarker(ref ChipRead read)
    {
        read.Kind = MylapsProtocol.KindOfMarker(_markerType, _name);
        return ReadTime(ref read);
    }

    RejectReason ReadTime(ref ChipRead read)
    {
        long date = 0;
        if (!AsciiTime.TryTimeOfDay(_time, out long time)
            || (!_date.IsEmpty && !AsciiTime.TryShortDate(_date, out date)))
            return RejectReason.BadTime;
        read.Time = date + time;
        read.Flags |= _date.IsEmpty ? ReadFlags.NoDate : ReadFlags.None;
        return RejectReason.None;
    }

    /// <summary>Eight digits 0 and 1, one for each antenna; which end the first antenna is at is not known.</summary>
    static bool TryMask(ReadOnlySpan<byte> text, out int mask)
    {
        mask = 0;
        if (text.Length != 8 || text.ContainsAnyExcept("01"u8))
            return false;
        foreach (byte digit in text)
            mask = (mask << 1) | (digit & 1);
        return true;
    }

    int ChipType() =>
        _chipType.SequenceEqual("AP"u8) ? 1
        : _chipType.SequenceEqual("LF"u8) ? 2
        : _chipType.SequenceEqual("CX"u8) ? 3
        : _chipType.SequenceEqual("UH"u8) ? 4
        : _chipType.SequenceEqual("NOTCX"u8) ? 5
        : _chipType.SequenceEqual("UNKNOWN"u8) ? 6
        : 0;
}
