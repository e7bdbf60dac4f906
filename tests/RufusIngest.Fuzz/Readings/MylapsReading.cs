using System.Text.RegularExpressions;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>Records of MYLAPS messages; a record's location and kind stand at its message's front.</summary>
static partial class MylapsReading
{
    public static Expected? Read(Step step)
    {
        if (!step.HasRead)
            return null;
        // What stands before the message's end belongs to the record, line ends too; what stands behind it to nothing.
        string taken = step.Taken;
        int end = taken.IndexOf('$', taken.TrimEnd('\r', '\n', '\0', '$').Length);
        string before = Step.Latin(step.All[..(step.Start + (end < 0 ? taken.Length : end))]);
        string message = before[(before.LastIndexOf('$') + 1)..].TrimStart('\r', '\n', '\0');
        message = message.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? message[3..] : message;
        message = Mark().Replace(message, "");
        string[] parts = message.Split('@');
        if (parts.Length < 3)
            return null;
        string record = parts[^1].TrimStart('\r', '\n', '\0');
        Expected? read = parts[1] switch
        {
            "Store" => Store(record),
            "Passing" => Passing(Keys(record)),
            _ => Marker(record),
        };
        return read is null ? null : read with { Point = parts[0] };
    }

    /// <summary>The mark that ends a record, with what is passed over behind it.</summary>
    [GeneratedRegex(@"@[@\r\n\0]*\z")]
    private static partial Regex Mark();

    static Expected? Store(string record)
    {
        if (record.Length != 39 || record[..37].Sum(c => c) % 256 != Slow.Hex(record[37..]))
            return new("none: no such record", 0);
        string Column(int at, int length) => record.Substring(at, length).TrimStart(' ');
        Optional rest = new();
        int device = rest.Small(Column(19, 2));
        int reader = rest.Small(Column(21, 2));
        int lap = rest.Small(Column(24, 3));
        long? antennas = Slow.Hex(record[23..24]);
        long? sequence = Slow.Hex(record[27..31]);
        rest.Drop((antennas is null && record[23] != ' ') || sequence is null);
        return new(record[..7], Slow.Date("20" + record[31..37], "yyyyMMdd") + Slow.TimeOfDay(Column(7, 12)))
        {
            SubReader = device,
            Number = sequence ?? -1,
            Detail = (ulong)(lap + ((antennas ?? 0) << 16) + ((long)reader << 32)),
            Dropped = rest.Dropped,
        };
    }

    static Dictionary<string, string> Keys(string record)
    {
        Dictionary<string, string> keys = [];
        foreach (string[] pair in record.Split('|').Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2))
            keys[pair[0]] = pair[1];
        return keys;
    }

    static (long? Ticks, ReadFlags Flags) TimeOf(Dictionary<string, string> keys)
    {
        string date = keys.GetValueOrDefault("d", "");
        long? time = Slow.TimeOfDay(keys.GetValueOrDefault("t", ""));
        return date.Length == 0
            ? (time, ReadFlags.NoDate)
            : (Slow.Date("20" + date, "yyyyMMdd") + time, ReadFlags.None);
    }

    static Expected? Passing(Dictionary<string, string> keys)
    {
        string Key(string key) => keys.GetValueOrDefault(key, "");
        (long? ticks, ReadFlags flags) = TimeOf(keys);
        Optional rest = new();
        string antenna = Key("an");
        bool isMask = antenna.Length == 8 && antenna.All(c => c is '0' or '1');
        int type = Array.IndexOf(["", "AP", "LF", "CX", "UH", "NOTCX", "UNKNOWN"], Key("ct"));
        return new(Key("c"), ticks ?? long.MinValue)
        {
            Flags = flags,
            Hits = rest.Hits(Key("h")),
            SubReader = rest.Small(Key("dv")),
            Antenna = isMask ? 0 : rest.Small(antenna),
            Detail = (ulong)(rest.Small(Key("l")) + ((isMask ? Convert.ToInt64(antenna, 2) : 0) << 16)
                + ((long)Math.Max(type, 0) << 24) + ((long)rest.Small(Key("re")) << 32)),
            Dropped = rest.Dropped,
        };
    }

    static Expected Marker(string record)
    {
        string[] fields = record.Split('|');
        bool hasKeys = fields[0].Contains('=', StringComparison.Ordinal);
        Dictionary<string, string> keys = Keys(record);
        string type = hasKeys ? keys.GetValueOrDefault("mt", "") : fields.ElementAtOrDefault(1) ?? "";
        string name = hasKeys ? keys.GetValueOrDefault("n", "") : fields.ElementAtOrDefault(2) ?? "";
        (long? ticks, ReadFlags flags) = hasKeys ? TimeOf(keys) : (Slow.DateAndTime(fields[0]), ReadFlags.None);
        return new("", ticks ?? long.MinValue)
        {
            Kind = (type.Length > 0 ? type : name).Contains("gun", StringComparison.OrdinalIgnoreCase)
                ? ReadKind.Gun : ReadKind.Marker,
            Flags = flags,
        };
    }
}
