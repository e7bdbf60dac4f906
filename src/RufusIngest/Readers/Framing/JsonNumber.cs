using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace RufusIngest.Readers.Framing;

/// <summary>Numbers among the members of an object, also where they are written as text.</summary>
static class JsonNumber
{
    // Longer texts are no numbers that a reader sends.
    const int LongestText = 60;

    /// <summary>A whole number within bounds; clears <paramref name="ok"/> when there is something else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Whole(JsonValue value, ReadOnlySpan<byte> text, long least, long most, ref bool ok, out long number)
    {
        number = 0;
        if (value.Kind <= JsonKind.Null)
            return false;
        bool good = value.Kind == JsonKind.Number
            ? TryWhole(value.In(text), out number)
            : TryWholeText(value, text, out number);
        good = good && number >= least && number <= most;
        ok &= good;
        return good;
    }

    static bool TryWhole(ReadOnlySpan<byte> digits, out long number) =>
        AsciiNumber.TryUnsigned(digits, out number) || TryLongWhole(digits, out number);

    /// <summary>More digits than <see cref="AsciiNumber"/> takes; no sign, which the framework accepts.</summary>
    static bool TryLongWhole(ReadOnlySpan<byte> digits, out long number)
    {
        number = 0;
        return digits.Length > 18 && digits[0] is >= (byte)'0' and <= (byte)'9'
            && Utf8Parser.TryParse(digits, out number, out int used) && used == digits.Length;
    }

    static bool TryWholeText(JsonValue value, ReadOnlySpan<byte> text, out long number)
    {
        Span<byte> buffer = stackalloc byte[LongestText];
        number = 0;
        return value.Kind == JsonKind.Text && JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> digits)
            && TryWhole(digits, out number);
    }

    /// <summary>A decimal number within ± <paramref name="most"/> after scaling; otherwise as the whole ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Scaled(JsonValue value, ReadOnlySpan<byte> text, int decimals, int most, ref bool ok, out int number)
    {
        number = 0;
        if (value.Kind <= JsonKind.Null)
            return false;
        bool good = value.Kind == JsonKind.Number
            ? ScaledNumber.TryParse(value.In(text), decimals, out long scaled)
            : TryScaledText(value, text, decimals, out scaled);
        good = good && scaled >= -most && scaled <= most;
        ok &= good;
        number = good ? (int)scaled : 0;
        return good;
    }

    static bool TryScaledText(JsonValue value, ReadOnlySpan<byte> text, int decimals, out long scaled)
    {
        Span<byte> buffer = stackalloc byte[LongestText];
        scaled = 0;
        return value.Kind == JsonKind.Text && JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> digits)
            && ScaledNumber.TryParse(digits, decimals, out scaled);
    }
}
