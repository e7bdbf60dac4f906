using System.Globalization;
using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tool.Cleaning;

/// <summary>
/// Writes the story of an athlete: each read once with what finally became of it, events in their place, bursts drawn.
/// </summary>
sealed class StoryWriter
{
    static readonly string[] Header =
        ["#", "chip", "reader time", "utc", "ms", "ant", "rssi", "outcome", "passing", "why"];

    static readonly bool[] IsNumber = [true, false, false, false, true, true, true, false, true, false];

    readonly ChipStory _story;
    readonly ChipTable _chips;
    readonly PassingPolicy _policy;
    readonly IReadOnlyList<StoryBurst> _bursts;

    // Reads may be the same in every member and still be two.
    readonly Dictionary<StoryRead, StoryBurst> _burstOf = new(ReferenceEqualityComparer.Instance);
    readonly HashSet<StoryRead> _records = new(ReferenceEqualityComparer.Instance);

    public StoryWriter(ChipStory story, ChipTable chips, PassingPolicy policy)
    {
        _story = story;
        _chips = chips;
        _policy = policy;
        _bursts = story.Bursts();
        foreach (StoryBurst burst in _bursts)
        {
            foreach (StoryRead read in burst.Reads)
                _burstOf.Add(read, burst);
            var atRecord = burst.Reads.Where(read => read.Time == burst.Passing?.Time);
            if (atRecord.MaxBy(read => read.Read.RssiCentiDbm) is { } record)
                _records.Add(record);
        }
    }

    public void WriteText(TextWriter output)
    {
        string title = _story.Describe();
        output.WriteLine(char.ToUpperInvariant(title[0]) + title[1..]);
        output.WriteLine();
        WriteTable(output);
        for (int i = 0; i < _bursts.Count; i++)
            WriteBurst(output, _bursts[i], i + 1);
        output.WriteLine();
        output.WriteLine(Sum());
    }

    void WriteTable(TextWriter output)
    {
        string[][] rows = [Header, .. _story.Reads.Select(Cells)];
        int[] widths = [.. Header.Select((_, column) => rows.Max(row => row[column].Length))];
        if (_story.Chips.Count() == 1)
            widths[1] = 0;
        // Where the words of an event begin: under the outcomes.
        int indent = widths.Take(7).Where(width => width > 0).Sum(width => width + 2);
        int told = 0;
        output.WriteLine(Line(rows[0], widths));
        for (int i = 0; i < _story.Reads.Count; i++)
        {
            WriteEvents(output, indent, ref told, i);
            output.WriteLine(Line(rows[i + 1], widths));
        }

        WriteEvents(output, indent, ref told, _story.Reads.Count);
    }

    void WriteEvents(TextWriter output, int indent, ref int told, int readsBefore)
    {
        for (; told < _story.Events.Count && _story.Events[told].ReadsBefore == readsBefore; told++)
            output.WriteLine($"{new string(' ', indent)}{Words(_story.Events[told].Told)}");
    }

    string[] Cells(StoryRead read, int index)
    {
        FinalFate fate = _story.FinalOf(read);
        StoryBurst? burst = _burstOf.GetValueOrDefault(read);
        long from = burst?.Reads[0].Time ?? _story.Passings.FirstOrDefault(Stands).First;
        return
        [
            Number(index + 1), read.Read.Chip.ToString(), Times.OfReader(read.Read),
            read.Time == 0 ? "" : Times.Utc(read.Time), from == 0 || read.Time == 0 ? "" : Number(Ms(read.Time - from)),
            Number(read.Read.Antenna), CleanWriter.Rssi(read.Read.RssiCentiDbm), fate.Outcome.ToString(), Name(fate),
            OutcomeWords.Of(fate.Outcome) + (_records.Contains(read) ? $"  ◄ {_policy}" : ""),
        ];

        bool Stands(Passing one) => (one.Session, one.Number) == (fate.Session, fate.Number);
    }

    static string Line(string[] cells, int[] widths)
    {
        StringBuilder line = new();
        for (int i = 0; i < cells.Length; i++)
        {
            if (widths[i] > 0)
                line.Append(IsNumber[i] ? cells[i].PadLeft(widths[i]) : cells[i].PadRight(widths[i])).Append("  ");
        }

        return line.ToString().TrimEnd();
    }

    void WriteBurst(TextWriter output, StoryBurst burst, int number)
    {
        output.WriteLine();
        string became = burst.Passing is { } passing
            ? $"passing {passing.Session}/{passing.Number} at {Times.Utc(passing.Time)}{DecidedWith(passing, burst)}"
            : $"{burst.Fate.Outcome}: {OutcomeWords.Of(burst.Fate.Outcome)}";
        output.WriteLine($"Burst {number}, {Counted(burst.Reads.Count, "read")}: {became}");
        string label = burst.Passing is null ? $"{_policy}, suppressed" : _policy.ToString();
        BurstPlot plot = new([.. burst.Reads.Select(read => (read.Time, read.Read.RssiCentiDbm))], burst.Record, label);
        foreach (string line in plot.Lines())
            output.WriteLine(line);
    }

    /// <summary>What the passing did not know yet, so that a stronger read behind the mark is no riddle.</summary>
    static string DecidedWith(Passing passing, StoryBurst burst)
    {
        int hits = burst.Reads.Sum(read => read.Read.Hits);
        return passing.Hits < hits ? $", decided when {passing.Hits} of these {hits} hits were known" : "";
    }

    string Sum()
    {
        var fates = _story.Reads.Select(read => _story.FinalOf(read).Outcome).ToArray();
        int passings = fates.Count(OutcomeWords.IsPassing);
        return $"{Counted(fates.Length, "read")}: " + string.Join(
            ", ",
            fates.Where(outcome => !OutcomeWords.IsPassing(outcome)).GroupBy(outcome => outcome).OrderBy(group => group.Key)
                .Select(group => $"{group.Count():N0} {group.Key}").Prepend(Counted(passings, "passing"))) + ".";
    }

    static string Words(in TimingEvent told)
    {
        Passing passing = told.Passing;
        string number = passing.Number == 0 ? "its passing" : $"passing {passing.Session}/{passing.Number}";
        return told.Kind switch
        {
            TimingEventKind.BurstSuppressed =>
                $"* burst from {Clock(passing.First)} suppressed, {told.Reason}: {OutcomeWords.Of(told.Reason)}",
            TimingEventKind.PassingCorrected => $"* {number} would begin at {Clock(passing.First)} now; it stays as it is",
            TimingEventKind.PassingCompleted => $"* {number} ended at {Clock(passing.Last)}",
            TimingEventKind.ParkedStarted => $"* parked: read without pause since {Clock(passing.First)}",
            TimingEventKind.ParkedStill => $"* still parked at {Clock(passing.Last)}",
            TimingEventKind.ParkedLeft => $"* parked no more: last read at {Clock(passing.Last)}",
            _ => $"* {told.Kind}",
        };
    }

    public void WriteJson(TextWriter output)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            WriteArray(writer, "chips", _story.Chips, chip => writer.WriteStringValue(chip.ToString()));
            writer.WriteString("bib", _story.Bib);
            writer.WriteString("policy", _policy.ToString());
            WriteArray(writer, "reads", _story.Reads, read => WriteRead(writer, read));
            WriteArray(writer, "events", _story.Events, told => WriteEvent(writer, told));
            WriteArray(writer, "bursts", _bursts, burst => WriteBurst(writer, burst));
            WriteArray(
                writer, "passings", _story.Passings, passing => CleanWriter.WritePassing(writer, passing, _chips));
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    void WriteRead(Utf8JsonWriter writer, StoryRead read)
    {
        FinalFate fate = _story.FinalOf(read);
        writer.WriteStartObject();
        writer.WriteString("chip", read.Read.Chip.ToString());
        writer.WriteString("reader_time", Times.OfReader(read.Read));
        writer.WriteString("utc", read.Time == 0 ? null : Times.Utc(read.Time));
        writer.WriteNumber("antenna", read.Read.Antenna);
        if (read.Read.RssiCentiDbm != ChipRead.NoRssi)
            writer.WriteNumber("rssi", read.Read.RssiCentiDbm / 100m);
        writer.WriteString("outcome", fate.Outcome.ToString());
        WriteFate(writer, fate);
        writer.WriteEndObject();
    }

    static void WriteEvent(Utf8JsonWriter writer, StoryEvent one)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", one.Told.Kind.ToString());
        writer.WriteNumber("reads_before", one.ReadsBefore);
        if (one.Told.Kind == TimingEventKind.BurstSuppressed)
            writer.WriteString("reason", one.Told.Reason.ToString());
        writer.WriteString("first", Times.Utc(one.Told.Passing.First));
        writer.WriteString("last", Times.Utc(one.Told.Passing.Last));
        writer.WriteEndObject();
    }

    static void WriteBurst(Utf8JsonWriter writer, StoryBurst burst)
    {
        writer.WriteStartObject();
        writer.WriteString("outcome", burst.Passing is null ? burst.Fate.Outcome.ToString() : "Passing");
        WriteFate(writer, burst.Fate);
        writer.WriteString("first", Times.Utc(burst.Reads[0].Time));
        writer.WriteString("last", Times.Utc(burst.Reads[^1].Time));
        writer.WriteString("record", burst.Record is { } record ? Times.Utc(record) : null);
        writer.WriteNumber("reads", burst.Reads.Count);
        writer.WriteEndObject();
    }

    /// <summary>The passing that stands for it, where one does.</summary>
    static void WriteFate(Utf8JsonWriter writer, FinalFate fate)
    {
        if (fate.Number == 0)
            return;
        writer.WriteNumber("session", fate.Session);
        writer.WriteNumber("number", fate.Number);
    }

    static void WriteArray<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<T> write)
    {
        writer.WriteStartArray(name);
        foreach (T item in items)
            write(item);
        writer.WriteEndArray();
    }

    static string Name(FinalFate fate) => fate.Number == 0 ? "" : $"{fate.Session}/{fate.Number}";

    static string Clock(long ticks) => Times.Utc(ticks)[11..];

    static string Counted(int count, string what) => $"{count:N0} {what}{(count == 1 ? "" : "s")}";

    static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    static long Ms(long ticks) => (long)Math.Round(ticks / (double)TimeSpan.TicksPerMillisecond);
}
