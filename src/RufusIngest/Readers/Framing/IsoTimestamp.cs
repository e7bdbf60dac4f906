using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>Date and time as <c>YYYY-MM-DD</c>, a separator, <c>HH:mm:ss</c>, perhaps a fraction and a zone.</summary>
static class IsoTimestamp
{
    const long TicksPerMinute = TimeSpan.TicksPerMinute;
    const long ClampedFraction = 999 * EpochTime.TicksPerMillisecond;

    /// <summary>
    /// Reads the whole text. The separator is <c>T</c>, <c>t</c>, <c>;</c> or a space; the fraction has 1 to 9 digits
    /// after a point or comma, of which 7 are kept; the zone is <c>Z</c>, <c>z</c>, <c>±HH:mm</c> or <c>±HHmm</c>.
    /// </summary>
    /// <param name="text">The text and nothing around it.</param>
    /// <param name="ticks">Ticks of the wall clock, or of UTC where the text states a zone.</param>
    /// <param name="flags">Zone known; second 60, taken as 59.999.</param>
    /// <returns>False when it is no such text, or no time that exists.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out long ticks, out ReadFlags flags)
    {
        ticks = 0;
        flags = ReadFlags.None;
        if (text.Length < 19 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':'
            || text[10] is not ((byte)'T' or (byte)';' or (byte)' ' or (byte)'t'))
            return false;
        int century = AsciiNumber.TwoDigits(text, 0);
        int yearOfCentury = AsciiNumber.TwoDigits(text, 2);
        int month = AsciiNumber.TwoDigits(text, 5);
        int day = AsciiNumber.TwoDigits(text, 8);
        int hour = AsciiNumber.TwoDigits(text, 11);
        int minute = AsciiNumber.TwoDigits(text, 14);
        int second = AsciiNumber.TwoDigits(text, 17);
        if ((century | yearOfCentury) < 0)
            return false;
        bool clamped = second == 60;
        text = text[19..];
        if (!EpochTime.TryFromParts(
                (century * 100) + yearOfCentury, month, day, hour, minute, clamped ? 59 : second, out ticks)
            || !TryFraction(ref text, out long fraction)
            || !TryZone(text, ref ticks, ref flags))
            return false;
        ticks += clamped ? ClampedFraction : fraction;
        flags |= clamped ? ReadFlags.TimeClamped : ReadFlags.None;
        return true;
    }

    static bool TryFraction(ref ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length == 0 || text[0] is not ((byte)'.' or (byte)','))
            return true;
        int digits = 0;
        long weight = EpochTime.TicksPerSecond;
        while (digits + 1 < text.Length && (uint)(text[digits + 1] - '0') <= 9)
        {
            weight /= 10;
            ticks += (text[++digits] - '0') * weight;
        }

        text = text[(digits + 1)..];
        return digits is >= 1 and <= 9;
    }

    static bool TryZone(ReadOnlySpan<byte> text, ref long ticks, ref ReadFlags flags)
    {
        if (text.Length == 0)
            return true;
        flags = ReadFlags.ZoneKnown;
        if (text.Length == 1)
            return text[0] is (byte)'Z' or (byte)'z';
        bool colon = text.Length == 6 && text[3] == ':';
        if (text[0] is not ((byte)'+' or (byte)'-') || (text.Length != 5 && !colon))
            return false;
        int hours = AsciiNumber.TwoDigits(text, 1);
        int minutes = AsciiNumber.TwoDigits(text, colon ? 4 : 3);
        if ((uint)hours > 23 || (uint)minutes > 59)
            return false;
        long offset = ((hours * 60) + minutes) * TicksPerMinute;
        ticks -= text[0] == '+' ? offset : -offset;
        return ticks >= DateTime.MinValue.Ticks - DateTime.UnixEpoch.Ticks
            && ticks < DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks - EpochTime.TicksPerSecond;
    }
}
