namespace RufusIngest.Server;

/// <summary>RFC 3339 date-times as milliseconds since the Unix epoch, UTC. Finer fractions are cut off.</summary>
static class Rfc3339
{
    /// <summary>Bytes of the written form, <c>YYYY-MM-DDTHH:mm:ss.sssZ</c>.</summary>
    public const int Length = 24;

    const long DayMs = 86_400_000;
    const long Min = -719_162 * DayMs; // 0001-01-01
    const long Max = (2_932_897 * DayMs) - 1; // 9999-12-31, its last millisecond

    /// <summary>Reads any RFC 3339 form of the years 1 to 9999; a leap second counts as the second after it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.Length < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':'
            || text[10] is not ((byte)'T' or (byte)'t' or (byte)' '))
        {
            return false;
        }

        var year = (Two(text, 0) * 100) + Two(text, 2);
        var (month, day) = (Two(text, 5), Two(text, 8));
        var (hour, minute, second) = (Two(text, 11), Two(text, 14), Two(text, 17));
        if (Two(text, 0) < 0 || Two(text, 2) < 0 || year < 1 || (uint)(month - 1) > 11 || day < 1
            || day > DateTime.DaysInMonth(year, month) || (uint)hour > 23 || (uint)minute > 59 || (uint)second > 60)
        {
            return false;
        }

        if (!TryFraction(text, out var at, out var fraction) || !TryOffset(text[at..], out var offsetMinutes))
            return false;
        var seconds = (((hour * 60L) + minute - offsetMinutes) * 60) + second;
        milliseconds = (DaysSinceEpoch(year, month, day) * DayMs) + (seconds * 1000) + fraction;
        return milliseconds >= Min && milliseconds <= Max;
    }

    /// <summary>Writes <see cref="Length"/> bytes; the time is one <see cref="TryParse"/> gave or a clock's.</summary>
    public static void Format(long milliseconds, Span<byte> destination)
    {
        var days = Math.DivRem(milliseconds, DayMs, out var rest);
        if (rest < 0)
            (days, rest) = (days - 1, rest + DayMs);
        var date = DateOnly.FromDayNumber((int)days + 719_162);
        "0000-00-00T00:00:00.000Z"u8.CopyTo(destination);
        Put(destination, 0, date.Year / 100);
        Put(destination, 2, date.Year % 100);
        Put(destination, 5, date.Month);
        Put(destination, 8, date.Day);
        var time = (int)rest;
        Put(destination, 11, time / 3_600_000);
        Put(destination, 14, time / 60_000 % 60);
        Put(destination, 17, time / 1000 % 60);
        Put(destination, 20, time % 1000 / 10);
        destination[22] = (byte)('0' + (time % 10));
    }

    static bool TryFraction(ReadOnlySpan<byte> text, out int at, out int milliseconds)
    {
        (at, milliseconds) = (19, 0);
        if (text[at] != '.')
            return true;
        var weight = 100;
        for (at = 20; at < text.Length && (uint)(text[at] - '0') <= 9; at++, weight /= 10)
            milliseconds += (text[at] - '0') * weight;
        return at > 20;
    }

    static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
            return (text[0] | 0x20) == 'z';
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':')
            return false;
        var (hours, rest) = (Two(text, 1), Two(text, 4));
        minutes = ((hours * 60) + rest) * (text[0] == '-' ? -1 : 1);
        return (uint)hours <= 23 && (uint)rest <= 59;
    }

    static long DaysSinceEpoch(int year, int month, int day) => new DateOnly(year, month, day).DayNumber - 719_162;

    static int Two(ReadOnlySpan<byte> text, int at)
    {
        var (tens, ones) = ((uint)(text[at] - '0'), (uint)(text[at + 1] - '0'));
        return tens <= 9 && ones <= 9 ? (int)((tens * 10) + ones) : -1;
    }

    static void Put(Span<byte> destination, int at, int value)
    {
        destination[at] = (byte)('0' + (value / 10));
        destination[at + 1] = (byte)('0' + (value % 10));
    }
}
