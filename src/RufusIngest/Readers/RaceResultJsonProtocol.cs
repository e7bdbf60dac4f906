using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The raw data records that the RACE RESULT software exports as JSON, one object each. Written from the vendor's page;
/// one printed sample is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is <c>UTCTime</c>; <c>Received</c> is only the arrival. Without it there is no read: of
/// the record's seconds of the day the zone is not known. <see cref="ChipRead.Number"/> is the passing number in its
/// file, the antenna the loop, the point the timing point. <see cref="ChipRead.Detail"/>: see
/// <see cref="RaceResultFields"/>.
/// </remarks>
struct RaceResultJsonProtocol : IJsonProtocol
{
    // No line is good; but what is left of a record that the stream's end cut off is seen to be cut off like this.
    public static bool TakesLines => true;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsObject)
            return RejectReason.UnknownFrame;
        JsonValue passing = default;
        JsonValue point = default;
        JsonValue invalid = default;
        bool isPart = false;
        JsonMembers members = new(text);
        while (members.Next())
        {
            ReadOnlySpan<byte> key = members.Key.In(text);
            if (key.SequenceEqual("Passing"u8))
                passing = members.Value;
            else if (key.SequenceEqual("TimingPoint"u8))
                point = members.Value;
            else if (key.SequenceEqual("Invalid"u8))
                invalid = members.Value;
            isPart |= key.SequenceEqual("Transponder"u8) || key.SequenceEqual("Latitude"u8);
        }

        if (passing.Kind != JsonKind.Nested || passing.In(text)[0] != '{')
        {
            // An inner object of a record that is cut off or damaged: its timing point is not known.
            if (isPart)
                return RejectReason.Truncated;
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        RejectReason reason = TakePassing(passing.In(text), ref read, ref output);
        Span<byte> buffer = stackalloc byte[PointNames.MaxLength];
        if (reason == RejectReason.None && point.Kind == JsonKind.Text
            && JsonText.TryRead(point, text, buffer, out ReadOnlySpan<byte> name))
            read.Point = frame.PointOf(name);
        read.Detail |= invalid.Kind == JsonKind.True ? RaceResultFields.Invalid : 0;
        return reason;
    }

    static RejectReason TakePassing(ReadOnlySpan<byte> text, ref ChipRead read, ref FrameOutput output)
    {
        Members found = default;
        JsonMembers members = new(text);
        while (members.Next())
            found.Note(members.Key.In(text), members.Value);
        RejectReason reason = ReadFields.Time(found.Time, text, ref read);
        if (reason != RejectReason.None)
            return reason;
        read.Flags |= ReadFlags.ZoneKnown;
        bool ok = true;
        if (JsonNumber.Whole(found.Number, text, 0, long.MaxValue, ref ok, out long number))
            read.Number = number;
        if (found.IsMarker.Kind == JsonKind.True || RaceResultFields.IsTrigger(found.Chip.In(text)))
        {
            read.Kind = ReadKind.Gun;
            output.Add(ControlKind.Gun, Math.Max(0, read.Number));
        }
        else if ((reason = ReadFields.Chip(found.Chip, text, ref read)) != RejectReason.None)
        {
            return reason;
        }

        TakeRest(found, text, ref ok, ref read);
        ReadFields.Dropped(!ok, ref read);
        output.HasRead = true;
        return RejectReason.None;
    }

    static void TakeRest(in Members found, ReadOnlySpan<byte> text, ref bool ok, ref ChipRead read)
    {
        if (JsonNumber.Whole(found.Hits, text, 0, int.MaxValue, ref ok, out long hits) && hits > 0)
            read.Hits = (int)hits;
        if (JsonNumber.Scaled(found.Rssi, text, 2, short.MaxValue, ref ok, out int rssi))
            read.RssiCentiDbm = (short)rssi;
        if (JsonNumber.Whole(found.Loop, text, 0, ushort.MaxValue, ref ok, out long loop))
            read.Antenna = (ushort)loop;
        if (JsonNumber.Whole(found.File, text, 0, ushort.MaxValue, ref ok, out long file))
            read.Detail |= RaceResultFields.File(file);
        if (JsonNumber.Whole(found.Channel, text, 0, 15, ref ok, out long channel))
            read.Detail |= RaceResultFields.Channel(channel);
        if (JsonNumber.Scaled(found.Battery, text, 1, byte.MaxValue, ref ok, out int battery) && battery > 0)
            read.Detail |= RaceResultFields.Battery(battery);
        if (found.Position.Kind == JsonKind.Nested && found.Position.In(text)[0] == '{')
            TakePosition(found.Position.In(text), ref ok, ref read);
    }

    /// <summary>Zeros stand for no position.</summary>
    static void TakePosition(ReadOnlySpan<byte> text, ref bool ok, ref ChipRead read)
    {
        int latitude = 0;
        int longitude = 0;
        JsonMembers members = new(text);
        while (members.Next())
        {
            ReadOnlySpan<byte> key = members.Key.In(text);
            if (key.SequenceEqual("Latitude"u8))
                JsonNumber.Scaled(members.Value, text, 7, 90 * 10_000_000, ref ok, out latitude);
            else if (key.SequenceEqual("Longitude"u8))
                JsonNumber.Scaled(members.Value, text, 7, 180 * 10_000_000, ref ok, out longitude);
        }

        if (latitude == 0 && longitude == 0)
            return;
        read.LatitudeE7 = latitude;
        read.LongitudeE7 = longitude;
        read.Flags |= ReadFlags.HasPosition;
    }

    struct Members
    {
        public JsonValue Chip;
        public JsonValue Time;
        public JsonValue Number;
        public JsonValue IsMarker;
        public JsonValue Hits;
        public JsonValue Rssi;
        public JsonValue Loop;
        public JsonValue Channel;
        public JsonValue File;
        public JsonValue Battery;
        public JsonValue Position;

        public void Note(ReadOnlySpan<byte> key, JsonValue value)
        {
            if (key.SequenceEqual("Transponder"u8))
                Chip = value;
            else if (key.SequenceEqual("UTCTime"u8))
                Time = value;
            else if (key.SequenceEqual("PassingNo"u8))
                Number = value;
            else if (key.SequenceEqual("IsMarker"u8))
                IsMarker = value;
            else if (key.SequenceEqual("Hits"u8))
                Hits = value;
            else if (key.SequenceEqual("RSSI"u8))
                Rssi = value;
            else if (key.SequenceEqual("LoopID"u8))
                Loop = value;
            else if (key.SequenceEqual("Channel"u8))
                Channel = value;
            else if (key.SequenceEqual("FileNo"u8))
                File = value;
            else if (key.SequenceEqual("Battery"u8))
                Battery = value;
            else if (key.SequenceEqual("Position"u8))
                Position = value;
        }
    }
}
