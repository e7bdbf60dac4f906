using System.Runtime.CompilerServices;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>The records of an Ultra, live or in a text export. A read is whole only when nothing was wrong.</summary>
static class UltraRecord
{
    const int LiveFields = 12;
    const int HighestAntenna = 4;

    // 1980-01-01 in seconds since 1970; the highest second that is still in the year 9999.
    public const long EpochOffset = 315_532_800;
    const long LastSecond = 253_402_300_799 - EpochOffset;

    public static bool IsLive(ReadOnlySpan<byte> line) =>
        line.Length >= 2 && line[1] == ',' && line[0] is (byte)'0' or (byte)'1' && !line[2..].StartsWith("Connected,"u8);

    [SkipLocalsInit]
    public static RejectReason TakeLive(ReadOnlySpan<byte> line, ref ChipRead read)
    {
        FieldList fields = new(line, (byte)',');
        if (fields.Count < LiveFields)
            return IsQuoted(fields[3]) ? TakeExport(line, ref read) : RejectReason.TooFewFields;
        if (!AsciiNumber.TryUnsigned(fields[2], out long second) || second > LastSecond
            || !AsciiNumber.TryUnsigned(fields[3], out long millisecond) || millisecond > 999)
        {
            return RejectReason.BadNumber;
        }

        if (!AsciiNumber.TryUnsigned(fields[4], out long antenna) || antenna > HighestAntenna)
            return RejectReason.BadAntenna;
        RejectReason reason = Start(fields[1], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (antenna == 0 && read.Kind != ReadKind.Gun)
            return RejectReason.BadAntenna;
        read.Time = ((second + EpochOffset) * EpochTime.TicksPerSecond) + (millisecond * EpochTime.TicksPerMillisecond);
        read.Antenna = (ushort)antenna;

        bool dropped = false;
        if (AsciiNumber.TrySigned(fields[5], out long dbm) && dbm is >= -327 and <= 327)
            read.RssiCentiDbm = (short)(dbm * 100);
        else
            dropped = !fields[5].IsEmpty;
        ushort rewind = Small(fields[6], ref dropped);
        dropped |= rewind > 1;
        read.SubReader = Small(fields[7], ref dropped);
        read.Detail = Small(fields[8], ref dropped);
        if (AsciiNumber.TryUnsigned(fields[11], out long logId))
            read.Number = logId;
        else
            dropped |= !fields[11].IsEmpty;
        read.Flags = (rewind == 1 ? ReadFlags.Rewind : ReadFlags.None)
            | (dropped ? ReadFlags.FieldDropped : ReadFlags.None);
        return RejectReason.None;
    }

    /// <summary>
    /// <c>reader,chip,chip,"time",reader,port</c>, or <c>chip, time, reader, port</c> separated by tabs; the time with or
    /// without a date.
    /// </summary>
    public static RejectReason TakeExport(ReadOnlySpan<byte> line, ref ChipRead read)
    {
        bool tabs = line.Contains((byte)'\t');
        FieldList fields = new(line, tabs ? (byte)'\t' : (byte)',');
        if (!tabs && !IsQuoted(fields[3]))
            return RejectReason.UnknownFrame;
        if (fields.Count < (tabs ? 4 : 6))
            return RejectReason.TooFewFields;
        RejectReason reason = Start(fields[tabs ? 0 : 1], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!TryTime(fields[tabs ? 1 : 3].Trim((byte)'"'), ref read))
            return RejectReason.BadTime;
        bool dropped = false;
        read.SubReader = Small(fields[tabs ? 2 : 0], ref dropped);
        ushort antenna = Small(fields[tabs ? 3 : 5], ref dropped);
        read.Antenna = antenna <= HighestAntenna ? antenna : (ushort)0;
        read.Flags |= dropped ? ReadFlags.FieldDropped : ReadFlags.None;
        return RejectReason.None;
    }

    static bool IsQuoted(ReadOnlySpan<byte> field) => field.Length > 1 && field[0] == '"' && field[^1] == '"';

    static RejectReason Start(ReadOnlySpan<byte> chip, ref ChipRead read)
    {
        read.Reset();
        if (chip.Length == 1 && chip[0] == '0')
        {
            read.Kind = ReadKind.Gun;
            return RejectReason.None;
        }

        bool taken = ChipCode.TryFromText(chip, out ChipCode code);
        read.Chip = code;
        return taken ? RejectReason.None : chip.IsEmpty ? RejectReason.NoChip : RejectReason.ChipTooLong;
    }

    static ushort Small(ReadOnlySpan<byte> field, ref bool dropped)
    {
        if (AsciiNumber.TryUnsigned(field, out long value) && value <= ushort.MaxValue)
            return (ushort)value;
        dropped |= !field.IsEmpty;
        return 0;
    }

    static bool TryTime(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        bool hasDate = text.Contains((byte)'-');
        bool good = hasDate
            ? AsciiTime.TryDateAndTime(text, out long ticks)
            : AsciiTime.TryTimeOfDay(text, out ticks);
        read.Time = ticks;
        read.Flags = hasDate ? ReadFlags.None : ReadFlags.NoDate;
        return good;
    }
}
