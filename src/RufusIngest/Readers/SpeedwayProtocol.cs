using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Impinj Speedway Connect in inventory mode, and boxes built on it: JSON objects, also several in one post, and lines
/// of fields with commas. Objects are written from the maker's page, lines from programs that read them and from files of
/// boxes.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is UTC. Lines are <c>reader,antenna,EPC,time,RSSI,TID,user</c> of a box or, of the
/// software itself, <c>antenna,EPC,time,RSSI</c>; other orders, which an operator may choose, are the CSV protocol's.
/// Their time is Unix time in digits; empty or <c>None</c> is no value. The reader's name is the point. Objects of other
/// modes are no reads.
/// </remarks>
struct SpeedwayProtocol : IJsonProtocol
{
    ushort _point; // The reader of the post whose reads are being taken.

    public static bool TakesLines => true;

    public static ReadOnlySpan<byte> LongList => "tag_reads"u8;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsObject)
            return TakeLine(frame, ref read, ref output);
        if (!frame.IsStart && text[0] != '{')
            return JsonList.TakeOther(text, ref output);
        Members found = Members.In(text);
        if (!frame.IsStart)
            output.Length = JsonList.ItemLength(text, found.Length);
        else
            _point = JsonFields.PointOf(found.Reader, text, frame);
        if (frame.IsStart && found.List.Kind != JsonKind.Missing)
        {
            RejectReason reason = JsonList.Begin(found.List, text, out int head);
            output.Length = head;
            if (reason == RejectReason.None)
                output.Add(ControlKind.Status);
            return reason;
        }

        if (found.IsHeartBeat.Kind == JsonKind.True || JsonFields.Is(found.IsHeartBeat, text, "true"u8))
            output.Add(ControlKind.KeepAlive);
        else if (found.Common.Chip.Kind == JsonKind.Missing || found.Common.Time.Kind == JsonKind.Missing)
            output.Add(ControlKind.Unknown);
        else
            return TakeRead(found.Common, text, ref read, ref output);
        return RejectReason.None;
    }

    RejectReason TakeRead(
        in ReadMembers found, ReadOnlySpan<byte> text, ref ChipRead read, ref FrameOutput output)
    {
        RejectReason reason = ReadFields.Chip(found.Chip, text, ref read);
        if (reason == RejectReason.None)
            reason = JsonFields.TimeOrUnix(found.Time, text, ref read);
        if (reason != RejectReason.None)
            return reason;
        found.FillOptional(text, ref read);
        read.Point = _point;
        output.HasRead = true;
        return RejectReason.None;
    }

    static RejectReason TakeLine(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        FieldList fields = new(frame.Text, (byte)',');
        if (fields[1].SequenceEqual("*"u8))
        {
            output.Add(ControlKind.KeepAlive);
            return RejectReason.None;
        }

        if (fields.Count < 4)
            return fields.Count == 1 ? RejectReason.UnknownFrame : RejectReason.TooFewFields;
        // Which field is the time tells the two forms apart: no signal strength has ten digits.
        int first = 0;
        if (AsciiTime.TryUnixDigits(fields[3], out long ticks))
        {
            if (fields.Count < 5)
                return RejectReason.TooFewFields;
            read.Point = frame.PointOf(Given(fields[0]));
            first = 1;
        }
        else if (!AsciiTime.TryUnixDigits(fields[2], out ticks))
        {
            return RejectReason.BadTime;
        }

        return TakeFields(fields, first, ticks, ref read, ref output);
    }

    /// <summary>Antenna, EPC, time and signal, from the field of the antenna on.</summary>
    static RejectReason TakeFields(
        in FieldList fields, int first, long ticks, ref ChipRead read, ref FrameOutput output)
    {
        // An antenna that is no number shows another order of fields, in which the chip would be something else.
        ReadOnlySpan<byte> antenna = Given(fields[first]);
        read.Antenna = ReadFields.Small(antenna, ref read);
        if (read.Flags != ReadFlags.None)
            return RejectReason.BadAntenna;
        RejectReason reason = ReadFields.Chip(Given(fields[first + 1]), ref read);
        if (reason != RejectReason.None)
            return reason;
        read.Time = ticks;
        ReadFields.Rssi(Given(fields[first + 3]), ref read);
        if (read.Flags != ReadFlags.None)
            return RejectReason.BadNumber;
        read.Flags = ReadFlags.ZoneKnown;
        output.HasRead = true;
        return RejectReason.None;
    }

    static ReadOnlySpan<byte> Given(ReadOnlySpan<byte> field) => field.SequenceEqual("None"u8) ? default : field;

    struct Members
    {
        public ReadMembers Common;
        public JsonValue IsHeartBeat;
        public JsonValue Reader;
        public JsonValue List;
        public int Length;

        public static Members In(ReadOnlySpan<byte> text)
        {
            Members found = default;
            JsonMembers members = new(text);
            while (members.Next())
                found.Note(members.Key.In(text), members.Value);
            found.Length = members.ObjectLength;
            return found;
        }

        void Note(ReadOnlySpan<byte> key, JsonValue value)
        {
            if (key.SequenceEqual("epc"u8))
                Common.Chip = value;
            else if (key.SequenceEqual("firstSeenTimestamp"u8))
                Common.Time = value;
            else if (key.SequenceEqual("antennaPort"u8))
                Common.Antenna = value;
            else if (key.SequenceEqual("peakRssi"u8))
                Common.Rssi = value;
            else if (key.SequenceEqual("isHeartBeat"u8))
                IsHeartBeat = value;
            else if (key.SequenceEqual("reader_name"u8))
                Reader = value;
            else if (key.SequenceEqual("tag_reads"u8))
                List = value;
        }
    }
}
