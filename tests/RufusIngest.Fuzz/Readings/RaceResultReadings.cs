using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>Lines of a RACE RESULT decoder, an upload or an export.</summary>
static class RaceResultReading
{
    public static Expected? Read(Step step)
    {
        if (!step.HasRead)
            return null;
        string line = step.Line();
        string[] fields = (line.StartsWith("#P;", StringComparison.Ordinal) ? line[3..] : line).Split(';');
        string Field(int index) => index < fields.Length ? fields[index] : "";
        string date = fields[2];
        bool isSeconds = fields.Length == 11 && date.Length > 0 && !fields[3].Contains(':', StringComparison.Ordinal);
        (long? Ticks, ReadFlags Flags) time = TimeOf(date, fields[3], isSeconds);
        if (isSeconds)
        {
            return new(ChipOr(fields[1]), time.Ticks)
            {
                Kind = KindOf(fields[1]),
                Flags = time.Flags,
                Number = Slow.Digits(fields[0]),
            };
        }

        // The two layouts of 19 fields, otherwise the decoder's own.
        bool isUpload = fields.Length == 19 && date.Length > 0 && fields[8].Length != 1;
        int more = isUpload ? 2 : fields.Length == 19 && date.Length == 0 ? -1 : 0;
        int front = isUpload ? 2 : 0;
        Optional rest = new();
        bool isActive = rest.Number(Field(8 + front), 0, 1, 0) == 1;
        string chip = isUpload && isActive ? fields[8] : fields[1];
        int? rssi = isActive && !Field(6).StartsWith('-')
            ? rest.Number(Field(6), 0, 255, null) is { } packed ? ActiveRssi(packed) : ChipRead.NoRssi
            : rest.Rssi(Field(6));
        long file = rest.Small(Field(17 + more));
        long eventId = rest.Number(Field(4), 0, uint.MaxValue, 0)!.Value;
        long channel = rest.Number(Field(9 + front), 0, 15, 0)!.Value;
        bool isStoreMode = more >= 0 && rest.Number(Field(11 + more), 0, 1, 0) == 1;
        bool isStored = (rest.Number(Field(15 + more), 0, long.MaxValue, 0)!.Value & 0x40) != 0;
        long? battery = BatteryOf(Field(13 + more), rest);
        return new(ChipOr(chip), time.Ticks)
        {
            Kind = KindOf(chip),
            Flags = time.Flags | (isStored ? ReadFlags.Rewind : 0),
            Number = Slow.Digits(fields[0]),
            Hits = rest.Hits(Field(5)),
            Rssi = rssi,
            Antenna = rest.Small(Field(isActive ? 10 + front : 18 + more)),
            Detail = battery is null ? null : (ulong)(file | (eventId << 16) | (channel << 48))
                | (isStoreMode ? 1UL << 53 : 0) | ((ulong)battery.Value << 56),
            Point = step.IsEnded ? Field(19 + more) : null,
            Dropped = battery is null ? null : rest.Dropped,
        };
    }

    /// <summary>1/100 dBm of an active chip's packed byte.</summary>
    public static int ActiveRssi(long packed) => (int)(-90 + (((packed >> 4) & 7) * 4)) * 100;

    static string ChipOr(string chip) => chip == "99999" ? "" : chip;

    static ReadKind KindOf(string chip) => chip == "99999" ? ReadKind.Gun : ReadKind.Chip;

    static (long? Ticks, ReadFlags Flags) TimeOf(string date, string time, bool isSeconds)
    {
        long? ticks = isSeconds ? Slow.Seconds(time) : Slow.TimeOfDay(time);
        if (date.Length == 0)
            return (ticks, ReadFlags.NoDate);
        return date.StartsWith("0000-00-", StringComparison.Ordinal)
            ? (ticks + (Slow.Digits(date[8..]) * Slow.Day), ReadFlags.NoDate | ReadFlags.ClockNotSet)
            : (Slow.Date(date) + ticks, ReadFlags.None);
    }

    /// <summary>Tenths of a volt; null for a number too long to be one.</summary>
    static long? BatteryOf(string text, Optional rest)
    {
        decimal? tenths = Slow.Scaled(text.Replace(',', '.'), 10, out bool sure);
        if (!sure || text.Length > 16 || text.Count(c => c == ',') > 1)
            return null;
        rest.Drop(text.Length > 0 && tenths is not (>= 0 and <= 255));
        return tenths is >= 0 and <= 255 ? (long)tenths : 0;
    }
}

/// <summary>The USB box: its ticks and the number a fetch begins with.</summary>
sealed class RaceResultUsbReading
{
    (long Seconds, uint Tick)? _reference;
    long _nextId;
    long _idsLeft;

    public Expected? Next(Step step)
    {
        if (step.HasRead)
            return Read(step);
        foreach (Heard control in step.Controls)
            Note(control, step.Of(control));
        return null;
    }

    void Note(Heard control, string line)
    {
        string[] fields = line.Split(';');
        if (control.Kind == ControlKind.Greeting)
            (_reference, _nextId, _idsLeft) = (null, 0, 0);
        else if (control.Kind == ControlKind.Clock && fields.Length == 2)
            _reference = (Slow.Hex(fields[0])!.Value, (uint)Slow.Hex(fields[1])!.Value);
        else if (control.Kind == ControlKind.Response)
            (_nextId, _idsLeft) = HeadOf(fields) is { } head ? head : (0, 0);
        else if (line == "EOR")
            _idsLeft = 0;
    }

    static (long, long)? HeadOf(string[] fields) =>
        fields is [{ Length: 8 } first, { Length: 2 } count] && Slow.Hex(first) is { } id && Slow.Hex(count) is { } left
            && !(first.All(char.IsAsciiLetterUpper) || first.StartsWith("EPOCHREF", StringComparison.Ordinal))
            ? (id, left)
            : null;

    Expected? Read(Step step)
    {
        string line = step.Line();
        bool isPushed = line.StartsWith("#P;", StringComparison.Ordinal);
        string[] fields = (isPushed ? line[3..] : line).Split(';');
        uint tick = (uint)Slow.Hex(fields[2])!.Value;
        Optional rest = new();
        long Hex(int index, long most)
        {
            long? value = Slow.Hex(fields[index]) is { } hex && hex <= most ? hex : null;
            rest.Drop(value is null && fields[index].Length > 0);
            return value ?? 0;
        }

        long hits = Hex(3, 65_535);
        long packed = Hex(4, 255);
        long antenna = Hex(8, 65_535);
        long data = Hex(10, 255);
        ulong detail = (ulong)(Hex(1, 65_535) | (packed << 16) | (Hex(5, 255) << 24) | (Hex(6, 255) << 32)
            | (Hex(9, 255) << 40) | (data << 48) | (Hex(7, 1) << 56));
        bool hasNumber = !isPushed && _idsLeft-- > 0;
        bool isGun = fields[0] == "_____127";
        return new(isGun ? "" : fields[0], TimeOf(tick))
        {
            Kind = isGun ? ReadKind.Gun : ReadKind.Chip,
            Flags = (_reference is null ? ReadFlags.SinceStart : ReadFlags.ZoneKnown)
                | ((data & 0x40) != 0 ? ReadFlags.Rewind : 0),
            Number = hasNumber ? _nextId++ : -1,
            Hits = (int)Math.Max(1, hits),
            Rssi = Slow.Hex(fields[4]) is >= 0 and <= 255 ? RaceResultReading.ActiveRssi(packed) : ChipRead.NoRssi,
            Antenna = (int)antenna,
            Detail = detail,
            Dropped = rest.Dropped,
        };
    }

    long TimeOf(uint tick) => _reference is { } reference
        ? (reference.Seconds * Slow.Second) + Ticks(unchecked((int)(tick - reference.Tick)))
        : Ticks(tick);

    static long Ticks(decimal count) => (long)Math.Floor(count * Slow.Second / 256);
}

/// <summary>The Track Box: a passing's age before the time of its request.</summary>
sealed class TrackBoxReading
{
    long? _boxTime;
    string _point = "";
    ulong _index;

    public Expected? Next(Step step)
    {
        if (step.HasRead)
            return Read(step);
        // A request whose time is unreadable is a reject, and counts nevertheless; one that is cut off does not.
        bool isRejected = step.Rejected.Length > 0;
        string line = isRejected ? step.Rejected : step.Controls.Count > 0 ? step.Of(step.Controls[0]) : "";
        bool isCutOff = isRejected && step.End + step.Rejected.Length == step.All.Length;
        if (line.StartsWith("POST ", StringComparison.Ordinal) && !isCutOff)
            Note(line);
        return null;
    }

    void Note(string request)
    {
        string[] parameters = request[(request.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&');
        parameters = request.Contains('?', StringComparison.Ordinal) ? parameters : [];
        string Value(string name) =>
            (parameters.FirstOrDefault(part => part.StartsWith(name, StringComparison.Ordinal)) ?? name)
            [name.Length..].Split(' ')[0];
        string time = Value("boxTime=");
        _boxTime = time.Length == 14 && time[13] == 'Z' ? Slow.Date("20" + time[..13], "yyyyMMdd'T'HHmmss") : null;
        _point = Value("boxId=");
        _index = (uint)(Slow.Digits(Value("index=")) ?? 0);
    }

    Expected? Read(Step step)
    {
        string[] fields = step.Line().Split(';');
        Optional rest = new();
        int? rssi = rest.Rssi(fields[2]);
        int hits = rest.Hits(fields[3]);
        ulong bibSet = (ulong)rest.Number(fields[10], 0, uint.MaxValue, 0)!.Value;
        // At the end of the stream the last number may be cut off, and is not taken.
        return new(fields[0], _boxTime is null ? null : _boxTime - Slow.Seconds(fields[1]))
        {
            Flags = _boxTime is null ? ReadFlags.NoTime : ReadFlags.ZoneKnown,
            Point = _point,
            Rssi = rssi,
            Hits = hits,
            Detail = step.IsEnded ? (_index << 32) | bibSet : null,
            Dropped = step.IsEnded ? rest.Dropped : null,
        };
    }
}
