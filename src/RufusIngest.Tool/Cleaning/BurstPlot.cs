using System.Globalization;
using RufusIngest.Reads;

namespace RufusIngest.Tool.Cleaning;

/// <summary>
/// A burst drawn as text, at most 100 columns wide: signal strength over time, and the instant that was chosen.
/// </summary>
sealed class BurstPlot
{
    /// <summary>Columns and rows of the field.</summary>
    public const int Width = 80;
    public const int Height = 10;

    const int Ticks = 4;
    const char Dot = '•';
    const char MarkedDot = '◆';
    const char MarkLine = '┊';

    readonly IReadOnlyList<(long Time, short Rssi)> _reads;
    readonly long _first;
    readonly long _from;
    readonly long _to;
    readonly long? _mark;
    readonly string _label;

    /// <summary>Takes what is to be drawn.</summary>
    /// <param name="reads">Instants and signal strengths, at least one.</param>
    /// <param name="mark">The chosen instant; null: none.</param>
    /// <param name="label">Name of the mark.</param>
    public BurstPlot(IReadOnlyList<(long Time, short Rssi)> reads, long? mark, string label)
    {
        _reads = reads;
        _mark = mark;
        _label = label;
        _first = reads.Min(read => read.Time);
        _from = Math.Min(_first, mark ?? _first);
        _to = Math.Max(reads.Max(read => read.Time), mark ?? _first);
    }

    public IEnumerable<string> Lines()
    {
        if (_mark is { } mark)
            yield return MarkLabel(mark);
        var strong = _reads.Where(read => read.Rssi != ChipRead.NoRssi).ToArray();
        if (strong.Length > 0)
        {
            foreach (string row in Field(strong))
                yield return row;
        }

        if (strong.Length < _reads.Count)
            yield return Row(strong.Length > 0 ? "no dBm" : "reads", '│', Strip());
        yield return Row("", '└', Axis());
        yield return Row("", ' ', TickLabels());
    }

    /// <summary>Column of an instant, from 0.</summary>
    public int ColumnOf(long time) =>
        _to == _from ? 0 : (int)Math.Round((time - _from) * (Width - 1.0) / (_to - _from));

    string MarkLabel(long mark)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{_label}, {Ms(mark)} ms");
        int column = ColumnOf(mark);
        return column + text.Length + 2 <= Width
            ? Row("", ' ', new string(' ', column) + "▼ " + text)
            : Row("", ' ', new string(' ', column - text.Length - 1) + text + " ▼");
    }

    IEnumerable<string> Field((long Time, short Rssi)[] reads)
    {
        short most = reads.Max(read => read.Rssi);
        short least = reads.Min(read => read.Rssi);
        int last = most == least ? 0 : Height - 1;
        char[][] rows = [.. Enumerable.Range(0, last + 1).Select(_ => EmptyRow())];
        foreach (var (time, rssi) in reads)
        {
            int row = last == 0 ? 0 : (int)Math.Round((most - rssi) * (double)last / (most - least));
            Put(rows[row], ColumnOf(time), Dot);
        }

        for (int i = 0; i <= last; i++)
        {
            bool isLabelled = i == 0 || i == last;
            double dbm = (most - ((most - least) * (double)i / Math.Max(last, 1))) / 100;
            yield return Row(
                isLabelled ? dbm.ToString("0.0", CultureInfo.InvariantCulture) + (i == 0 ? " dBm" : "") : "",
                isLabelled ? '┤' : '│',
                new string(rows[i]));
        }
    }

    /// <summary>Reads without signal strength: how many there are in each column.</summary>
    string Strip()
    {
        char[] row = EmptyRow();
        foreach (var column in _reads.Where(read => read.Rssi == ChipRead.NoRssi).GroupBy(read => ColumnOf(read.Time)))
        {
            int count = column.Count();
            Put(row, column.Key, count == 1 ? Dot : count < 10 ? (char)('0' + count) : '+');
        }

        return new string(row);
    }

    char[] EmptyRow()
    {
        char[] row = new char[Width];
        Array.Fill(row, ' ');
        if (_mark is { } mark)
            row[ColumnOf(mark)] = MarkLine;
        return row;
    }

    void Put(char[] row, int column, char dot) =>
        row[column] = dot == Dot && _mark is { } mark && ColumnOf(mark) == column ? MarkedDot : dot;

    static string Axis()
    {
        char[] axis = new char[Width];
        Array.Fill(axis, '─');
        for (int i = 0; i <= Ticks; i++)
            axis[TickColumn(i)] = '┬';
        return new string(axis);
    }

    string TickLabels()
    {
        char[] labels = new char[Width + 8];
        Array.Fill(labels, ' ');
        int ticks = _to == _from ? 0 : Ticks;
        for (int i = 0; i <= ticks; i++)
        {
            long time = _from + (long)((_to - _from) * (i / (double)Ticks));
            string text = Ms(time).ToString(CultureInfo.InvariantCulture) + (i == ticks ? " ms" : "");
            int column = i == Ticks ? Width - text.Length + 3 : TickColumn(i);
            text.CopyTo(0, labels, column, text.Length);
        }

        return new string(labels);
    }

    static int TickColumn(int tick) => tick * (Width - 1) / Ticks;

    long Ms(long time) => (long)Math.Round((time - _first) / (double)TimeSpan.TicksPerMillisecond);

    static string Row(string label, char border, string field) => $"{label,10} {border}{field}".TrimEnd();
}
