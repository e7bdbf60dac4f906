using System.Text.RegularExpressions;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>Rows of named columns, by the names of the protocol's parameters.</summary>
sealed partial class CsvReading(string names)
{
    readonly string[] _columns = names.Split(',');

    public Expected? Next(Step step)
    {
        if (!step.HasRead)
            return null;
        string[] fields = Split(step.Line());
        // What is longer than that is cut off: nobody knows what it would be.
        if (fields.Any(field => field.Length > 64))
            return null;
        string Field(string name) =>
            Array.IndexOf(_columns, name) is var at and >= 0 && at < fields.Length ? fields[at] : "";
        string timeColumn = _columns.First(
            name => name is "unix" or "days" || name.StartsWith("time", StringComparison.Ordinal));
        if (TimeOf(timeColumn, Field(timeColumn)) is not { } time)
            return null;
        string dateColumn = _columns.FirstOrDefault(name => name.StartsWith("date", StringComparison.Ordinal), "");
        if (DateOf(dateColumn, Field(dateColumn)) is { } date && time.Flags.HasFlag(ReadFlags.NoDate))
            time = (time.Ticks + date, time.Flags & ~ReadFlags.NoDate);
        Optional rest = new();
        int? rssi = rest.Rssi(Field("rssi"));
        return new(Field("chip"), time.Ticks)
        {
            Flags = time.Flags,
            Antenna = rest.Small(Field("antenna")),
            Rssi = rssi,
            Hits = rest.Hits(Field("hits")),
            Number = rest.Number(Field("number")),
            SubReader = rest.Small(Field("reader")),
            Point = Field("point"),
            Dropped = rest.Dropped,
        };
    }

    static (long Ticks, ReadFlags Flags)? TimeOf(string column, string text)
    {
        if (column == "unix")
            return (Slow.UnixDigits(text) ?? Slow.Seconds(text) ?? long.MinValue, ReadFlags.ZoneKnown);
        if (column == "days")
            return DaysOf(text.Replace(',', '.'));
        if (Slow.TimeOfDay(text) is { } timeOfDay)
            return (timeOfDay, ReadFlags.NoDate);
        return column switch
        {
            "time-dmy" => Dated(Slow.DateAndTime(text, date => Slow.DateDayFirst(date), " T")),
            "time-mdy" => Dated(Slow.DateAndTime(text, date => Slow.DateDayFirst(date, "MM-dd-yyyy"), " T")),
            _ => Slow.Iso(text) ?? Dated(Slow.DateAndTime(text) ?? Slow.WeekdayForm(text)),
        };

        static (long, ReadFlags)? Dated(long? ticks) => ticks is { } value ? (value, ReadFlags.None) : null;
    }

    static (long Ticks, ReadFlags Flags)? DaysOf(string text)
    {
        if (Slow.Scaled(text, 1_000_000_000, out bool sure) is not { } billionths || !sure)
            return null;
        // Rounded to a tenth of a millisecond.
        decimal steps = Math.Floor((billionths / 1_000_000_000 * Slow.Day / 1_000) + 0.5m);
        return billionths < 1_000_000_000
            ? ((long)steps * 1_000, ReadFlags.NoDate)
            : (((long)steps * 1_000) - (25_569 * Slow.Day), ReadFlags.None);
    }

    static long? DateOf(string column, string text) => column switch
    {
        "date" => Slow.Date(text),
        "date-dmy" => Slow.DateDayFirst(text),
        "date-mdy" => Slow.DateDayFirst(text, "MM-dd-yyyy"),
        _ => null,
    };

    [GeneratedRegex("\\G[ \\t]*(?:\"((?:[^\"]|\"\")*)\"(?!\")[^,]*|([^,]*))(,|\\z)", RegexOptions.Singleline)]
    private static partial Regex FieldForm();

    static string[] Split(string row) =>
    [
        .. FieldForm().Matches(row).Where(match => match.Length > 0 || match.Index == 0 || row[match.Index - 1] == ',')
            .Select(match => match.Groups[1].Success
                ? match.Groups[1].Value.Replace("\"\"", "\"", StringComparison.Ordinal)
                : match.Groups[2].Value.TrimEnd(' ', '\t')),
    ];
}
