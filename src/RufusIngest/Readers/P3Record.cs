using System.Buffers.Binary;
using System.Buffers.Text;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>What a record of a P3 decoder says: fields of a number, a length and a value, lowest byte first, in any
/// order.</summary>
static class P3Record
{
    public const ushort Passing = 0x0001;

    const ushort Status = 0x0002;
    const ushort Watchdog = 0x0018;
    const ushort Ping = 0x0020;
    const ushort GetTime = 0x0024;
    const ushort Error = 0xFFFF;

    const byte Number = 0x01;
    const byte Transponder = 0x03;
    const byte Time = 0x04;
    const byte Strength = 0x05;
    const byte Hits = 0x06;
    const byte Flags = 0x08;
    const byte Code = 0x0A;
    const byte Utc = 0x10;
    const byte DecoderId = 0x81;

    /// <summary>Reads a passing. Fields that it does not know are passed over.</summary>
    public static RejectReason TakePassing(ReadOnlySpan<byte> fields, bool wantsCode, ref ChipRead read)
    {
        PassingFields kept = default;
        for (int at = 0; at < fields.Length;)
        {
            if (!TryField(fields, ref at, out byte id, out ReadOnlySpan<byte> value))
                return RejectReason.TooFewFields;
            if (id == Code)
                kept.Code = value;
            else if (value.Length is > 0 and <= sizeof(ulong))
                Note(id, BinaryFields.LittleEndian(value), ref kept, ref read);
        }

        return Finish(kept, wantsCode, ref read);
    }

    static void Note(byte id, ulong value, ref PassingFields kept, ref ChipRead read)
    {
        switch (id)
        {
            case Number:
                read.Number = value <= long.MaxValue ? (long)value : -1;
                ReadFields.Dropped(value > long.MaxValue, ref read);
                break;
            case Transponder:
                kept.Transponder = value;
                kept.Has |= Has.Transponder;
                break;
            case Time:
                kept.Time = value;
                kept.Has |= Has.Time;
                break;
            case Utc:
                kept.Utc = value;
                break;
            case Strength:
                Put(value, 0, ushort.MaxValue, ref read);
                break;
            case Hits:
                read.Hits = (int)Math.Clamp(value, 1, int.MaxValue);
                break;
            case Flags:
                Put(value, 16, ushort.MaxValue, ref read);
                break;
            case DecoderId:
                Put(value, 32, uint.MaxValue, ref read);
                break;
        }
    }

    /// <summary>A part of the detail. Of two fields with one number the last counts.</summary>
    static void Put(ulong value, int at, ulong most, ref ChipRead read)
    {
        ReadFields.Dropped(value > most, ref read);
        read.Detail = (read.Detail & ~(most << at)) | (value <= most ? value << at : 0);
    }

    [Flags]
    enum Has
    {
        Nothing = 0,
        Transponder = 1,
        Time = 2,
    }

    ref struct PassingFields
    {
        public Has Has;
        public ulong Transponder;
        public ulong Time;
        public ulong Utc;
        public ReadOnlySpan<byte> Code;
    }

    static RejectReason Finish(in PassingFields kept, bool wantsCode, ref ChipRead read)
    {
        // A GPS that has no time yet says 0, or the day it counts from.
        bool hasTime = (kept.Has & Has.Time) != 0;
        if (BinaryFields.IsSet(kept.Utc) || (kept.Utc != 0 && !hasTime))
            BinaryFields.SinceEpoch(kept.Utc, ReadFlags.ZoneKnown, ref read);
        else if (hasTime)
            BinaryFields.SinceEpoch(kept.Time, ReadFlags.None, ref read);
        else
            read.Flags |= ReadFlags.NoTime;
        ReadOnlySpan<byte> code = kept.Code.TrimEnd((byte)0).Trim((byte)' ');
        if (wantsCode && !code.IsEmpty)
        {
            if (ReadFields.Chip(code, ref read) == RejectReason.None)
                return RejectReason.None;
            ReadFields.Dropped(true, ref read);
        }

        if ((kept.Has & Has.Transponder) == 0)
            return RejectReason.NoChip;
        Span<byte> digits = stackalloc byte[20];
        _ = Utf8Formatter.TryFormat(kept.Transponder, digits, out int length);
        return ReadFields.Chip(digits[..length], ref read);
    }

    /// <summary>Says what any other record is.</summary>
    public static RejectReason AddControl(ushort type, ReadOnlySpan<byte> fields, ref FrameOutput output)
    {
        ulong first = 0; // Noise, the decoder's clock or the code of an error.
        ulong utc = 0;
        byte utcId = type == GetTime ? (byte)0x05 : (byte)0;
        for (int at = 0; at < fields.Length;)
        {
            if (!TryField(fields, ref at, out byte id, out ReadOnlySpan<byte> value))
                return RejectReason.TooFewFields;
            if (value.Length is 0 or > sizeof(ulong))
                continue;
            if (id == 0x01)
                first = BinaryFields.LittleEndian(value);
            else if (id == utcId)
                utc = BinaryFields.LittleEndian(value);
        }

        ChipRead time = default;
        BinaryFields.SinceEpoch(utc != 0 ? utc : first, ReadFlags.None, ref time);
        ControlKind kind = KindOf(type);
        if (kind == ControlKind.Clock && time.Time == 0)
            kind = ControlKind.Response; // Without a time it tells none.
        long number = kind == ControlKind.Clock ? time.Time
            : kind == ControlKind.Status || type == Error ? (long)Math.Min(first, long.MaxValue)
            : type;
        output.Add(kind, number, kind == ControlKind.Clock && utc != 0 ? (byte)1 : (byte)0);
        return RejectReason.None;
    }

    static ControlKind KindOf(ushort type) => type switch
    {
        Status => ControlKind.Status,
        GetTime => ControlKind.Clock,
        Watchdog or Ping => ControlKind.KeepAlive,
        // Reset, version, resend, clear passing, settings, session, signals, triggers, GPS, contact, timeline, error.
        0 or 0x03 or 0x04 or 0x05 or 0x13 or 0x15 or 0x16 or 0x28 or 0x2D or 0x2F or 0x30 or 0x45 or 0x4A or Error =>
            ControlKind.Response,
        _ => ControlKind.Unknown,
    };

    static bool TryField(ReadOnlySpan<byte> fields, scoped ref int at, out byte id, out ReadOnlySpan<byte> value)
    {
        id = fields[at];
        value = default;
        if (fields.Length - at < 2 || fields[at + 1] > fields.Length - at - 2)
            return false;
        value = fields.Slice(at + 2, fields[at + 1]);
        at += 2 + value.Length;
        return true;
    }
}
