using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>
/// Fields that most protocols have, from text into a read. An optional one that is empty stays as it was; one that is
/// unreadable or out of range too, and sets <see cref="ReadFlags.FieldDropped"/>.
/// </summary>
static class ReadFields
{
    /// <summary>The required one: a chip, as it was spelt. Control characters are damage and no chip.</summary>
    public static RejectReason Chip(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        if (text.ContainsAnyInRange((byte)0, (byte)31))
            return RejectReason.BadSyntax;
        bool taken = ChipCode.TryFromText(text, out ChipCode code);
        read.Chip = code;
        return taken ? RejectReason.None : text.IsEmpty ? RejectReason.NoChip : RejectReason.ChipTooLong;
    }

    /// <summary>A chip in a JSON member.</summary>
    public static RejectReason Chip(JsonValue value, ReadOnlySpan<byte> text, ref ChipRead read)
    {
        Span<byte> buffer = stackalloc byte[ChipCode.MaxTextLength];
        switch (value.Kind)
        {
            case JsonKind.Text when value.IsEmpty:
                return RejectReason.NoChip;
            case JsonKind.Text:
                if (!JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> code))
                    return RejectReason.BadSyntax;
                return code.IsEmpty ? RejectReason.ChipTooLong : Chip(code, ref read);
            case JsonKind.Number:
                return Chip(value.In(text), ref read);
            default:
                return RejectReason.NoChip;
        }
    }

    /// <summary>An ISO time in a JSON member, with or without zone.</summary>
    public static RejectReason Time(JsonValue value, ReadOnlySpan<byte> text, ref ChipRead read)
    {
        if (!JsonFields.TryTime(value, text, out long ticks, out ReadFlags flags))
            return RejectReason.BadTime;
        read.Time = ticks;
        read.Flags |= flags;
        return RejectReason.None;
    }

    /// <summary>A whole number from 0 to 65535, or 0.</summary>
    public static ushort Small(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        if (AsciiNumber.TryUnsigned(field, out long value) && value <= ushort.MaxValue)
            return (ushort)value;
        Dropped(!field.IsEmpty, ref read);
        return 0;
    }

    /// <summary>Times seen, 1 and more.</summary>
    public static void Hits(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        if (AsciiNumber.TryUnsigned(field, out long value) && value is >= 1 and <= int.MaxValue)
            read.Hits = (int)value;
        else
            Dropped(!field.IsEmpty, ref read);
    }

    /// <summary>The reader's number of the record.</summary>
    public static void Number(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        if (AsciiNumber.TryUnsigned(field, out long value))
            read.Number = value;
        else
            Dropped(!field.IsEmpty, ref read);
    }

    /// <summary>Signal strength in dBm, perhaps with decimals behind a point or comma.</summary>
    public static void Rssi(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        if (field.IsEmpty)
            return;
        if ((ScaledNumber.TryParse(field, 2, out long value) || TryWithComma(field, out value))
            && value is > short.MinValue and <= short.MaxValue)
            read.RssiCentiDbm = (short)value;
        else
            Dropped(true, ref read);
    }

    static bool TryWithComma(ReadOnlySpan<byte> field, out long value)
    {
        Span<byte> buffer = stackalloc byte[16];
        return ScaledNumber.TryParse(ScaledNumber.WithPoint(field, buffer), 2, out value);
    }

    /// <summary>Notes that an optional field was left out.</summary>
    public static void Dropped(bool dropped, ref ChipRead read)
    {
        if (dropped)
            read.Flags |= ReadFlags.FieldDropped;
    }
}
