using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RufusIngest.Readers;

/// <summary>
/// How LLRP's parameters follow each other in a message or in another parameter: TLV, which say their length, and TV,
/// whose size only the type tells.
/// </summary>
static class LlrpParameter
{
    /// <summary>Bytes of type and length of a TLV.</summary>
    public const int TlvHeader = 4;

    /// <summary>Custom: u32 vendor, u32 subtype, and what the vendor likes.</summary>
    public const int Custom = 1023;

    /// <summary>Size of a TV that is not known: nothing behind it in its container can be found.</summary>
    public const int UnknownSize = 0;

    /// <summary>Size of a parameter that its container cuts off, or whose length cannot be.</summary>
    public const int BrokenSize = -1;

    const int FirstTv = 0x80;

    // By type 0 to 20, the type's own byte included; 0 where there is none.
    static ReadOnlySpan<byte> TvSizes => [0, 3, 9, 9, 9, 9, 2, 3, 3, 5, 3, 3, 3, 13, 3, 3, 5, 3, 5, 3, 3];

    /// <summary>Size in bytes of the first parameter, or one of the two constants, which are not positive.</summary>
    /// <param name="container">What is left of the message or parameter around it; at least one byte.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf(ReadOnlySpan<byte> container)
    {
        int size;
        if (container[0] >= FirstTv)
        {
            int type = container[0] - FirstTv;
            size = type < TvSizes.Length ? TvSizes[type] : UnknownSize;
            return size <= container.Length ? size : BrokenSize;
        }

        if (container.Length < TlvHeader)
            return BrokenSize;
        size = BinaryPrimitives.ReadUInt16BigEndian(container[2..]);
        return size >= TlvHeader && size <= container.Length ? size : BrokenSize;
    }

    /// <summary>Type of a TLV, 0 to 1023, without the reserved bits; −1 of a TV.</summary>
    public static int TlvTypeOf(ReadOnlySpan<byte> parameter) =>
        parameter[0] >= FirstTv ? -1 : BinaryPrimitives.ReadUInt16BigEndian(parameter) & 0x3FF;
}
