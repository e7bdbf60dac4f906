using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>Dates and times as readers write them in text; the ticks are those of <see cref="ChipRead.Time"/>.</summary>
static class AsciiTime
{
    /// <summary>Ticks of one in the last of so many decimals; what is behind the seventh is cut off.</summary>
    static ReadOnlySpan<int> UnitOfDecimals => [0, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

    /// <summary>
    /// <c>H:mm:ss</c> or <c>HH:mm:ss</c> with up to nine decimals behind a point or comma, as ticks since midnight, cut off at
    /// 100 ns.
    /// </summary>
    public static bool TryTimeOfDay(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        int digits = text.Length > 1 && text[1] == ':' ? 1 : 2;
        if (text.Length < digits + 6 || text[digits] != ':' || text[digits + 3] != ':')
            return false;
        int hour = digits == 2 ? AsciiNumber.TwoDigits(text, 0) : text[0] - '0';
        int minute = AsciiNumber.TwoDigits(text, digits + 1);
        int second = AsciiNumber.TwoDigits(text, digits + 4);
        if ((uint)hour > (digits == 2 ? 23u : 9u) || (uint)minute > 59 || (uint)second > 59)
            return false;
        ticks = ((hour * 3600) + (minute * 60) + second) * EpochTime.TicksPerSecond;
        return TryAddFraction(text[(digits + 6)..], ref ticks);
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

    /// <summary>
    /// <c>yyyy-MM-dd</c> (or with slashes), a blank, <c>T</c> or underscore, and a time of day, as ticks since 1970-01-01.
    /// </summary>
    public static bool TryDateAndTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 12 || text[4] is not ((byte)'-' or (byte)'/') || text[7] != text[4]
            || text[10] is not ((byte)' ' or (byte)'T' or (byte)'_'))
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
        return HasDateInFront(text) && TryDateDayFirst(text[..10], out ticks) && TryAddTimeOfDay(text[11..], ref ticks);
    }

    /// <summary>As <see cref="TryDayFirst"/>, with the month first.</summary>
    public static bool TryMonthFirst(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return HasDateInFront(text) && TryDateMonthFirst(text[..10], out ticks) && TryAddTimeOfDay(text[11..], ref ticks);
    }

    static bool HasDateInFront(ReadOnlySpan<byte> text) => text.Length >= 17 && text[10] is (byte)' ' or (byte)'T';

    /// <summary><c>dd-MM-yyyy</c>, with slashes or points too, as ticks since 1970-01-01.</summary>
    public static bool TryDateDayFirst(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return HasYearLast(text) && TryDate(text, 6, 3, 0, out ticks);
    }

    /// <summary><c>MM-dd-yyyy</c>, with slashes or points too, as ticks since 1970-01-01.</summary>
    public static bool TryDateMonthFirst(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return HasYearLast(text) && TryDate(text, 6, 0, 3, out ticks);
    }

    static bool HasYearLast(ReadOnlySpan<byte> text) =>
        text.Length == 10 && text[2] is (byte)'-' or (byte)'/' or (byte)'.' && text[5] == text[2];

    /// <summary>
    /// Unix time as <see cref="TryUnixDigits"/>, or as seconds with a point, as ticks since 1970-01-01 UTC.
    /// </summary>
    public static bool TryUnix(ReadOnlySpan<byte> text, out long ticks) =>
        TryUnixDigits(text, out ticks) || TrySeconds(text, out ticks);

    /// <summary><c>yyyy-MM-dd</c>, whatever stands between the parts, as ticks since 1970-01-01.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return text.Length == 10 && text[4] == text[7] && TryDate(text, 0, 5, 8, out ticks);
    }

    /// <summary>
    /// A weekday, a month, a day and a time of day, then the year, perhaps behind a zone's letters, or a whole date:
    /// <c>Fri Jun 18 12:58:18 PDT 2004</c>, <c>Sat Feb 01 14:11:29.139089  2020-02-01</c>. As ticks since 1970-01-01. A whole
    /// date counts alone, because names may be in any language; letters of a zone do not count.
    /// </summary>
    public static bool TryWeekdayForm(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        int colon = text.IndexOf((byte)':');
        int last = text.LastIndexOf((byte)' ');
        if (colon < 9 || last < colon)
            return false;
        ReadOnlySpan<byte> date = text[(last + 1)..];
        ReadOnlySpan<byte> timeOfDay = text[(text[..colon].LastIndexOf((byte)' ') + 1)..last];
        int behind = timeOfDay.IndexOf((byte)' ');
        timeOfDay = behind < 0 ? timeOfDay : timeOfDay[..behind];
        bool good = date.Length == 4 ? TryNamedDate(text[..colon], date, out ticks) : TryDate(date, out ticks);
        return good && TryAddTimeOfDay(timeOfDay, ref ticks);
    }

    /// <summary><c>Fri Jun 18 12</c> and the year.</summary>
    static bool TryNamedDate(ReadOnlySpan<byte> text, ReadOnlySpan<byte> year, out long ticks)
    {
        ticks = 0;
        FieldList parts = new(text, (byte)' ');
        int month = parts[1].Length == 3 ? "JanFebMarAprMayJunJulAugSepOctNovDec"u8.IndexOf(parts[1]) : -1;
        return month >= 0 && month % 3 == 0
            && AsciiNumber.TryUnsigned(parts[2], out long day) && AsciiNumber.TryUnsigned(year, out long yearNumber)
            && EpochTime.TryFromParts((int)yearNumber, (month / 3) + 1, (int)Math.Min(day, 99), 0, 0, 0, out ticks);
    }

    /// <summary><c>yyMMdd</c> of this century, as ticks since 1970-01-01.</summary>
    public static bool TryShortDate(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length != 6)
            return false;
        int year = AsciiNumber.TwoDigits(text, 0);
        return year >= 0 && EpochTime.TryFromParts(
            2000 + year, AsciiNumber.TwoDigits(text, 2), AsciiNumber.TwoDigits(text, 4), 0, 0, 0, out ticks);
    }

    /// <summary>
    /// Unix time as 10 to 19 digits, as ticks since 1970-01-01 UTC: the first ten are seconds, what follows are decimals
    /// (so that 13 digits are milliseconds and 16 microseconds), cut off at 100 ns.
    /// </summary>
    public static bool TryUnixDigits(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is < 10 or > 19 || !AsciiNumber.TryUnsigned(text[..10], out long seconds))
            return false;
        ticks = seconds * EpochTime.TicksPerSecond;
        return TryAddDecimals(text[10..], ref ticks);
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
        return TryAddDecimals(text[1..], ref ticks);
    }

    static bool TryAddDecimals(ReadOnlySpan<byte> digits, ref long ticks)
    {
        long value = 0;
        for (int at = 0; at < digits.Length; at++)
        {
            uint digit = (uint)(digits[at] - '0');
            if (digit > 9)
                return false;
            value = at < UnitOfDecimals.Length - 1 ? (value * 10) + digit : value;
        }

        ticks += value * UnitOfDecimals[Math.Min(digits.Length, UnitOfDecimals.Length - 1)];
        return true;
    }
}
