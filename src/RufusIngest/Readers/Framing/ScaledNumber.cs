namespace RufusIngest.Readers.Framing;

/// <summary>Decimal numbers kept as integers of a power of ten, without passing through floating point.</summary>
static class ScaledNumber
{
    const int MaxDigits = 18;
    const long Limit = 1_000_000_000_000_000_000;

    static ReadOnlySpan<long> PowersOfTen =>
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000,
    ];

    /// <summary>Reads a whole field: digits, perhaps with a sign, a fraction and an exponent.</summary>
    /// <param name="field">The number and nothing around it.</param>
    /// <param name="decimals">Decimal places kept, 0 to 9; the rest is rounded, halves away from zero.</param>
    /// <param name="value">The number times 10 to the power of <paramref name="decimals"/>.</param>
    /// <returns>False when it is no number, or over 18 digits long before or after scaling.</returns>
    public static bool TryParse(ReadOnlySpan<byte> field, int decimals, out long value) =>
        TryPlain(field, decimals, out value) || TryAny(field, decimals, out value);

    /// <summary>A number that may have a decimal comma, with a point.</summary>
    /// <param name="field">The number.</param>
    /// <param name="buffer">Holds it where there is a comma; a longer one stays as it is.</param>
    public static ReadOnlySpan<byte> WithPoint(ReadOnlySpan<byte> field, Span<byte> buffer)
    {
        int comma = field.IndexOf((byte)',');
        if (comma < 0 || field.Length > buffer.Length)
            return field;
        field.CopyTo(buffer);
        buffer[comma] = (byte)'.';
        return buffer[..field.Length];
    }

    /// <summary>What readers send: so few digits that nothing can overflow or need rounding, and no exponent.</summary>
    static bool TryPlain(ReadOnlySpan<byte> field, int decimals, out long value)
    {
        value = 0;
        bool negative = field.Length > 0 && field[0] == '-';
        if (negative)
            field = field[1..];
        int point = field.Length;
        if (field.Length + decimals > MaxDigits)
            return false;
        for (int at = 0; at < field.Length; at++)
        {
            uint digit = (uint)(field[at] - '0');
            if (digit <= 9)
                value = (value * 10) + digit;
            else if (field[at] == '.' && point == field.Length)
                point = at;
            else
                return false;
        }

        int places = Math.Max(0, field.Length - point - 1);
        if (point == 0 || point == field.Length - 1 || places > decimals)
            return false;
        value *= PowersOfTen[decimals - places];
        value = negative ? -value : value;
        return true;
    }

    static bool TryAny(ReadOnlySpan<byte> field, int decimals, out long value)
    {
        value = 0;
        int at = field.Length > 0 && field[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        int first = at;
        at = Digits(field, at, ref value, out int kept);
        if (at == first || kept < at - first)
            return false;
        int power = decimals;
        if (at < field.Length && field[at] == '.')
        {
            first = ++at;
            at = Digits(field, at, ref value, out kept);
            if (at == first)
                return false;
            power -= kept;
        }

        if (at < field.Length)
        {
            // Longer exponents than 4 digits say nothing that a position or signal strength can be.
            if ((field[at] | 0x20) != 'e' || field.Length - at > 6
                || !AsciiNumber.TrySigned(field[(at + 1)..], out long exponent))
                return false;
            power += (int)exponent;
        }

        if (!TryShift(ref value, power))
            return false;
        value = field[0] == '-' ? -value : value;
        return true;
    }

    /// <summary>Appends digits to a value as long as it has room, and passes over the rest.</summary>
    static int Digits(ReadOnlySpan<byte> field, int at, ref long value, out int kept)
    {
        kept = 0;
        for (; at < field.Length && (uint)(field[at] - '0') <= 9; at++)
        {
            if (value >= Limit / 10)
                continue;
            value = (value * 10) + (field[at] - '0');
            kept++;
        }

        return at;
    }

    static bool TryShift(ref long value, int power)
    {
        if (power < 0)
        {
            long divisor = power >= -MaxDigits ? PowersOfTen[-power] : long.MaxValue;
            long rest = value % divisor;
            value = (value / divisor) + (rest >= divisor - rest ? 1 : 0);
            return true;
        }

        if (value == 0)
            return true;
        return power <= MaxDigits
            && Math.BigMul(value, PowersOfTen[power], out value) == 0 && value is >= 0 and < Limit;
    }
}
