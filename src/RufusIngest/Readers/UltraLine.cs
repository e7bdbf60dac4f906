using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>One line of an Ultra: a record, a line of a text export, or what the box says between records.</summary>
readonly struct UltraLine
{
    const int HighestAntenna = 4;

    // 1980-01-01 in seconds since 1970; the highest second that is still in the year 9999.
    const long EpochOffset = 315_532_800;
    const long LastSecond = 253_402_300_799 - EpochOffset;

    public bool IsRead { get; private init; }

    public ControlKind? Control { get; private init; }

    /// <summary>The number of the control.</summary>
    public long Number { get; private init; }

    /// <summary>What is wrong, or none.</summary>
    public RejectReason Reason { get; private init; }

    /// <summary>Takes a line; the read is written only when the line is one.</summary>
    public static UltraLine Take(ReadOnlySpan<byte> line, ref ChipRead read)
    {
        if (line.Length >= 2 && line[1] == ',' && line[0] is (byte)'0' or (byte)'1')
            return TakeRecord(line, ref read);
        switch (line[0])
        {
            case (byte)'V' when line.StartsWith("V="u8):
                return TakeVoltage(line[2..]);
            case (byte)'S' when line.StartsWith("S="u8) && line.Length > 2:
                return Said(ControlKind.Status, NumberOrZero(line[2..]));
            case (byte)'U' or (byte)'u':
                return Said(ControlKind.Status, 0);
            case (byte)'C' when line.StartsWith("Connected,"u8):
                return Greeting(line);
            case 3:
                return Bad(RejectReason.Truncated);
        }

        int colon = line.IndexOf((byte)':');
        return colon is 1 or 2 && AsciiNumber.TryUnsigned(line[..colon], out _)
            ? TakeClock(line)
            : TakeExport(line, ref read);
    }

    static UltraLine Bad(RejectReason reason) => new() { Reason = reason };

    static UltraLine Said(ControlKind kind, long number) => new() { Control = kind, Number = number };

    static UltraLine Greeting(ReadOnlySpan<byte> line) =>
        Said(ControlKind.Greeting, NumberOrZero(line[(line.IndexOf("Connected,"u8) + 10)..]));

    static long NumberOrZero(ReadOnlySpan<byte> text) => AsciiNumber.TryUnsigned(text, out long number) ? number : 0;

    static UltraLine TakeRecord(ReadOnlySpan<byte> line, ref ChipRead read)
    {
        FieldReader fields = new(line);
        _ = fields.TryNext(out _);
        if (!fields.TryNext(out ReadOnlySpan<byte> chip) || !fields.TryNext(out ReadOnlySpan<byte> seconds)
            || !fields.TryNext(out ReadOnlySpan<byte> milliseconds))
        {
            return line[2..].StartsWith("Connected,"u8) ? Greeting(line) : Bad(RejectReason.TooFewFields);
        }

        if (milliseconds.Length > 0 && milliseconds[0] == '"')
            return TakeExport(line, ref read);
        if (!fields.TryNext(out ReadOnlySpan<byte> antenna) || !fields.TryNext(out ReadOnlySpan<byte> rssi)
            || !fields.TryNext(out ReadOnlySpan<byte> rewind) || !fields.TryNext(out ReadOnlySpan<byte> reader)
            || !fields.TryNext(out ReadOnlySpan<byte> box) || !fields.TryNext(out _) || !fields.TryNext(out _)
            || !fields.TryNext(out ReadOnlySpan<byte> logId))
        {
            return Bad(RejectReason.TooFewFields);
        }

        if (!AsciiNumber.TryUnsigned(seconds, out long second) || second > LastSecond
            || !AsciiNumber.TryUnsigned(milliseconds, out long millisecond) || millisecond > 999)
        {
            return Bad(RejectReason.BadNumber);
        }

        if (!AsciiNumber.TryUnsigned(antenna, out long port) || port > HighestAntenna)
            return Bad(RejectReason.BadAntenna);
        RejectReason reason = StartRead(chip, ref read);
        if (reason != RejectReason.None)
            return Bad(reason);
        bool isGun = read.Kind == ReadKind.Gun;
        if (port == 0 && !isGun)
            return Bad(RejectReason.BadAntenna);
        read.Time = ((second + EpochOffset) * EpochTime.TicksPerSecond) + (millisecond * EpochTime.TicksPerMillisecond);
        read.Antenna = (ushort)port;
        FillOptional(rssi, rewind, reader, box, logId, ref read);
        return new UltraLine { IsRead = true, Control = isGun ? ControlKind.Gun : null };
    }

    static RejectReason StartRead(ReadOnlySpan<byte> chip, ref ChipRead read)
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

    static void FillOptional(
        ReadOnlySpan<byte> rssi, ReadOnlySpan<byte> rewind, ReadOnlySpan<byte> reader, ReadOnlySpan<byte> box,
        ReadOnlySpan<byte> logId, ref ChipRead read)
    {
        bool dropped = false;
        if (AsciiNumber.TrySigned(rssi, out long dbm) && dbm is >= -327 and <= 327)
            read.RssiCentiDbm = (short)(dbm * 100);
        else
            dropped |= !rssi.IsEmpty;
        if (AsciiNumber.TryUnsigned(logId, out long number))
            read.Number = number;
        else
            dropped |= !logId.IsEmpty;
        read.SubReader = Small(reader, ref dropped);
        read.Detail = Small(box, ref dropped);
        ushort again = Small(rewind, ref dropped);
        dropped |= again > 1;
        read.Flags = (again == 1 ? ReadFlags.Rewind : ReadFlags.None)
            | (dropped ? ReadFlags.FieldDropped : ReadFlags.None);
    }

    static ushort Small(ReadOnlySpan<byte> field, ref bool dropped)
    {
        if (AsciiNumber.TryUnsigned(field, out long value) && value <= ushort.MaxValue)
            return (ushort)value;
        dropped |= !field.IsEmpty;
        return 0;
    }

    /// <summary>
    /// <c>reader,chip,chip,"time",reader,port</c>, or <c>chip, time, reader, port</c> separated by tabs; the time with or
    /// without a date.
    /// </summary>
    static UltraLine TakeExport(ReadOnlySpan<byte> line, ref ChipRead read)
    {
        bool tabs = line.Contains((byte)'\t');
        FieldReader fields = new(line, tabs ? (byte)'\t' : (byte)',');
        ReadOnlySpan<byte> reader = default;
        bool whole = tabs || fields.TryNext(out reader);
        whole &= fields.TryNext(out ReadOnlySpan<byte> chip);
        whole &= tabs || fields.TryNext(out _);
        whole &= fields.TryNext(out ReadOnlySpan<byte> time);
        bool isExport = tabs || (time.Length > 1 && time[0] == '"' && time[^1] == '"');
        if (!isExport)
            return Bad(RejectReason.UnknownFrame);
        whole &= fields.TryNext(out ReadOnlySpan<byte> secondReader);
        whole &= fields.TryNext(out ReadOnlySpan<byte> port);
        if (!whole)
            return Bad(RejectReason.TooFewFields);
        RejectReason reason = StartRead(chip, ref read);
        if (reason != RejectReason.None)
            return Bad(reason);
        if (!TryTime(time.Trim((byte)'"'), ref read))
            return Bad(RejectReason.BadTime);
        bool dropped = false;
        read.SubReader = Small(tabs ? secondReader : reader, ref dropped);
        ushort antenna = Small(port, ref dropped);
        read.Antenna = antenna <= HighestAntenna ? antenna : (ushort)0;
        read.Flags |= dropped ? ReadFlags.FieldDropped : ReadFlags.None;
        return new UltraLine { IsRead = true };
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

    /// <summary><c>25.0000</c>, to millivolts.</summary>
    static UltraLine TakeVoltage(ReadOnlySpan<byte> text)
    {
        if (!AsciiNumber.TryTake(ref text, out int volts))
            return Bad(RejectReason.BadNumber);
        long millivolts = volts * 1000L;
        if (text.IsEmpty)
            return Said(ControlKind.KeepAlive, millivolts);
        if (text[0] != '.' || text.Length == 1 || text[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return Bad(RejectReason.BadNumber);
        int unit = 1000;
        foreach (byte b in text.Length > 4 ? text[1..4] : text[1..])
            millivolts += (b - '0') * (unit /= 10);
        return Said(ControlKind.KeepAlive, millivolts);
    }

    /// <summary><c>H:m:s d-M-yyyy (n)</c>, the parts not padded; the meaning of n is not known and it may be absent.</summary>
    static UltraLine TakeClock(ReadOnlySpan<byte> text)
    {
        if (TryPart(ref text, ':', out int hour) && TryPart(ref text, ':', out int minute)
            && TryPart(ref text, ' ', out int second) && TryPart(ref text, '-', out int day)
            && TryPart(ref text, '-', out int month) && AsciiNumber.TryTake(ref text, out int year)
            && (text.IsEmpty || text[0] == ' ')
            && EpochTime.TryFromParts(year, month, day, hour, minute, second, out long ticks))
        {
            return Said(ControlKind.Clock, ticks);
        }

        return Bad(RejectReason.BadTime);
    }

    static bool TryPart(ref ReadOnlySpan<byte> text, char end, out int value)
    {
        if (!AsciiNumber.TryTake(ref text, out value) || text.IsEmpty || text[0] != end)
            return false;
        text = text[1..];
        return true;
    }
}
