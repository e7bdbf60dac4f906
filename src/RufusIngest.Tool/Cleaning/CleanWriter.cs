using System.Globalization;
using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Reads;
using Spectre.Console;

namespace RufusIngest.Tool.Cleaning;

/// <summary>Writes what cleaning came to: passings as aligned lines or JSON, sums as tables or JSON.</summary>
sealed class CleanWriter(Terminal terminal, bool json, bool passings)
{
    PassingPolicy? _headed;

    public void WritePassing(Passing passing, ChipTable chips)
    {
        if (!passings)
            return;
        if (json)
        {
            WriteJson(writer =>
            {
                writer.WritePropertyName("passing");
                WritePassing(writer, passing, chips);
            });
            return;
        }

        if (_headed != passing.Policy)
        {
            if (_headed is not null)
                terminal.Print("");
            terminal.Print(Head(passing.Policy));
        }

        _headed = passing.Policy;
        terminal.Print(Line(passing, chips));
    }

    public void WriteResults(IReadOnlyList<CleanResult> results)
    {
        if (!json)
            WriteReasons(results);
        foreach (CleanResult result in results)
        {
            if (json)
                WriteJson(writer => WriteSummary(writer, result));
            else
                terminal.Print(Sum(result));
        }
    }

    public void WriteComparison(IReadOnlyList<PolicyRow> rows)
    {
        if (json)
        {
            WriteJson(writer => WriteRows(writer, rows));
            return;
        }

        Table table = NewTable();
        table.AddColumn("Policy");
        foreach (string name in new[] { "Passings", $"As {rows[0].Policy}", "Mean ms", "Max ms" })
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (PolicyRow row in rows)
            table.AddRow($"{row.Policy}", N(row.Passings), N(row.Same), Ms(row.MeanMs), Ms(row.MaxMs));
        terminal.Console.Write(table);
        terminal.Print(
            $"Times beside those of {rows[0].Policy}, for passings that begin with the same read; later is positive.");
    }

    /// <summary>A passing's members; times of a burst are as they were when it was numbered.</summary>
    public static void WritePassing(Utf8JsonWriter writer, in Passing passing, ChipTable chips)
    {
        writer.WriteStartObject();
        writer.WriteNumber("session", passing.Session);
        writer.WriteNumber("number", passing.Number);
        writer.WriteString("chip", passing.Chip.ToString());
        writer.WriteString("bib", chips.TryGetBib(passing.Chip, out string bib) ? bib : null);
        writer.WriteString("utc", Times.Utc(passing.Time));
        writer.WriteString("first", Times.Utc(passing.First));
        writer.WriteString("peak", Times.Utc(passing.Peak));
        writer.WriteString("last", Times.Utc(passing.Last));
        writer.WriteNumber("hits", passing.Hits);
        if (passing.BestRssiCentiDbm != ChipRead.NoRssi)
            writer.WriteNumber("best_rssi", passing.BestRssiCentiDbm / 100m);
        writer.WriteString("policy", passing.Policy.ToString());
        writer.WriteString("flags", passing.Flags.ToString());
        writer.WriteEndObject();
    }

    static string Head(PassingPolicy policy) =>
        $"{"number",8}  {"bib or chip",-24}  {$"utc ({policy})",-24}  {"first ms",9}  {"peak ms",8}  {"last ms",8}  "
        + $"{"hits",4}  {"rssi",6}  flags";

    static string Line(in Passing passing, ChipTable chips)
    {
        string who = chips.TryGetBib(passing.Chip, out string bib) ? bib : passing.Chip.ToString();
        string flags = passing.Flags == PassingFlags.None ? "" : passing.Flags.ToString();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{passing.Number,8}  {who,-24}  {Times.Utc(passing.Time),-24}  {Offset(passing.First, passing.Time),9}  "
            + $"{Offset(passing.Peak, passing.Time),8}  {Offset(passing.Last, passing.Time),8}  {passing.Hits,4}  "
            + $"{Rssi(passing.BestRssiCentiDbm),6}  {flags}").TrimEnd();
    }

    /// <summary>How many reads each reason took; shares where they are one policy's.</summary>
    void WriteReasons(IReadOnlyList<CleanResult> results)
    {
        ReadOutcome[] reasons =
            [.. results.SelectMany(result => result.Counters.SuppressedBy.Keys).Distinct().Order()];
        if (reasons.Length == 0)
            return;
        Table table = NewTable();
        table.AddColumn("Suppressed");
        foreach (CleanResult result in results)
            table.AddColumn(new TableColumn($"{result.Policy}").RightAligned());
        if (results.Count == 1)
            table.AddColumn(new TableColumn("Share").RightAligned());
        table.AddColumn("Meaning");
        foreach (ReadOutcome reason in reasons)
        {
            long[] counts = [.. results.Select(result => result.Counters.SuppressedBy.GetValueOrDefault(reason))];
            string[] share = counts.Length == 1 ? [Share(counts[0], results[0].Counters.Reads)] : [];
            table.AddRow([reason.ToString(), .. counts.Select(N), .. share, Markup.Escape(OutcomeWords.Of(reason))]);
        }

        terminal.Console.Write(table);
    }

    static string Sum(CleanResult result)
    {
        string verdict = result.IsBalanced ? "every read is accounted for." : "THESE DO NOT ADD UP.";
        string others = result.Signals + result.Counters.Rejected is 0
            ? ""
            : $" Beside them {N(result.Signals)} guns or markers and {N(result.Counters.Rejected)} rejected frames.";
        return $"{result.Policy}: {N(result.Counters.Reads)} reads = {N(result.Counters.Passings)} passings + "
            + $"{N(result.Counters.Suppressed)} suppressed + {N(result.WithoutTime)} without time: {verdict}{others}";
    }

    static void WriteSummary(Utf8JsonWriter writer, CleanResult result)
    {
        writer.WriteStartObject("summary");
        writer.WriteString("policy", result.Policy.ToString());
        writer.WriteNumber("reads", result.Counters.Reads);
        writer.WriteNumber("passings", result.Counters.Passings);
        writer.WriteNumber("suppressed", result.Counters.Suppressed);
        writer.WriteStartObject("suppressed_by");
        foreach (var (reason, count) in result.Counters.SuppressedBy.OrderBy(pair => pair.Key))
            writer.WriteNumber(reason.ToString(), count);
        writer.WriteEndObject();
        writer.WriteNumber("without_time", result.WithoutTime);
        writer.WriteBoolean("balanced", result.IsBalanced);
        writer.WriteNumber("guns", result.Signals);
        writer.WriteNumber("rejected", result.Counters.Rejected);
        writer.WriteEndObject();
    }

    static void WriteRows(Utf8JsonWriter writer, IReadOnlyList<PolicyRow> rows)
    {
        writer.WriteStartArray("comparison");
        foreach (PolicyRow row in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("policy", row.Policy.ToString());
            writer.WriteNumber("passings", row.Passings);
            writer.WriteNumber("same", row.Same);
            writer.WriteNumber("mean_ms", Math.Round(row.MeanMs, 3));
            writer.WriteNumber("max_ms", Math.Round(row.MaxMs, 3));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    void WriteJson(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        terminal.Print(Encoding.UTF8.GetString(stream.ToArray()));
    }

    public static string Rssi(short centiDbm) =>
        centiDbm == ChipRead.NoRssi ? "" : (centiDbm / 100m).ToString(CultureInfo.InvariantCulture);

    static string Offset(long time, long from) =>
        Math.Round((time - from) / (double)TimeSpan.TicksPerMillisecond).ToString("+0;-0;0", CultureInfo.InvariantCulture);

    static string Share(long count, long of) => (count / (double)of).ToString("0.0 %", CultureInfo.InvariantCulture);

    static string Ms(double value) => value.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    static Table NewTable() => new() { Border = TableBorder.Simple };

    static string N(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
