using System.Runtime.CompilerServices;

namespace RufusIngest.Reads;

/// <summary>Calendar arithmetic on 100 ns ticks since 1970-01-01, as parsers need it: checked, without exceptions.</summary>
static class EpochTime
{
    public const long TicksPerMillisecond = TimeSpan.TicksPerMillisecond;

    public const long TicksPerSecond = TimeSpan.TicksPerSecond;

    public const long TicksPerDay = TimeSpan.TicksPerDay;

    /// <summary>2000-01-01: a reader that says less has a clock that was never set.</summary>
    public const long ClockSetFrom = 10957 * TicksPerDay;

    /// <summary>9999-12-31: later times cannot be written as a date.</summary>
    public const long LastDay = 2_932_896 * TicksPerDay;

    /// <summary>The last second before that, since 1970.</summary>
    public const long LastSecond = (LastDay / TicksPerSecond) - 1;

    static ReadOnlySpan<byte> DaysInMonth => [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// <summary>Ticks of a date and time of day, or false when a part is out of range. Years 1 to 9999.</summary>
    public static bool TryFromParts(int year, int month, int day, int hour, int minute, int second, out long ticks)
    {
        if ((uint)(hour) > 23 || (uint)minute > 59 || (uint)second > 59 || !IsDate(year, month, day))
        {
            ticks = 0;
            return false;
        }

        ticks = (DaysSinceEpoch(year, month, day) * 86_400L + (hour * 3600) + (minute * 60) + second) * TicksPerSecond;
        return true;
    }

    static bool IsDate(int year, int month, int day)
    {
        if ((uint)(month - 1) > 11 || (uint)(year - 1) > 9998 || day < 1)
            return false;
        int days = DaysInMonth[month];
        return day <= days || (month == 2 && day == 29 && DateTime.IsLeapYear(year));
    }

    /// <summary>Days from 1970-01-01 in the proleptic Gregorian calendar, with the year begun in March.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static long DaysSinceEpoch(int year, int month, int day)
    {
        int y = month <= 2 ? year - 1 : year;
        int shifted = month <= 2 ? month + 9 : month - 3;
        int dayOfYear = (((153 * shifted) + 2) / 5) + day - 1;
        return (365L * y) + (y / 4) - (y / 100) + (y / 400) + dayOfYear - 719_468;
    }

    public static DateTime ToUtc(long ticks) => new(DateTime.UnixEpoch.Ticks + ticks, DateTimeKind.Utc);

    public static long FromUtc(DateTimeOffset time) => time.UtcTicks - DateTime.UnixEpoch.Ticks;
}
