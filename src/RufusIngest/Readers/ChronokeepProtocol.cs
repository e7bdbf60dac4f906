using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The messages of a Chronokeep portal to its clients. Written from a description of its members; no message of a device
/// is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is UTC: <c>seconds</c> and <c>milliseconds</c>, not the reader's own clock beside them. The
/// point is the name of the reader. An identifier of <c>ident_type</c> <c>bib</c> is no chip: a
/// <see cref="RejectReason.NoChip"/> reject, with its bytes kept.
/// </remarks>
struct ChronokeepProtocol : IJsonProtocol
{
    public static ReadOnlySpan<byte> LongList => "list"u8;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsStart && text[0] != '{')
            return JsonList.TakeOther(text, ref output);
        Members found = default;
        JsonMembers members = new(text);
        while (members.Next())
            found.Note(members.Key.In(text), members.Value);
        if (found.Common.Chip.Kind != JsonKind.Missing)
        {
            output.Length = frame.IsStart ? 0 : JsonList.ItemLength(text, members.ObjectLength);
            return TakeRead(found, frame, ref read, ref output);
        }

        if (found.Command.Kind != JsonKind.Text)
        {
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        ReadOnlySpan<byte> command = found.Command.In(text);
        if (command.SequenceEqual("reads"u8))
            output.Length = JsonList.HeadLength(found.List, text);
        output.Add(KindOf(command));
        return RejectReason.None;
    }

    static ControlKind KindOf(ReadOnlySpan<byte> command) =>
        command.SequenceEqual("keepalive"u8) ? ControlKind.KeepAlive
        : command.SequenceEqual("connection_successful"u8) ? ControlKind.Greeting
        : command.SequenceEqual("time"u8) ? ControlKind.Clock
        : command.SequenceEqual("success"u8) || command.SequenceEqual("error"u8) ? ControlKind.Response
        : command.SequenceEqual("reads"u8) || command.SequenceEqual("readers"u8)
            || command.SequenceEqual("notification"u8) || command.StartsWith("settings"u8) ? ControlKind.Status
        : ControlKind.Unknown;

    static RejectReason TakeRead(in Members found, in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (found.IdentType.Kind == JsonKind.Text && found.IdentType.In(text).SequenceEqual("bib"u8))
            return RejectReason.NoChip;
        RejectReason reason = ReadFields.Chip(found.Common.Chip, text, ref read);
        if (reason != RejectReason.None)
            return reason;
        bool ok = true;
        if (!JsonNumber.Whole(found.Seconds, text, 0, EpochTime.LastSecond, ref ok, out long seconds)
            || (!JsonNumber.Whole(found.Milliseconds, text, 0, 999, ref ok, out long milliseconds) && !ok))
            return RejectReason.BadTime;
        read.Time = (seconds * EpochTime.TicksPerSecond) + (milliseconds * EpochTime.TicksPerMillisecond);
        read.Flags = ReadFlags.ZoneKnown;
        found.Common.FillOptional(text, ref read);
        read.Point = JsonFields.PointOf(found.Reader, text, frame);
        output.HasRead = true;
        return RejectReason.None;
    }

    struct Members
    {
        public ReadMembers Common;
        public JsonValue Command;
        public JsonValue List;
        public JsonValue IdentType;
        public JsonValue Seconds;
        public JsonValue Milliseconds;
        public JsonValue Reader;

        public void Note(ReadOnlySpan<byte> key, JsonValue value)
        {
            if (key.SequenceEqual("command"u8))
                Command = value;
            else if (key.SequenceEqual("list"u8))
                List = value;
            else if (key.SequenceEqual("identifier"u8))
                Common.Chip = value;
            else if (key.SequenceEqual("ident_type"u8))
                IdentType = value;
            else if (key.SequenceEqual("seconds"u8))
                Seconds = value;
            else if (key.SequenceEqual("milliseconds"u8))
                Milliseconds = value;
            else if (key.SequenceEqual("antenna"u8))
                Common.Antenna = value;
            else if (key.SequenceEqual("rssi"u8))
                Common.Rssi = value;
            else if (key.SequenceEqual("reader"u8))
                Reader = value;
        }
    }
}
