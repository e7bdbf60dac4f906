using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RufusIngest.Readers.Framing;

/// <summary>The first fields of a separated line; what lies behind the last one that is kept is not looked at.</summary>
ref struct FieldList
{
    /// <summary>How many fields are kept.</summary>
    public const int Most = 24;

    [InlineArray(Most + 1)]
    struct Bounds
    {
        int _first;
    }

    readonly ReadOnlySpan<byte> _line;

    // Where the separators stand; the first stands before the line.
    Bounds _bounds;

    [SkipLocalsInit]
    public FieldList(ReadOnlySpan<byte> line, byte separator)
    {
        _line = line;
        Unsafe.SkipInit(out _bounds);
        _bounds[0] = -1;
        int count = 0;
        for (int block = 0; block < line.Length; block += 64)
        {
            ulong separators = SeparatorsIn(line[block..], separator);
            while (separators != 0)
            {
                _bounds[++count] = block + BitOperations.TrailingZeroCount(separators);
                separators &= separators - 1;
                if (count == Most)
                {
                    Count = count;
                    return;
                }
            }
        }

        _bounds[++count] = line.Length;
        Count = count;
    }

    /// <summary>Fields found, at least 1 and at most <see cref="Most"/>.</summary>
    public int Count { get; }

    /// <summary>A field, which may be empty; one that the line does not have is empty too.</summary>
    public readonly ReadOnlySpan<byte> this[int index] =>
        index < Count ? _line[(_bounds[index] + 1).._bounds[index + 1]] : default;

    /// <summary>A bit for each of the first 64 bytes that is a separator.</summary>
    static ulong SeparatorsIn(ReadOnlySpan<byte> text, byte separator)
    {
        ulong found = 0;
        int length = Math.Min(text.Length, 64);
        if (length < Vector128<byte>.Count)
        {
            for (int i = 0; i < length; i++)
                found |= text[i] == separator ? 1UL << i : 0;
            return found;
        }

        // The last vector overlaps the one before.
        Vector128<byte> wanted = Vector128.Create(separator);
        int last = length - Vector128<byte>.Count;
        for (int i = 0; i < last; i += Vector128<byte>.Count)
            found |= SeparatorsAt(text, i, wanted);
        return found | SeparatorsAt(text, last, wanted);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong SeparatorsAt(ReadOnlySpan<byte> text, int offset, Vector128<byte> wanted)
    {
        Vector128<byte> bytes = Vector128.Create(text.Slice(offset, Vector128<byte>.Count));
        return (ulong)Vector128.Equals(bytes, wanted).ExtractMostSignificantBits() << offset;
    }
}
