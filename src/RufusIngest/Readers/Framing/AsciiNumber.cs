using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RufusIngest.Readers.Framing;

/// <summary>Decimal and hex digits as readers send them: fixed width or whole field, checked, no sign unless said.</summary>
static class AsciiNumber
{
    static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789ABCDEFabcdef"u8);

    /// <summary>Hex digits of either case and nothing else; an empty text too.</summary>
    public static bool IsHex(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(HexDigits);

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
        // Summed in a local: a result behind a reference would go through memory with each digit.
        long sum = 0;
        value = 0;
        if (field.Length is 0 or > 18)
            return false;
        if (field.Length >= 8)
        {
            if (!TryEightDigits(field, out sum))
                return false;
            field = field[8..];
        }

        foreach (byte b in field)
        {
            uint digit = (uint)(b - '0');
            if (digit > 9)
                return false;
            sum = (sum * 10) + digit;
        }

        value = sum;
        return true;
    }

    /// <summary>The first eight bytes as decimal digits, all at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryEightDigits(ReadOnlySpan<byte> text, out long value)
    {
        ulong digits = BinaryPrimitives.ReadUInt64LittleEndian(text) ^ 0x3030303030303030;
        // Each byte must be 0 to 9: nothing in the high half now, nor after adding 6.
        if (((digits | (digits + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0) != 0)
        {
            value = 0;
            return false;
        }

        // Neighbours join to pairs, the pairs to fours, the fours to one number; the first digit is the lowest byte.
        digits = ((digits * 10) + (digits >> 8)) & 0x00FF00FF00FF00FF;
        digits = ((digits * 100) + (digits >> 16)) & 0x0000FFFF0000FFFF;
        value = (long)(((digits * 10_000) + (digits >> 32)) & 0xFFFFFFFF);
        return true;
    }

    /// <summary>Takes 1 to 9 decimal digits from the front of a text, up to the first other byte.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> text, out int value)
    {
        int sum = 0;
        int length = 0;
        while (length < text.Length && text[length] is >= (byte)'0' and <= (byte)'9' && length < 9)
            sum = (sum * 10) + text[length++] - '0';
        value = sum;
        text = text[length..];
        return length > 0;
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

    /// <summary>A whole field of 1 to 15 hex digits of either case.</summary>
    public static bool TryHex(ReadOnlySpan<byte> field, out long value)
    {
        long sum = 0;
        value = 0;
        if (field.Length is 0 or > 15)
            return false;
        foreach (byte b in field)
        {
            int digit = HexValue(b);
            if (digit > 15)
                return false;
            sum = (sum << 4) | (long)digit;
        }

        value = sum;
        return true;
    }
}
