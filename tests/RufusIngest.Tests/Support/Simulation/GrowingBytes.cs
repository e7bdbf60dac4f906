using System.Buffers;

namespace RufusIngest.Tests.Support;

/// <summary>
/// Bytes that grow by doubling, in arrays that go back to the shared pool: thousands of short-lived disks a second.
/// </summary>
sealed class GrowingBytes
{
    byte[] _array = [];

    public int Length { get; private set; }

    public Span<byte> Span => _array.AsSpan(0, Length);

    /// <summary>Writes at an offset; a gap between the old end and the offset reads as zeros, as in a file.</summary>
    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        int end = offset + bytes.Length;
        if (end > Length)
            Extend(offset, end);
        bytes.CopyTo(_array.AsSpan(offset));
    }

    /// <summary>Cuts to a length, or fills with zeros up to it.</summary>
    public void SetLength(int length)
    {
        if (length > Length)
            Extend(length, length);
        Length = length;
    }

    public void CopyFrom(GrowingBytes other)
    {
        Length = 0;
        Write(0, other.Span);
    }

    /// <summary>Gives the memory back; empty afterwards.</summary>
    public void Release()
    {
        if (_array.Length > 0)
            ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        Length = 0;
    }

    void Extend(int zerosUpTo, int end)
    {
        if (end > _array.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(end, Math.Max(4096, 2 * _array.Length)));
            Span.CopyTo(larger);
            if (_array.Length > 0)
                ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }
        if (zerosUpTo > Length)
            _array.AsSpan(Length, zerosUpTo - Length).Clear();
        Length = end;
    }
}
