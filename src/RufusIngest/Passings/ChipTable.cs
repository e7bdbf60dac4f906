using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>Which bib a chip belongs to. Immutable, thread-safe.</summary>
public sealed class ChipTable
{
    /// <summary>Longest bib taken, in UTF-8 bytes.</summary>
    public const int MaxBibLength = 64;

    /// <summary>
    /// Chips of one bib that are taken for one athlete's. More are a placeholder ("0", "SPARE"), and each is an athlete of its
    /// own: strangers must not hide each other.
    /// </summary>
    public const int MaxChipsOfAthlete = 8;

    readonly Dictionary<ChipCode, Entry> _entries;
    readonly List<string> _crowded = [];
    readonly Dictionary<ChipCode, ChipCode[]> _mates = [];

    ChipTable(Dictionary<ChipCode, Entry> entries)
    {
        _entries = entries;
        foreach (var athlete in entries.GroupBy(entry => entry.Value.Bib))
        {
            ChipCode[] chips = [.. athlete.Select(entry => entry.Key)];
            if (chips.Length > MaxChipsOfAthlete)
                _crowded.Add(athlete.Key);
            if (chips.Length is 1 or > MaxChipsOfAthlete)
                continue;
            foreach (ChipCode chip in chips)
                _mates.Add(chip, chips);
        }
    }

    /// <summary>A table without chips: each passing goes by its chip code.</summary>
    public static ChipTable Empty { get; } = new([]);

    /// <summary>Number of chips.</summary>
    public int Count => _entries.Count;

    /// <summary>Bibs with more than <see cref="MaxChipsOfAthlete"/> chips: worth telling whoever made the list.</summary>
    public IReadOnlyList<string> CrowdedBibs => _crowded;

    /// <summary>The pairs, in no stated order.</summary>
    public IEnumerable<KeyValuePair<ChipCode, string>> Pairs =>
        _entries.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Bib));

    /// <summary>Makes a table of pairs.</summary>
    /// <exception cref="FormatException">A bib is empty or too long, or a chip has two bibs.</exception>
    public static ChipTable Create(IEnumerable<KeyValuePair<ChipCode, string>> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        Dictionary<ChipCode, Entry> entries = [];
        foreach (var (chip, bib) in pairs)
        {
            if (Add(entries, chip, bib, 0) is { } problem)
                throw new FormatException(problem);
        }

        return new ChipTable(entries);
    }

    /// <summary>
    /// Reads a CSV file of chips and bibs: comma, semicolon or tab, quotes as usual. A first line that names the columns
    /// (<c>chip</c> and <c>bib</c>, in any place) is understood; without it the first column is the chip, the second the
    /// bib. An athlete may have several chips, a chip has one bib.
    /// </summary>
    /// <param name="text">The file's text; it is read to its end.</param>
    /// <param name="name">The file's name, for messages.</param>
    /// <exception cref="ChipTableException">Lines are wrong: all problems, with line numbers, up to 20.</exception>
    public static ChipTable ReadCsv(TextReader text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        Dictionary<ChipCode, Entry> entries = [];
        List<string> problems = [];
        int chipColumn = 0, bibColumn = 1, lineNumber = 0;
        bool first = true;
        while (text.ReadLine() is { } line)
        {
            lineNumber++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            List<string> fields = SplitCsv(line);
            if (first && TryFindColumns(fields, ref chipColumn, ref bibColumn))
            {
                first = false;
                continue;
            }

            first = false;
            if (AddLine(entries, fields, chipColumn, bibColumn, lineNumber) is { } problem)
                problems.Add($"{name}, line {lineNumber}: {problem}");
        }

        return problems.Count == 0 ? new ChipTable(entries) : throw new ChipTableException(problems);
    }

    /// <summary>The bib of a chip.</summary>
    public bool TryGetBib(ChipCode chip, out string bib)
    {
        bool found = _entries.TryGetValue(chip, out Entry entry);
        bib = entry.Bib ?? "";
        return found;
    }

    internal IEnumerable<ChipCode> Chips => _entries.Keys;

    /// <summary>Chips of athletes that have several.</summary>
    internal IEnumerable<ChipCode> SharedChips => _mates.Keys;

    internal bool Contains(ChipCode chip) => _entries.ContainsKey(chip);

    /// <summary>All chips of an athlete that has several, among them the one asked for; else none.</summary>
    internal ReadOnlySpan<ChipCode> MatesOf(ChipCode chip) => _mates.GetValueOrDefault(chip);

    /// <summary>The bib as escaped JSON text, or empty for an unknown chip.</summary>
    internal ReadOnlySpan<byte> JsonBib(ChipCode chip) =>
        _entries.TryGetValue(chip, out Entry entry) ? entry.JsonBib : default;

    static string? AddLine(
        Dictionary<ChipCode, Entry> entries, List<string> fields, int chipColumn, int bibColumn, int line)
    {
        if (fields.Count <= Math.Max(chipColumn, bibColumn))
            return $"{fields.Count} column(s) where at least {Math.Max(chipColumn, bibColumn) + 1} are needed.";
        string chipText = fields[chipColumn];
        return ChipCode.TryFromText(Encoding.UTF8.GetBytes(chipText), out ChipCode chip)
            ? Add(entries, chip, fields[bibColumn], line)
            : $"'{chipText}' is no chip code (1 to 30 bytes of text, or up to 60 hex digits).";
    }

    static string? Add(Dictionary<ChipCode, Entry> entries, ChipCode chip, string bib, int line)
    {
        if (bib.Length == 0)
            return $"chip {chip} has no bib.";
        byte[] utf8 = Encoding.UTF8.GetBytes(bib);
        if (utf8.Length > MaxBibLength)
            return $"the bib of chip {chip} is longer than {MaxBibLength} bytes.";
        Entry entry = new(bib, PassingsJsonWriter.Escape(utf8), line);
        if (entries.TryAdd(chip, entry) || entries[chip].Bib == bib)
            return null;
        Entry before = entries[chip];
        return $"chip {chip} has bib '{bib}', but '{before.Bib}'"
            + (before.Line > 0 ? $" on line {before.Line}." : " before.");
    }

    static bool TryFindColumns(List<string> fields, ref int chipColumn, ref int bibColumn)
    {
        int chip = fields.FindIndex(field => IsColumn(field, ["chip", "chips", "tag", "epc", "transponder"]));
        int bib = fields.FindIndex(field => IsColumn(field, ["bib", "bibs", "number", "startnumber"]));
        if (chip < 0 || bib < 0)
            return false;
        (chipColumn, bibColumn) = (chip, bib);
        return true;
    }

    static bool IsColumn(string field, string[] names) => names.Contains(field, StringComparer.OrdinalIgnoreCase);

    static List<string> SplitCsv(string line)
    {
        char separator = line.AsSpan().IndexOfAny("\t;".AsSpan()) is var at and >= 0 ? line[at] : ',';
        List<string> fields = [];
        StringBuilder field = new();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
                field.Append(line[++i]);
            else if (c == '"')
                quoted = !quoted;
            else if (c == separator && !quoted)
                Take();
            else if (c != '\uFEFF')
                field.Append(c);
        }

        Take();
        return fields;

        void Take()
        {
            fields.Add(field.ToString().Trim());
            field.Clear();
        }
    }

    readonly record struct Entry(string Bib, byte[] JsonBib, int Line);
}

/// <summary>A chip table could not be read.</summary>
public sealed class ChipTableException : FormatException
{
    const int MostProblems = 20;

    /// <summary>Takes the problems, each with file and line.</summary>
    public ChipTableException(IReadOnlyList<string> problems)
        : base(Describe(problems)) => Problems = problems;

    /// <summary>Makes an exception without problems.</summary>
    public ChipTableException()
        : this([])
    {
    }

    /// <summary>Makes an exception of one problem.</summary>
    public ChipTableException(string message)
        : this([message])
    {
    }

    /// <summary>Makes an exception of one problem with its cause.</summary>
    public ChipTableException(string message, Exception innerException)
        : base(message, innerException) => Problems = [message];

    /// <summary>What is wrong, with file and line.</summary>
    public IReadOnlyList<string> Problems { get; }

    static string Describe(IReadOnlyList<string> problems) =>
        string.Join(Environment.NewLine, problems.Take(MostProblems))
        + (problems.Count > MostProblems ? $"{Environment.NewLine}… and {problems.Count - MostProblems} more." : "");
}
