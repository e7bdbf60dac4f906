using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;

namespace RufusIngest.Reads;

/// <summary>
/// The identity of a chip as a 32-byte value: an EPC of up to 240 bits held as binary, or a text of up to 30 bytes.
/// </summary>
/// <remarks>
/// Text of at least 8 hex digits and even length is taken as the EPC it spells, so that a reader that sends text and
/// one that sends binary see one chip. Every other text is compared byte for byte. Leading zeros count.
/// Upper or lower case of an EPC's hex digits is remembered for output and does not take part in equality;
/// mixed case comes out as upper case.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 32)]
public readonly struct ChipCode : IEquatable<ChipCode>
{
    /// <summary>Longest text form, in bytes: an EPC of 240 bits.</summary>
    public const int MaxTextLength = 60;

    /// <summary>Longest code held, in bytes, as binary or as text.</summary>
    public const int MaxBytes = 30;

    const int MinHexDigits = 8;
    const byte KindText = 1;
    const byte KindEpc = 2;
    const byte LowerCase = 0x80;
    const ulong IdentityMask = ~(ulong)LowerCase;

    // Chosen anew in each process: codes come over the air, and nobody should be able to prepare a set that collides.
    static readonly ulong HashSeed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    // Byte 0: kind and case; byte 1: length (bits of an EPC, bytes of a text); bytes 2–31: the code, zero-filled.
    readonly ulong _head;
    readonly ulong _second;
    readonly ulong _third;
    readonly ulong _fourth;

    ChipCode(ReadOnlySpan<byte> bytes)
    {
        _head = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        _fourth = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
    }

    ChipCode(ulong head, ulong second, ulong third, ulong fourth)
    {
        _head = head;
        _second = second;
        _third = third;
        _fourth = fourth;
    }

    /// <summary>True for <c>default</c>: no code at all.</summary>
    public bool IsEmpty => (byte)_head == 0;

    /// <summary>True when the code is held as the bits of an EPC, false when it is text.</summary>
    public bool IsEpc => ((byte)_head & 0x7F) == KindEpc;

    int Length => (byte)(_head >> 8);

    /// <summary>Takes a code as a text reader sends it.</summary>
    /// <param name="utf8">The code without surrounding blanks; it is copied.</param>
    /// <param name="code">The code, or <c>default</c>.</param>
    /// <returns>False when the text is empty or over the limit; nothing is cut off.</returns>
    public static bool TryFromText(ReadOnlySpan<byte> utf8, out ChipCode code)
    {
        int length = utf8.Length;
        if (length is >= MinHexDigits and <= MaxTextLength && (length & 1) == 0 && TryFromHex(utf8, out code))
            return true;
        if (length is 0 or > MaxBytes)
        {
            code = default;
            return false;
        }

        code = FromWords(
            KindText | ((ulong)length << 8), Word(utf8, 0), Word(utf8, 8), Word(utf8, 16), Word(utf8, 24));
        return true;
    }

    /// <summary>Takes a text of 1 to 7 bytes, first byte lowest. What lies above them is ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ChipCode FromShortText(ulong word, int length)
    {
        word &= (1UL << (8 * length)) - 1;
        return new ChipCode(KindText | ((ulong)length << 8) | (word << 16), word >> 48, 0, 0);
    }

    /// <summary>Puts 30 bytes, first byte lowest, behind the two of the head.</summary>
    static ChipCode FromWords(ulong head, ulong first, ulong second, ulong third, ulong fourth) => new(
        head | (first << 16), (first >> 48) | (second << 16), (second >> 48) | (third << 16), (third >> 48) | (fourth << 16));

    /// <summary>Up to eight bytes of a text from the offset on, first byte lowest, filled up with zeros.</summary>
    static ulong Word(ReadOnlySpan<byte> text, int offset)
    {
        int rest = text.Length - offset;
        if (rest <= 0)
            return 0;
        if (rest >= 8)
            return BinaryPrimitives.ReadUInt64LittleEndian(text[offset..]);
        if (text.Length >= 8)
            return BinaryPrimitives.ReadUInt64LittleEndian(text[^8..]) >> ((8 - rest) * 8);
        if (rest >= 4)
        {
            ulong end = BinaryPrimitives.ReadUInt32LittleEndian(text[^4..]);
            return BinaryPrimitives.ReadUInt32LittleEndian(text) | (end << ((rest - 4) * 8));
        }

        ulong word = text[0];
        for (int i = 1; i < text.Length; i++)
            word |= (ulong)text[i] << (i * 8);
        return word;
    }

    static bool TryFromHex(ReadOnlySpan<byte> text, out ChipCode code)
    {
        HexBlock first = DecodeHex(text, 0);
        HexBlock second = text.Length > 16 ? DecodeHex(text, 16) : default;
        HexBlock third = text.Length > 32 ? DecodeHex(text, 32) : default;
        HexBlock fourth = text.Length > 48 ? DecodeHex(text, 48) : default;
        HexTraits traits = first.Traits | second.Traits | third.Traits | fourth.Traits;
        ulong kind = (traits & ~HexTraits.NotHex) == HexTraits.LowerCase ? KindEpc | LowerCase : (ulong)KindEpc;
        code = FromWords(
            kind | ((ulong)text.Length << 10), first.Bytes, second.Bytes, third.Bytes, fourth.Bytes);
        return (traits & HexTraits.NotHex) == 0;
    }

    [Flags]
    enum HexTraits : ulong
    {
        None = 0,
        LowerCase = 1,
        UpperCase = 2,
        NotHex = 4,
    }

    /// <summary>Eight bytes, first byte lowest, and what their digits were like.</summary>
    readonly record struct HexBlock(ulong Bytes, HexTraits Traits);

    /// <summary>Up to 16 hex digits from the offset on.</summary>
    static HexBlock DecodeHex(ReadOnlySpan<byte> text, int offset)
    {
        // The last block overlaps the one before; a text of less than a block is filled up with zeros.
        int overlap = text.Length < 16 ? 0 : Math.Max(0, offset + 16 - text.Length);
        Vector128<byte> digits =
            text.Length < 16 ? FilledUp(text) : Vector128.Create(text.Slice(offset - overlap, 16));
        Vector128<byte> value = digits - Vector128.Create((byte)'0');
        Vector128<byte> letter = (digits | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a');
        Vector128<byte> isDecimal = Vector128.LessThanOrEqual(value, Vector128.Create((byte)9));
        Vector128<byte> isLetter = Vector128.LessThanOrEqual(letter, Vector128.Create((byte)5));
        Vector128<ushort> nibbles =
            Vector128.ConditionalSelect(isDecimal, value, letter + Vector128.Create((byte)10)).AsUInt16();
        Vector128<ushort> pairs = ((nibbles & Vector128.Create((ushort)0xFF)) << 4) + (nibbles >> 8);
        ulong bytes = Vector128.Narrow(pairs, pairs).AsUInt64().ToScalar() >> (overlap * 4);

        uint letters = isLetter.ExtractMostSignificantBits();
        uint lowerCase = Vector128.ShiftLeft(digits, 2).ExtractMostSignificantBits();
        bool hex = (isDecimal | isLetter) == Vector128<byte>.AllBitsSet;
        return new HexBlock(bytes,
            ((letters & lowerCase) != 0 ? HexTraits.LowerCase : HexTraits.None)
            | ((letters & ~lowerCase) != 0 ? HexTraits.UpperCase : HexTraits.None)
            | (hex ? HexTraits.None : HexTraits.NotHex));
    }

    static Vector128<byte> FilledUp(ReadOnlySpan<byte> text)
    {
        int rest = text.Length - 8;
        // In two shifts, because a shift by 64 is none.
        ulong behind = BinaryPrimitives.ReadUInt64LittleEndian(text[rest..]) >> (56 - (rest * 8)) >> 8;
        ulong zeros = 0x3030303030303030UL << (rest * 8);
        return Vector128.Create(BinaryPrimitives.ReadUInt64LittleEndian(text), behind | zeros).AsByte();
    }

    /// <summary>Takes a code from a string, for tables and tests; see <see cref="TryFromText"/>.</summary>
    /// <exception cref="FormatException">The text is empty or too long for a chip code.</exception>
    public static ChipCode FromText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryFromText(Encoding.UTF8.GetBytes(text), out ChipCode code)
            ? code
            : throw new FormatException(
                $"'{text}' is no chip code: 1 to {MaxBytes} bytes of text or up to {MaxTextLength} hex digits.");
    }

    /// <summary>Takes the bits of an EPC as a binary reader sends them.</summary>
    /// <param name="epc">The bits, first bit highest; unused bits of the last byte are ignored.</param>
    /// <param name="bits">How many of them count, 1 to 240.</param>
    /// <param name="code">The code, or <c>default</c>.</param>
    /// <returns>False when there are no bits, too many, or fewer bytes than announced.</returns>
    public static bool TryFromEpc(ReadOnlySpan<byte> epc, int bits, out ChipCode code)
    {
        int length = (bits + 7) / 8;
        if (bits <= 0 || length > MaxBytes || epc.Length < length)
        {
            code = default;
            return false;
        }

        if ((bits & 7) == 0)
        {
            epc = epc[..length];
            code = FromWords(
                KindEpc | ((ulong)bits << 8), Word(epc, 0), Word(epc, 8), Word(epc, 16), Word(epc, 24));
            return true;
        }

        Span<byte> bytes = stackalloc byte[32];
        bytes.Clear();
        bytes[0] = KindEpc;
        bytes[1] = (byte)bits;
        epc[..length].CopyTo(bytes[2..]);
        bytes[1 + length] &= (byte)(0xFF << ((8 - (bits & 7)) & 7));
        code = new ChipCode(bytes);
        return true;
    }

    /// <summary>Takes the EPC of 96 bits that nearly every tag has; at least 12 bytes must be there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ChipCode FromEpc96(ReadOnlySpan<byte> epc)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(epc);
        ulong second = BinaryPrimitives.ReadUInt32LittleEndian(epc[8..]);
        return new ChipCode(KindEpc | (96UL << 8) | (first << 16), (first >> 48) | (second << 16), 0, 0);
    }

    /// <summary>Writes the code as it was spelt.</summary>
    /// <param name="utf8">At least <see cref="MaxTextLength"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    [SkipLocalsInit]
    public int Format(Span<byte> utf8)
    {
        Span<byte> bytes = stackalloc byte[32];
        CopyTo(bytes);
        if (!IsEpc)
        {
            bytes.Slice(2, Length).CopyTo(utf8);
            return Length;
        }

        ReadOnlySpan<byte> epc = bytes.Slice(2, (Length + 7) / 8);
        int written;
        _ = ((byte)_head & LowerCase) != 0
            ? Convert.TryToHexStringLower(epc, utf8, out written)
            : Convert.TryToHexString(epc, utf8, out written);
        return written;
    }

    /// <summary>The same chip without leading zeros in its text form, for readers that pad their codes.</summary>
    public ChipCode WithoutLeadingZeros()
    {
        Span<byte> text = stackalloc byte[MaxTextLength];
        ReadOnlySpan<byte> trimmed = text[..Format(text)].TrimStart((byte)'0');
        return TryFromText(trimmed, out ChipCode code) ? code : this;
    }

    void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _head);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], _second);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], _third);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], _fourth);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(ChipCode other) =>
        (((_head ^ other._head) & IdentityMask) | (_second ^ other._second)
            | (_third ^ other._third) | (_fourth ^ other._fourth)) == 0;

    /// <summary>As <see cref="Equals(ChipCode)"/>, without copying.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool Is(in ChipCode other)
    {
        Vector256<ulong> mask = Vector256.Create(IdentityMask, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);
        Vector256<ulong> mine = Unsafe.As<ChipCode, Vector256<ulong>>(ref Unsafe.AsRef(in this));
        Vector256<ulong> others = Unsafe.As<ChipCode, Vector256<ulong>>(ref Unsafe.AsRef(in other));
        return ((mine ^ others) & mask) == Vector256<ulong>.Zero;
    }

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ChipCode other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Hash();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Hash()
    {
        ulong hash = Fold((_head & IdentityMask) ^ HashSeed, _second ^ 0x9E3779B97F4A7C15);
        // An EPC of 96 bits, nearly every chip, ends here.
        return (_third | _fourth) == 0 ? hash : Fold(hash ^ _third, _fourth ^ 0xD6E8FEB86659FD93);
    }

    static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b | 1, out ulong low);
        return high ^ BitOperations.RotateLeft(low, 23);
    }

    /// <summary>Equal when they are one chip, however it was spelt.</summary>
    public static bool operator ==(ChipCode left, ChipCode right) => left.Equals(right);

    /// <summary>Not one chip.</summary>
    public static bool operator !=(ChipCode left, ChipCode right) => !left.Equals(right);

    /// <summary>The code as it was spelt.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[MaxTextLength];
        return Encoding.UTF8.GetString(text[..Format(text)]);
    }
}
