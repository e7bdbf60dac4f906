using System.Globalization;
using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tool.Pcap;
using Spectre.Console;

namespace RufusIngest.Tool.Inspect;

/// <summary>Writes what <c>inspect</c> found, for people.</summary>
sealed class InspectWriter(Terminal terminal)
{
    const int NameWidth = 16;
    const int BytesShown = 24;
    const int StreamsShown = 50;
    const int PointsShown = 20;

    bool _isBehind;

    public void Write(FileReport report)
    {
        if (_isBehind)
            terminal.Print("");
        _isBehind = true;
        InputFile input = report.Input;
        terminal.Print($"{input.File.Name}: {N(input.File.Length)} bytes{FormOf(input)}");
        if (input.Problem is { } problem)
            Line("damaged", $"the file {problem}; nothing behind that was read");
        if (input.Packets is { } packets)
            WritePackets(report, packets);
        if (report.Streams.Count == 0)
            Line("not certain", "there is nothing in it");
        foreach (StreamReport stream in report.Streams.Where(stream => input.Packets is null || stream.IsCertain).Take(StreamsShown))
        {
            if (stream.Stream.Flow is { } flow)
                terminal.Print($"{flow.Key.Source} → {flow.Key.Target}");
            Write(stream, report);
        }
    }

    static string FormOf(InputFile input) => input.Form switch
    {
        InputForm.HexText => $", as hex text: {N(input.Streams.Sum(stream => stream.Length))} bytes",
        InputForm.Packets => ", captured packets",
        _ => "",
    };

    void WritePackets(FileReport report, TcpFlows packets)
    {
        List<string> facts = [$"{N(packets.Packets)}"];
        AddFact(facts, packets.Others, "not TCP");
        AddFact(facts, packets.Fragments, "pieces of fragmented packets, left out");
        AddFact(facts, packets.Damaged, "damaged");
        AddFact(facts, packets.NotFollowed, "of more connections than are followed");
        Line("packets", string.Join(", ", facts));
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("Stream");
        foreach (string name in new[] { "Bytes", "Connections", "Gaps" })
            table.AddColumn(new TableColumn(name).RightAligned());
        table.AddColumn("Protocol");
        foreach (StreamReport stream in report.Streams.Take(StreamsShown))
        {
            TcpFlow flow = stream.Stream.Flow!;
            string gaps = flow.Gaps == 0 ? "0" : $"{N(flow.Gaps)} ({N(flow.LostBytes)} bytes)";
            table.AddRow(
                Markup.Escape($"{flow.Key.Source} → {flow.Key.Target}"), N(flow.Bytes), N(flow.Connections), gaps,
                Markup.Escape(stream.Protocol is { } name ? $"{name}, certain" : Uncertain(stream)));
        }

        terminal.Console.Write(table);
        if (report.Streams.Count > StreamsShown)
            Line("more streams", N(report.Streams.Count - StreamsShown));
    }

    static void AddFact(List<string> facts, long count, string what)
    {
        if (count > 0)
            facts.Add($"{N(count)} {what}");
    }

    static string Uncertain(StreamReport stream) => stream.Stream.Detection.Candidates.Count == 0
        ? "nothing known"
        : "not certain: " + string.Join(", ", stream.Stream.Detection.Candidates.Take(3).Select(one => one.Name));

    void Write(StreamReport report, FileReport file)
    {
        WriteVerdict(report, file.IsTold);
        if (report.Tally is not { } tally)
            return;
        string chips = tally.Chips == StreamTally.MaxChips ? $"{N(tally.Chips)} chips or more" : Count(tally.Chips, "chip");
        Line("reads", $"{N(tally.Reads)}{(tally.Reads > 0 ? $" of {chips}" : "")}");
        if (tally.Signals > 0)
            Line("guns, markers", N(tally.Signals));
        WriteTimes(tally);
        if (tally.Antennas.Count > 0)
            Line("antennas", string.Join(", ", tally.Antennas.Select(pair => $"{pair.Key} ({N(pair.Value)})")));
        if (tally.Points is { Count: > 0 } points)
            Line("points", string.Join(", ", points.Take(PointsShown)) + (points.Count > PointsShown ? ", …" : ""));
        if (tally.HasSignal)
            Line("signal", $"{Dbm(tally.WeakestSignal)} to {Dbm(tally.StrongestSignal)} dBm");
        foreach (var (reason, rejects) in tally.RejectsByReason)
        {
            Line(
                "rejected",
                $"{reason} {N(rejects.Count)}, first at byte {N(rejects.First.Position)}: {Hex(rejects.First.Bytes, rejects.First.Length)}");
        }

        if (tally.Controls.Count > 0)
            Line("controls", string.Join(", ", tally.Controls.Select(pair => $"{pair.Key} {N(pair.Value)}")));
    }

    void WriteVerdict(StreamReport report, bool isTold)
    {
        IReadOnlyList<ProtocolCandidate> candidates = report.Stream.Detection.Candidates;
        if (isTold)
            Line("taken as", $"{report.Tally!.Protocol.Name}: {Share(report.Tally)}");
        else if (report.IsCertain)
        {
            string others = candidates.Count == 1 ? "nothing else fits"
                : $"less likely: {string.Join(", ", candidates.Skip(1).Select(Describe))}";
            Line(report.Protocol!, $"certain: {Share(report.Tally!)}; {others}");
        }
        else
        {
            Line("not certain", report.Doubt);
            foreach (ProtocolCandidate candidate in candidates)
                Line(candidate.Name, $"{Share(candidate.Tally)}, {candidate.Strictness:0 %} of changes noticed");
            if (ColumnHint.Of(report.Stream.Head) is { } hint)
                Line("csv", hint);
            if (report.Stream.Head.Length > 0)
                Line("begins with", Hex(report.Stream.Head, (int)Math.Min(report.Stream.Length, int.MaxValue)));
            if (report.Tally is { } tally)
                Line("counted as", tally.Protocol.Name);
        }
    }

    void WriteTimes(StreamTally tally)
    {
        if (tally.First is not { } first || tally.Last is not { } last)
        {
            if (tally.Reads > 0)
                Line("time", "none in the reads");
            return;
        }

        Line("first", $"{Times.OfReader(first)}  {InspectWords.Of(tally.Base)}");
        Line("last", Times.OfReader(last));
        if (tally.Earliest is { } earliest && earliest.Time < first.Time)
            Line("earliest", Times.OfReader(earliest));
        if (tally.Latest is { } latest && latest.Time > last.Time)
            Line("latest", Times.OfReader(latest));
        Line(
            "backward steps",
            N(tally.BackwardSteps)
            + (tally.BackwardSteps > 0 ? $", the largest {new TimeSpan(tally.LargestBackwardStep).TotalSeconds:N3} s" : ""));
        if (tally.ClockNotSet > 0)
            Line("clock not set", Count(tally.ClockNotSet, "read"));
        if (tally.TimedReads < tally.Reads)
            Line("without time", Count(tally.Reads - tally.TimedReads, "read"));
    }

    static string Describe(ProtocolCandidate candidate) => $"{candidate.Name} ({Share(candidate.Tally)})";

    static string Share(StreamTally tally)
    {
        long bad = tally.Rejects + tally.UnknownControls;
        return $"{N(tally.Frames)} of {Count(tally.Frames + bad, "frame")}"
            + (bad > 0 || tally.Explained < 0.995 ? $", {Math.Floor(tally.Explained * 100):0} % of the bytes" : "");
    }

    static string Hex(ReadOnlySpan<byte> bytes, int length)
    {
        ReadOnlySpan<byte> some = bytes[..Math.Min(bytes.Length, BytesShown)];
        StringBuilder text = new();
        foreach (byte value in some)
            text.Append(value is >= (byte)' ' and <= (byte)'~' ? (char)value : '.');
        string more = length > some.Length ? $" … ({N(length)} bytes)" : "";
        return $"{Convert.ToHexStringLower(some)}{more}  {text}";
    }

    static string Dbm(short centi) => (centi / 100m).ToString("0.##", CultureInfo.InvariantCulture);

    static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : $"{N(count)} {noun}s";

    void Line(string name, string value) => terminal.Print($"  {name,-NameWidth} {value}");

    static string N(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>Words that text and JSON share.</summary>
static class InspectWords
{
    public static string Of(TimeBase timeBase) => timeBase switch
    {
        TimeBase.Local => "local",
        TimeBase.Utc => "UTC",
        TimeBase.NoDate => "no date",
        TimeBase.SinceStart => "since start",
        _ => "none",
    };

    public static string Of(InputForm form) => form switch
    {
        InputForm.HexText => "hex text",
        InputForm.Packets => "packets",
        _ => "bytes",
    };
}

/// <summary>Tells that a text is rows of columns, which only somebody who knows them can name.</summary>
static class ColumnHint
{
    const int LeastRows = 3;
    const int MostColumns = 40;

    public static string? Of(ReadOnlySpan<byte> head)
    {
        if (head.IndexOfAnyExceptInRange((byte)9, (byte)'~') >= 0)
            return null;
        string[] rows = [.. Encoding.ASCII.GetString(head).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        // The last one may be cut off.
        rows = rows.Length > LeastRows ? rows[..^1] : rows;
        if (rows.Length < LeastRows)
            return null;
        foreach (char separator in ";\t,|")
        {
            int columns = rows[0].Count(one => one == separator) + 1;
            if (columns is < 2 or > MostColumns || rows.Any(row => row.Count(one => one == separator) + 1 != columns))
                continue;
            string names = string.Join(separator == '\t' ? ',' : separator, NamesOf(columns));
            string mark = separator == '\t' ? "a tab" : $"'{separator}'";
            return $"rows of {columns} columns with {mark} between them: say what they are, as in --protocol \"csv:{names}\"";
        }

        return null;
    }

    static IEnumerable<string> NamesOf(int columns) =>
        Enumerable.Range(0, columns).Select(index => index switch { 0 => "chip", 1 => "time", _ => "-" });
}
