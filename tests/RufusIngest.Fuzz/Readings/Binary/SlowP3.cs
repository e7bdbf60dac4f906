using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>P3 the obvious way.</summary>
static class SlowP3
{
    /// <summary>A record as the decoder sends it.</summary>
    public static byte[] Record(
        int type, IEnumerable<byte> fields, byte version = 2, int? length = null, int? crc = null)
    {
        List<byte> record = [0x8E, version, 0, 0, 0, 0, 0, 0, (byte)type, (byte)(type >> 8), .. fields, 0x8F];
        int declared = length ?? record.Count;
        (record[2], record[3]) = ((byte)declared, (byte)(declared >> 8));
        int check = crc ?? SlowFrames.Amb(record);
        (record[4], record[5]) = ((byte)check, (byte)(check >> 8));
        return
        [
            0x8E,
            .. record[1..^1].SelectMany(b => b is >= 0x8D and <= 0x8F ? [0x8D, (byte)(b + 0x20)] : (byte[])[b]),
            0x8F,
        ];
    }

    public static byte[] Field(byte id, ulong value, int bytes) =>
        [id, (byte)bytes, .. BitConverter.GetBytes(value).Take(bytes)];

    public static int LengthAt(byte[] stream, int at)
    {
        if (stream[at] != 0x8E)
            return 0;
        for (int length = 2; length <= 1024 && at + length <= stream.Length; length++)
        {
            byte last = stream[at + length - 1];
            if (last is 0x8E or 0x8F)
                return last == 0x8F ? length : 0;
        }

        return 0;
    }

    public static List<SlowRead> ReadsOf(byte[] frame, bool wantsCode = false)
    {
        if (Unescaped(frame) is not { Count: >= 11 } record)
            return [];
        int crc = record[4] | (record[5] << 8);
        int declared = record[2] | (record[3] << 8);
        (record[4], record[5]) = (0, 0);
        bool isPassing = record[8] == 1 && record[9] == 0;
        if (!isPassing || declared != record.Count || crc != SlowFrames.Amb(record))
            return [];
        return FieldsOf(record[10..^1]) is { } fields && ReadOf(fields, wantsCode) is { } read ? [read] : [];
    }

    static List<byte>? Unescaped(byte[] frame)
    {
        List<byte> record = [];
        for (int at = 0; at < frame.Length; at++)
        {
            bool isEscape = frame[at] == 0x8D;
            at += isEscape ? 1 : 0;
            if (isEscape && at == frame.Length - 1)
                return null;
            record.Add((byte)(frame[at] - (isEscape ? 0x20 : 0)));
        }

        return record;
    }

    static List<(byte Id, byte[] Value)>? FieldsOf(List<byte> bytes)
    {
        List<(byte Id, byte[] Value)> fields = [];
        while (bytes.Count > 0)
        {
            if (bytes.Count < 2 || bytes.Count < 2 + bytes[1])
                return null;
            byte[] value = [.. bytes[2..(2 + bytes[1])]];
            if (bytes[0] == 0x0A || value.Length is > 0 and <= 8)
                fields.Add((bytes[0], value));
            bytes = bytes[(2 + value.Length)..];
        }

        return fields;
    }

    static SlowRead? ReadOf(List<(byte Id, byte[] Value)> fields, bool wantsCode)
    {
        bool dropped = false;
        // Of several fields with one number the last counts.
        ulong Value(int id, ulong most, ulong otherwise)
        {
            ulong last = otherwise;
            foreach (byte[] bytes in fields.Where(field => field.Id == id).Select(field => field.Value))
            {
                ulong value = BitConverter.ToUInt64([.. bytes, .. new byte[8 - bytes.Length]]);
                dropped |= value > most;
                last = value <= most ? value : otherwise;
            }

            return last;
        }

        byte[] text = wantsCode ? fields.LastOrDefault(field => field.Id == 0x0A, (0, [])).Value : [];
        string code = Encoding.Latin1.GetString(text);
        code = code.TrimEnd('\0').Trim(' ');
        bool isHex = code.Length % 2 == 0 && code.All(char.IsAsciiHexDigit)
            && (!code.Any(char.IsAsciiLetterUpper) || !code.Any(char.IsAsciiLetterLower));
        bool isCode = code.Length > 0 && code.Length <= (isHex ? ChipCode.MaxTextLength : ChipCode.MaxBytes)
            && !code.Any(c => c < ' ');
        dropped |= code.Length > 0 && !isCode;
        if (!isCode && !fields.Exists(field => field.Id == 3))
            return null;
        ulong utc = Value(0x10, ulong.MaxValue, 0);
        bool hasTime = fields.Exists(field => field.Id == 4);
        bool isUtcSet = utc is >= 978_307_200_000_000 and < 253_402_214_400_000_000;
        utc = isUtcSet || !hasTime ? utc : 0;
        hasTime |= utc != 0;
        ulong time = utc != 0 ? utc : Value(4, ulong.MaxValue, 0);
        bool isTime = hasTime && time < 253_402_214_400_000_000;
        dropped |= hasTime && !isTime;
        ulong number = Value(1, long.MaxValue, ulong.MaxValue);
        ulong hits = Value(6, ulong.MaxValue, 1);
        ulong detail = Value(5, 0xFFFF, 0) | (Value(8, 0xFFFF, 0) << 16) | (Value(0x81, 0xFFFF_FFFF, 0) << 32);
        string chip = isCode
            ? Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(code))
            : $"{Value(3, ulong.MaxValue, 0)}";
        return new SlowRead(chip)
        {
            Time = isTime ? (long)time * 10 : 0,
            Number = (long)number,
            Hits = (int)Math.Clamp(hits, 1, int.MaxValue),
            Detail = detail,
            Flags = (!isTime ? ReadFlags.NoTime : utc != 0 ? ReadFlags.ZoneKnown : 0)
                | (isTime && time < 978_307_200_000_000 ? ReadFlags.ClockNotSet : 0)
                | (dropped ? ReadFlags.FieldDropped : 0),
        };
    }
}
