using System.Buffers.Text;
using System.Runtime.CompilerServices;
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
        if (Whole(_hits, text, 1, int.MaxValue, ref ok, out long hits))
            read.Hits = (int)hits;
        if (Whole(_antenna, text, 0, ushort.MaxValue, ref ok, out long antenna))
            read.Antenna = (ushort)antenna;
        if (Whole(_number, text, 0, long.MaxValue, ref ok, out long number))
            read.Number = number;
        if (Scaled(_rssi, text, 2, short.MaxValue, ref ok, out int rssi))
            read.RssiCentiDbm = (short)rssi;
        bool hasLatitude = Scaled(_latitude, text, 7, LatitudeLimit, ref ok, out int latitude);
        bool hasLongitude = Scaled(_longitude, text, 7, LongitudeLimit, ref ok, out int longitude);
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

    /// <summary>A whole number within bounds; clears <paramref name="ok"/> when there is something else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Whole(JsonValue value, ReadOnlySpan<byte> text, long least, long most, ref bool ok, out long number)
    {
        number = 0;
        if (value.Kind <= JsonKind.Null)
            return false;
        bool good = value.Kind == JsonKind.Number
            ? TryWhole(value.In(text), out number)
            : TryWholeText(value, text, out number);
        good = good && number >= least && number <= most;
        ok &= good;
        return good;
    }

    static bool TryWhole(ReadOnlySpan<byte> digits, out long number) =>
        AsciiNumber.TryUnsigned(digits, out number) || TryLongWhole(digits, out number);

    /// <summary>More digits than <see cref="AsciiNumber"/> takes; no sign, which the framework accepts.</summary>
    static bool TryLongWhole(ReadOnlySpan<byte> digits, out long number)
    {
        number = 0;
        return digits.Length > 18 && digits[0] is >= (byte)'0' and <= (byte)'9'
            && Utf8Parser.TryParse(digits, out number, out int used) && used == digits.Length;
    }

    static bool TryWholeText(JsonValue value, ReadOnlySpan<byte> text, out long number)
    {
        Span<byte> buffer = stackalloc byte[ShortText];
        number = 0;
        return value.Kind == JsonKind.Text && JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> digits)
            && TryWhole(digits, out number);
    }

    /// <summary>A decimal number within ± <paramref name="most"/> after scaling; otherwise as the whole ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Scaled(JsonValue value, ReadOnlySpan<byte> text, int decimals, int most, ref bool ok, out int number)
    {
        number = 0;
        if (value.Kind <= JsonKind.Null)
            return false;
        bool good = value.Kind == JsonKind.Number
            ? ScaledNumber.TryParse(value.In(text), decimals, out long scaled)
            : TryScaledText(value, text, decimals, out scaled);
        good = good && scaled >= -most && scaled <= most;
        ok &= good;
        number = good ? (int)scaled : 0;
        return good;
    }

    static bool TryScaledText(JsonValue value, ReadOnlySpan<byte> text, int decimals, out long scaled)
    {
        Span<byte> buffer = stackalloc byte[ShortText];
        scaled = 0;
        return value.Kind == JsonKind.Text && JsonText.TryRead(value, text, buffer, out ReadOnlySpan<byte> digits)
            && ScaledNumber.TryParse(digits, decimals, out scaled);
    }
}
