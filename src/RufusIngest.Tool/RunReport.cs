using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Records;
using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary>What a run came to, as a table for people and as JSON for scripts.</summary>
sealed record RunReport
{
    public required IngestCounters Counters { get; init; }

    public UploadCounters? Upload { get; init; }

    public TimeSpan Elapsed { get; init; }

    public int Unsent { get; init; }

    /// <summary>Passings whose number the server had before they were ever sent: somebody else numbers this session.</summary>
    public long NumbersTaken { get; init; }

    public string? UnsentFile { get; init; }

    /// <summary>The journal, when there is one.</summary>
    public string? Journal { get; init; }

    /// <summary>Passings that wait in the journal.</summary>
    public int ToSend { get; init; }

    /// <summary>Passings that the server does not take, in the journal with its words.</summary>
    public int SetAside { get; init; }

    /// <summary>Bytes of reads that the journal could not take up to the end; null: it took all.</summary>
    public long? LostBytes { get; init; }

    public RaceCheck? Check { get; init; }

    public int ExitCode =>
        Check is { Passed: false } ? Tool.ExitCode.CheckFailed
        : Unsent > 0 || ToSend > 0 || SetAside > 0 || LostBytes is not null || NumbersTaken > 0 ? Tool.ExitCode.Refused
        : Tool.ExitCode.Done;

    long ReadsPerSecond => Elapsed > TimeSpan.Zero ? (long)(Counters.Reads / Elapsed.TotalSeconds) : 0;

    public void WriteTable(IAnsiConsole console)
    {
        Table readers = NewTable();
        readers.AddColumn("Reader");
        foreach (string name in new[] { "Bytes", "Reads", "Guns", "Without time", "Control", "Rejected" })
            readers.AddColumn(new TableColumn(name).RightAligned());
        foreach (ReaderCounters reader in Counters.Readers)
        {
            readers.AddRow(
                Markup.Escape(reader.Name), N(reader.Bytes), N(reader.Reads), N(reader.Signals), N(reader.WithoutTime),
                N(reader.Controls.Values.Sum()), N(reader.Rejects.Values.Sum()));
        }

        console.Write(readers);
        Table totals = NewTable();
        totals.AddColumn("Total");
        totals.AddColumn(new TableColumn("").RightAligned());
        foreach (var (name, value) in Rows())
            totals.AddRow(Markup.Escape(name), value);
        console.Write(totals);
    }

    IEnumerable<(string Name, string Value)> Rows()
    {
        yield return ("reads received", N(Counters.Reads));
        yield return ("reads suppressed", N(Counters.Suppressed));
        foreach (var (reason, count) in Counters.SuppressedBy.OrderBy(pair => pair.Key))
            yield return ($"  {reason}", N(count));
        foreach (var (reason, count) in Rejects())
            yield return ($"rejected: {reason}", N(count));
        foreach (var (kind, count) in Controls())
            yield return ($"control: {kind}", N(count));
        yield return ("passings", N(Counters.Passings));
        foreach (LocationCounters location in Counters.Locations.Where(_ => Counters.Locations.Count > 1))
            yield return ($"  {location.Name}", N(location.Passings));
        if (Counters.Locations.Sum(location => location.Late) is var late and > 0)
            yield return ("  flagged late", N(late));
        if (Upload is { } upload)
        {
            yield return ("sent", N(upload.Passings));
            yield return ("  known to the server before", N(upload.Duplicates));
            yield return ("  requests repeated", N(upload.Retries));
        }

        if (Unsent > 0)
            yield return ("not sent, written to a file", N(Unsent));
        if (Journal is not null)
        {
            yield return ("to send, in the journal", N(ToSend));
            if (SetAside > 0)
                yield return ("set aside, in the journal", N(SetAside));
            yield return ("commits", N(Counters.Commits));
        }
        if (Check is not null)
        {
            yield return ("stored", N(Check.Stored));
            yield return ("crossings of the race", N(Check.Crossings));
            yield return ("missing", N(Check.Missing));
            yield return ("duplicated", N(Check.Duplicated));
        }

        yield return ("seconds", $"{Elapsed.TotalSeconds:0.0}");
        yield return ("reads/s", N(ReadsPerSecond));
    }

    public void WriteJson(TextWriter output)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
            WriteJson(writer);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("reads", Counters.Reads);
        writer.WriteNumber("suppressed", Counters.Suppressed);
        WriteCounts(writer, "suppressed_by", Counters.SuppressedBy.Select(pair => (pair.Key.ToString(), pair.Value)));
        writer.WriteNumber("without_time", Counters.Readers.Sum(reader => reader.WithoutTime));
        writer.WriteNumber("guns", Counters.Readers.Sum(reader => reader.Signals));
        writer.WriteNumber("rejected", Counters.Rejected);
        WriteCounts(writer, "rejects", Rejects());
        WriteCounts(writer, "controls", Controls());
        writer.WriteNumber("passings", Counters.Passings);
        WriteCounts(writer, "passings_by_location", Counters.Locations.Select(l => (l.Name, l.Passings)));
        writer.WriteNumber("late", Counters.Locations.Sum(location => location.Late));
        if (Upload is { } upload)
        {
            writer.WriteNumber("sent", upload.Passings);
            writer.WriteNumber("duplicates", upload.Duplicates);
            writer.WriteNumber("retries", upload.Retries);
            writer.WriteNumber("unsent", Unsent);
            writer.WriteString("unsent_file", UnsentFile);
        }

        if (Journal is not null)
        {
            writer.WriteString("journal", Journal);
            writer.WriteNumber("to_send", ToSend);
            writer.WriteNumber("set_aside", SetAside);
            writer.WriteNumber("commits", Counters.Commits);
            writer.WriteNumber("failed_commits", Counters.FailedCommits);
        }

        if (Check is not null)
        {
            writer.WriteNumber("stored", Check.Stored);
            writer.WriteNumber("crossings", Check.Crossings);
            writer.WriteNumber("missing", Check.Missing);
            writer.WriteNumber("duplicated", Check.Duplicated);
        }

        writer.WriteNumber("seconds", Math.Round(Elapsed.TotalSeconds, 3));
        writer.WriteNumber("reads_per_second", ReadsPerSecond);
        writer.WriteEndObject();
    }

    IEnumerable<(string Name, long Count)> Rejects() => Sum(reader => reader.Rejects);

    IEnumerable<(string Name, long Count)> Controls() => Sum(reader => reader.Controls);

    IEnumerable<(string Name, long Count)> Sum<T>(Func<ReaderCounters, IReadOnlyDictionary<T, long>> counts)
        where T : struct, Enum =>
        Counters.Readers.SelectMany(counts).GroupBy(pair => pair.Key).OrderBy(group => group.Key)
            .Select(group => (group.Key.ToString(), group.Sum(pair => pair.Value)));

    static void WriteCounts(Utf8JsonWriter writer, string name, IEnumerable<(string Name, long Count)> counts)
    {
        writer.WriteStartObject(name);
        foreach (var (key, count) in counts)
            writer.WriteNumber(key, count);
        writer.WriteEndObject();
    }

    static Table NewTable() => new() { Border = TableBorder.Simple };

    static string N(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
}
