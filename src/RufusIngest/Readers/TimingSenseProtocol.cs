using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Timing Sense boxes and their connector: arrays of objects, and the lines of their backups. Written from programs
/// that take them, the maker's words quoted there, and files of boxes.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the wall clock of the receiving equipment, in spite of a <c>Z</c> behind it; a numeric
/// offset counts. <see cref="ChipRead.Detail"/> is the type: 1 where the chip was first seen, 2 where it was strongest
/// (a pass usually gives both), 0 where it is not told. Type 0 is a gun. A numeric <c>Source</c> is the sub-reader.
/// </remarks>
struct TimingSenseProtocol : IJsonProtocol
{
    public static bool TakesLines => true;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        if (!frame.IsObject)
            return TakeLine(frame, ref read, ref output);
        ReadOnlySpan<byte> text = frame.Text;
        Members found = Members.In(text);
        if (found.Common.Chip.Kind == JsonKind.Missing && found.Common.Time.Kind == JsonKind.Missing)
        {
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        bool ok = true;
        bool isTyped = JsonNumber.Whole(found.Type, text, 0, ushort.MaxValue, ref ok, out long type);
        RejectReason reason = isTyped && type == 0
            ? RejectReason.None
            : ReadFields.Chip(found.Common.Chip, text, ref read);
        if (reason != RejectReason.None)
            return reason;
        Span<byte> buffer = stackalloc byte[JsonFields.ShortText];
        if (found.Common.Time.Kind != JsonKind.Text
            || !JsonText.TryRead(found.Common.Time, text, buffer, out ReadOnlySpan<byte> moment)
            || !TryMoment(moment, ref read))
            return RejectReason.BadTime;
        found.Common.FillOptional(text, ref read);
        ReadFields.Dropped(!ok, ref read);
        read.Point = JsonFields.PointOf(found.TimingPoint, text, frame);
        if (JsonNumber.Whole(found.Source, text, 0, ushort.MaxValue, ref ok, out long source))
            read.SubReader = (ushort)source;
        Finish(isTyped, type, ref read, ref output);
        return RejectReason.None;
    }

    /// <summary><c>chip;dd/MM/yyyy HH:mm:ss.SSS;point;type;</c>, also with commas, quotes and an ISO time.</summary>
    static RejectReason TakeLine(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        FieldList fields = new(frame.Text, frame.Text.Contains((byte)';') ? (byte)';' : (byte)',');
        if (fields.Count == 1)
            return RejectReason.UnknownFrame;
        ReadOnlySpan<byte> typeField = Unquoted(fields[3]);
        // Before the type it could be a gun.
        if (frame.IsCutOff && typeField.IsEmpty)
            return RejectReason.Truncated;
        bool isTyped = AsciiNumber.TryUnsigned(typeField, out long type) && type <= ushort.MaxValue;
        RejectReason reason = isTyped && type == 0 ? RejectReason.None : ReadFields.Chip(Unquoted(fields[0]), ref read);
        if (reason != RejectReason.None)
            return reason;
        ReadOnlySpan<byte> time = Unquoted(fields[1]);
        if (AsciiTime.TryDayFirst(time, out long ticks))
            read.Time = ticks;
        else if (!TryMoment(time, ref read))
            return RejectReason.BadTime;
        ReadFields.Dropped(!isTyped && !fields[3].IsEmpty, ref read);
        read.Point = frame.PointOf(Unquoted(fields[2]));
        Finish(isTyped, type, ref read, ref output);
        return RejectReason.None;
    }

    static void Finish(bool isTyped, long type, ref ChipRead read, ref FrameOutput output)
    {
        output.HasRead = true;
        if (isTyped && type == 0)
        {
            read.Kind = ReadKind.Gun;
            output.Add(ControlKind.Gun);
        }
        else if (isTyped)
        {
            read.Detail = (ulong)type;
        }
    }

    static bool TryMoment(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        if (text.Length > 0 && text[^1] is (byte)'Z' or (byte)'z')
            text = text[..^1];
        bool good = IsoTimestamp.TryParse(text, out long ticks, out ReadFlags flags);
        read.Time = ticks;
        read.Flags |= flags;
        return good;
    }

    /// <summary>A field without its quotes; nothing where one of the two is missing.</summary>
    static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> field)
    {
        bool begins = field.Length > 0 && field[0] == '"';
        bool ends = field.Length > 1 && field[^1] == '"';
        return begins && ends ? field[1..^1] : begins || ends ? default : field;
    }

    struct Members
    {
        public ReadMembers Common;
        public JsonValue TimingPoint;
        public JsonValue Type;
        public JsonValue Source;

        public static Members In(ReadOnlySpan<byte> text)
        {
            Members found = default;
            JsonMembers members = new(text);
            while (members.Next())
            {
                ReadOnlySpan<byte> key = members.Key.In(text);
                if (key.SequenceEqual("Chip"u8))
                    found.Common.Chip = members.Value;
                else if (key.SequenceEqual("Moment"u8))
                    found.Common.Time = members.Value;
                else if (key.SequenceEqual("TimingPoint"u8))
                    found.TimingPoint = members.Value;
                else if (key.SequenceEqual("Type"u8))
                    found.Type = members.Value;
                else if (key.SequenceEqual("Antenna"u8))
                    found.Common.Antenna = members.Value;
                else if (key.SequenceEqual("Source"u8))
                    found.Source = members.Value;
            }

            return found;
        }
    }
}
