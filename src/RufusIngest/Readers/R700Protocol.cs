using System.Buffers;
using System.Buffers.Text;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Events of an Impinj R700 (IoT device interface): a stream of lines, posts of arrays, or MQTT messages. Written from
/// samples of a how-to and of programs that take them; no recorded stream of a device is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is UTC, <c>lastSeenTime</c> where it is given, otherwise the report's <c>timestamp</c>;
/// <see cref="ChipRead.Detail"/> is by how many whole ms the report was later, 0 where only one of them is known. The
/// chip is <c>epcHex</c>, otherwise <c>epc</c> in base64url, written as hex. The point is the antenna's name. An empty
/// array, which keeps a link up, is nothing but separators: nothing comes of it.
/// </remarks>
struct R700Protocol : IJsonProtocol
{
    public static bool TakesLines => true;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsObject)
            return IsRelayPrefix(text) ? RejectReason.None : RejectReason.UnknownFrame;
        Event found = Event.In(text);
        if (found.Tag.Kind == JsonKind.Missing
            && JsonFields.TryObject(found.Original, text, out ReadOnlySpan<byte> inner))
        {
            text = inner;
            found = Event.In(text);
        }

        bool typed = found.EventType.Kind == JsonKind.Text;
        if (typed && !found.EventType.In(text).SequenceEqual("tagInventory"u8))
        {
            output.Add(ControlKind.Status);
            return RejectReason.None;
        }

        if (JsonFields.TryObject(found.Tag, text, out ReadOnlySpan<byte> tag))
            return TakeTag(tag, found.Timestamp, text, frame, ref read, ref output);
        // Without a type it is no event, but a part of one that was cut.
        return typed ? RejectReason.NoChip : RejectReason.Truncated;
    }

    /// <summary>The field name of server-sent events, which some relays put before each line or post.</summary>
    static bool IsRelayPrefix(ReadOnlySpan<byte> text) =>
        text.StartsWith("data:"u8) && !text[5..].ContainsAnyExcept(" \t,[]"u8);

    static RejectReason TakeTag(
        ReadOnlySpan<byte> tag,
        JsonValue timestamp,
        ReadOnlySpan<byte> text,
        in Frame frame,
        ref ChipRead read,
        ref FrameOutput output)
    {
        TagEvent found = TagEvent.In(tag);
        RejectReason reason = JsonFields.IsGiven(found.EpcHex)
            ? ReadFields.Chip(found.EpcHex, tag, ref read)
            : Base64Chip(found.Common.Chip, tag, ref read);
        if (reason != RejectReason.None)
            return reason;
        bool isReported = JsonFields.TryTime(timestamp, text, out long reported, out ReadFlags reportedFlags);
        if (JsonFields.TryTime(found.Common.Time, tag, out long seen, out ReadFlags flags))
        {
            read.Time = seen;
            read.Flags = flags;
            if (isReported && reported > seen && reportedFlags == flags)
                read.Detail = (ulong)((reported - seen) / EpochTime.TicksPerMillisecond);
        }
        else if (isReported)
        {
            read.Time = reported;
            read.Flags = reportedFlags;
            ReadFields.Dropped(JsonFields.IsGiven(found.Common.Time), ref read);
        }
        else
        {
            return RejectReason.BadTime;
        }

        found.Common.FillOptional(tag, ref read, rssiDecimals: 0);
        read.Point = JsonFields.PointOf(found.AntennaName, tag, frame);
        output.HasRead = true;
        return RejectReason.None;
    }

    /// <summary>Written as hex, so that it is the same chip as where the reader sends <c>epcHex</c>.</summary>
    static RejectReason Base64Chip(JsonValue value, ReadOnlySpan<byte> text, ref ChipRead read)
    {
        Span<byte> buffer = stackalloc byte[JsonFields.ShortText];
        Span<byte> epc = stackalloc byte[ChipCode.MaxBytes];
        Span<byte> hex = stackalloc byte[ChipCode.MaxTextLength];
        if (value.Kind != JsonKind.Text || value.IsEmpty)
            return RejectReason.NoChip;
        if (!JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> code))
            return RejectReason.BadSyntax;
        OperationStatus status = Base64Url.DecodeFromUtf8(code, epc, out _, out int length);
        if (code.IsEmpty || status == OperationStatus.DestinationTooSmall)
            return RejectReason.ChipTooLong;
        if (status != OperationStatus.Done || !Convert.TryToHexString(epc[..length], hex, out int digits))
            return RejectReason.BadSyntax;
        return ReadFields.Chip(hex[..digits], ref read);
    }

    struct Event
    {
        public JsonValue EventType;
        public JsonValue Timestamp;
        public JsonValue Tag;
        public JsonValue Original; // The event as a relay got it, with members of the relay around it.

        public static Event In(ReadOnlySpan<byte> text)
        {
            Event found = default;
            JsonMembers members = new(text);
            while (members.Next())
            {
                ReadOnlySpan<byte> key = members.Key.In(text);
                if (key.SequenceEqual("eventType"u8))
                    found.EventType = members.Value;
                else if (key.SequenceEqual("timestamp"u8))
                    found.Timestamp = members.Value;
                else if (key.SequenceEqual("tagInventoryEvent"u8))
                    found.Tag = members.Value;
                else if (key.SequenceEqual("originalMessage"u8))
                    found.Original = members.Value;
            }

            return found;
        }
    }

    struct TagEvent
    {
        public ReadMembers Common;
        public JsonValue EpcHex;
        public JsonValue AntennaName;

        public static TagEvent In(ReadOnlySpan<byte> text)
        {
            TagEvent found = default;
            JsonMembers members = new(text);
            while (members.Next())
            {
                ReadOnlySpan<byte> key = members.Key.In(text);
                if (key.SequenceEqual("epc"u8))
                    found.Common.Chip = members.Value;
                else if (key.SequenceEqual("epcHex"u8))
                    found.EpcHex = members.Value;
                else if (key.SequenceEqual("lastSeenTime"u8))
                    found.Common.Time = members.Value;
                else if (key.SequenceEqual("antennaPort"u8))
                    found.Common.Antenna = members.Value;
                else if (key.SequenceEqual("antennaName"u8))
                    found.AntennaName = members.Value;
                else if (key.SequenceEqual("peakRssiCdbm"u8))
                    found.Common.Rssi = members.Value;
            }

            return found;
        }
    }
}
