using System.Runtime.CompilerServices;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>Where the members that matter stand in one object of a CloudBox, and what they say.</summary>
struct CloudBoxObject
{
    const int LongestKey = 13;
    const int LatitudeLimit = 900_000_000;
    const int LongitudeLimit = 1_800_000_000;

    // The longest chip code; timestamps and numbers are shorter.
    const int ShortText = ChipCode.MaxTextLength;

    JsonValue _command;
    JsonValue _timestamp;
    JsonValue _tag;
    JsonValue _epc;
    JsonValue _rssi;
    JsonValue _hits;
    JsonValue _antenna;
    JsonValue _number;
    JsonValue _latitude;
    JsonValue _longitude;

    public readonly bool IsResponse => _command.Kind != JsonKind.Missing;

    public readonly bool IsPassing => !IsResponse && _timestamp.Kind != JsonKind.Missing;

    /// <summary>Notes the members of the object that begins at the first byte.</summary>
    /// <returns>The length of the object, or 0 when it is not JSON or its end is missing.</returns>
    public int Read(ReadOnlySpan<byte> text)
    {
        JsonMembers members = new(text);
        NotePrinted(ref members);
        while (members.Next())
        {
            JsonValue key = members.Key;
            if (key.Escaped)
                NoteEscaped(key, text, members.Value);
            else
                Note(key.In(text), members.Value);
        }

        return members.ObjectLength;
    }

    /// <summary>The members in the order in which boxes print them, as far as they come in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void NotePrinted(ref JsonMembers members)
    {
        if (members.NextIs("\"epc\":"u8))
            _epc = members.Value;
        if (members.NextIs("\"timestamp\":"u8))
            _timestamp = members.Value;
        if (members.NextIs("\"seenCount\":"u8))
            _hits = members.Value;
        if (members.NextIs("\"antenna\":"u8))
            _antenna = members.Value;
        if (members.NextIs("\"rssi\":"u8))
            _rssi = members.Value;
        if (members.NextIs("\"passingNumber\":"u8))
            _number = members.Value;
        if (members.NextIs("\"tagStr\":"u8))
            _tag = members.Value;
        if (members.NextIs("\"latitude\":"u8))
            _latitude = members.Value;
        if (members.NextIs("\"longitude\":"u8))
            _longitude = members.Value;
        _ = members.NextIs("\"chksum\":"u8);
    }

    void Note(ReadOnlySpan<byte> key, JsonValue value)
    {
        switch (key.Length)
        {
            case 3 when key.SequenceEqual("epc"u8):
                _epc = value;
                break;
            case 4 when key.SequenceEqual("rssi"u8):
                _rssi = value;
                break;
            case 6 when key.SequenceEqual("tagStr"u8):
                _tag = value;
                break;
            case 7 when key.SequenceEqual("antenna"u8):
                _antenna = value;
                break;
            case 7 when key.SequenceEqual("command"u8):
                _command = value;
                break;
            case 8 when key.SequenceEqual("latitude"u8):
                _latitude = value;
                break;
            case 9 when key.SequenceEqual("timestamp"u8):
                _timestamp = value;
                break;
            case 9 when key.SequenceEqual("seenCount"u8):
                _hits = value;
                break;
            case 9 when key.SequenceEqual("longitude"u8):
                _longitude = value;
                break;
            case LongestKey when key.SequenceEqual("passingNumber"u8):
                _number = value;
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void NoteEscaped(JsonValue key, ReadOnlySpan<byte> text, JsonValue value)
    {
        Span<byte> buffer = stackalloc byte[LongestKey];
        if (JsonText.TryRead(key, text, buffer, out ReadOnlySpan<byte> plain))
            Note(plain, value);
    }

    /// <summary>Turns the members into a read.</summary>
    /// <returns>Why there is none; the slot then holds nothing of use.</returns>
    public readonly RejectReason Fill(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        read.Reset();
        RejectReason reason = FillTime(text, ref read);
        if (reason == RejectReason.None)
            reason = FillChip(text, ref read);
        if (reason != RejectReason.None)
            return reason;

        bool ok = true;
        if (JsonNumber.Whole(_hits, text, 1, int.MaxValue, ref ok, out long hits))
            read.Hits = (int)hits;
        if (JsonNumber.Whole(_antenna, text, 0, ushort.MaxValue, ref ok, out long antenna))
            read.Antenna = (ushort)antenna;
        if (JsonNumber.Whole(_number, text, 0, long.MaxValue, ref ok, out long number))
            read.Number = number;
        if (JsonNumber.Scaled(_rssi, text, 2, short.MaxValue, ref ok, out int rssi))
            read.RssiCentiDbm = (short)rssi;
        bool hasLatitude = JsonNumber.Scaled(_latitude, text, 7, LatitudeLimit, ref ok, out int latitude);
        bool hasLongitude = JsonNumber.Scaled(_longitude, text, 7, LongitudeLimit, ref ok, out int longitude);
        if (hasLatitude && hasLongitude && (latitude | longitude) != 0)
        {
            read.LatitudeE7 = latitude;
            read.LongitudeE7 = longitude;
            read.Flags |= ReadFlags.HasPosition;
        }

        if (!ok)
            read.Flags |= ReadFlags.FieldDropped;
        return RejectReason.None;
    }

    readonly RejectReason FillTime(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        if (_timestamp.Kind != JsonKind.Text)
            return RejectReason.BadTime;
        if (!IsoTimestamp.TryParse(_timestamp.In(text), out long ticks, out ReadFlags flags))
        {
            RejectReason reason = ReadUnusualTime(text, out ticks, out flags);
            if (reason != RejectReason.None)
                return reason;
        }

        read.Time = ticks;
        read.Flags = flags;
        return RejectReason.None;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    readonly RejectReason ReadUnusualTime(ReadOnlySpan<byte> text, out long ticks, out ReadFlags flags)
    {
        ticks = 0;
        flags = ReadFlags.None;
        Span<byte> buffer = stackalloc byte[ShortText];
        return !JsonText.TryRead(_timestamp, text, buffer, out ReadOnlySpan<byte> time) ? RejectReason.BadSyntax
            : IsoTimestamp.TryParse(time, out ticks, out flags) ? RejectReason.None
            : RejectReason.BadTime;
    }

    [SkipLocalsInit]
    readonly RejectReason FillChip(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        if (_tag.Kind is not (JsonKind.Missing or JsonKind.Null or JsonKind.Text))
            read.Flags |= ReadFlags.FieldDropped;
        JsonValue chip = _tag.Kind == JsonKind.Text && !_tag.IsEmpty ? _tag : _epc;
        if (chip.Kind != JsonKind.Text || chip.IsEmpty)
            return RejectReason.NoChip;
        Span<byte> buffer = stackalloc byte[ShortText];
        if (!JsonText.TryRead(chip, text, buffer, out ReadOnlySpan<byte> code))
            return RejectReason.BadSyntax;
        if (!ChipCode.TryFromText(code, out ChipCode known))
            return RejectReason.ChipTooLong;
        read.Chip = known;
        return RejectReason.None;
    }
}
