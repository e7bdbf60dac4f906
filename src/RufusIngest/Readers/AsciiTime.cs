using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>Dates and times as readers write them in text; the ticks are those of <see cref="ChipRead.Time"/>.</summary>
static class AsciiTime
{
    /// <summary><c>H:mm:ss</c> or <c>HH:mm:ss</c> with up to nine decimals, as ticks since midnight, cut off at 100 ns.</summary>
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

    /// <summary><c>yyyy-MM-dd</c>, a blank or <c>T</c>, and a time of day, as ticks since 1970-01-01.</summary>
    public static bool TryDateAndTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 12 || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)' ' or (byte)'T'))
            return false;
        int century = AsciiNumber.TwoDigits(text, 0);
        int year = AsciiNumber.TwoDigits(text, 2);
        int month = AsciiNumber.TwoDigits(text, 5);
        int day = AsciiNumber.TwoDigits(text, 8);
        if (century < 0 || year < 0 || !TryTimeOfDay(text[11..], out long timeOfDay)
            || !EpochTime.TryFromParts((century * 100) + year, month, day, 0, 0, 0, out long midnight))
        {
            return false;
        }

        ticks = midnight + timeOfDay;
        return true;
    }

    static bool TryAddFraction(ReadOnlySpan<byte> text, ref long ticks)
    {
        if (text.IsEmpty)
            return true;
        if (text[0] != '.' || text.Length is 1 or > 10)
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
