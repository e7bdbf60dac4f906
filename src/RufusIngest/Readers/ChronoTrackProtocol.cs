using System.Buffers;
using System.Text;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// ChronoTrack: the CTP01 stream of its software, the comma export of that, and the read and marker files of its
/// controllers. The stream is written from a quick-start guide and programs that take it; the files from files of
/// races.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is a wall clock, in the stream without a date unless the host asked for one. Seconds
/// since 1970 are a wall clock too: those of controllers are probably local time counted as if it were UTC, and of the
/// stream's nothing is said; a reader whose seconds are UTC is given the zone UTC.
/// <see cref="ChipRead.Number"/> is the sequence or line number, <see cref="ChipRead.Point"/> the stream's location,
/// <see cref="ChipRead.Antenna"/> as sent (a bit mask in files: 1, 2, 4, 8), <see cref="ChipRead.SubReader"/> the low
/// 16 bits of the reader's address, which tell a controller's two readers apart. <see cref="ChipRead.Hits"/> of files
/// is the last field, which is probably that. <see cref="ChipRead.Detail"/>: bits 0–23 the reader's address, 24–47 the
/// count (of the stream a lap or read count, of a file the reader's own), 48–55 and 56–63 a file's fields 4 and 3; of a
/// marker line bits 0–31 the number the next read would get.
/// </remarks>
struct ChronoTrackProtocol : ITextProtocol
{
    const int StreamFields = 8;
    const int FileFields = 11;
    const int SeparatorAt = 7; // Behind CT01_33.
    const int LongestMilliseconds = 8;
    const long LeastSeconds = 100_000_000; // In 1973; no clock shows less, and milliseconds have a digit less.

    static readonly SearchValues<byte> OptionName = SearchValues.Create("abcdefghijklmnopqrstuvwxyz-"u8);

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        // A line begins at its mark, even if the one before it has lost its end.
        bool isFile = line.StartsWith("TO~"u8);
        int next = line[1..].IndexOf(isFile ? "TO~"u8 : "CT01_"u8) + 1;
        output.Length = next;
        bool isCutOff = frame.IsCutOff || next > 0;
        line = next > 0 ? line[..next] : line;
        if (isFile)
            return TakeFileRead(new FieldList(line, (byte)'~'), ref read, ref output);
        if (line.Length > SeparatorAt && line.StartsWith("CT"u8) && line[4] == '_'
            && line[SeparatorAt] is (byte)'~' or (byte)',')
            return TakeStreamed(new FieldList(line, line[SeparatorAt]), frame, ref read, ref output);
        FieldList marker = new(line, (byte)',');
        if (marker.Count > 4 && AsciiNumber.TryUnsigned(marker[1], out long number)
            && AsciiNumber.TryUnsigned(marker[3], out _))
            return TakeMarker(marker, number, isCutOff, ref read, ref output);
        return isCutOff ? RejectReason.Truncated : TakeAnswer(line, ref output);
    }

    static RejectReason TakeStreamed(in FieldList fields, in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        if (fields.Count < StreamFields)
            return RejectReason.TooFewFields;
        ReadFields.Number(fields[1], ref read);
        read.Point = frame.PointOf(fields[2]);
        if (Ascii.EqualsIgnoreCase(fields[3], "newlocation"u8))
        {
            output.Add(ControlKind.Point, Math.Max(0, read.Number));
            return RejectReason.None;
        }

        if (!TryTime(fields[4], ref read))
            return RejectReason.BadTime;
        if (Ascii.EqualsIgnoreCase(fields[3], "guntime"u8))
        {
            read.Kind = ReadKind.Gun;
            output.Add(ControlKind.Gun, Math.Max(0, read.Number));
        }
        else
        {
            RejectReason reason = ReadFields.Chip(fields[3], ref read);
            if (reason != RejectReason.None)
                return reason;
        }

        read.Detail = Address(fields[6], ref read) | (Bits(fields[5], 24, ref read) << 24);
        read.Antenna = ReadFields.Small(fields[7], ref read);
        output.HasRead = true;
        return RejectReason.None;
    }

    static RejectReason TakeFileRead(in FieldList fields, ref ChipRead read, ref FrameOutput output)
    {
        if (fields.Count < FileFields)
            return RejectReason.TooFewFields;
        RejectReason reason = ReadFields.Chip(fields[2], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TrySeconds(fields[5], out long ticks))
            return RejectReason.BadTime;
        read.Time = ticks;
        ReadFields.Number(fields[1], ref read);
        read.Antenna = ReadFields.Small(fields[7], ref read);
        ReadFields.Rssi(fields[8], ref read);
        ReadFields.Hits(fields[11], ref read);
        read.Detail = Address(fields[6], ref read) | (Bits(fields[9], 24, ref read) << 24)
            | (Bits(fields[4], 8, ref read) << 48) | (Bits(fields[3], 8, ref read) << 56);
        output.HasRead = true;
        return RejectReason.None;
    }

    /// <summary>A line <c>box,n,key,next read,YYMMDDhhmmsscc,value</c>.</summary>
    static RejectReason TakeMarker(
        in FieldList fields, long number, bool isCutOff, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> key = fields[2];
        bool isGun = key.SequenceEqual("Gun"u8);
        bool isMarker = key.SequenceEqual("Manual"u8);
        bool isClock = key.SequenceEqual("TimeChange"u8);
        if (isCutOff && !isGun && !isMarker)
            return RejectReason.Truncated;
        if (!TryStamp(fields[4], out long ticks) && (isGun || isMarker || isClock))
            return RejectReason.BadTime;
        if (!isGun && !isMarker)
        {
            output.Add(
                isClock ? ControlKind.Clock : key.SequenceEqual("Point"u8) ? ControlKind.Point : ControlKind.Status,
                isClock ? ticks : 0);
            return RejectReason.None;
        }

        read.Kind = isGun ? ReadKind.Gun : ReadKind.Marker;
        read.Time = ticks;
        read.Number = number;
        read.Detail = Bits(fields[3], 32, ref read);
        output.HasRead = true;
        output.Add(isGun ? ControlKind.Gun : ControlKind.Marker, number);
        return RejectReason.None;
    }

    static RejectReason TakeAnswer(ReadOnlySpan<byte> line, ref FrameOutput output)
    {
        FieldList fields = new(line, (byte)'~');
        ReadOnlySpan<byte> first = fields[0];
        bool isPing = fields.Count <= 2 && (first.SequenceEqual("ping"u8) || fields[1].SequenceEqual("ping"u8))
            && (fields.Count == 1 || first.SequenceEqual("ack"u8) || fields[1].SequenceEqual("ack"u8));
        if (isPing)
            output.Add(ControlKind.KeepAlive);
        else if (first.SequenceEqual("ack"u8) || first.SequenceEqual("err"u8))
            output.Add(ControlKind.Response);
        else if (fields.Count == 3 && fields[2].StartsWith("CTP"u8))
            output.Add(ControlKind.Greeting);
        else if (IsOfHost(line, fields))
            output.Add(ControlKind.Unknown);
        else
            return RejectReason.UnknownFrame;
        return RejectReason.None;
    }

    /// <summary>What the host sends is known too: a log of both directions is read without rejects.</summary>
    static bool IsOfHost(ReadOnlySpan<byte> line, in FieldList fields)
    {
        ReadOnlySpan<byte> first = fields[0];
        int equals = line.IndexOf((byte)'=');
        return first.SequenceEqual("start"u8) || first.SequenceEqual("stop"u8) || first.SequenceEqual("authorize"u8)
            || (fields.Count == 1 && first.StartsWith("get"u8) && !first.ContainsAnyExceptInRange((byte)'a', (byte)'z'))
            || (fields.Count == 3 && !first.IsEmpty && AsciiNumber.TryUnsigned(fields[2], out _))
            || (equals > 0 && !line[..equals].ContainsAnyExcept(OptionName));
    }

    /// <summary>The stream's four formats, told apart by their shape.</summary>
    static bool TryTime(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        ReadFlags flags = ReadFlags.NoDate;
        bool good;
        long ticks;
        if (text.Length > 4 && text[4] == '-')
        {
            good = IsoTimestamp.TryParse(text, out ticks, out flags);
        }
        else if (text.Contains((byte)':'))
        {
            good = AsciiTime.TryTimeOfDay(text, out ticks);
        }
        else if (text.Length <= LongestMilliseconds)
        {
            good = AsciiNumber.TryUnsigned(text, out long milliseconds);
            ticks = milliseconds * EpochTime.TicksPerMillisecond;
            good &= ticks < EpochTime.TicksPerDay;
        }
        else
        {
            good = AsciiTime.TrySeconds(text, out ticks) && ticks >= LeastSeconds * EpochTime.TicksPerSecond;
            flags = ReadFlags.None;
        }

        read.Time = ticks;
        read.Flags |= flags;
        return good;
    }

    /// <summary>Year of two digits, and 1/100 s behind the seconds. A clock that was never set says 1980.</summary>
    static bool TryStamp(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length != 14 || !AsciiNumber.TryUnsigned(text, out long all))
            return false;
        int year = AsciiNumber.TwoDigits(text, 0);
        bool good = EpochTime.TryFromParts(
            year + (year >= 70 ? 1900 : 2000), AsciiNumber.TwoDigits(text, 2), AsciiNumber.TwoDigits(text, 4),
            AsciiNumber.TwoDigits(text, 6), AsciiNumber.TwoDigits(text, 8), AsciiNumber.TwoDigits(text, 10), out ticks);
        ticks += all % 100 * 10 * EpochTime.TicksPerMillisecond;
        return good;
    }

    static ulong Address(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        if (!AsciiNumber.TryHex(field, out long address) || address >= 1 << 24)
        {
            ReadFields.Dropped(!field.IsEmpty, ref read);
            return 0;
        }

        read.SubReader = (ushort)address;
        return (ulong)address;
    }

    /// <summary>A decimal number of so many bits, 0 where it is empty or unreadable.</summary>
    static ulong Bits(ReadOnlySpan<byte> field, int bits, ref ChipRead read)
    {
        if (AsciiNumber.TryUnsigned(field, out long value) && value < 1L << bits)
            return (ulong)value;
        ReadFields.Dropped(!field.IsEmpty, ref read);
        return 0;
    }
}
