using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Tag data events of Zebra's IoT Connector: fixed readers (FX, FXR, ATR) with one tag in <c>data</c>, sleds (RFD) with
/// several in <c>data.tagData</c>. Written from the maker's pages and from messages that programs quote; no recorded
/// stream is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is that of the message, UTC. <see cref="ChipRead.Number"/> is <c>eventNum</c>,
/// <see cref="ChipRead.Hits"/> <c>reads</c> or <c>seenCount</c>; the point is the host name, where the operator has it
/// sent. A chip must be whole bytes in hex. Messages without a chip are no reads.
/// </remarks>
struct ZebraProtocol : IJsonProtocol
{
    // The time of the message whose tags are being taken.
    long _time;
    ReadFlags _flags;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsStart)
        {
            if (text[0] != '{')
                return JsonList.TakeOther(text, ref output);
            Tag item = Tag.In(text);
            output.Length = JsonList.ItemLength(text, item.Length);
            return TakeTag(item, text, frame, ref read, ref output);
        }

        Message message = Message.In(text);
        bool hasData = JsonFields.TryObject(message.Data, text, out ReadOnlySpan<byte> data);
        if (message.IsTag && !hasData)
            return RejectReason.Truncated; // A part of a message that was cut: its time is missing.
        Tag tag = hasData ? Tag.In(data) : default;
        if (tag.Common.Chip.Kind == JsonKind.Missing && tag.List.Kind == JsonKind.Missing)
        {
            output.Add(KindOf(message.Type, text));
            return RejectReason.None;
        }

        // Before any tag is taken: it may stand behind them.
        if (!JsonFields.TryTime(message.Timestamp, text, out _time, out _flags))
            return RejectReason.BadTime;
        if (tag.List.Kind == JsonKind.Missing)
            return TakeTag(tag, data, frame, ref read, ref output);
        RejectReason reason = JsonList.Begin(tag.List, data, out int head);
        if (reason != RejectReason.None)
            return reason;
        output.Length = head == 0 ? 0 : message.Data.End - data.Length + head;
        output.Add(ControlKind.Status);
        return RejectReason.None;
    }

    static ControlKind KindOf(JsonValue type, ReadOnlySpan<byte> text) =>
        JsonFields.Is(type, text, "heartbeat"u8) || JsonFields.Is(type, text, "HEARTBEAT"u8) ? ControlKind.KeepAlive
        : type.Kind == JsonKind.Text ? ControlKind.Status
        : ControlKind.Unknown;

    RejectReason TakeTag(
        in Tag tag, ReadOnlySpan<byte> text, in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        RejectReason reason = JsonFields.HexChip(tag.Common.Chip, text, ref read);
        if (reason != RejectReason.None)
            return reason;
        read.Time = _time;
        read.Flags = _flags;
        tag.Common.FillOptional(text, ref read);
        read.Point = JsonFields.PointOf(tag.HostName, text, frame);
        output.HasRead = true;
        return RejectReason.None;
    }

    static bool IsChip(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("idHex"u8) || key.SequenceEqual("EPCid"u8) || key.SequenceEqual("EPC"u8);

    struct Message
    {
        public JsonValue Type;
        public JsonValue Timestamp;
        public JsonValue Data;
        public bool IsTag;

        public static Message In(ReadOnlySpan<byte> text)
        {
            Message found = default;
            JsonMembers members = new(text);
            while (members.Next())
            {
                ReadOnlySpan<byte> key = members.Key.In(text);
                if (key.SequenceEqual("type"u8))
                    found.Type = members.Value;
                else if (key.SequenceEqual("timestamp"u8))
                    found.Timestamp = members.Value;
                else if (key.SequenceEqual("data"u8))
                    found.Data = members.Value;
                found.IsTag |= IsChip(key) || key.SequenceEqual("tagData"u8);
            }

            return found;
        }
    }

    struct Tag
    {
        public ReadMembers Common;
        public JsonValue HostName;
        public JsonValue List;
        public int Length;

        public static Tag In(ReadOnlySpan<byte> text)
        {
            Tag found = default;
            JsonMembers members = new(text);
            while (members.Next())
                found.Note(members.Key.In(text), members.Value);
            found.Length = members.ObjectLength;
            return found;
        }

        void Note(ReadOnlySpan<byte> key, JsonValue value)
        {
            if (key.SequenceEqual("idHex"u8))
                Common.Chip = value;
            else if (IsChip(key))
                Common.Chip = JsonFields.IsGiven(Common.Chip) ? Common.Chip : value;
            else if (key.SequenceEqual("antenna"u8))
                Common.Antenna = value;
            else if (key.SequenceEqual("peakRssi"u8))
                Common.Rssi = value;
            else if (key.SequenceEqual("eventNum"u8))
                Common.Number = value;
            else if (key.SequenceEqual("reads"u8) || key.SequenceEqual("seenCount"u8))
                Common.Hits = value;
            else if (key.SequenceEqual("hostName"u8))
                HostName = value;
            else if (key.SequenceEqual("tagData"u8))
                List = value;
        }
    }
}
