using System.Buffers.Text;

namespace RufusIngest.Server;

/// <summary>A latitude or longitude, kept as the text that was sent and compared as a number.</summary>
static class Coordinate
{
    public static bool TryParse(ReadOnlySpan<byte> text, out double value) =>
        Utf8Parser.TryParse(text, out value, out int consumed) && consumed == text.Length && double.IsFinite(value);

    public static bool Same(TextSlice a, ReadOnlySpan<byte> aBytes, TextSlice b, ReadOnlySpan<byte> bBytes)
    {
        if (a.IsNull || b.IsNull)
            return a.IsNull && b.IsNull;
        var left = a.In(aBytes);
        var right = b.In(bBytes);
        return left.SequenceEqual(right) || (TryParse(left, out var x) && TryParse(right, out var y) && x == y);
    }
}
