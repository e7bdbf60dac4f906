using System.Buffers.Text;
using System.Text.Json;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>Slow readings of the protocols of JSON objects whose reads need nothing of earlier ones.</summary>
static class JsonReadings
{
    const string Separators = " \t\r\n\0,[]";

    /// <summary>Where the frame begins among what was taken: behind what separates objects.</summary>
    public static int StartOf(Step step) => StartOf(step, step.End - step.Frame.Length);

    /// <summary>The first byte from a place on that is no separator.</summary>
    public static int StartOf(Step step, int from)
    {
        while (true)
        {
            if (from < step.End && Separators.Contains((char)step.All[from], StringComparison.Ordinal))
                from++;
            else if (step.All[from..step.End].StartsWith("\uFEFF"u8))
                from += 3;
            else
                return from;
        }
    }

    /// <summary>The object of the read, or null where it is a line.</summary>
    static JsonObject? ObjectOf(Step step, bool resolvesNames = false)
    {
        int start = StartOf(step);
        return step.All[start] == '{' ? new JsonObject(step.All[start..step.End], resolvesNames) : null;
    }

    static string LineOf(Step step) => Step.Latin(step.All[StartOf(step)..step.End]).Split('\r', '\n')[0];

    public static Expected? Chronokeep(Step step)
    {
        JsonObject found = ObjectOf(step)!;
        OptionalMembers rest = new();
        long? seconds = rest.Whole(found["seconds"], 0, 253_402_214_399);
        long? milliseconds = rest.Whole(found["milliseconds"], 0, 999);
        int? rssi = rest.Rssi(found["rssi"]);
        return JsonObject.TextOrNumber(found["identifier"]) is not { } chip ? null
            : new(chip, (seconds * Slow.Second) + ((milliseconds ?? 0) * Slow.Millisecond))
            {
                Flags = ReadFlags.ZoneKnown,
                Antenna = rest.Antenna(found["antenna"]),
                Rssi = rssi,
                Point = JsonObject.Point(found["reader"]),
                Dropped = rest.Dropped,
            };
    }

    public static Expected? CloudBox(Step step)
    {
        JsonObject found = ObjectOf(step, resolvesNames: true)!;
        JsonElement tag = found["tagStr"];
        JsonElement epc = found["epc"];
        OptionalMembers rest = new();
        rest.Drop(tag.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.String));
        string? chip = tag.ValueKind == JsonValueKind.String && JsonObject.IsGiven(tag)
            ? JsonObject.Text(tag) : JsonObject.Text(epc);
        if (chip is null || Slow.Iso(JsonObject.Text(found["timestamp"]) ?? "") is not { } time)
            return new("none: no chip or no time", 0);
        int? rssi = rest.Rssi(found["rssi"]);
        decimal? latitude = rest.Scaled(found["latitude"], 1e7m, 90e7m, out bool isSaid);
        decimal? longitude = rest.Scaled(found["longitude"], 1e7m, 180e7m, out bool isSaidToo);
        // A position of more digits than any has.
        if (!isSaid || !isSaidToo)
            return null;
        bool hasPosition = latitude is not null && longitude is not null && (latitude != 0 || longitude != 0);
        return new(chip, time.Ticks)
        {
            Flags = time.Flags | (hasPosition ? ReadFlags.HasPosition : 0),
            Hits = rest.Hits(found["seenCount"]),
            Antenna = rest.Antenna(found["antenna"]),
            Number = rest.Number(found["passingNumber"]),
            Rssi = rssi,
            Dropped = rest.Dropped,
        };
    }

    public static Expected? Feibot(Step step)
    {
        if (ObjectOf(step) is not { } found)
            return FeibotLine(LineOf(step));
        bool isDateless = !JsonObject.IsThere(found["time"]);
        string text = JsonObject.Text(found[isDateless ? "RTC" : "time"]) ?? "";
        (long? Ticks, ReadFlags Flags) time = isDateless ? (Slow.TimeOfDay(text), ReadFlags.NoDate)
            : Slow.Iso(text) is { } iso ? iso : (Slow.DateAndTime(text), ReadFlags.None);
        OptionalMembers rest = new();
        int? rssi = rest.Rssi(found["rssi"]);
        return new((JsonObject.Text(found["epc", "EPC"]) ?? "").ToUpperInvariant(), time.Ticks ?? long.MinValue)
        {
            Flags = time.Flags,
            Antenna = rest.Antenna(found["channelId", "ANT"]),
            Rssi = rssi,
            Point = JsonObject.Point(found["DeviceCode"]),
            Dropped = rest.Dropped,
        };
    }

    static Expected FeibotLine(string line)
    {
        string[] parts = line.Split(':', 2);
        string[] fields = parts[1].Split(',');
        Optional rest = new();
        int antenna = 0;
        int? rssi = ChipRead.NoRssi;
        foreach (string field in fields.Skip(1).Take(23))
        {
            if (field.StartsWith("port=", StringComparison.Ordinal))
                antenna = rest.Small(field[5..]);
            else if (field.StartsWith("rssi=", StringComparison.Ordinal))
                rssi = rest.Rssi(field[5..]) is { } said && said != ChipRead.NoRssi ? said : rssi;
        }

        // Of a field given twice nothing is said.
        bool isTwice = fields.Count(field => field.StartsWith("rssi=", StringComparison.Ordinal)) > 1;
        return new(parts[0].ToUpperInvariant(), Slow.DateAndTime(fields[0]))
        {
            Antenna = antenna,
            Rssi = isTwice || rest.Dropped is null ? null : rssi,
            Dropped = isTwice ? null : rest.Dropped,
        };
    }

    public static Expected? PikaReader(Step step)
    {
        JsonObject found = ObjectOf(step)!;
        OptionalMembers rest = new();
        long? epoch = rest.Whole(found["epochMilli"], 0, 253_402_214_399_000);
        (long Ticks, ReadFlags Flags)? local = JsonObject.Text(found["timestamp"]) is { } text ? Slow.Iso(text) : null;
        bool inSeconds = epoch < 100_000_000_000;
        long? time = epoch is null ? local?.Ticks
            : !inSeconds ? epoch * Slow.Millisecond
            : WithDecimals(epoch.Value * Slow.Second, local?.Ticks);
        // A bad epochMilli counts as dropped where the timestamp stands in for it, the reader's name never.
        int? rssi = rest.Rssi(found["rssi"]);
        int antenna = rest.Antenna(found["antenna"]);
        JsonElement reader = found["reader"];
        long? number = new OptionalMembers().Whole(reader, 0, 65_535);
        bool isGun = JsonObject.Raw(found["chip"]) is "0" or "\"0\"" && (inSeconds || antenna == 0);
        if (JsonObject.TextOrNumber(found["chip"]) is not { } chip)
            return null;
        return new(isGun ? "" : chip, time ?? long.MinValue)
        {
            Kind = isGun ? ReadKind.Gun : ReadKind.Chip,
            Flags = epoch is null ? local?.Flags ?? 0 : ReadFlags.ZoneKnown,
            Antenna = antenna,
            Rssi = rssi,
            SubReader = (int)(number ?? 0),
            Point = number is null ? JsonObject.Point(reader) : "",
            Dropped = rest.Dropped,
        };
    }

    /// <summary>The decimals of a local time of the same moment, or up to two seconds later, in some zone.</summary>
    static long WithDecimals(long utc, long? local)
    {
        const long Quarter = 15 * 60 * Slow.Second;
        if (local is null)
            return utc;
        long zone = (long)Math.Floor((local.Value - utc) / (decimal)Quarter) * Quarter;
        long behind = local.Value - zone - utc;
        return behind < 2 * Slow.Second ? utc + behind : utc;
    }

    public static Expected? R700(Step step)
    {
        string taken = Step.Latin(step.All[..step.End]);
        int start = taken.IndexOf('{', step.Start);
        JsonObject found = new(step.All[start..step.End]);
        if (!JsonObject.IsThere(found["tagInventoryEvent"]))
            found = found.Inner("originalMessage") ?? found;
        JsonObject? tag = found.Inner("tagInventoryEvent");
        if (tag is null)
            return new("none: no tag", 0);
        (long Ticks, ReadFlags Flags)? reported = JsonObject.Text(found["timestamp"]) is { } r ? Slow.Iso(r) : null;
        (long Ticks, ReadFlags Flags)? seen = JsonObject.Text(tag["lastSeenTime"]) is { } s ? Slow.Iso(s) : null;
        if ((seen ?? reported) is not { } time)
            return new("none: no time", 0);
        string? chip = JsonObject.IsGiven(tag["epcHex"])
            ? JsonObject.TextOrNumber(tag["epcHex"])
            : JsonObject.Text(tag["epc"]) is { } base64 ? Convert.ToHexString(Base64Url.DecodeFromChars(base64)) : null;
        OptionalMembers rest = new();
        rest.Drop(seen is null && JsonObject.IsGiven(tag["lastSeenTime"]));
        int? rssi = rest.Rssi(tag["peakRssiCdbm"], 1);
        return chip is null ? null : new(chip, time.Ticks)
        {
            Flags = time.Flags,
            Detail = seen is not null && reported?.Ticks > seen.Value.Ticks && reported.Value.Flags == seen.Value.Flags
                ? (ulong)((reported.Value.Ticks - seen.Value.Ticks) / Slow.Millisecond) : 0,
            Antenna = rest.Antenna(tag["antennaPort"]),
            Rssi = rssi,
            Point = JsonObject.Point(tag["antennaName"]),
            Dropped = rest.Dropped,
        };
    }

    public static Expected? RaceResult(Step step)
    {
        JsonObject record = ObjectOf(step)!;
        JsonObject? found = record.Inner("Passing");
        if (found is null || Slow.Iso(JsonObject.Text(found["UTCTime"]) ?? "") is not { } time)
            return new("none: no passing or time", 0);
        OptionalMembers rest = new();
        long number = rest.Number(found["PassingNo"]);
        string? chip = JsonObject.TextOrNumber(found["Transponder"]);
        bool isGun = found["IsMarker"].ValueKind == JsonValueKind.True
            || JsonObject.Raw(found["Transponder"]) is "99999" or "\"99999\"";
        long hits = Math.Max(1, rest.Whole(found["Hits"], 0, int.MaxValue) ?? 1);
        int? rssi = rest.Rssi(found["RSSI"]);
        int antenna = rest.Antenna(found["LoopID"]);
        long file = rest.Whole(found["FileNo"], 0, 65_535) ?? 0;
        long channel = rest.Whole(found["Channel"], 0, 15) ?? 0;
        decimal? battery = rest.Scaled(found["Battery"], 10, 255, out bool isSaid);
        bool hasPosition = PositionOf(found, rest, out bool isPositionSaid);
        if (!isSaid || !isPositionSaid || (chip is null && !isGun))
            return null;
        return new(isGun ? "" : chip!, time.Ticks)
        {
            Kind = isGun ? ReadKind.Gun : ReadKind.Chip,
            Flags = time.Flags | ReadFlags.ZoneKnown | (hasPosition ? ReadFlags.HasPosition : 0),
            Number = number,
            Hits = (int)hits,
            Rssi = rssi,
            Antenna = antenna,
            Detail = (ulong)file | ((ulong)channel << 48) | (battery > 0 ? (ulong)battery << 56 : 0)
                | (record["Invalid"].ValueKind == JsonValueKind.True ? 1UL << 52 : 0),
            Point = JsonObject.Text(record["TimingPoint"]) is { } name
                ? name.Length > 64 || JsonObject.Raw(record["TimingPoint"]).Contains('\\', StringComparison.Ordinal)
                    ? null : name
                : "",
            Dropped = rest.Dropped,
        };
    }

    static bool PositionOf(JsonObject passing, OptionalMembers rest, out bool isSaid)
    {
        isSaid = true;
        if (passing.Inner("Position") is not { } position)
            return false;
        // A member given twice: each is looked at.
        isSaid = position.Members.Count(member => member.Name is "Latitude" or "Longitude") <= 2
            && position.Members.DistinctBy(member => member.Name).Count() == position.Members.Count();
        decimal? latitude = rest.Scaled(position["Latitude"], 1e7m, 90e7m, out bool isLatitude);
        decimal? longitude = rest.Scaled(position["Longitude"], 1e7m, 180e7m, out bool isLongitude);
        isSaid &= isLatitude && isLongitude;
        return (latitude ?? 0) != 0 || (longitude ?? 0) != 0;
    }

    public static Expected? TimingSense(Step step)
    {
        if (ObjectOf(step) is not { } found)
            return TimingSenseLine(LineOf(step), step);
        OptionalMembers rest = new();
        long? type = rest.Whole(found["Type"], 0, 65_535);
        string? chip = JsonObject.TextOrNumber(found["Chip"]);
        if (Moment(JsonObject.Text(found["Moment"]) ?? "") is not { } time || (chip is null && type != 0))
            return new("none: no chip or no time", 0);
        int antenna = rest.Antenna(found["Antenna"]);
        return new(type == 0 ? "" : chip!, time.Ticks)
        {
            Kind = type == 0 ? ReadKind.Gun : ReadKind.Chip,
            Flags = time.Flags,
            Detail = (ulong)(type ?? 0),
            Antenna = antenna,
            SubReader = (int)(new OptionalMembers().Whole(found["Source"], 0, 65_535) ?? 0),
            Point = JsonObject.Point(found["TimingPoint"]),
            Dropped = rest.Dropped,
        };
    }

    static (long Ticks, ReadFlags Flags)? Moment(string text) =>
        Slow.Iso(text.EndsWith('Z') || text.EndsWith('z') ? text[..^1] : text);

    static Expected? TimingSenseLine(string line, Step step)
    {
        string[] fields = [.. line.Split(line.Contains(';', StringComparison.Ordinal) ? ';' : ','), "", "", ""];
        string Field(int index)
        {
            string field = fields[index];
            bool begins = field.StartsWith('"');
            bool ends = field.Length > 1 && field.EndsWith('"');
            return begins && ends ? field[1..^1] : begins || ends ? "" : field;
        }

        // What looks like a separator of objects was passed over; at the front it could be the chip's.
        if (step.All[step.Start] is (byte)'[' or (byte)']')
            return null;
        long? type = Slow.Digits(Field(3)) is { } digits and <= 65_535 ? digits : null;
        long? dayFirst = Slow.DateAndTime(Field(1), date => Slow.DateDayFirst(date), " T");
        (long Ticks, ReadFlags Flags)? time = dayFirst is { } ticks ? (ticks, ReadFlags.None) : Moment(Field(1));
        return new(type == 0 ? "" : Field(0), time?.Ticks ?? long.MinValue)
        {
            Kind = type == 0 ? ReadKind.Gun : ReadKind.Chip,
            Flags = time?.Flags ?? 0,
            Detail = (ulong)(type ?? 0),
            Point = Field(2),
            Dropped = type is null && fields[3].Length > 0,
        };
    }
}

/// <summary>Objects in the list of a post, and the members of the post that count for all of them.</summary>
sealed class PostReading(Func<JsonObject, PostReading.Post?, Expected?> read, Func<Step, int, Expected?>? line = null)
{
    int _end;
    Post? _post;

    /// <summary>The outer object.</summary>
    internal sealed record Post(JsonObject Members);

    public Expected? Next(Step step)
    {
        if (!step.HasRead)
        {
            // The beginning of a post: the whole of it is read, since what counts may stand behind the list.
            foreach (Heard control in step.Controls)
            {
                if (step.All[control.Offset] != '{' || control.Offset < _end)
                    continue;
                JsonObject members = new(step.All[control.Offset..]);
                _post = new Post(members);
                _end = control.Offset + members.Length;
            }

            return null;
        }

        int start = JsonReadings.StartOf(step);
        // What is left of a post behind its list goes with the next frame.
        if (step.Start < _end && Step.Latin(step.All[step.Start.._end]).TrimStart() is [']', ..])
            start = JsonReadings.StartOf(step, _end);
        return step.All[start] == '{' ? read(new JsonObject(step.All[start..step.End]), start < _end ? _post : null)
            : line?.Invoke(step, start);
    }

    /// <summary>Sleds' messages hold several tags, others one.</summary>
    public static Expected? Zebra(JsonObject found, Post? post)
    {
        JsonObject message = post?.Members ?? found;
        JsonObject? tag = post is null ? found.Inner("data") : found;
        if (tag is null || Slow.Iso(JsonObject.Text(message["timestamp"]) ?? "") is not { } time)
            return new("none: no data or time", 0);
        // Of the other names of the chip the first that is given counts.
        JsonElement chip = tag["idHex"];
        if (!JsonObject.IsGiven(chip))
        {
            chip = tag.Members.Where(member => member.Name is "EPCid" or "EPC").Select(member => member.Value)
                .FirstOrDefault(JsonObject.IsGiven);
        }

        OptionalMembers rest = new();
        int? rssi = rest.Rssi(tag["peakRssi"]);
        return new(JsonObject.Text(chip) ?? "none: no chip", time.Ticks)
        {
            Flags = time.Flags,
            Antenna = rest.Antenna(tag["antenna"]),
            Rssi = rssi,
            Number = rest.Number(tag["eventNum"]),
            Hits = rest.Hits(tag["reads", "seenCount"]),
            Point = JsonObject.Point(tag["hostName"]),
            Dropped = rest.Dropped,
        };
    }

    /// <summary>Usual names, the better one first.</summary>
    public static Expected? RfidJson(JsonObject found, Post? post)
    {
        JsonElement Best(params string[] names) => found.Members.Where(member => names.Contains(member.Name))
            .OrderBy(member => JsonObject.IsGiven(member.Value) ? Array.IndexOf(names, member.Name) : 100)
            .FirstOrDefault().Value;

        JsonElement time = Best("readAt", "timestamp", "time", "t");
        bool hasTime = JsonObject.IsGiven(time);
        (long Ticks, ReadFlags Flags)? said = hasTime ? IsoOrUnix(time) : (0, ReadFlags.NoTime);
        JsonElement reader = (post?.Members ?? found)["reader_id"];
        OptionalMembers ofReader = new();
        long? number = ofReader.Whole(reader, 0, 65_535);
        OptionalMembers rest = new();
        int? rssi = rest.Rssi(found["rssi", "peakRssi"]);
        return JsonObject.TextOrNumber(Best("epc", "epcHex", "idHex", "tag", "id")) is not { } chip ? null
            : new(chip, hasTime ? said?.Ticks ?? long.MinValue : null)
            {
                Flags = said?.Flags ?? 0,
                Antenna = rest.Antenna(found["antennaPort", "antenna", "port"]),
                Rssi = rssi,
                SubReader = (int)(number ?? 0),
                Point = number is null && ofReader.Dropped is true ? JsonObject.Point(reader) : "",
                Dropped = rest.Dropped,
            };
    }

    static (long Ticks, ReadFlags Flags)? IsoOrUnix(JsonElement value)
    {
        string raw = JsonObject.Raw(value).Trim('"');
        return Slow.UnixDigits(raw) is { } unix ? (unix, ReadFlags.ZoneKnown)
            : JsonObject.Text(value) is { } text ? Slow.Iso(text) : null;
    }

    /// <summary>A text of an array of codes.</summary>
    public static Expected? RfidCode(Step step, int start)
    {
        string text = Step.Latin(step.All[start..step.End]);
        return new(text.Split('"')[1], null)
        {
            Flags = ReadFlags.NoTime,
            Dropped = false,
            SubReader = null,
            Point = null,
        };
    }

    /// <summary>Objects of the inventory mode.</summary>
    public static Expected? Speedway(JsonObject found, Post? post)
    {
        OptionalMembers rest = new();
        (long Ticks, ReadFlags Flags)? time = IsoOrUnix(found["firstSeenTimestamp"]);
        int? rssi = rest.Rssi(found["peakRssi"]);
        return JsonObject.TextOrNumber(found["epc"]) is not { } chip ? null : new(chip, time?.Ticks ?? long.MinValue)
        {
            Flags = time?.Flags ?? 0,
            Antenna = rest.Antenna(found["antennaPort"]),
            Rssi = rssi,
            Point = JsonObject.Point((post?.Members ?? found)["reader_name"]),
            Dropped = rest.Dropped,
        };
    }

    /// <summary><c>reader,antenna,EPC,time,RSSI,…</c> or <c>antenna,EPC,time,RSSI</c>.</summary>
    public static Expected? SpeedwayLine(Step step, int start)
    {
        string text = Step.Latin(step.All[start..step.End]);
        string[] fields = [.. text.Split('\r', '\n')[0].Split(',').Select(field => field == "None" ? "" : field), ""];
        int first = Slow.UnixDigits(fields[3]) is not null ? 1 : 0;
        // A comma at the front is taken for what separates objects: the reader has no name then.
        Optional rest = new();
        return new(fields[first + 1], Slow.UnixDigits(fields[first + 2]))
        {
            Flags = ReadFlags.ZoneKnown,
            Point = first == 1 ? fields[0] : "",
            Antenna = rest.Small(fields[first]),
            Rssi = rest.Rssi(fields[first + 3]),
            Dropped = false,
        };
    }
}
