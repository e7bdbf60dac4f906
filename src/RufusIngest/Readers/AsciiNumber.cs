using System.Runtime.CompilerServices;

namespace RufusIngest.Readers;

/// <summary>Decimal and hex digits as readers send them: fixed width or whole field, checked, no sign unless said.</summary>
static class AsciiNumber
{
    /// <summary>Two decimal digits, or −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TwoDigits(ReadOnlySpan<byte> text, int offset)
    {
        uint tens = (uint)(text[offset] - '0');
        uint ones = (uint)(text[offset + 1] - '0');
        return tens > 9 || ones > 9 ? -1 : (int)((tens * 10) + ones);
    }

    /// <summary>Two hex digits of either case, or −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TwoHexDigits(ReadOnlySpan<byte> text, int offset)
    {
        int value = (HexValue(text[offset]) << 4) | HexValue(text[offset + 1]);
        return value > 0xFF ? -1 : value;
    }

    /// <summary>The value of a hex digit, or 0x1000 for another byte (so that a combined value is out of range).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HexValue(byte digit)
    {
        uint decimalValue = (uint)(digit - '0');
        if (decimalValue <= 9)
            return (int)decimalValue;
        uint letter = (uint)((digit | 0x20) - 'a');
        return letter <= 5 ? (int)letter + 10 : 0x1000;
    }

    /// <summary>A whole field of 1 to 18 decimal digits.</summary>
    public static bool TryUnsigned(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if (field.Length is 0 or > 18)
            return false;
        foreach (byte b in field)
        {
            uint digit = (uint)(b - '0');
            if (digit > 9)
                return false;
            value = (value * 10) + digit;
        }

        return true;
    }

    /// <summary>A whole field of decimal digits with an optional sign.</summary>
    public static bool TrySigned(ReadOnlySpan<byte> field, out long value)
    {
        bool negative = field.Length > 0 && field[0] == '-';
        if (field.Length > 0 && field[0] is (byte)'-' or (byte)'+')
            field = field[1..];
        bool ok = TryUnsigned(field, out value);
        value = negative ? -value : value;
        return ok;
    }
}
