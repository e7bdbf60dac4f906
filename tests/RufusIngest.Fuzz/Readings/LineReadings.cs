using System.Globalization;
using System.Text.RegularExpressions;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>Slow readings of the protocols of lines that need nothing of earlier lines.</summary>
static partial class LineReadings
{
    /// <summary><c>$P;…;chip;…;…;ms;</c>.</summary>
    public static Expected? Orion(Step step)
    {
        string line = step.Line();
        string[] fields = line.Split(line[2]);
        return new(fields[2], Slow.Digits(fields[5]) * Slow.Millisecond) { Flags = ReadFlags.NoDate };
    }

    /// <summary>P98 with tabs, TranX-2 in hex.</summary>
    public static Expected? Amb(Step step)
    {
        string line = step.Line().TrimStart('\u0001');
        return line.Contains('\t', StringComparison.Ordinal) ? AmbTabs(line) : AmbHex(line);
    }

    static Expected? AmbTabs(string line)
    {
        string[] fields = line.Split('\t');
        if (fields[^1].StartsWith('x') || fields[^1].StartsWith('X'))
        {
            if (Slow.Hex(fields[^1][1..]) != AmbCheck(line[..(line.LastIndexOf('\t') + 1)]))
                return new("none: the check is wrong", 0);
            fields = fields[..^1];
        }

        string Field(int index) => index < fields.Length ? fields[index] : "";
        Optional rest = new();
        return new(fields[3], Slow.Seconds(fields[4]))
        {
            Flags = ReadFlags.SinceStart,
            SubReader = rest.Small(fields[1]),
            Number = rest.Number(fields[2]),
            Hits = rest.Hits(Field(5)),
            Detail = (ulong)(rest.Small(Field(6)) + ((long)rest.Small(Field(7)) << 16)),
            Dropped = rest.Dropped,
        };
    }

    /// <summary>Bit by bit, the bits of the bytes coming in at the low end.</summary>
    static long AmbCheck(string text)
    {
        int register = 0xFFFF;
        foreach (char c in text)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                bool carry = (register & 0x8000) != 0;
                register = ((register << 1) | ((c >> bit) & 1)) & 0xFFFF;
                register ^= carry ? 0x1021 : 0;
            }
        }

        return register;
    }

    static Expected AmbHex(string line)
    {
        int Byte(int at) => int.Parse(line.AsSpan(at, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        string chip = Convert.ToInt32(line[5..11], 16).ToString(CultureInfo.InvariantCulture);
        long prefix = Convert.ToInt32(line[1..5], 16);
        return new(chip, Convert.ToInt64(line[11..19], 16) * Slow.Millisecond)
        {
            Flags = ReadFlags.SinceStart,
            Hits = Math.Max(1, Byte(19)),
            Detail = (ulong)(Byte(21) + ((long)Byte(23) << 16) + (prefix << 32)),
            Dropped = false,
        };
    }

    /// <summary>The stream, the reads of controllers' files, and their markers.</summary>
    public static Expected? ChronoTrack(Step step)
    {
        string line = step.Line();
        return line.StartsWith("TO~", StringComparison.Ordinal) ? ChronoTrackFile(line.Split('~'))
            : line.StartsWith("CT", StringComparison.Ordinal) && line is [_, _, _, _, '_', _, _, '~' or ',', ..]
                ? ChronoTrackStream(line.Split(line[7]))
            : ChronoTrackMarker(line.Split(','));
    }

    static ulong Bits(string field, int bits, Optional rest) =>
        (ulong)rest.Number(field, 0, (1L << bits) - 1, 0)!.Value;

    static ulong Address(string field, Optional rest)
    {
        long? address = Slow.Hex(field) is { } hex and < 1 << 24 ? hex : null;
        rest.Drop(address is null && field.Length > 0);
        return (ulong)(address ?? 0);
    }

    static Expected ChronoTrackStream(string[] fields)
    {
        string time = fields[4];
        (long Ticks, ReadFlags Flags)? said =
            time.Length > 4 && time[4] == '-' ? Slow.Iso(time)
            : time.Contains(':', StringComparison.Ordinal) ? Dateless(Slow.TimeOfDay(time))
            : time.Length <= 8 ? Dateless(Slow.Digits(time) * Slow.Millisecond)
            : Slow.Seconds(time) is { } seconds ? (seconds, ReadFlags.None) : null;
        bool isGun = fields[3].Equals("guntime", StringComparison.OrdinalIgnoreCase);
        Optional rest = new();
        ulong address = Address(fields[6], rest);
        return new(isGun ? "" : fields[3], said?.Ticks ?? long.MinValue)
        {
            Kind = isGun ? ReadKind.Gun : ReadKind.Chip,
            Flags = said?.Flags ?? 0,
            Number = rest.Number(fields[1]),
            Point = fields[2],
            SubReader = (int)(address & 0xFFFF),
            Antenna = rest.Small(fields[7]),
            Detail = address | (Bits(fields[5], 24, rest) << 24),
            Dropped = rest.Dropped,
        };

        static (long, ReadFlags)? Dateless(long? ticks) => ticks is { } value ? (value, ReadFlags.NoDate) : null;
    }

    static Expected ChronoTrackFile(string[] fields)
    {
        Optional rest = new();
        ulong address = Address(fields[6], rest);
        int? rssi = rest.Rssi(fields[8]);
        return new(fields[2], Slow.Seconds(fields[5]))
        {
            Number = rest.Number(fields[1]),
            Antenna = rest.Small(fields[7]),
            Rssi = rssi,
            SubReader = (int)(address & 0xFFFF),
            Hits = rest.Hits(fields.Length > 11 ? fields[11] : ""),
            Detail = address | (Bits(fields[9], 24, rest) << 24) | (Bits(fields[4], 8, rest) << 48)
                | (Bits(fields[3], 8, rest) << 56),
            Dropped = rest.Dropped,
        };
    }

    static Expected ChronoTrackMarker(string[] fields)
    {
        string stamp = fields[4];
        string century = string.CompareOrdinal(stamp[..2], "70") >= 0 ? "19" : "20";
        Optional rest = new();
        long? hundredths = Slow.Digits(stamp[12..]);
        return new("", Slow.Date(century + stamp[..12], "yyyyMMddHHmmss") + (hundredths * 10 * Slow.Millisecond))
        {
            Kind = fields[2] == "Gun" ? ReadKind.Gun : ReadKind.Marker,
            Number = Slow.Digits(fields[1]),
            Detail = Bits(fields[3], 32, rest),
            Dropped = rest.Dropped,
        };
    }

    /// <summary>The frame and its check by the page's columns.</summary>
    public static Expected? Ipico(Step step)
    {
        string frame = step.Frame.TrimEnd('\r', '\n', '\0').TrimStart('\r', '\n', '\0', ' ', '\t', '\\');
        int Pair(int at) => Convert.ToInt32(frame.Substring(at, 2), 16);
        if (frame.StartsWith("aa", StringComparison.Ordinal))
        {
            // Both lengths may pass their checks: then what stands behind them decides.
            bool isLong = frame.Length >= 42 && IsChecked(frame, 40) && IpicoTail().IsMatch(frame[42..]);
            if (!isLong && !IsChecked(frame, 34))
                return new("none: the check is wrong", 0);
            string tail = frame[(isLong ? 42 : 36)..];
            long? second = Slow.Date("20" + frame[20..32], "yyyyMMddHHmmss");
            long data = isLong ? Pair(34) + ((long)Pair(36) << 8) + ((long)Pair(38) << 16) + (1L << 24) : 0;
            return new(frame[4..16], second + (Pair(32) * 10 * Slow.Millisecond))
            {
                SubReader = Pair(2),
                Flags = tail.StartsWith("FS", StringComparison.Ordinal) ? ReadFlags.FirstSeen
                    : tail.StartsWith("LS", StringComparison.Ordinal) ? ReadFlags.LastSeen : 0,
                Detail = (ulong)(Pair(18) + (Pair(16) << 8) + (data << 16)),
                Dropped = false,
            };
        }

        long? gun = Slow.Date("20" + frame[8..14] + frame[16..22], "yyyyMMddHHmmss");
        return new("", gun + (Pair(22) * 10 * Slow.Millisecond))
        {
            Kind = ReadKind.Gun,
            SubReader = Pair(2),
        };

        static bool IsChecked(string frame, int at) =>
            frame[at..(at + 2)].All(char.IsAsciiHexDigit)
            && frame[2..at].Sum(c => c) % 256 == Convert.ToInt32(frame.Substring(at, 2), 16);
    }

    [GeneratedRegex(@"^(FS|LS)?[ \t]*(\\[ \t]*)?\z")]
    private static partial Regex IpicoTail();

    /// <summary><c>D</c>, a letter and the tag, a time of day, the day, the index, perhaps a date.</summary>
    public static Expected? JChip(Step step)
    {
        string[] words = step.Line().Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        string[] dates = [.. words.Skip(2).Where(word => word.StartsWith("date=", StringComparison.Ordinal))];
        // Of two dates the page says nothing.
        if (dates.Length > 1)
            return null;
        string[] others = [.. words.Skip(2).Where(word => !word.StartsWith("date=", StringComparison.Ordinal))];
        bool dateFirst = words.Length > 2 && dates.Contains(words[2]);
        bool hasDay = !dateFirst && others.Length > 0 && others[0].Length <= 2;
        string day = hasDay ? others[0] : "";
        int indexAt = 2 + (hasDay || dateFirst ? 1 : 0);
        string index = indexAt < words.Length && !dates.Contains(words[indexAt]) ? words[indexAt] : "";
        long? date = dates.Length > 0 && dates[0].Length == 13 ? Slow.Date(dates[0][5..], "yyyyMMdd") : null;
        long dayOffset = day.Length == 2 && char.IsAsciiDigit(day[1]) ? day[1] - '0' : 0;
        bool isLive = words[0].StartsWith('D') && words[0].Length > 1 && char.IsAsciiLetter(words[0][1]);
        long? time = Slow.TimeOfDay(words[1]) + (date ?? dayOffset * Slow.Day);
        // At the end of the stream the index may be cut off, and is not taken.
        bool isIndexSure = step.IsEnded || index.Length == 0;
        return new(words[0][(isLive ? 2 : 1)..], time)
        {
            Flags = date is null ? ReadFlags.NoDate : 0,
            Number = !isIndexSure ? null : index.Length == 0 ? -1 : Slow.Hex(index) ?? -1,
            Dropped = !isIndexSure ? null
                : (dates.Length > 0 && date is null) || (index.Length > 0 && Slow.Hex(index) is null),
        };
    }

    /// <summary>Ten digits; the same with a check; the binary form.</summary>
    public static Expected? SerialTag(Step step)
    {
        string frame = step.Taken.TrimStart('\r', '\n', '\0');
        if (frame[0] != 2)
            return new(frame.TrimEnd('\r', '\n', '\0'), null) { Flags = ReadFlags.NoTime, Dropped = false };
        bool isBinary = frame[1] <= 16;
        frame = frame[..(frame.LastIndexOf('\u0003') + 1)];
        byte[] bytes = isBinary ? [.. frame[1..^1].Select(c => (byte)c)] : Convert.FromHexString(frame[1..^1]);
        if (bytes.Aggregate(0, (check, b) => check ^ b) != 0)
            return new("none: the check is wrong", 0);
        return new(isBinary ? Convert.ToHexString(bytes[2..^1]) : frame[1..11], null)
        {
            Flags = ReadFlags.NoTime,
            Detail = isBinary ? bytes[1] : 0UL,
            Dropped = false,
        };
    }

    /// <summary><c>&lt;STA 012345 10:11'12"130 01 01 1 1543&gt;</c>, by its columns.</summary>
    public static Expected? TagHeuer(Step step)
    {
        string frame = step.Line(">\r\n\0");
        frame = frame[frame.LastIndexOf('<')..];
        Match match = TagHeuerForm().Match(frame);
        if (!match.Success || frame[1..33].Sum(c => c) != Slow.Digits(frame[33..37]))
            return new("none: no such passing", 0);
        string Group(int group) => match.Groups[group].Value;
        long seconds = (((Slow.Int(Group(3)) * 60L) + Slow.Int(Group(4))) * 60) + Slow.Int(Group(5));
        bool isGun = Group(1) == "MAN";
        Optional rest = new();
        return new(isGun ? "" : Group(2), (seconds * Slow.Second) + (Slow.Int(Group(6)) * Slow.Millisecond))
        {
            Kind = isGun ? ReadKind.Gun : ReadKind.Chip,
            Flags = ReadFlags.NoDate,
            Point = Group(1),
            Number = rest.Number(Group(7)),
            Detail = frame[31] | ((ulong)frame[28] << 8) | ((ulong)frame[29] << 16),
            Dropped = rest.Dropped,
        };
    }

    [GeneratedRegex(
        "^<(...).([0-9]{6}).([0-9]{2}):([0-5][0-9])'([0-5][0-9])\"([0-9]{3}).(..)....", RegexOptions.Singleline)]
    private static partial Regex TagHeuerForm();

    /// <summary>A code without the blanks around it.</summary>
    public static Expected? Wedge(Step step) =>
        new(step.Line("\r\n\0\t").Trim(' '), null) { Flags = ReadFlags.NoTime, Dropped = false };

    /// <summary>Ten hex digits, their bytes turned round and written in decimal.</summary>
    public static Expected? WedgeReversed(Step step)
    {
        byte[] bytes = Convert.FromHexString(step.Line("\r\n\0\t").Trim(' '));
        ulong number = bytes.Reverse().Aggregate(0UL, (sum, b) => (sum * 256) + b);
        return new(number.ToString(CultureInfo.InvariantCulture), null) { Flags = ReadFlags.NoTime, Dropped = false };
    }

    /// <summary><c>chip;dd-MM-yyyy HH:mm:ss.ccc;device;number;battery;rewind</c>.</summary>
    public static Expected? Wiclax(Step step)
    {
        string line = step.Line();
        if (line.StartsWith("RACESTART ", StringComparison.Ordinal))
            return new("", Slow.TimeOfDay(line[10..])) { Kind = ReadKind.Gun, Flags = ReadFlags.NoDate };
        string[] fields = [.. line.Split(';'), "", "", "", ""];
        Optional rest = new();
        long rewind = rest.Number(fields[5], 0, 1, 0)!.Value;
        return new(fields[0], DayFirst(fields[1]))
        {
            Point = fields[2],
            Number = rest.Number(fields[3]),
            Detail = fields[4].Length == 0 ? 0UL : (ulong)rest.Small(fields[4]) + 1,
            Flags = rewind == 1 ? ReadFlags.Rewind : 0,
            Dropped = rest.Dropped,
        };
    }

    static long? DayFirst(string text) =>
        text.Length >= 17 ? Slow.DateAndTime(text, date => Slow.DateDayFirst(date), " T") : null;

    /// <summary>The mask <c>C,YYYYMMDDhhmmssccc,@</c>.</summary>
    public static Expected? WiclaxMasked(Step step)
    {
        string line = step.Line();
        if (line.StartsWith("RACESTART ", StringComparison.Ordinal))
            return Wiclax(step);
        int comma = line.IndexOf(',', StringComparison.Ordinal);
        string time = line.Substring(comma + 1, 17);
        // Blanks that fill up a part do not count; zeros are written for them here.
        if (time.Contains(' ', StringComparison.Ordinal))
            return null;
        return new(line[..comma].Trim(' '), Slow.Date(time, "yyyyMMddHHmmssfff"))
        {
            Point = line[(comma + 19)..].Trim(' '),
            Dropped = false,
        };
    }

    /// <summary>Rows of an Ultra, live or exported.</summary>
    public static Expected? Ultra(Step step)
    {
        string line = step.Line();
        string[] fields = line.Split(',');
        bool isLive = fields.Length >= 12 && fields[0] is "0" or "1";
        if (!isLive || fields.Length < 12)
            return UltraExport(line);
        const long From1980 = 315_532_800;
        Optional rest = new();
        string sign = fields[5].StartsWith('-') || fields[5].StartsWith('+') ? fields[5][..1] : "";
        long? dbm = Slow.Digits(fields[5][sign.Length..]) is { } digits and <= 327
            ? sign == "-" ? -digits : digits
            : null;
        rest.Drop(dbm is null && fields[5].Length > 0);
        long rewind = rest.Number(fields[6], 0, 1, 0)!.Value;
        bool isGun = fields[1] == "0";
        return new(
            isGun ? "" : fields[1],
            ((Slow.Digits(fields[2]) + From1980) * Slow.Second) + (Slow.Digits(fields[3]) * Slow.Millisecond))
        {
            Kind = isGun ? ReadKind.Gun : ReadKind.Chip,
            Antenna = (int?)Slow.Digits(fields[4]),
            Rssi = (int?)(dbm * 100) ?? ChipRead.NoRssi,
            Flags = rewind == 1 ? ReadFlags.Rewind : 0,
            SubReader = rest.Small(fields[7]),
            Detail = (ulong)rest.Small(fields[8]),
            Number = rest.Number(fields[11]),
            Dropped = rest.Dropped,
        };
    }

    static Expected? UltraExport(string line)
    {
        bool tabs = line.Contains('\t', StringComparison.Ordinal);
        string[] fields = line.Split(tabs ? '\t' : ',');
        string chip = fields[tabs ? 0 : 1];
        string time = fields[tabs ? 1 : 3].Trim('"');
        bool hasDate = time.Contains('-', StringComparison.Ordinal);
        Optional rest = new();
        int antenna = rest.Small(fields[tabs ? 3 : 5]);
        return new(chip == "0" ? "" : chip, hasDate ? Slow.DateAndTime(time) : Slow.TimeOfDay(time))
        {
            Kind = chip == "0" ? ReadKind.Gun : ReadKind.Chip,
            Flags = hasDate ? 0 : ReadFlags.NoDate,
            SubReader = rest.Small(fields[tabs ? 2 : 0]),
            Antenna = antenna <= 4 ? antenna : 0,
            Dropped = rest.Dropped,
        };
    }

    /// <summary>The rows of a One4All in their four forms.</summary>
    /// <param name="step">The step.</param>
    /// <param name="entry">The entry time counts.</param>
    public static Expected? Macsha(Step step, bool entry)
    {
        // A fixed row may be in pieces between line ends.
        string row = step.Frame.Trim('\r', '\n', '\0', '|').Replace("\r", "", StringComparison.Ordinal)
            .Replace("\n", "", StringComparison.Ordinal);
        row = row.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? row[3..] : row;
        string[] fields = row.Split(';');
        Optional rest = new();
        if (fields.Length == 1)
            return MacshaFixed(row, entry);
        if (fields[1].Length == 10 && fields[1][4] == '/')
        {
            long? first = Slow.TimeOfDay(fields[2]);
            return MacshaStay(fields[0], Slow.Date(fields[1]), first, Slow.TimeOfDay(fields[3]), entry) with
            {
                Antenna = rest.Small(fields[4]),
                Hits = rest.Hits(fields[5]),
                Dropped = rest.Dropped,
            };
        }

        if (fields.Length >= 9 && fields[2].Length > 10)
            return MacshaCloud(fields);
        string code = fields[7];
        rest.Drop(code.Length > 8);
        return new(fields[1] + fields[2], Slow.Date(fields[3]) + Slow.TimeOfDay(fields[4]))
        {
            Number = Slow.Digits(fields[0]),
            Antenna = rest.Small(fields[5]),
            Hits = rest.Hits(fields[6]),
            Detail = code.Length > 8 ? 0 : code.Reverse().Aggregate(0UL, (sum, c) => (sum << 8) | c),
            Dropped = rest.Dropped,
        };
    }

    static Expected MacshaStay(string chip, long? date, long? first, long? last, bool entry)
    {
        long? stay = last >= first ? last - first : last - first + Slow.Day;
        return new(chip, date + first + (entry ? 0 : stay)) { Detail = (ulong?)(stay / Slow.Millisecond) };
    }

    static Expected? MacshaFixed(string row, bool entry)
    {
        Match match = MacshaForm().Match(row);
        if (!match.Success)
            return new("none: no such row", 0);
        string Group(int group) => match.Groups[group].Value;
        long? Time(string text) => Slow.Date("19700101" + text, "yyyyMMddHHmmssfff");
        Expected read = MacshaStay(Group(1), Slow.Date(Group(2), "yyyyMMdd"), Time(Group(3)), Time(Group(4)), entry);
        Match end = MacshaEnd().Match(Group(5));
        Optional rest = new();
        rest.Drop(!end.Success);
        return read with
        {
            Antenna = end.Success ? rest.Small(end.Groups[1].Value) : 0,
            Hits = end.Success ? rest.Hits(end.Groups[2].Value) : 1,
            Dropped = rest.Dropped,
        };
    }

    [GeneratedRegex("^(.{7})D([0-9]{8})T([0-9]{9})T([0-9]{9})(.*)\\z", RegexOptions.Singleline)]
    private static partial Regex MacshaForm();

    [GeneratedRegex("^A([^R]*)R(.{0,3})", RegexOptions.Singleline)]
    private static partial Regex MacshaEnd();

    static Expected? MacshaCloud(string[] fields)
    {
        Optional rest = new();
        Match zone = GmtForm().Match(fields[8]);
        long offset = zone.Groups[1].Success
            ? new TimeSpan(Slow.Int(zone.Groups[2].Value), Slow.Int(zone.Groups[3].Value), 0).Ticks : 0;
        rest.Drop(!zone.Success && fields[8].Length > 0);
        decimal? latitude = Slow.Scaled(fields[3], 1e7m, out bool sure);
        decimal? longitude = Slow.Scaled(fields[4], 1e7m, out bool sureToo);
        bool hasPosition = Math.Abs(latitude ?? 1e9m) <= 90e7m && Math.Abs(longitude ?? 2e9m) <= 180e7m;
        // A number of a length that no position has.
        if (!sure || !sureToo)
            return null;
        rest.Drop(!hasPosition && fields[3].Length + fields[4].Length > 0);
        return new(
            fields[6].Length > 0 ? fields[6] : fields[1],
            Slow.DateAndTime(fields[2]) - (zone.Groups[1].Value == "-" ? -offset : offset))
        {
            Number = Slow.Digits(fields[0]),
            Flags = (zone.Success ? ReadFlags.ZoneKnown : 0) | (hasPosition ? ReadFlags.HasPosition : 0),
            Detail = fields[6].Length > 0 ? 0UL : 1,
            Dropped = rest.Dropped,
        };
    }

    [GeneratedRegex(@"^GMT(?:([-+])([01][0-9]|2[0-3]):([0-5][0-9]))?\z")]
    private static partial Regex GmtForm();
}
