using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// FEIBOT devices: the objects that they send to a host, and the lines of their files. Written from one program that
/// takes them; no recorded stream of a device is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the device's wall clock, or UTC where its text states a zone. Chips are hex and become
/// upper case, as that program has it. The point is the device's code, the antenna its channel or port. Each object of
/// a device waits for an answer; a rejected one gets none. A heartbeat's number is the battery in percent. Another
/// reader that such hosts know sends a time of day only; nothing is known of an answer to it.
/// </remarks>
struct FeibotProtocol : IJsonProtocol
{
    const int PrintedTime = 23; // yyyy-MM-dd_HH:mm:ss.fff

    public static bool TakesLines => true;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        if (!frame.IsObject)
            return TakeLine(frame, ref read, ref output);
        ReadOnlySpan<byte> text = frame.Text;
        Members found = Members.In(text);
        if (found.Common.Chip.Kind == JsonKind.Missing)
        {
            TakeState(found, text, ref output);
            return RejectReason.None;
        }

        bool isDateless = found.Common.Time.Kind == JsonKind.Missing && found.TimeOfDay.Kind == JsonKind.Text;
        RejectReason reason = JsonFields.HexChip(found.Common.Chip, text, ref read, upperCase: true);
        if (reason != RejectReason.None)
            return reason;
        if (!TryTime(isDateless ? found.TimeOfDay : found.Common.Time, isDateless, text, ref read))
            return RejectReason.BadTime;
        found.Common.FillOptional(text, ref read);
        read.Point = JsonFields.PointOf(found.Device, text, frame);
        output.HasRead = true;
        if (!isDateless)
            output.Add(ControlKind.AcknowledgementDue);
        return RejectReason.None;
    }

    static void TakeState(in Members found, ReadOnlySpan<byte> text, ref FrameOutput output)
    {
        bool ok = true;
        _ = JsonNumber.Whole(found.Battery, text, 0, int.MaxValue, ref ok, out long battery);
        bool isHeartbeat = found.IsHeartbeat || found.Battery.Kind != JsonKind.Missing;
        output.Add(isHeartbeat ? ControlKind.KeepAlive : ControlKind.Unknown, ok ? battery : 0);
        output.Add(ControlKind.AcknowledgementDue);
    }

    static bool TryTime(JsonValue value, bool isTimeOfDay, ReadOnlySpan<byte> text, ref ChipRead read)
    {
        Span<byte> buffer = stackalloc byte[JsonFields.ShortText];
        if (value.Kind != JsonKind.Text || !JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> time))
            return false;
        ReadFlags flags = ReadFlags.NoDate;
        bool good = isTimeOfDay
            ? AsciiTime.TryTimeOfDay(time, out long ticks)
            : IsoTimestamp.TryParse(time, out ticks, out flags) || AsciiTime.TryDateAndTime(time, out ticks);
        read.Time = ticks;
        read.Flags |= flags;
        return good;
    }

    /// <summary><c>EPC:yyyy-MM-dd_HH:mm:ss.fff,port=1,rssi=-60</c>, the named parts optional.</summary>
    static RejectReason TakeLine(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        int colon = frame.Text.IndexOf((byte)':');
        if (colon < 0)
            return RejectReason.UnknownFrame;
        RejectReason reason = JsonFields.HexChip(frame.Text[..colon], ref read, upperCase: true);
        if (reason != RejectReason.None)
            return reason;
        FieldList fields = new(frame.Text[(colon + 1)..], (byte)',');
        bool mayBeCutOff = frame.IsCutOff && fields.Count == 1 && fields[0].Length != PrintedTime;
        if (mayBeCutOff || !AsciiTime.TryDateAndTime(fields[0], out long ticks))
            return RejectReason.BadTime;
        read.Time = ticks;
        for (int i = 1; i < fields.Count; i++)
        {
            ReadOnlySpan<byte> field = fields[i];
            if (field.StartsWith("port="u8))
                read.Antenna = ReadFields.Small(field[5..], ref read);
            else if (field.StartsWith("rssi="u8))
                ReadFields.Rssi(field[5..], ref read);
        }

        output.HasRead = true;
        return RejectReason.None;
    }

    struct Members
    {
        public ReadMembers Common;
        public JsonValue TimeOfDay;
        public JsonValue Device;
        public JsonValue Battery;
        public bool IsHeartbeat;

        public static Members In(ReadOnlySpan<byte> text)
        {
            Members found = default;
            JsonMembers members = new(text);
            while (members.Next())
                found.Note(members.Key.In(text), members.Value);
            return found;
        }

        void Note(ReadOnlySpan<byte> key, JsonValue value)
        {
            if (key.SequenceEqual("epc"u8) || key.SequenceEqual("EPC"u8))
                Common.Chip = value;
            else if (key.SequenceEqual("time"u8))
                Common.Time = value;
            else if (key.SequenceEqual("RTC"u8))
                TimeOfDay = value;
            else if (key.SequenceEqual("channelId"u8) || key.SequenceEqual("ANT"u8))
                Common.Antenna = value;
            else if (key.SequenceEqual("rssi"u8))
                Common.Rssi = value;
            else if (key.SequenceEqual("DeviceCode"u8))
                Device = value;
            else if (key.SequenceEqual("batteryPercent"u8))
                Battery = value;
            else if (key.SequenceEqual("DeviceType"u8) || key.SequenceEqual("totalTagsRead"u8))
                IsHeartbeat = true;
        }
    }
}
