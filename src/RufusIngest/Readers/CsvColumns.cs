namespace RufusIngest.Readers;

/// <summary>What a column of a timing file holds.</summary>
enum CsvColumn : byte
{
    /// <summary>Nothing that is used.</summary>
    Skipped = 0,

    /// <summary>The chip, or the bib where there are no chips.</summary>
    Chip,

    /// <summary>
    /// A date and time (<c>yyyy-MM-dd HH:mm:ss</c> with <c>T</c> or <c>_</c> too, or the form with a weekday in front), or
    /// a time of day.
    /// </summary>
    Time,

    /// <summary>As <see cref="Time"/>, the day first in the date.</summary>
    TimeDayFirst,

    /// <summary>As <see cref="Time"/>, the month first in the date.</summary>
    TimeMonthFirst,

    /// <summary>A date alone, year first.</summary>
    Date,

    /// <summary>A date alone, day first.</summary>
    DateDayFirst,

    /// <summary>A date alone, month first.</summary>
    DateMonthFirst,

    /// <summary>Unix time, UTC: 10 digits are seconds (decimals may follow), 13 ms, 16 µs.</summary>
    Unix,

    /// <summary>A spreadsheet's number: days since 1899-12-30, or a fraction of a day alone.</summary>
    Days,

    /// <summary>The antenna.</summary>
    Antenna,

    /// <summary>The signal in dBm.</summary>
    Rssi,

    /// <summary>Times seen.</summary>
    Hits,

    /// <summary>The number of the record.</summary>
    Number,

    /// <summary>The number of the reader.</summary>
    Reader,

    /// <summary>The name of the timing point.</summary>
    Point,
}

/// <summary>The columns of a timing file, as its operator chose them. Immutable.</summary>
sealed class CsvColumns
{
    /// <summary>Columns at most.</summary>
    public const int Most = 24;

    static readonly Dictionary<string, CsvColumn> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["-"] = CsvColumn.Skipped,
        ["chip"] = CsvColumn.Chip,
        ["time"] = CsvColumn.Time,
        ["time-dmy"] = CsvColumn.TimeDayFirst,
        ["time-mdy"] = CsvColumn.TimeMonthFirst,
        ["date"] = CsvColumn.Date,
        ["date-dmy"] = CsvColumn.DateDayFirst,
        ["date-mdy"] = CsvColumn.DateMonthFirst,
        ["unix"] = CsvColumn.Unix,
        ["days"] = CsvColumn.Days,
        ["antenna"] = CsvColumn.Antenna,
        ["rssi"] = CsvColumn.Rssi,
        ["hits"] = CsvColumn.Hits,
        ["number"] = CsvColumn.Number,
        ["reader"] = CsvColumn.Reader,
        ["point"] = CsvColumn.Point,
    };

    readonly CsvColumn[] _columns;

    CsvColumns(CsvColumn[] columns, byte separator)
    {
        _columns = columns;
        Separator = separator;
        // Only up to here a row must go.
        Required = 1 + Array.FindLastIndex(columns, column => column == CsvColumn.Chip || IsTime(column) || IsDate(column));
    }

    /// <summary>Chip and time, separated by commas.</summary>
    public static CsvColumns Usual { get; } = Parse("chip,time");

    /// <summary>The byte between columns.</summary>
    public byte Separator { get; }

    /// <summary>Columns that a row must have.</summary>
    public int Required { get; }

    /// <summary>The columns, from the left.</summary>
    public ReadOnlySpan<CsvColumn> Columns => _columns;

    /// <summary>
    /// Reads names of columns with the separator of the file between them: <c>,</c>, <c>;</c>, <c>|</c>, or <c>\t</c> for
    /// tabs. <c>-</c> is a column that is not used.
    /// </summary>
    /// <exception cref="FormatException">It is no list of columns; the message says why.</exception>
    public static CsvColumns Parse(string text)
    {
        text = text.Replace("\\t", "\t", StringComparison.Ordinal);
        int at = text.AsSpan().IndexOfAny(",;|\t");
        char separator = at < 0 ? ',' : text[at];
        CsvColumn[] columns = [.. text.Split(separator).Select(ColumnOf)];
        if (columns.Length > Most)
            throw new FormatException($"there are {columns.Length} columns; {Most} is the most.");
        if (columns.Count(column => column == CsvColumn.Chip) != 1)
            throw new FormatException("exactly one column must be 'chip'.");
        if (columns.Count(IsTime) != 1)
            throw new FormatException("exactly one column must be a time: 'time', 'time-dmy', 'time-mdy', 'unix' or 'days'.");
        return columns.Count(IsDate) > 1
            ? throw new FormatException("at most one column can be a date.")
            : new CsvColumns(columns, (byte)separator);
    }

    static CsvColumn ColumnOf(string name) => Names.TryGetValue(name.Trim(), out CsvColumn column)
        ? column
        : throw new FormatException(
            $"there is no column '{name.Trim()}'; there are: {string.Join(", ", Names.Keys)} (- for one not used), with the "
            + "file's separator between them: , ; | or \\t.");

    public static bool IsTime(CsvColumn column) =>
        column is CsvColumn.Time or CsvColumn.TimeDayFirst or CsvColumn.TimeMonthFirst or CsvColumn.Unix or CsvColumn.Days;

    public static bool IsDate(CsvColumn column) =>
        column is CsvColumn.Date or CsvColumn.DateDayFirst or CsvColumn.DateMonthFirst;
}
