using System.Globalization;
using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Passings;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;
using RufusIngest.Tool.Cleaning;
using RufusIngest.Tool.Inspect;

namespace RufusIngest.Tests.Tool;

public sealed class CleanTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Write(string name, string text)
    {
        string path = _folder.File(name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A live record of an Ultra: chip, milliseconds from the race's start, signal strength.</summary>
    static string Ultra(string chip, int ms, int rssi) => string.Create(
        CultureInfo.InvariantCulture,
        $"0,{chip},{1_170_000_000 + (ms / 1000)},{ms % 1000},1,{rssi},0,2,1,0000000000000000,0,1\n");

    /// <summary>
    /// 101 goes over the mat once, is read again in the dead time and comes back 20 s later; 102 is read once.
    /// </summary>
    string Race() => Write("race.txt", string.Concat(
        Ultra("101", 0, -80), Ultra("101", 100, -70), Ultra("101", 200, -60), Ultra("101", 300, -65),
        Ultra("101", 400, -75), Ultra("101", 3000, -70), Ultra("101", 20_000, -80), Ultra("102", 30_000, -50)));

    static Task<ToolRun> Clean(string file, params string[] more) =>
        ToolRun.Of(["clean", file, "--protocol", "ultra", .. more]);

    static JsonElement Summary(ToolRun run) => run.Lines[^1].GetProperty("summary");

    static double MsBehindFirst(JsonElement passing) =>
        (passing.GetProperty("utc").GetDateTimeOffset() - passing.GetProperty("first").GetDateTimeOffset())
        .TotalMilliseconds;

    static IEnumerable<string> Outcomes(JsonElement story) =>
        story.GetProperty("reads").EnumerateArray().Select(read => read.GetProperty("outcome").GetString()!);

    [Theory]
    [InlineData("first", 0, 0)]
    [InlineData("peak", 200, 200)]
    [InlineData("fitted", 210, 230)]
    [InlineData("Last", 3000, 3000)]
    public async Task A_policy_gives_its_time_of_record(string policy, double from, double to)
    {
        ToolRun run = await Clean(Race(), "--policy", policy, "--json");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        JsonElement[] passings = [.. run.Lines.SkipLast(1).Select(line => line.GetProperty("passing"))];
        Assert.Equal(["101", "101", "102"], passings.Select(passing => passing.GetProperty("chip").GetString()));
        Assert.InRange(MsBehindFirst(passings[0]), from, to);
        Assert.Equal(policy, passings[0].GetProperty("policy").GetString(), ignoreCase: true);
        Assert.True(Summary(run).GetProperty("balanced").GetBoolean());
        Assert.Equal(
            policy == "Last" ? "SameBurst 5" : "SameBurst 4, DeadTime 1",
            string.Join(", ", Summary(run).GetProperty("suppressed_by").EnumerateObject()
                .Select(pair => $"{pair.Name} {pair.Value}")));
    }

    [Fact]
    public async Task Reads_passings_and_reasons_add_up_and_it_says_so()
    {
        ToolRun run = await Clean(
            Race(), "--min-lap", "60", "--ignore-ghosts", "--bibs", Write("bibs.csv", "101;Anna\n"));
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains(
            "8 reads = 1 passings + 7 suppressed + 0 without time: every read is accounted for.", run.Output,
            StringComparison.Ordinal);
        Assert.Matches(@"MinLap +1 +12\.5 % +sooner after", run.Output);
        Assert.Matches(@"Ghost +1 +12\.5 % +a code seen at one instant", run.Output);
        Assert.Matches(@"(?m)^ +1  Anna +2017-01-27T16:00:00\.000Z +0 +\+200 +\+200 +3 +-60$", run.Output);
    }

    [Fact]
    public async Task The_rules_come_from_the_command_line()
    {
        Assert.Equal(4, Summary(await Clean(Race(), "--dead-time", "2.5", "--json")).GetProperty("passings").GetInt32());
        ToolRun narrow = await Clean(
            Race(), "--dead-time", "0.15", "--burst-gap", "0.05", "--reorder-delay", "0", "--json");
        Assert.Equal(6, Summary(narrow).GetProperty("passings").GetInt32());
        ToolRun cut = await Clean(Race(), "--policy", "last", "--max-burst", "0.25", "--json");
        Assert.Equal(200, MsBehindFirst(cut.Lines[0].GetProperty("passing")));
    }

    [Fact]
    public async Task Times_without_a_date_or_zone_are_placed_as_told()
    {
        ToolRun run = await Clean(
            Write("dateless.txt", "3,11274,0,\"11:22:47.392\",1,3\n"), "--session-date", "2026-05-17", "--zone",
            "Europe/Madrid", "--json");
        Assert.Equal("2026-05-17T09:22:47.392Z", run.Lines[0].GetProperty("passing").GetProperty("utc").GetString());
    }

    [Fact]
    public async Task Several_policies_are_held_side_by_side()
    {
        ToolRun run = await Clean(Race(), "--policy", "first", "--policy", "last", "--passings", "false");
        Assert.DoesNotContain("bib or chip", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"First +3 +3 +0\.0 +0\.0", run.Output);
        Assert.Matches(@"Last +3 +3 +\+1000\.0 +\+3000\.0", run.Output);
    }

    [Fact]
    public async Task A_read_has_the_outcome_it_ended_with_though_its_burst_was_suppressed_later()
    {
        ToolRun run = await Clean(Race(), "--min-lap", "60", "--explain", "101", "--json");
        JsonElement story = Assert.Single(run.Lines);
        Assert.Equal(
            ["Opened", "SameBurst", "SameBurst", "SameBurst", "SameBurst", "DeadTime", "MinLap"], Outcomes(story));
        Assert.All(
            story.GetProperty("reads").EnumerateArray(), read => Assert.Equal(1, read.GetProperty("number").GetInt32()));
        Assert.Equal(
            ["Passing 5", "MinLap 1"],
            story.GetProperty("bursts").EnumerateArray()
                .Select(burst => $"{burst.GetProperty("outcome")} {burst.GetProperty("reads")}"));
        Assert.Equal("BurstSuppressed", story.GetProperty("events")[0].GetProperty("kind").GetString());
        Assert.Single(story.GetProperty("passings").EnumerateArray());
    }

    [Theory]
    [InlineData("0.25")]
    [InlineData("0")] // Decided at once, so that the read's burst is gone when the read is told.
    public async Task A_burst_that_is_suppressed_gives_its_reads_the_reason_however_soon(string delay)
    {
        ToolRun run = await Clean(Race(), "--min-lap", "60", "--reorder-delay", delay, "--explain", "101", "--json");
        Assert.Equal(
            ["Opened", "SameBurst", "SameBurst", "SameBurst", "SameBurst", "DeadTime", "MinLap"],
            Outcomes(Assert.Single(run.Lines)));
    }

    [Fact]
    public async Task Only_bursts_are_drawn_and_each_has_one_read_of_record()
    {
        string[] lines = (await Clean(Race(), "--policy", "peak", "--explain", "101")).Output.Split('\n');
        Assert.Equal(2, lines.Count(line => line.StartsWith("Burst ", StringComparison.Ordinal)));
        var ofRecord = lines.Where(line => line.Contains("◄ Peak", StringComparison.Ordinal));
        Assert.Equal(["3", "7"], ofRecord.Select(line => line[..1]));
        // The read in the dead time counts from the passing it belongs to.
        Assert.Matches(@"^6 .*Z +3000 +1 +-70 +DeadTime +1/1 ", lines.Single(line => line.StartsWith('6')));
    }

    [Fact]
    public async Task Two_bursts_that_a_late_read_joins_are_one()
    {
        string file = Write(
            "late.txt", Ultra("7", 0, -70) + Ultra("7", 1500, -60) + Ultra("7", 800, -65) + Ultra("8", 60_000, -60));
        string[] more = ["--policy", "peak", "--reorder-delay", "3", "--explain", "7"];
        JsonElement story = Assert.Single((await Clean(file, [.. more, "--json"])).Lines);
        Assert.Equal(["Opened", "SameBurst", "SameBurst"], Outcomes(story));
        Assert.Equal(3, Assert.Single(story.GetProperty("bursts").EnumerateArray()).GetProperty("reads").GetInt32());
        // The event stands behind the read that brought it about.
        Assert.Equal(
            3, Assert.Single(story.GetProperty("events").EnumerateArray()).GetProperty("reads_before").GetInt32());
        string[] lines = (await Clean(file, more)).Output.Split('\n');
        Assert.Equal(
            Array.FindIndex(lines, line => line.StartsWith("3 ", StringComparison.Ordinal)) + 1,
            Array.FindIndex(lines, line => line.Contains("* burst from", StringComparison.Ordinal)));
        Assert.Contains("3 reads: 1 passing, 2 SameBurst.", lines.Select(line => line.TrimEnd()));
    }

    [Fact]
    public async Task An_athlete_is_asked_for_by_bib_with_all_chips()
    {
        string file = Write("two.txt", Ultra("7", 0, -70) + Ultra("8", 100, -60) + Ultra("9", 200, -60));
        ToolRun run = await Clean(file, "--bibs", Write("bibs.csv", "7;Anna\n8;Anna\n9;Ben\n"), "--explain", "Anna");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains(", bib Anna", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 reads: 1 passing, 1 SameBurst.", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peak", "▼ Peak, 200 ms", '◆')]
    [InlineData("fitted", "▼ Fitted, 219 ms", '┊')]
    [InlineData("last", "Last, 400 ms ▼", '◆')]
    public async Task The_plot_marks_the_chosen_instant(string policy, string label, char below)
    {
        ToolRun run = await Clean(Race(), "--policy", policy, "--dead-time", "0.5", "--explain", "101");
        string[] lines = [.. run.Output.Split('\n').SkipWhile(line => !line.Contains('▼', StringComparison.Ordinal))];
        Assert.EndsWith(label, lines[0].TrimEnd(), StringComparison.Ordinal);
        int column = lines[0].IndexOf('▼', StringComparison.Ordinal);
        string[] field = lines[1..(BurstPlot.Height + 1)];
        Assert.All(field, row => Assert.True(row[column] is '┊' or '◆'));
        Assert.Contains(field, row => row[column] == below);
        Assert.Equal(5, field.Sum(row => row.Count(c => c is '•' or '◆')));
        Assert.StartsWith("-60.0 dBm ┤", field[0].TrimStart(), StringComparison.Ordinal);
        Assert.StartsWith("-80.0 ┤", field[^1].TrimStart(), StringComparison.Ordinal);
        Assert.EndsWith("400 ms", lines[BurstPlot.Height + 2].TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_plot_is_narrow_and_marks_its_instant_where_the_read_of_it_is()
    {
        (long, short)[] reads = [.. Enumerable.Range(0, 40).Select(i => (i * 123_456L * 100, (short)(-8000 + (i * 50))))];
        BurstPlot plot = new(reads, reads[27].Item1, "Peak");
        string[] lines = [.. plot.Lines()];
        Assert.All(lines, line => Assert.True(line.Length <= 100));
        Assert.Equal(BurstPlot.Height + 3, lines.Length);
        int column = lines[0].IndexOf('▼', StringComparison.Ordinal);
        Assert.Equal(Math.Round(27 * 79 / 39.0), column - "           │".Length);
        Assert.Single(lines, line => line.Length > column && line[column] == '◆');
    }

    [Fact]
    public void Reads_without_signal_strength_are_a_strip()
    {
        string[] lines =
            [.. new BurstPlot([(0, ChipRead.NoRssi), (0, ChipRead.NoRssi), (79_0000, ChipRead.NoRssi)], null, "").Lines()];
        Assert.Equal($"     reads │2{new string(' ', 78)}•", lines[0]);
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("79 ms", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chip_that_was_not_read_is_told_with_those_that_were()
    {
        ToolRun run = await Clean(Race(), "--explain", "02");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(
            "there is no read of chip 02: give one of the 2 chips that were read, such as 102, 101, or a bib with --bibs.",
            run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no policy 'middle'", "--policy", "middle")]
    [InlineData("--dead-time is -1", "--dead-time", "-1")]
    [InlineData("--explain takes one --policy", "--policy", "peak", "--policy", "last", "--explain", "101")]
    public async Task What_is_wrong_is_said(string message, params string[] more)
    {
        ToolRun run = await Clean(Race(), more);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_about_it_shows_what_it_gives()
    {
        string page = await File.ReadAllTextAsync(
            Path.Combine(SourceFolder(), "..", "..", "..", "docs", "clean.md"), TestContext.Current.CancellationToken);
        string[] blocks = [.. page.Split("\n```\n").Where((_, i) => i % 2 == 1)];
        string[] commands =
        [
            .. page.Split('`')
                .Where(text => text.StartsWith("rufus-ingest clean finish.log", StringComparison.Ordinal)),
        ];
        string file = Write("finish.log", blocks[0]);
        string bibs = Write("bibs.csv", blocks[1]);
        Assert.Equal(3, commands.Length);
        for (int i = 0; i < commands.Length; i++)
        {
            ToolRun run = await ToolRun.Of(
            [
                .. commands[i].Split(' ').Skip(1)
                    .Select(arg => arg == "finish.log" ? file : arg == "bibs.csv" ? bibs : arg),
            ]);
            Assert.Equal(blocks[i + 2], string.Join('\n', run.Output.Split('\n').Select(line => line.TrimEnd())).TrimEnd());
        }
    }

    static string SourceFolder([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.GetDirectoryName(path)!;

    [Theory]
    [InlineData("raw-4-tags.rx.txt", "first", "peak", "fitted", "last")]
    [InlineData("fsls-direct.rx.txt", "first", "peak", "fitted", "last")]
    [InlineData("download-first-1200.txt", "first", "peak", "fitted", "last")]
    [InlineData("elite-fs-ls-first-600.txt", "peak")]
    public async Task The_stories_of_all_chips_account_for_every_read_of_a_capture(string file, params string[] policies)
    {
        string path = Captures.PathOf("ipico", file);
        ToolRun replay = await ToolRun.Of("replay", path, "--protocol", "ipico", "--reads", "--json");
        var reads = replay.Lines.Where(line => line.TryGetProperty("read", out _)).Select(line => line.GetProperty("read"))
            .Where(read => read.GetProperty("kind").GetString() == "Chip")
            .CountBy(read => read.GetProperty("chip").GetString()!).ToDictionary();
        foreach (string policy in policies)
        {
            JsonElement sum = Summary(await ToolRun.Of("clean", path, "--protocol", "ipico", "--policy", policy, "--json"));
            Dictionary<string, int> outcomes = [];
            foreach (var (chip, count) in reads)
            {
                ToolRun run = await ToolRun.Of(
                    "clean", path, "--protocol", "ipico", "--policy", policy, "--explain", chip, "--json");
                JsonElement story = Assert.Single(run.Lines);
                Assert.Equal(count, story.GetProperty("reads").GetArrayLength());
                foreach (string outcome in Outcomes(story))
                    outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }

            Assert.Equal(sum.GetProperty("passings").GetInt32(), outcomes.GetValueOrDefault("Opened"));
            Assert.Equal(
                sum.GetProperty("suppressed_by").EnumerateObject()
                    .Select(pair => (pair.Name, pair.Value.GetInt32())).Order(),
                outcomes.Where(pair => pair.Key != "Opened").Select(pair => (pair.Key, pair.Value)).Order());
        }
    }

    [Theory]
    [InlineData("chronotrack", "controller-9K.csv", "chronotrack")]
    [InlineData("chronotrack", "controller-19K.csv", "chronotrack")]
    [InlineData("chronotrack", "controller-START1-0502.csv", "chronotrack")]
    [InlineData("mylaps-exporter", "v1-2025-04-10-11.rx.bin", "mylaps")]
    public void The_stories_of_all_chips_account_for_every_read_with_every_policy(string folder, string file, string protocol)
    {
        List<ChipRead> reads = GateModelCaptures.ReadsOf(folder, file);
        FileInput input = new()
        {
            Inputs =
            [
                InputFile.Open(
                    new FileInfo(Captures.PathOf(folder, file)), ReaderProtocol.Find(protocol),
                    TestContext.Current.CancellationToken),
            ],
            Reader = new ReaderSettings { Name = "file", Protocol = protocol, Location = "MAT" },
            Chips = ChipTable.Empty,
        };
        foreach (PassingPolicy policy in (PassingPolicy[])
            [PassingPolicy.First, PassingPolicy.Peak, PassingPolicy.Fitted, PassingPolicy.Last])
        {
            List<ChipStory> stories =
                [.. reads.Select(read => read.Chip).Distinct().Select(chip => ChipStory.Of(chip.ToString(), ChipTable.Empty))];
            CleanRun run = new(input, new GateOptions { Policy = policy })
            {
                OnRead = (int reader, in ChipRead read, long time, in ReadFate fate) =>
                {
                    foreach (ChipStory story in stories)
                        story.Add(reader, read, time, fate);
                },
                OnPassing = passing => stories.ForEach(story => story.Add(passing)),
                OnEvent = told => stories.ForEach(story => story.Add(told)),
            };
            IngestCounters counters = run.Run(TestContext.Current.CancellationToken);
            var outcomes = stories.SelectMany(story => story.Reads.Select(read => story.FinalOf(read).Outcome))
                .CountBy(outcome => outcome).ToDictionary();
            Assert.Equal(reads.Count, outcomes.Values.Sum());
            Assert.Equal(counters.Passings, outcomes[ReadOutcome.Opened]);
            Assert.Equal(
                counters.SuppressedBy.Select(pair => (pair.Key, pair.Value)).Order(),
                outcomes.Where(pair => pair.Key.IsSuppressed()).Select(pair => (pair.Key, (long)pair.Value)).Order());
        }
    }
}

public sealed class BurstLedgerTests
{
    static TimingEvent Suppressed(long burst, ReadOutcome reason, long into = 0, int number = 0) =>
        new(TimingEventKind.BurstSuppressed, 0, 0, 0, default, number, 0)
        {
            Passing = new Passing { Burst = burst, Session = number == 0 ? 0 : 1, Number = number },
            Reason = reason,
            Into = into,
        };

    static ReadFate Told(long burst, ReadOutcome outcome = ReadOutcome.Opened) => new(outcome, 0, burst);

    [Fact]
    public void A_burst_that_went_into_another_shares_what_became_of_that()
    {
        BurstLedger ledger = new();
        ledger.Add(Suppressed(2, ReadOutcome.SameBurst, into: 1));
        ledger.Add(Suppressed(1, ReadOutcome.MinLap, number: 4));
        Assert.Equal(new FinalFate(ReadOutcome.MinLap, 1, 1, 4), ledger.Final(Told(2)));
        Assert.Equal(new FinalFate(ReadOutcome.MinLap, 1, 1, 4), ledger.Final(Told(1)));
    }

    [Fact]
    public void A_burst_that_gave_way_to_another_keeps_its_reason_and_learns_the_passing()
    {
        BurstLedger ledger = new();
        ledger.Add(Suppressed(1, ReadOutcome.Backup, into: 2));
        ledger.Add(Suppressed(2, ReadOutcome.SameBurst, into: 3));
        ledger.Add(new Passing { Burst = 3, Session = 1, Number = 9 });
        Assert.Equal(new FinalFate(ReadOutcome.Backup, 1, 1, 9), ledger.Final(Told(1)));
        Assert.Equal(new FinalFate(ReadOutcome.SameBurst, 3, 1, 9), ledger.Final(Told(2)));
        Assert.Equal(new FinalFate(ReadOutcome.Opened, 3, 1, 9), ledger.Final(Told(3)));
    }

    [Fact]
    public void A_read_that_came_to_a_decided_passing_is_what_it_was_told()
    {
        ReadFate told = new(ReadOutcome.DeadTime, 0, 0, 1, 5);
        Assert.Equal(new FinalFate(ReadOutcome.DeadTime, 0, 1, 5), new BurstLedger().Final(told));
    }
}

public sealed class EventLinesTests
{
    readonly List<string> _said = [];
    TimeSpan _now;

    static readonly IngestSettings Settings = new()
    {
        Locations = [new LocationSettings { Name = "FINISH" }],
        Readers = [new ReaderSettings { Name = "mat", Protocol = "ipico", Location = "FINISH" }],
    };

    static TimingEvent Parked => new(TimingEventKind.ParkedStarted, 0, -1, 0, default, 1, 1)
    {
        Passing = new Passing { Chip = ChipCode.FromText("7") },
    };

    [Fact]
    public void Single_chips_are_said_a_few_times_a_minute_and_the_rest_is_counted()
    {
        EventLines lines = new(_said.Add, () => _now);
        for (int i = 0; i < EventLines.MostPerMinute + 3; i++)
            lines.Say(Parked, Settings);
        lines.Say(new TimingEvent(TimingEventKind.Gun, 0, 0, 0, default, 0, 1), Settings);
        Assert.Equal(EventLines.MostPerMinute + 1, _said.Count);
        Assert.StartsWith("FINISH: 7 has been read without pause", _said[0], StringComparison.Ordinal);
        Assert.StartsWith("FINISH: gun at", _said[^1], StringComparison.Ordinal);
        _now = TimeSpan.FromMinutes(1);
        lines.Say(Parked, Settings);
        Assert.Equal("… and 3 more events of single chips.", _said[^2]);
        Assert.StartsWith("FINISH: 7 has been read", _said[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_whose_clock_was_set_is_named()
    {
        new EventLines(_said.Add, () => _now).Say(
            new TimingEvent(TimingEventKind.ClockStep, 0, 0, 0, default, 0, 1)
            {
                Shift = TimeSpan.FromSeconds(-3.2),
            },
            Settings);
        Assert.Equal(["FINISH: the clock of reader mat was set by -3.2 s."], _said);
    }
}
