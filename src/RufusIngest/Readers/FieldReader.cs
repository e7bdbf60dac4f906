using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RufusIngest.Readers;

/// <summary>Walks the fields of a separated line from left to right, looking for separators 64 bytes at a time.</summary>
ref struct FieldReader
{
    readonly ReadOnlySpan<byte> _line;
    readonly byte _separator;
    ulong _separators;
    int _block;
    int _next;

    public FieldReader(ReadOnlySpan<byte> line, byte separator = (byte)',')
    {
        _line = line;
        _separator = separator;
        _separators = SeparatorsIn(line, separator);
    }

    /// <summary>The next field, which may be empty; false behind the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext(out ReadOnlySpan<byte> field)
    {
        while (_separators == 0)
        {
            if (_line.Length - _block <= 64)
                return TryLast(out field);
            _block += 64;
            _separators = SeparatorsIn(_line[_block..], _separator);
        }

        int end = _block + BitOperations.TrailingZeroCount(_separators);
        _separators &= _separators - 1;
        field = _line[_next..end];
        _next = end + 1;
        return true;
    }

    bool TryLast(out ReadOnlySpan<byte> field)
    {
        if (_next > _line.Length)
        {
            field = default;
            return false;
        }

        field = _line[_next..];
        _next = _line.Length + 1;
        return true;
    }

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
