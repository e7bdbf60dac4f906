using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The J-Chip format of old receivers, which bridges for other readers imitate: a tag, a time of day and a few fields
/// between blanks. Written from programs that speak it; no line of a receiver is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the receiver's local time: with a date where the line ends with <c>date=</c>,
/// otherwise without, the days since the receiver's first one added. It is not corrected by the receiver's answer about
/// its clock, which is a control. <see cref="ChipRead.Number"/> is the running index. Files have the lines without
/// their <c>D</c>.
/// </remarks>
struct JChipProtocol : ITextProtocol
{
    // A line that is cut off must not lose its date when the others have one.
    bool _dated;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> rest = frame.Text;
        ReadOnlySpan<byte> first = NextWord(ref rest);
        ReadOnlySpan<byte> second = NextWord(ref rest);
        bool isLetter = !first.IsEmpty && char.IsAsciiLetter((char)first[0]);
        if (isLetter && AsciiTime.TryTimeOfDay(second, out long timeOfDay))
            return TakePassing(first, timeOfDay, rest, frame.IsCutOff, ref read, ref output);
        if (frame.IsCutOff)
            return RejectReason.Truncated;
        byte kind = isLetter ? first[0] : (byte)' ';
        if (kind == 'D' || (isLetter && kind is not ((byte)'N' or (byte)'G') && second.Contains((byte)':')))
            return second.IsEmpty ? RejectReason.TooFewFields : RejectReason.BadTime;
        switch (kind)
        {
            case (byte)'N':
                return TakeGreeting(frame.Text, ref output);
            case (byte)'G':
                return TakeClock(first, second, ref output);
            default:
                // Remarks of bridges, and what the host sends.
                output.Add(ControlKind.Unknown);
                return RejectReason.None;
        }
    }

    RejectReason TakePassing(
        ReadOnlySpan<byte> first,
        long timeOfDay,
        ReadOnlySpan<byte> rest,
        bool isCutOff,
        ref ChipRead read,
        ref FrameOutput output)
    {
        // A letter of the receiver stands before the tag; in a live line a D before that.
        bool isLive = first[0] == 'D' && first.Length > 1 && char.IsAsciiLetter((char)first[1]);
        RejectReason reason = ReadFields.Chip(first[(isLive ? 2 : 1)..], ref read);
        if (reason != RejectReason.None)
            return reason;
        ReadOnlySpan<byte> behind = rest;
        ReadOnlySpan<byte> day = NextWord(ref rest);
        if (day.Length > 2 && !IsDate(day))
        {
            // It is the index: there is no day.
            day = default;
            rest = behind;
        }

        long date = 0;
        bool isDated = IsDate(day);
        bool hasDate = isDated && TryDate(day, out date);
        // The day offset may be missing at the end of a line, but then its end must be there.
        if (isCutOff && rest.IsEmpty && (isDated ? !hasDate : day.Length < 2))
            return RejectReason.Truncated;
        for (int at = 0; NextWord(ref rest) is { IsEmpty: false } word; at++)
        {
            if (IsDate(word))
                (isDated, hasDate) = (true, TryDate(word, out date));
            else if (at == 0 && !(isCutOff && rest.IsEmpty))
                Index(word, ref read);
            if (isCutOff && rest.IsEmpty && !hasDate && (isDated || "date="u8.StartsWith(word)))
                return RejectReason.Truncated;
        }

        if (isCutOff && _dated && !hasDate)
            return RejectReason.Truncated;
        _dated |= hasDate;
        ReadFields.Dropped(isDated && !hasDate, ref read);
        read.Flags |= hasDate ? ReadFlags.None : ReadFlags.NoDate;
        read.Time = timeOfDay + (hasDate ? date : DayOffset(day) * EpochTime.TicksPerDay);
        output.HasRead = true;
        return RejectReason.None;
    }

    static void Index(ReadOnlySpan<byte> word, ref ChipRead read)
    {
        if (AsciiNumber.TryHex(word, out long index))
            read.Number = index;
        else
            ReadFields.Dropped(true, ref read);
    }

    /// <summary>The second of two characters, 0 where it is missing or no digit.</summary>
    static long DayOffset(ReadOnlySpan<byte> word) =>
        word.Length == 2 && word[1] is >= (byte)'0' and <= (byte)'9' ? word[1] - '0' : 0;

    static bool IsDate(ReadOnlySpan<byte> word) => word.StartsWith("date="u8);

    /// <summary><c>date=YYYYMMDD</c>.</summary>
    static bool TryDate(ReadOnlySpan<byte> word, out long ticks)
    {
        ticks = 0;
        if (word.Length != 13 || !AsciiNumber.TryUnsigned(word[5..], out long digits))
            return false;
        return EpochTime.TryFromParts(
            (int)(digits / 10_000), (int)(digits / 100 % 100), (int)(digits % 100), 0, 0, 0, out ticks);
    }

    /// <summary><c>N</c>, the number of stored times in four characters, and the receiver's name.</summary>
    static RejectReason TakeGreeting(ReadOnlySpan<byte> line, ref FrameOutput output)
    {
        if (line.Length < 5)
            return RejectReason.UnknownFrame;
        output.Add(ControlKind.Greeting, AsciiNumber.TryUnsigned(line[1..5], out long stored) ? stored : 0);
        return RejectReason.None;
    }

    /// <summary><c>GT</c>, a digit of the day, <c>HHMMSShh</c> and perhaps a date: ticks since 1970, or since the
    /// midnight of the receiver's first day.</summary>
    static RejectReason TakeClock(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ref FrameOutput output)
    {
        if (!first.StartsWith("GT"u8))
            return RejectReason.UnknownFrame;
        if (first.Length == 2)
        {
            // The host's question.
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        ReadOnlySpan<byte> time = first.Length >= 10 ? first[^8..] : default;
        if (first.Length > 11 || !AsciiNumber.TryUnsigned(time, out long hundredths)
            || !EpochTime.TryFromParts(
                1970, 1, 1, (int)(hundredths / 1_000_000), (int)(hundredths / 10_000 % 100),
                (int)(hundredths / 100 % 100), out long ticks))
            return RejectReason.BadTime;
        ticks += hundredths % 100 * 10 * EpochTime.TicksPerMillisecond;
        long day = first.Length == 11 && first[2] is >= (byte)'0' and <= (byte)'9' ? first[2] - '0' : 0;
        output.Add(ControlKind.Clock, ticks + (TryDate(second, out long date) ? date : day * EpochTime.TicksPerDay));
        return RejectReason.None;
    }

    static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t"u8);
        int blank = rest.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> word = blank < 0 ? rest : rest[..blank];
        rest = rest[word.Length..];
        return word;
    }
}
