using System.Globalization;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

/// <summary>Readers whose clocks or connections are not what they should be.</summary>
public sealed class ClockTests
{
    static CoreRun TwoReaders()
    {
        CoreRun run = new(("right", "FINISH"), ("slow", "FINISH"));
        run.Apply(RecordKind.Connected, 0, CoreRun.At(0));
        run.Apply(RecordKind.Connected, 1, CoreRun.At(0));
        return run;
    }

    static IEnumerable<string> Chips(CoreRun run) => run.Passings.Select(p => p.Chip.ToString());

    static TimingEvent[] Events(CoreRun run, TimingEventKind kind) => [.. run.Events.Where(e => e.Kind == kind)];

    /// <summary>A read each second of host time, its time that much off, with ticks between.</summary>
    static void Go(CoreRun run, int from, int until, Func<int, double> offset, string marks = "")
    {
        for (int i = from; i < until; i++)
        {
            run.Chunk(0, i + 0.01, CoreRun.Line($"c{i}", i + offset(i), marks));
            run.Tick(i + 0.5);
        }
    }

    [Fact]
    public void A_reader_30_s_slow_does_not_hold_back_the_right_one_and_loses_nothing()
    {
        CoreRun run = TwoReaders();
        for (int i = 0; i < 60; i++)
        {
            run.Chunk(0, 100 + i, CoreRun.Line($"r{i}", 100 + i));
            run.Chunk(1, 100.1 + i, CoreRun.Line($"s{i}", 70.1 + i));
            run.Tick(100.5 + i);
            Assert.Contains($"r{i}", Chips(run));
        }

        run.Tick(163);
        Assert.Equal(120, run.Passings.Count);
        Assert.All(
            run.Passings.Where(p => p.Chip.ToString()[0] == 's'),
            p => Assert.Equal((PassingFlags.Late, CoreRun.At(70.1 + int.Parse(p.Chip.ToString()[1..], CultureInfo.InvariantCulture))), (p.Flags, p.Time)));
        Assert.All(run.Passings.Where(p => p.Chip.ToString()[0] == 'r'), p => Assert.Equal(PassingFlags.None, p.Flags));
        TimingEvent behind = Assert.Single(Events(run, TimingEventKind.ClockBehind));
        Assert.Equal((1, 30), (behind.Reader, behind.Shift.TotalSeconds));
    }

    [Fact]
    public void A_reader_that_is_behind_is_told_again_only_after_it_has_recovered()
    {
        CoreRun run = TwoReaders();
        double[] lags = [0, 11, 9, 12, 6, 11, 4, 11];
        for (int i = 0; i < lags.Length; i++)
        {
            double now = 100 + (i * 20);
            run.Chunk(0, now, CoreRun.Line("r", now));
            run.Chunk(1, now, CoreRun.Line("s", now - lags[i]));
        }

        Assert.Equal([11, 11], Events(run, TimingEventKind.ClockBehind).Select(e => e.Shift.TotalSeconds));
    }

    [Fact]
    public void When_all_readers_are_behind_the_slowest_holds_time_back_and_nobody_is_told()
    {
        CoreRun run = TwoReaders();
        run.Chunk(0, 100, CoreRun.Line("a", 60));
        run.Chunk(1, 100, CoreRun.Line("b", 50));
        run.Chunk(0, 101, CoreRun.Line("c", 61));
        Assert.Equal(["b"], Chips(run)); // It lay behind the time that a had made.
        run.Chunk(1, 111, CoreRun.Line("d", 61));
        Assert.Equal(["a", "b"], Chips(run).Order());
        Assert.Empty(Events(run, TimingEventKind.ClockBehind));
    }

    [Fact]
    public void A_reader_that_sends_two_hours_of_backlog_holds_nobody_back_and_none_of_it_is_lost()
    {
        CoreRun run = TwoReaders();
        for (int i = 0; i < 80; i++)
        {
            double now = 7_200 + (i * 0.5);
            run.Chunk(0, now, CoreRun.Line($"r{i}", now));
            // Two minutes of its log in each piece, until it has caught up.
            if (i < 62)
                run.Chunk(1, now + 0.1, Enumerable.Range(0, 4).Select(k => CoreRun.Line($"s{(i * 4) + k}", Math.Min(now, ((i * 4) + k) * 30))));
            run.Tick(now + 0.4);
            Assert.Contains($"r{i}", Chips(run));
        }

        run.Tick(7_245);
        Assert.Equal(80 + (62 * 4), run.Passings.Count);
        Assert.Single(Events(run, TimingEventKind.ClockBehind));
        Assert.Empty(Events(run, TimingEventKind.ClockStep));
        // Caught up, it counts again: what it has not yet said is waited for.
        run.Chunk(1, 7_300, CoreRun.Line("slow", 7_299));
        run.Chunk(0, 7_300, CoreRun.Line("new", 7_300), CoreRun.Line("newer", 7_301));
        Assert.DoesNotContain("new", Chips(run));
        run.Chunk(1, 7_301, CoreRun.Line("slower", 7_301));
        Assert.Contains("new", Chips(run));
    }

    [Fact]
    public void A_silent_reader_goes_on_with_the_ticks_and_holds_nobody_back()
    {
        CoreRun run = TwoReaders();
        run.Chunk(1, 10, CoreRun.Line("s", 10));
        for (int i = 0; i < 100; i++)
        {
            run.Chunk(0, 100 + i, CoreRun.Line($"r{i}", 100 + i));
            run.Tick(100.5 + i);
            Assert.Contains($"r{i}", Chips(run));
        }

        Assert.Empty(Events(run, TimingEventKind.ClockBehind));
    }

    [Fact]
    public void A_recorded_file_is_never_behind()
    {
        CoreRun run = TwoReaders();
        run.Chunk(1, 0, CoreRun.Line("file", 10));
        run.Chunk(0, 100, CoreRun.Line("live", 100), CoreRun.Line("live2", 101));
        Assert.Empty(run.Passings);
        run.Chunk(1, 0, CoreRun.Line("file2", 100.5));
        Assert.Equal(["file", "live"], Chips(run));
        Assert.Empty(Events(run, TimingEventKind.ClockBehind));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(1.5)]
    public void A_reader_whose_clock_is_set_is_told_and_told_again_when_it_is_set_back(double step)
    {
        CoreRun run = new(("mat", "FINISH"));
        Go(run, 0, 60, i => 0);
        Go(run, 60, 120, i => step);
        Go(run, 120, 180, i => 0);
        TimingEvent[] steps = Events(run, TimingEventKind.ClockStep);
        Assert.Equal([step, -step], steps.Select(e => e.Shift.TotalSeconds));
        Assert.InRange(steps[0].Time, CoreRun.At(79 + step), CoreRun.At(91 + step));
        Assert.Equal(180, run.Passings.Count + (int)run.Counters.Suppressed);
        Assert.Equal(180, run.Counters.Reads);
    }

    [Fact]
    public void A_step_changes_no_time_of_a_read()
    {
        CoreRun run = new(("mat", "FINISH"));
        Go(run, 0, 60, i => 0);
        Go(run, 60, 120, i => -3600);
        run.Close();
        Assert.Equal(
            Enumerable.Range(0, 120).Select(i => ($"c{i}", CoreRun.At(i < 60 ? i : i - 3600))),
            run.Passings.Select(p => (p.Chip.ToString(), p.Time)).OrderBy(p => int.Parse(p.Item1[1..], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_single_late_batch_a_single_wrong_time_and_a_small_or_slow_change_are_no_step()
    {
        CoreRun late = new(("mat", "FINISH"));
        Go(late, 0, 60, i => 0);
        late.Chunk(0, 95, CoreRun.Line("late", 61));
        Go(late, 120, 180, i => i == 150 ? 90 : 0);
        Go(late, 180, 240, i => 0.9);
        Assert.Empty(Events(late, TimingEventKind.ClockStep));

        CoreRun drifting = new(("mat", "FINISH"));
        Go(drifting, 0, 600, i => i * 0.01);
        Assert.Empty(Events(drifting, TimingEventKind.ClockStep));
    }

    [Fact]
    public void A_backlog_that_is_caught_up_is_no_step_at_its_beginning_or_end()
    {
        CoreRun first = new(("mat", "FINISH"));
        Go(first, 1_000, 1_100, i => Math.Min(0, (i - 1_080) * 10));
        Go(first, 1_100, 1_200, i => 0);
        Assert.Empty(Events(first, TimingEventKind.ClockStep));

        CoreRun between = new(("mat", "FINISH"));
        Go(between, 900, 1_000, i => 0);
        Go(between, 1_000, 1_200, i => Math.Min(0, (i - 1_080) * 10));
        Assert.Empty(Events(between, TimingEventKind.ClockStep));
    }

    [Fact]
    public void Reads_sent_again_and_reads_of_a_file_say_nothing_about_the_clock()
    {
        CoreRun run = new(("mat", "FINISH"));
        Go(run, 0, 60, i => 0);
        Go(run, 60, 120, i => -30, "+");
        for (int i = 0; i < 60; i++)
            run.Chunk(0, 0, CoreRun.Line($"f{i}", 7_200 + i));
        Go(run, 120, 180, i => 0);
        Assert.Empty(Events(run, TimingEventKind.ClockStep));
    }
}
