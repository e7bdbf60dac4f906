using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

public sealed class IngestCoreTests
{
    [Fact]
    public void A_read_becomes_an_item_of_the_newer_schema()
    {
        CoreRun run = new(("mat", "FINISH"));
        run.Chunk(0, 1, CoreRun.Line("058000123b32", 1.2345));
        run.Close();
        Assert.Equal(
            "FINISH/1 {\"bib\":\"058000123b32\",\"num_passing\":1,"
            + "\"timestamp\":\"2026-05-17T08:00:01.234Z\",\"chip\":\"058000123b32\"}",
            Assert.Single(run.Items));
    }

    [Fact]
    public void Numbers_run_from_one_without_gaps_at_each_location()
    {
        CoreRun run = new(("a", "START"), ("b", "FINISH"));
        for (int i = 0; i < 50; i++)
            run.Chunk(i % 2, i, CoreRun.Line($"c{i}", i));
        run.Close(0);
        run.Close(1);
        Assert.Equal(Enumerable.Range(1, 25), run.Passings.Where(p => p.Location == 0).Select(p => p.Number));
        Assert.Equal(Enumerable.Range(1, 25), run.Passings.Where(p => p.Location == 1).Select(p => p.Number));
    }

    [Fact]
    public void A_known_chip_goes_by_its_bib_an_unknown_one_by_its_code_and_a_later_table_decides_from_then_on()
    {
        IngestSettings settings = CoreRun.SettingsOf(("mat", "FINISH")) with
        {
            Chips = ChipTable.Create([KeyValuePair.Create(ChipCode.FromText("58"), "101")]),
        };
        CoreRun run = new(settings);
        run.Chunk(0, 1, CoreRun.Line("58", 1), CoreRun.Line("59", 1));
        run.Tick(3);
        ChipTable later = ChipTable.Create([KeyValuePair.Create(ChipCode.FromText("59"), "102 \"Zoë\"")]);
        run.Apply(RecordKind.Settings, 0, 0, (settings with { Chips = later }).ToUtf8Json());
        run.Chunk(0, 60, CoreRun.Line("58", 60), CoreRun.Line("59", 60));
        run.Close();
        Assert.Equal(
            ["101/58", "59/59", "58/58", "102 \"Zoë\"/59"],
            run.Items.Select(item => JsonDocument.Parse(item[item.IndexOf('{', StringComparison.Ordinal)..]).RootElement)
                .Select(item => $"{item.GetProperty("bib")}/{item.GetProperty("chip")}"));
    }

    [Fact]
    public void A_gun_is_an_event_and_never_a_passing()
    {
        CoreRun run = new(("mat", "START"));
        run.Chunk(0, 1, CoreRun.Line("0", 1, "!"), CoreRun.Line("0", 1, "!"));
        run.Close();
        Assert.Empty(run.Passings);
        Assert.Equal(2, run.Events.Count(e => e.Kind == TimingEventKind.Gun && e.Time == CoreRun.At(1)));
        Assert.Equal(2, run.Counters.Readers[0].Signals);
    }

    [Fact]
    public void A_clock_that_was_never_set_gives_an_event_and_no_number()
    {
        CoreRun run = new(("mat", "START"));
        run.Chunk(0, 1, "58 315532805000", CoreRun.Line("58", 1));
        run.Close();
        Assert.Equal(1, Assert.Single(run.Passings).Number);
        TimingEvent unset = Assert.Single(run.Events, e => e.Kind == TimingEventKind.ClockNotSet);
        Assert.Equal("58", unset.Read.Chip.ToString());
        Assert.Equal(1, run.Counters.Readers[0].WithoutTime);
    }

    [Fact]
    public void A_time_past_the_last_date_is_an_event_and_stops_nothing()
    {
        IngestSettings settings = CoreRun.SettingsOf(("mat", "START"));
        settings = settings with { Readers = [settings.Readers[0] with { Zone = new ZoneRules(-300) }] };
        CoreRun run = new(settings);
        run.Chunk(0, 0, "58 253402300799999 ~", CoreRun.Line("59", 1, "~"));
        run.Close();
        Assert.Equal("59", Assert.Single(run.Passings).Chip.ToString());
        Assert.Single(run.Events, e => e.Kind == TimingEventKind.NoTime);
    }

    [Fact]
    public void A_file_that_was_read_to_its_end_holds_back_no_live_reader()
    {
        CoreRun run = new(("file", "FINISH"), ("live", "FINISH"));
        run.Apply(RecordKind.Connected, 0);
        run.Apply(RecordKind.Connected, 1, CoreRun.At(100));
        run.Chunk(0, 0, CoreRun.Line("a", 10));
        run.Apply(RecordKind.Disconnected, 0);
        run.Chunk(1, 100, CoreRun.Line("b", 100), CoreRun.Line("c", 101));
        Assert.Equal(["a", "b"], run.Passings.Select(p => p.Chip.ToString()));
    }

    [Fact]
    public void A_reader_without_times_passes_by_arrival()
    {
        CoreRun run = new(("mat", "START"));
        run.Chunk(0, 5, CoreRun.Line("58", 0, "?"));
        run.Chunk(0, 0, CoreRun.Line("59", 0, "?"));
        run.Close();
        Assert.Equal(CoreRun.At(5), Assert.Single(run.Passings).Time);
        Assert.Single(run.Events, e => e.Kind == TimingEventKind.NoTime);
    }

    [Fact]
    public void A_manual_passing_is_numbered_and_never_taken_for_a_repeat()
    {
        CoreRun run = new(("mat", "FINISH"));
        byte[] manual = Encoding.UTF8.GetBytes($"{{\"Bib\":\"12\",\"Time\":{CoreRun.At(1)}}}");
        run.Apply(RecordKind.ManualPassing, 0, CoreRun.At(1), manual);
        run.Apply(RecordKind.ManualPassing, 0, CoreRun.At(1), manual);
        Assert.Equal(
            [
                "FINISH/1 {\"bib\":\"12\",\"num_passing\":1,\"timestamp\":\"2026-05-17T08:00:01.000Z\"}",
                "FINISH/1 {\"bib\":\"12\",\"num_passing\":2,\"timestamp\":\"2026-05-17T08:00:01.000Z\"}",
            ],
            run.Items);
        Assert.Equal(2, run.Counters.Locations[0].Manual);
    }

    [Fact]
    public void A_new_session_numbers_from_one_and_reads_after_a_close_open_the_next()
    {
        CoreRun run = new(("mat", "FINISH"));
        run.Chunk(0, 1, CoreRun.Line("58", 1));
        run.Apply(RecordKind.SessionOpened);
        run.Chunk(0, 60, CoreRun.Line("58", 60));
        run.Close();
        run.Chunk(0, 120, CoreRun.Line("58", 120));
        run.Close();
        Assert.Equal([(1, 1), (2, 1), (3, 1)], run.Passings.Select(p => (p.Session, p.Number)));
    }

    [Fact]
    public void A_tick_decides_a_burst_that_no_read_follows()
    {
        CoreRun run = new(("mat", "FINISH"));
        run.Chunk(0, 1, CoreRun.Line("58", 1));
        run.Tick(1.2);
        Assert.Empty(run.Passings);
        run.Tick(1.4);
        Assert.Single(run.Passings);
    }

    [Fact]
    public void The_slowest_connected_reader_holds_the_location_back_until_it_has_left()
    {
        CoreRun run = new(
            CoreRun.SettingsOf(("slow", "FINISH"), ("right", "FINISH")) with { MaxLag = TimeSpan.FromMinutes(1) });
        run.Apply(RecordKind.Connected, 0, CoreRun.At(0));
        run.Apply(RecordKind.Connected, 1, CoreRun.At(0));
        run.Chunk(0, 100, CoreRun.Line("a", 70));
        run.Chunk(1, 100, CoreRun.Line("b", 100), CoreRun.Line("c", 101));
        run.Tick(101);
        Assert.Equal(["a"], run.Passings.Select(p => p.Chip.ToString()));
        run.Apply(RecordKind.Disconnected, 0, CoreRun.At(102));
        run.Tick(120);
        Assert.Single(run.Passings);
        run.Tick(133);
        Assert.Equal(["a", "b", "c"], run.Passings.Select(p => p.Chip.ToString()));
    }

    [Fact]
    public void When_all_readers_have_left_nothing_waits_for_the_slowest_of_them()
    {
        CoreRun run = new(
            CoreRun.SettingsOf(("slow", "FINISH"), ("right", "FINISH")) with { MaxLag = TimeSpan.FromHours(1) });
        for (int reader = 0; reader < 2; reader++)
            run.Apply(RecordKind.Connected, reader, CoreRun.At(400));
        run.Chunk(0, 400, CoreRun.Line("a", 200));
        run.Chunk(1, 400, CoreRun.Line("b", 400));
        for (int reader = 0; reader < 2; reader++)
            run.Apply(RecordKind.Disconnected, reader, CoreRun.At(401));
        run.Tick(430);
        Assert.Equal(["a"], run.Passings.Select(p => p.Chip.ToString()));
        run.Tick(432);
        Assert.Equal(["a", "b"], run.Passings.Select(p => p.Chip.ToString()));
    }

    [Fact]
    public void A_read_far_ahead_of_its_arrival_moves_no_time_but_still_leaves_soon()
    {
        CoreRun run = new(("mat", "FINISH"));
        run.Chunk(0, 10, CoreRun.Line("wrong", 7_200));
        run.Chunk(0, 10.1, CoreRun.Line("right", 10));
        run.Tick(10.2);
        Assert.Empty(run.Passings);
        run.Tick(10.8);
        Assert.Equal(["wrong", "right"], run.Passings.Select(p => p.Chip.ToString()));
        Assert.Equal(PassingFlags.ClockAhead, run.Passings[0].Flags);
        Assert.Equal(PassingFlags.None, run.Passings[1].Flags);
        Assert.Equal(CoreRun.At(7_200), run.Passings[0].Time);
        Assert.Single(run.Events, e => e.Kind == TimingEventKind.ClockAhead);
    }

    [Fact]
    public void A_reader_whose_clock_is_ahead_from_the_start_still_gets_its_passings_out()
    {
        CoreRun run = new(("mat", "FINISH"));
        run.Chunk(0, 10, CoreRun.Line("58", 7_200));
        run.Tick(11);
        Assert.Single(run.Passings);
    }

    [Fact]
    public void A_disconnect_rejects_what_was_left_and_the_next_connection_starts_afresh()
    {
        CoreRun run = new(("mat", "FINISH"));
        run.Apply(RecordKind.Chunk, 0, 0, "58 17790"u8);
        run.Apply(RecordKind.Disconnected);
        run.Apply(RecordKind.Connected);
        run.Chunk(0, 0, CoreRun.Line("59", 1));
        run.Close();
        Assert.Equal("59", Assert.Single(run.Passings).Chip.ToString());
        Assert.Equal(1, run.Counters.Readers[0].Rejects[RejectReason.Truncated]);
        RejectedFrame rejected = Assert.Single(run.Core.GetRejected(0));
        Assert.Equal("58 17790", Encoding.UTF8.GetString(rejected.Bytes));
        Assert.Equal(0, rejected.Position);
    }

    [Fact]
    public void Records_out_of_order_or_before_settings_are_refused()
    {
        IngestCore core = new();
        IngestOutput output = new();
        Assert.Throws<ArgumentException>(
            () => core.Apply(new IngestRecord { Sequence = 2, Kind = RecordKind.Settings }, output));
        Assert.Throws<ArgumentException>(
            () => core.Apply(new IngestRecord { Sequence = 1, Kind = RecordKind.Tick }, output));
    }

    [Fact]
    public void Every_read_is_shown_with_what_became_of_it()
    {
        List<string> seen = [];
        CoreRun run = new(
            CoreRun.SettingsOf(("mat", "FINISH")),
            (int reader, in ChipRead read, long time, in ReadFate fate) =>
                seen.Add($"{read.Chip} {(time - CoreRun.At(0)) / TimeSpan.TicksPerSecond} {fate.Outcome}"));
        run.Chunk(
            0, 0,
            CoreRun.Line("58", 1), CoreRun.Line("58", 1), CoreRun.Line("59", 2), CoreRun.Line("58", 5), CoreRun.Line("58", 9));
        Assert.Equal(["58 1 Opened", "58 1 SameBurst", "59 2 Opened", "58 5 DeadTime", "58 9 Opened"], seen);
    }
}
