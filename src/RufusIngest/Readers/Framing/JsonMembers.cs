using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RufusIngest.Readers.Framing;

/// <summary>What a JSON value is.</summary>
enum JsonKind : byte
{
    /// <summary>The member is not there.</summary>
    Missing = 0,
    Null,
    True,
    False,
    Number,
    Text,

    /// <summary>An object or array.</summary>
    Nested,
}

/// <summary>Where a value stands in its object; a text without its quotes, escapes not yet resolved.</summary>
/// <remarks>Eight bytes, so that it stays in a register. As a result, <c>default</c> says: no JSON.</remarks>
readonly struct JsonValue
{
    const int KindMask = 7;
    const int EscapedBit = 8;
    const int LengthShift = 4;
    const int StartShift = 32;

    // One number and not two fields: those would be packed and unpacked through memory at every return.
    readonly ulong _bits;

    /// <summary>A value of less than 2²⁷ bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public JsonValue(int start, int end, JsonKind kind, bool escaped = false) =>
        _bits = ((ulong)(uint)start << StartShift) | ((ulong)(uint)(end - start) << LengthShift)
            | (escaped ? EscapedBit : 0UL) | (ulong)kind;

    public JsonKind Kind => (JsonKind)(_bits & KindMask);

    /// <summary>A text with backslashes in it.</summary>
    public bool Escaped => (_bits & EscapedBit) != 0;

    public bool IsEmpty => Length == 0;

    /// <summary>The first byte behind the value, and behind the closing quote of a text.</summary>
    public int End => Start + Length + (Kind == JsonKind.Text ? 1 : 0);

    int Start => (int)(_bits >> StartShift);

    int Length => (int)((uint)_bits >> LengthShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> text) => text.Slice(Start, Length);
}

/// <summary>
/// Walks the members of the JSON object that begins at the first byte of a text, checking its whole syntax (RFC 8259;
/// UTF-8 is left to whoever uses a string). Nested values are passed over. The text may go on behind the object.
/// </summary>
ref struct JsonMembers
{
    readonly ReadOnlySpan<byte> _text;
    int _at;
    bool _begun;

    /// <summary>Begins before the first member of an object whose brace is the first byte.</summary>
    public JsonMembers(ReadOnlySpan<byte> text) => _text = text;

    /// <summary>The name of the current member, as a text value.</summary>
    public JsonValue Key { get; private set; }

    /// <summary>The value of the current member.</summary>
    public JsonValue Value { get; private set; }

    /// <summary>After the last member: the object's length, or 0 when its syntax is bad or its end missing.</summary>
    public int ObjectLength { get; private set; }

    /// <summary>
    /// Moves to the next member if it is the one expected, written without spaces: much faster than
    /// <see cref="Next"/>, because the place of the value is then known without looking for the end of the name.
    /// </summary>
    /// <param name="quotedName">The name with its quotes and the colon.</param>
    /// <returns>False, with nothing done, for any other member, also one that is bad.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool NextIs(ReadOnlySpan<byte> quotedName)
    {
        int at = _at + 1;
        if (at > _text.Length || _text[at - 1] != (_begun ? ',' : '{') || !_text[at..].StartsWith(quotedName))
            return false;
        JsonValue value = ValueAt(_text, at + quotedName.Length);
        if (value.Kind == JsonKind.Missing)
            return false;
        _begun = true;
        Value = value;
        _at = value.End;
        return true;
    }

    /// <summary>Moves to the next member; false at the end of the object or where it is not JSON.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // Not inlined, it would pin the walker's place to memory.
    public bool Next()
    {
        int at = SkipWhite(_text, _begun ? _at : 1);
        if (ByteAt(_text, at) == '}')
        {
            ObjectLength = at + 1;
            return false;
        }

        if (_begun)
        {
            if (ByteAt(_text, at) != ',')
                return false;
            at = SkipWhite(_text, at + 1);
        }

        JsonValue key = StringAt(_text, at);
        if (key.Kind == JsonKind.Missing)
            return false;
        at = SkipWhite(_text, key.End);
        if (ByteAt(_text, at) != ':')
            return false;
        JsonValue value = ValueAt(_text, SkipWhite(_text, at + 1));
        if (value.Kind == JsonKind.Missing)
            return false;
        _begun = true;
        Key = key;
        Value = value;
        _at = value.End;
        return true;
    }

    /// <summary>
    /// Where <see cref="Next"/> stopped because the value of this name is an array that does not end in the text: the place
    /// behind its bracket, otherwise 0.
    /// </summary>
    public readonly int OpenArrayOf(ReadOnlySpan<byte> name)
    {
        int at = SkipWhite(_text, _begun ? _at : 1);
        if (_begun && ByteAt(_text, at) == ',')
            at = SkipWhite(_text, at + 1);
        JsonValue key = StringAt(_text, at);
        if (key.Kind == JsonKind.Missing || !key.In(_text).SequenceEqual(name))
            return 0;
        at = SkipWhite(_text, key.End);
        if (ByteAt(_text, at) != ':')
            return 0;
        at = SkipWhite(_text, at + 1);
        return ByteAt(_text, at) == '[' ? at + 1 : 0;
    }

    /// <summary>The length of the value that begins at the first byte, or 0 when it is none.</summary>
    public static int ValueLength(ReadOnlySpan<byte> text) => ValueAt(text, 0).End;

    /// <summary>The byte at a place, or NUL (which is no JSON outside strings) behind the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static byte ByteAt(ReadOnlySpan<byte> text, int at) => (uint)at < (uint)text.Length ? text[at] : (byte)0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int SkipWhite(ReadOnlySpan<byte> text, int at)
    {
        while ((uint)at < (uint)text.Length && text[at] <= ' '
            && text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
            at++;
        return at;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static JsonValue ValueAt(ReadOnlySpan<byte> text, int at)
    {
        byte first = ByteAt(text, at);
        return first == '"' ? StringAt(text, at)
            : (uint)(first - '0') <= 9 || first == '-' ? NumberAt(text, at)
            : first is (byte)'{' or (byte)'[' ? NestedAt(text, at)
            : WordAt(text, at);
    }

    /// <summary>A string by the place of its opening quote.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static JsonValue StringAt(ReadOnlySpan<byte> text, int at)
    {
        if (ByteAt(text, at) != '"')
            return default;
        int stop = StringStop(text, at + 1);
        return ByteAt(text, stop) == '"'
            ? new JsonValue(at + 1, stop, JsonKind.Text)
            : EscapedStringAt(text, at + 1, stop);
    }

    /// <summary>The first quote, backslash or control byte from a place on, or the end of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int StringStop(ReadOnlySpan<byte> text, int at)
    {
        ref byte first = ref MemoryMarshal.GetReference(text);
        for (; at <= text.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
        {
            Vector256<byte> bytes = Vector256.LoadUnsafe(ref first, (nuint)at);
            uint stops = (Vector256.Equals(bytes, Vector256.Create((byte)'"'))
                | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
                | Vector256.LessThan(bytes, Vector256.Create((byte)' '))).ExtractMostSignificantBits();
            if (stops != 0)
                return at + BitOperations.TrailingZeroCount(stops);
        }

        return StringStopAtEnd(text, at);
    }

    static int StringStopAtEnd(ReadOnlySpan<byte> text, int at)
    {
        while ((uint)at < (uint)text.Length && text[at] >= ' ' && text[at] != '"' && text[at] != '\\')
            at++;
        return at;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static JsonValue EscapedStringAt(ReadOnlySpan<byte> text, int start, int stop)
    {
        while (ByteAt(text, stop) == '\\')
        {
            byte escaped = ByteAt(text, stop + 1);
            bool ok = escaped == 'u'
                ? stop + 6 <= text.Length && JsonText.HexUnit(text[(stop + 2)..]) <= 0xFFFF
                : JsonText.Unescaped(escaped) != 0;
            if (!ok)
                return default;
            stop = StringStop(text, stop + (escaped == 'u' ? 6 : 2));
        }

        return ByteAt(text, stop) == '"' ? new JsonValue(start, stop, JsonKind.Text, escaped: true) : default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static JsonValue NumberAt(ReadOnlySpan<byte> text, int start)
    {
        int digits = start + (text[start] == '-' ? 1 : 0);
        int end = SkipDigits(text, digits);
        if (end == digits || (text[digits] == '0' && end > digits + 1))
            return default;
        byte next = ByteAt(text, end);
        if (next == '.')
        {
            digits = end + 1;
            end = SkipDigits(text, digits);
            if (end == digits)
                return default;
            next = ByteAt(text, end);
        }

        if ((next | 0x20) == 'e')
        {
            digits = end + (ByteAt(text, end + 1) is (byte)'+' or (byte)'-' ? 2 : 1);
            end = SkipDigits(text, digits);
            if (end == digits)
                return default;
        }

        return new JsonValue(start, end, JsonKind.Number);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int SkipDigits(ReadOnlySpan<byte> text, int at)
    {
        while ((uint)at < (uint)text.Length && (uint)(text[at] - '0') <= 9)
            at++;
        return at;
    }

    static JsonValue WordAt(ReadOnlySpan<byte> text, int at)
    {
        ReadOnlySpan<byte> rest = at < text.Length ? text[at..] : default;
        return rest.StartsWith("null"u8) ? new JsonValue(at, at + 4, JsonKind.Null)
            : rest.StartsWith("true"u8) ? new JsonValue(at, at + 4, JsonKind.True)
            : rest.StartsWith("false"u8) ? new JsonValue(at, at + 5, JsonKind.False)
            : default;
    }

    /// <summary>An object or array, checked to its end and for <see cref="JsonObjectScanner.MaxDepth"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    static JsonValue NestedAt(ReadOnlySpan<byte> text, int start)
    {
        int at = start;
        int depth = 0;
        ulong arrays = 0; // Bit n: level n + 1 inside this value is an array.
        do
        {
            // Here a value is due.
            byte first = ByteAt(text, at);
            if (first is (byte)'{' or (byte)'[')
            {
                // The object that holds this value is the first level.
                if (depth == JsonObjectScanner.MaxDepth - 1)
                    return default;
                arrays = (arrays & ~(1UL << depth)) | (first == '[' ? 1UL << depth : 0);
                depth++;
                at = SkipWhite(text, at + 1);
                if (ByteAt(text, at) != (first == '{' ? '}' : ']'))
                {
                    if (first == '{' && !TryName(text, ref at))
                        return default;
                    continue;
                }
            }
            else
            {
                JsonValue value = first == '"' ? StringAt(text, at)
                    : (uint)(first - '0') <= 9 || first == '-' ? NumberAt(text, at)
                    : WordAt(text, at);
                if (value.Kind == JsonKind.Missing)
                    return default;
                at = value.End;
            }

            if (!TryClose(text, ref at, ref depth, arrays))
                return default;
        }
        while (depth > 0);

        return new JsonValue(start, at, JsonKind.Nested);
    }

    /// <summary>After a value, or inside an empty one: closes levels, until a comma leads to a value.</summary>
    static bool TryClose(ReadOnlySpan<byte> text, ref int at, ref int depth, ulong arrays)
    {
        while (depth > 0)
        {
            bool array = (arrays >> (depth - 1) & 1) != 0;
            at = SkipWhite(text, at);
            byte b = ByteAt(text, at++);
            if (b == ',')
            {
                at = SkipWhite(text, at);
                return array || TryName(text, ref at);
            }

            if (b != (array ? ']' : '}'))
                return false;
            depth--;
        }

        return true;
    }

    /// <summary>A member's name up to the beginning of its value.</summary>
    static bool TryName(ReadOnlySpan<byte> text, ref int at)
    {
        JsonValue name = StringAt(text, at);
        if (name.Kind == JsonKind.Missing)
            return false;
        at = SkipWhite(text, name.End);
        if (ByteAt(text, at) != ':')
            return false;
        at = SkipWhite(text, at + 1);
        return true;
    }
}
