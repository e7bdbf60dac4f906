using System.Text;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

/// <summary>Several locations behind one connection, and primary and backup lines.</summary>
public sealed class LinesAndPointsTests
{
    static IngestSettings Settings(params PointSettings[] points)
    {
        IngestSettings settings = CoreRun.SettingsOf(("mat", "FINISH"), ("other", "START"));
        return settings with { Readers = [settings.Readers[0] with { Points = points }, settings.Readers[1]] };
    }

    static IngestSettings WithBackup()
    {
        IngestSettings settings = CoreRun.SettingsOf(("primary", "FINISH"), ("backup", "FINISH"));
        return settings with { Readers = [settings.Readers[0], settings.Readers[1] with { IsBackup = true }] };
    }

    static IEnumerable<string> PlacesOf(CoreRun run) =>
        run.Passings.Select(p => $"{p.Chip} {run.Core.Settings!.Locations[p.Location].Name}/{p.Number}").Order();

    [Fact]
    public void Antennas_of_one_reader_belong_to_two_locations_each_with_its_numbers()
    {
        CoreRun run = new(Settings(new PointSettings { Antennas = [3, 4], Location = "START" }));
        run.Chunk(
            0, 1,
            CoreRun.Line("1", 1, "a1"), CoreRun.Line("1", 1.1, "a3"), CoreRun.Line("2", 1.2, "a4"),
            CoreRun.Line("3", 1.3, "a99"), CoreRun.Line("4", 1.4));
        run.Close(0);
        run.Close(1);
        Assert.Equal(["1 FINISH/1", "1 START/1", "2 START/2", "3 FINISH/2", "4 FINISH/3"], PlacesOf(run));
    }

    [Fact]
    public void The_first_point_that_matches_antenna_sub_reader_and_name_decides()
    {
        CoreRun run = new(Settings(
            new PointSettings { Antennas = [1], SubReaders = [2], Location = "START" },
            new PointSettings { Antennas = [1] },
            new PointSettings { Name = "start line", Location = "START" },
            new PointSettings { Name = "START", Location = "START" },
            new PointSettings { SubReaders = [7], Location = "START" }));
        run.Chunk(
            0, 1,
            CoreRun.Line("1", 1, "a1 s2"), CoreRun.Line("2", 1, "a1 s3"), CoreRun.Line("3", 1, "a1 s7 pSTART"),
            CoreRun.Line("4", 1, "a2 pSTART"), CoreRun.Line("5", 1, "a2 s7"), CoreRun.Line("6", 1, "pstart"));
        run.Close(0);
        run.Close(1);
        Assert.Equal(
            ["1 START/1", "2 FINISH/1", "3 FINISH/2", "4 START/2", "5 START/3", "6 FINISH/3"], PlacesOf(run));
        Assert.Equal(["start line", "START", "start"], run.Counters.Readers[0].PointNames);
    }

    [Fact]
    public void Names_of_points_keep_their_numbers_over_connections()
    {
        List<string> seen = [];
        CoreRun run = new(
            CoreRun.SettingsOf(("mat", "FINISH")),
            (int reader, in ChipRead read, long time, in ReadFate fate) => seen.Add($"{read.Chip} {read.Point}"));
        run.Chunk(0, 1, CoreRun.Line("1", 1, "pA"), CoreRun.Line("2", 1, "pB"));
        run.Apply(RecordKind.Disconnected);
        run.Apply(RecordKind.Connected);
        run.Chunk(0, 2, CoreRun.Line("3", 2, "pB"), CoreRun.Line("4", 2), CoreRun.Line("5", 2, "pA"));
        Assert.Equal(["1 1", "2 2", "3 2", "4 0", "5 1"], seen);
    }

    [Fact]
    public void Names_beyond_the_bounds_have_no_number_and_are_counted()
    {
        PointNames names = new();
        for (int i = 1; i <= PointNames.MaxNames; i++)
            Assert.Equal(i, names.NumberOf(Encoding.UTF8.GetBytes($"point {i}")));
        Assert.Equal(0, names.NumberOf("one more"u8));
        Assert.Equal(0, names.NumberOf(""u8));
        Assert.Equal(7, names.NumberOf("point 7"u8));
        Assert.Equal(1, names.Untold);
        Assert.Equal(PointNames.MaxNames, names.ToList().Count);
        PointNames fresh = new();
        Assert.Equal(1, fresh.NumberOf(new byte[PointNames.MaxLength]));
        Assert.Equal(0, fresh.NumberOf(new byte[PointNames.MaxLength + 1]));
        Assert.Equal(1, fresh.Untold);
    }

    [Fact]
    public void A_reader_of_two_locations_moves_the_time_of_both()
    {
        CoreRun run = new(Settings(new PointSettings { Antennas = [3], Location = "START" }));
        run.Chunk(0, 0, CoreRun.Line("1", 1, "a3"));
        Assert.Empty(run.Passings);
        run.Chunk(0, 0, CoreRun.Line("2", 9, "a1"));
        Assert.Equal(["1 START/1"], PlacesOf(run));
    }

    [Fact]
    public void A_reader_of_two_locations_holds_back_the_time_of_both()
    {
        CoreRun run = new(Settings(new PointSettings { Antennas = [3], Location = "START" }));
        run.Chunk(0, 10, CoreRun.Line("1", 10, "a1"));
        run.Chunk(1, 15, CoreRun.Line("2", 15), CoreRun.Line("3", 18));
        Assert.Empty(run.Passings);
        run.Chunk(0, 18, CoreRun.Line("4", 18, "a1"));
        Assert.Equal(["1 FINISH/1", "2 START/1"], PlacesOf(run));
    }

    [Fact]
    public void Events_and_fates_carry_the_location_of_the_read()
    {
        List<int> fates = [];
        CoreRun run = new(
            Settings(new PointSettings { Antennas = [3], Location = "START" }),
            (int reader, in ChipRead read, long time, in ReadFate fate) => fates.Add(fate.Location));
        run.Chunk(
            0, 1, CoreRun.Line("0", 1, "! a3"), CoreRun.Line("0", 1, "! a1"), CoreRun.Line("1", 1, "a3"),
            CoreRun.Line("1", 7_200, "a3"));
        Assert.Equal([1, 0], run.Events.Where(e => e.Kind == TimingEventKind.Gun).Select(e => e.Location));
        Assert.Equal(1, Assert.Single(run.Events, e => e.Kind == TimingEventKind.ClockAhead).Location);
        Assert.Equal([1, 0, 1, 1], fates);
    }

    [Fact]
    public void A_chip_read_at_both_lines_passes_once_by_the_primary_lines_time()
    {
        CoreRun run = new(WithBackup());
        run.Chunk(1, 1, CoreRun.Line("58", 1));
        run.Chunk(0, 2, CoreRun.Line("58", 2));
        run.Tick(30);
        Passing passing = Assert.Single(run.Passings);
        Assert.Equal((CoreRun.At(2), 0), (passing.Time, passing.Reader));
        Assert.Equal(1, run.Counters.SuppressedBy[ReadOutcome.Backup]);
    }

    [Fact]
    public void A_finish_seen_by_the_backup_line_only_counts_when_the_window_is_over()
    {
        CoreRun run = new(WithBackup());
        run.Chunk(0, 1, CoreRun.Line("1", 1));
        run.Chunk(1, 1, CoreRun.Line("58", 1));
        run.Tick(10);
        Assert.Equal(["1"], run.Passings.Select(p => p.Chip.ToString()));
        run.Tick(12);
        Assert.Equal(["1", "58"], run.Passings.Select(p => p.Chip.ToString()));
    }

    [Fact]
    public void A_primary_time_after_an_accepted_backup_is_an_event_and_replaces_nothing()
    {
        CoreRun run = new(WithBackup());
        run.Chunk(0, 1, CoreRun.Line("1", 1));
        run.Chunk(1, 1, CoreRun.Line("58", 1));
        run.Tick(12);
        string sent = run.Items[1];
        run.Chunk(0, 13, CoreRun.Line("58", 1.5));
        run.Tick(40);
        Assert.Equal(2, run.Passings.Count);
        Assert.Equal(sent, run.Items[1]);
        TimingEvent corrected = Assert.Single(run.Events, e => e.Kind == TimingEventKind.PassingCorrected);
        Assert.Equal((2, CoreRun.At(1.5)), (corrected.Passing.Number, corrected.Passing.Time));
        Assert.Equal(1, run.Counters.SuppressedBy[ReadOutcome.AfterBackup]);
    }

    [Fact]
    public void Antennas_may_be_the_backup_line_of_the_same_location()
    {
        CoreRun run = new(Settings(new PointSettings { Antennas = [2], IsBackup = true }));
        run.Chunk(0, 1, CoreRun.Line("58", 1, "a1"), CoreRun.Line("58", 2, "a2"), CoreRun.Line("59", 3, "a2"));
        run.Tick(30);
        Assert.Equal(["58", "59"], run.Passings.Select(p => p.Chip.ToString()));
    }

    [Fact]
    public void Points_are_kept_in_the_record_and_cannot_be_changed_in_a_journal()
    {
        IngestSettings settings = Settings(new PointSettings { Antennas = [3], Name = "x", Location = "START", IsBackup = true });
        PointSettings read = Assert.Single(IngestSettings.FromUtf8Json(settings.ToUtf8Json()).Readers[0].Points);
        Assert.Equal([3], read.Antennas);
        Assert.Equal(("x", "START", true), (read.Name, read.Location, read.IsBackup));
        Assert.Same(settings.Locations, settings.GoingOnFrom(null).Locations);
        Assert.Equal(2, settings.GoingOnFrom(settings).Readers.Count);
        Assert.Throws<ArgumentException>(() => Settings().GoingOnFrom(settings));
    }

    [Fact]
    public void Settings_of_before_there_were_points_and_filters_have_the_defaults()
    {
        IngestSettings settings = IngestSettings.FromUtf8Json(
            """{"Locations":[{"Name":"A"}],"Readers":[{"Name":"r","Protocol":"plain","Location":"A"}]}"""u8);
        Assert.Empty(settings.Readers[0].Points);
        Assert.Equal(new GateOptions(), settings.Locations[0].Gate);
        Assert.Equal(new GateLimits(), settings.Limits);
        Assert.NotNull(settings.Readers[0].Zone);
        Assert.Empty(settings.Locations[0].Filter.Deny);
        Assert.Equal((10, 1), (settings.MaxLag.TotalSeconds, settings.ClockStep.TotalSeconds));
        IngestSettings.FromUtf8Json("""{"Locations":[],"Readers":[]}"""u8).Validate([]);
    }

    [Theory]
    [InlineData("there is no location 'NOWHERE'")]
    [InlineData("antenna 65536 must be")]
    [InlineData("sub-reader -1 must be")]
    [InlineData("must be 1 to 64 bytes long")]
    [InlineData("has more than 255 points")]
    public void Points_that_cannot_be_are_refused(string message)
    {
        PointSettings[] points = message switch
        {
            "there is no location 'NOWHERE'" => [new() { Location = "NOWHERE" }],
            "antenna 65536 must be" => [new() { Antennas = [65536] }],
            "sub-reader -1 must be" => [new() { SubReaders = [-1] }],
            "must be 1 to 64 bytes long" => [new() { Name = new string('x', 65) }],
            _ => [.. Enumerable.Range(0, 256).Select(i => new PointSettings { Antennas = [i] })],
        };
        var fault = Assert.Throws<ArgumentException>(() => Settings(points).Validate([PlainParser.Protocol]));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }
}
