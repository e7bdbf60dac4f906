using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace RufusIngest.Readers.Framing;

/// <summary>The text of a JSON string whose syntax was checked by <see cref="JsonMembers"/>.</summary>
static class JsonText
{
    /// <summary>Resolves escapes, if there are any, and checks that the whole is UTF-8.</summary>
    /// <param name="value">A text value of <paramref name="source"/>.</param>
    /// <param name="source">The object it stands in.</param>
    /// <param name="buffer">Used only when there are escapes.</param>
    /// <param name="text">The text, in source or buffer; empty when the buffer is too short for it.</param>
    /// <returns>False for bytes that are not UTF-8 and for half a surrogate pair.</returns>
    public static bool TryRead(
        JsonValue value, ReadOnlySpan<byte> source, Span<byte> buffer, out ReadOnlySpan<byte> text)
    {
        text = value.In(source);
        if (!IsAscii(text) && !Utf8.IsValid(text))
            return false;
        if (!value.Escaped)
            return true;
        bool ok = Unescape(text, buffer, out int length);
        text = length <= buffer.Length ? buffer[..length] : default;
        return ok;
    }

    /// <summary>Chip codes are short: looking at them here is quicker than the call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool IsAscii(ReadOnlySpan<byte> text)
    {
        uint all = 0;
        while (text.Length >= sizeof(uint))
        {
            all |= BinaryPrimitives.ReadUInt32LittleEndian(text);
            text = text[sizeof(uint)..];
        }

        foreach (byte b in text)
            all |= b;
        return (all & 0x80808080) == 0;
    }

    /// <summary>Goes on to the end also when the buffer is full, so that a bad escape is always seen.</summary>
    static bool Unescape(ReadOnlySpan<byte> raw, Span<byte> buffer, out int length)
    {
        length = 0;
        Span<byte> utf8 = stackalloc byte[4];
        while (raw.Length > 0)
        {
            int used = 1;
            utf8[0] = raw[0];
            int bytes = 1;
            if (raw[0] == '\\' && raw[1] != 'u')
            {
                used = 2;
                utf8[0] = Unescaped(raw[1]);
            }
            else if (raw[0] == '\\')
            {
                if (!TryRune(raw, out Rune rune, out used))
                    return false;
                bytes = rune.EncodeToUtf8(utf8);
            }

            if (length + bytes <= buffer.Length)
                utf8[..bytes].CopyTo(buffer[length..]);
            length += bytes;
            raw = raw[used..];
        }

        return true;
    }

    static bool TryRune(ReadOnlySpan<byte> raw, out Rune rune, out int used)
    {
        used = 6;
        char first = (char)HexUnit(raw[2..]);
        if (Rune.TryCreate(first, out rune))
            return true;
        used = 12;
        return raw.Length >= 12 && raw[6] == '\\' && raw[7] == 'u'
            && Rune.TryCreate(first, (char)HexUnit(raw[8..]), out rune);
    }

    /// <summary>The value of four hex digits, or more than 0xFFFF.</summary>
    public static int HexUnit(ReadOnlySpan<byte> digits)
    {
        int high = AsciiNumber.TwoHexDigits(digits, 0);
        int low = AsciiNumber.TwoHexDigits(digits, 2);
        return (high | low) < 0 ? int.MaxValue : (high << 8) | low;
    }

    /// <summary>What a backslash and this byte stand for, or 0 when that is no escape.</summary>
    public static byte Unescaped(byte escaped) => escaped switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => escaped,
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => 0,
    };
}
