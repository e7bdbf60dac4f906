using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>Dates and times as readers write them in text; the ticks are those of <see cref="ChipRead.Time"/>.</summary>
static class AsciiTime
{
    /// <summary>
    /// <c>H:mm:ss</c> or <c>HH:mm:ss</c> with up to nine decimals behind a point or comma, as ticks since midnight, cut off at
    /// 100 ns.
    /// </summary>
    public static bool TryTimeOfDay(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 7)
            return false;
        int digits = text[1] == ':' ? 1 : 2;
        if (!AsciiNumber.TryUnsigned(text[..digits], out long hour))
            return false;
        text = text[digits..];
        if (text.Length < 6 || text[0] != ':' || text[3] != ':')
            return false;
        int minute = AsciiNumber.TwoDigits(text, 1);
        int second = AsciiNumber.TwoDigits(text, 4);
        return EpochTime.TryFromParts(1970, 1, 1, (int)hour, minute, second, out ticks)
            && TryAddFraction(text[6..], ref ticks);
    }

    /// <summary>
    /// Whole seconds, perhaps with up to nine decimals behind a point or comma, in ticks, cut off at 100 ns. No sign.
    /// </summary>
    public static bool TrySeconds(ReadOnlySpan<byte> text, out long ticks)
    {
        int point = text.IndexOfAny((byte)'.', (byte)',');
        int digits = point < 0 ? text.Length : point;
        bool good = AsciiNumber.TryUnsigned(text[..digits], out long seconds) && seconds <= EpochTime.LastSecond;
        ticks = good ? seconds * EpochTime.TicksPerSecond : 0;
        return good && TryAddFraction(text[digits..], ref ticks);
    }

    /// <summary><c>yyyy-MM-dd</c>, a blank or <c>T</c>, and a time of day, as ticks since 1970-01-01.</summary>
    public static bool TryDateAndTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 12 || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)' ' or (byte)'T'))
            return false;
        return TryDate(text[..10], out ticks) && TryAddTimeOfDay(text[11..], ref ticks);
    }

    /// <summary>
    /// <c>dd-MM-yyyy</c> (or with slashes or points), a blank or <c>T</c>, and a time of day, as ticks since 1970-01-01. Day
    /// and month are never swapped.
    /// </summary>
    public static bool TryDayFirst(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 17 || text[2] is not ((byte)'-' or (byte)'/' or (byte)'.') || text[5] != text[2]
            || text[10] is not ((byte)' ' or (byte)'T'))
            return false;
        return TryDate(text, 6, 3, 0, out ticks) && TryAddTimeOfDay(text[11..], ref ticks);
    }

    /// <summary><c>yyyy-MM-dd</c>, whatever stands between the parts, as ticks since 1970-01-01.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return text.Length == 10 && text[4] == text[7] && TryDate(text, 0, 5, 8, out ticks);
    }

    static bool TryDate(ReadOnlySpan<byte> text, int yearAt, int monthAt, int dayAt, out long ticks)
    {
        int century = AsciiNumber.TwoDigits(text, yearAt);
        int year = AsciiNumber.TwoDigits(text, yearAt + 2);
        int month = AsciiNumber.TwoDigits(text, monthAt);
        int day = AsciiNumber.TwoDigits(text, dayAt);
        ticks = 0;
        return century >= 0 && year >= 0
            && EpochTime.TryFromParts((century * 100) + year, month, day, 0, 0, 0, out ticks);
    }

    static bool TryAddTimeOfDay(ReadOnlySpan<byte> text, ref long ticks)
    {
        bool good = TryTimeOfDay(text, out long timeOfDay);
        ticks += timeOfDay;
        return good;
    }

    static bool TryAddFraction(ReadOnlySpan<byte> text, ref long ticks)
    {
        if (text.IsEmpty)
            return true;
        if (text[0] is not ((byte)'.' or (byte)',') || text.Length is 1 or > 10)
            return false;
        long unit = EpochTime.TicksPerSecond;
        foreach (byte b in text[1..])
        {
            uint digit = (uint)(b - '0');
            if (digit > 9)
                return false;
            unit /= 10;
            ticks += digit * unit;
        }

        return true;
    }
}
