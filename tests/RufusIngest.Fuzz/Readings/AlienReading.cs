using System.Text.RegularExpressions;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>Alien notifications: lines of keys, terse lines and XML, with the time of their block.</summary>
sealed partial class AlienReading
{
    const string Begin = "<Alien-RFID-Tag>";

    long? _block;
    bool _isBlockUnknown;

    public Expected? Next(Step step)
    {
        if (step.HasRead)
            return Read(step);
        string control = step.Controls.Count > 0 ? step.Of(step.Controls[0]) : "";
        Match time = TimeForm().Match(control);
        if (time.Success)
        {
            _block = Slow.DateAndTime(time.Groups[1].Value);
            _isBlockUnknown = _block is null;
        }
        else if (EndOfBlock().IsMatch(control))
        {
            (_block, _isBlockUnknown) = (null, false);
        }

        return null;
    }

    [GeneratedRegex(@"^(?:#Time:|<Time>) *(.*?) *(?:</Time.?)?\z", RegexOptions.Singleline)]
    private static partial Regex TimeForm();

    [GeneratedRegex("^(?:#Alien|#End|</Alien-RFID-Reader-Auto)")]
    private static partial Regex EndOfBlock();

    Expected? Read(Step step)
    {
        string line = step.Line();
        // A line behind an element: which of the two is damaged is not said.
        if (line.Contains('<', StringComparison.Ordinal) && !line.EndsWith('>'))
            return null;
        List<(string Key, string Value)>? pairs = line.EndsWith('>') ? OfXml(Step.Latin(step.All[..step.End]))
            : line.StartsWith("Tag:", StringComparison.Ordinal) ? OfKeys(line.Split(','), ':')
            : line.StartsWith("Tag=", StringComparison.Ordinal) ? OfKeys(line.Split("  "), '=')
            : line.Split(',') is [var tag, var count, var antenna]
                ? [("Tag", tag), ("Count", count), ("Ant", antenna)]
            : null;
        // A key given twice: the page does not say which counts. XML with more in it than elements is not taken apart.
        if (pairs is null || pairs.DistinctBy(pair => Usual(pair.Key)).Count() != pairs.Count)
            return null;
        Dictionary<string, string> given = pairs.ToDictionary(pair => Usual(pair.Key), pair => pair.Value);
        long? first = TimeOf(given, "Disc", out bool isOdd);
        long? last = TimeOf(given, "Last", out bool isOddToo);
        if (isOdd || isOddToo || (first is null && last is null && _isBlockUnknown))
            return null;
        long? time = first ?? last ?? _block;
        Optional rest = new();
        return new(given["Tag"].Replace(" ", "", StringComparison.Ordinal), time)
        {
            Flags = time is null ? ReadFlags.NoTime : 0,
            Hits = given.TryGetValue("Count", out string? hits) ? Math.Max(1, (int)Number(hits, int.MaxValue)) : 1,
            Antenna = given.TryGetValue("Ant", out string? ant) ? (int)Number(ant, 65_535) : 0,
            Detail = last > first ? (ulong)((last.Value - first.Value) / Slow.Millisecond) : 0,
            Dropped = rest.Dropped,
        };

        long Number(string text, int most)
        {
            long? number = Slow.Digits(text) is { } value && value <= most ? value : null;
            rest.Drop(number is null);
            return number ?? 0;
        }
    }

    static long? TimeOf(Dictionary<string, string> given, string key, out bool isOdd)
    {
        long? time = given.TryGetValue(key, out string? text) ? Slow.DateAndTime(text) ?? Slow.WeekdayForm(text) : null;
        // A weekday's form in another language or with something in it.
        isOdd = text is not null && time is null;
        return time;
    }

    static string Usual(string key) => key switch
    {
        "TagID" => "Tag",
        "DiscoveryTime" => "Disc",
        "LastSeenTime" => "Last",
        "ReadCount" => "Count",
        "Antenna" => "Ant",
        _ => key,
    };

    static List<(string, string)> OfKeys(string[] parts, char sign) =>
    [
        .. parts.Select(part => part.Trim(' ')).Where(part => part.Contains(sign, StringComparison.Ordinal))
            .Select(part => part.Split(sign, 2)).Select(pair => (pair[0], pair[1].Trim(' '))),
    ];

    static List<(string, string)>? OfXml(string all)
    {
        int start = all.LastIndexOf(Begin, StringComparison.Ordinal);
        Match match = TagForm().Match(start < 0 ? "" : all[start..]);
        return match.Success
            ? [.. match.Groups[1].Captures.Zip(
                match.Groups[2].Captures, (key, value) => (key.Value, value.Value.Trim(' ')))]
            : null;
    }

    [GeneratedRegex(
        @"^<Alien-RFID-Tag>(?:[ \t\r\n\0]*<([^<>/\r\n\0][^<>\r\n\0]*)>([^<\r\n\0]*)</\1>)*"
        + @"[ \t\r\n\0]*</Alien-RFID-Tag>[ \t\r\n\0]*\z")]
    private static partial Regex TagForm();
}
