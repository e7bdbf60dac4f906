using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>Values of JSON members that several protocols read alike.</summary>
static class JsonFields
{
    /// <summary>Bytes of a text that is looked at here; longer ones are no time and no name that is kept.</summary>
    public const int ShortText = 64;

    /// <summary>The member is a text of exactly these bytes.</summary>
    public static bool Is(JsonValue value, ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        value.Kind == JsonKind.Text && value.In(text).SequenceEqual(word);

    /// <summary>The member is there, neither null nor an empty text.</summary>
    public static bool IsGiven(JsonValue value) => value.Kind > JsonKind.Null && !value.IsEmpty;

    /// <summary>The text of an object in a member, from its brace to its brace.</summary>
    public static bool TryObject(JsonValue value, ReadOnlySpan<byte> text, out ReadOnlySpan<byte> inner)
    {
        inner = value.Kind == JsonKind.Nested ? value.In(text) : default;
        return !inner.IsEmpty && inner[0] == '{';
    }

    /// <summary>An ISO time, with or without zone, as ticks since 1970-01-01 of the wall clock or of UTC.</summary>
    public static bool TryTime(JsonValue value, ReadOnlySpan<byte> text, out long ticks, out ReadFlags flags)
    {
        Span<byte> buffer = stackalloc byte[ShortText];
        ticks = 0;
        flags = ReadFlags.None;
        return value.Kind == JsonKind.Text
            && JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> time)
            && IsoTimestamp.TryParse(time, out ticks, out flags);
    }

    /// <summary>A required time: ISO, or Unix time as 10 to 19 digits in a number or text.</summary>
    public static RejectReason TimeOrUnix(JsonValue value, ReadOnlySpan<byte> text, ref ChipRead read)
    {
        long ticks = 0;
        ReadFlags flags = ReadFlags.ZoneKnown;
        bool isUnix = value.Kind is JsonKind.Number or JsonKind.Text
            && AsciiTime.TryUnixDigits(value.In(text), out ticks);
        if (!isUnix && !TryTime(value, text, out ticks, out flags))
            return RejectReason.BadTime;
        read.Time = ticks;
        read.Flags |= flags;
        return RejectReason.None;
    }

    /// <summary>A required chip that must be whole bytes in hex.</summary>
    public static RejectReason HexChip(
        JsonValue value, ReadOnlySpan<byte> text, ref ChipRead read, bool upperCase = false)
    {
        Span<byte> buffer = stackalloc byte[ChipCode.MaxTextLength];
        if (value.Kind != JsonKind.Text || value.IsEmpty)
            return RejectReason.NoChip;
        if (!JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> code))
            return RejectReason.BadSyntax;
        return code.IsEmpty ? RejectReason.ChipTooLong : HexChip(code, ref read, upperCase);
    }

    /// <summary>A required chip that must be whole bytes in hex.</summary>
    /// <param name="code">Its digits and nothing around them.</param>
    /// <param name="read">Gets the chip.</param>
    /// <param name="upperCase">Codes of less than 8 digits are compared as text: in one case, they are one chip.</param>
    public static RejectReason HexChip(ReadOnlySpan<byte> code, ref ChipRead read, bool upperCase = false)
    {
        if ((code.Length & 1) != 0 || !AsciiNumber.IsHex(code))
            return RejectReason.BadSyntax;
        if (!upperCase || code.Length > ChipCode.MaxTextLength)
            return ReadFields.Chip(code, ref read);
        Span<byte> upper = stackalloc byte[ChipCode.MaxTextLength];
        _ = Ascii.ToUpper(code, upper, out int length);
        return ReadFields.Chip(upper[..length], ref read);
    }

    /// <summary>The timing point named by a text or number; 0 where there is none.</summary>
    public static ushort PointOf(JsonValue value, ReadOnlySpan<byte> text, in Frame frame)
    {
        Span<byte> buffer = stackalloc byte[ShortText];
        return value.Kind == JsonKind.Number ? frame.PointOf(value.In(text))
            : value.Kind == JsonKind.Text && JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> name)
                ? frame.PointOf(name)
            : (ushort)0;
    }
}
