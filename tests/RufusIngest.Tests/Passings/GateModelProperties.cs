using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Support.GateOperation;

namespace RufusIngest.Tests.Passings;

/// <summary>The gate against its model, and against itself where what it is given changes in a way that must not matter.</summary>
public sealed class GateModelProperties
{
    /// <summary>Streams in a usual run; the variable CsCheck_Iter, where it is set, says how many instead.</summary>
    const int StreamsOfModel = 2_000;
    const int Streams = 500;

    static readonly GateScenarioGen Scenarios = new();

    [Fact]
    public void The_gate_does_what_the_rules_say() =>
        Hold(Scenarios, scenario => scenario.FindDifference() is null, StreamsOfModel);

    [Fact]
    public void Whatever_the_times_no_read_is_lost() => Hold(
        new GateScenarioGen(lead: int.MaxValue, isWild: true),
        scenario => scenario.Run() is var run && run.Reads == run.Passings.Count + run.Suppressed);

    /// <summary>Said without the model, which shares its rules with the gate.</summary>
    [Fact]
    public void No_two_passings_of_a_chip_at_a_line_lie_within_the_dead_time_or_a_lap() => Hold(Scenarios, scenario =>
    {
        GateScenario plain = scenario with
        {
            Operations = [.. scenario.Operations.Where(operation => operation is Read or Advance or GateOperation.Flush)],
        };
        return plain.Run().Passings
            .GroupBy(passing => (passing.Location, passing.Flags & PassingFlags.Backup, passing.Chip))
            .All(line =>
            {
                GateOptions options = plain.Options[line.Key.Location];
                TimeSpan[] times = [.. line.Select(passing => TimeSpan.FromTicks(passing.Time)).Order()];
                return times.Zip(times.Skip(1)).All(
                    pair => pair.Second - pair.First > options.DeadTime && pair.Second - pair.First >= options.MinLap);
            });
    });

    [Fact]
    public void Repeats_of_a_read_change_nothing_but_hits() => Hold(Scenarios, scenario =>
    {
        GateScenario repeated = scenario with
        {
            Operations = [.. scenario.Operations.SelectMany(operation =>
                operation is Read ? new[] { operation, operation } : [operation])],
        };
        GateTwins once = scenario.Run(), twice = repeated.Run();
        return once.Passings.Select(WithoutHits).SequenceEqual(twice.Passings.Select(WithoutHits))
            && Told(once).SequenceEqual(Told(twice));

        // More hits after the passing are something to tell.
        static IEnumerable<GateEvent> Told(GateTwins run) => run.Events
            .Where(told => told.Kind != GateEventKind.Completed)
            .Select(told => told with { Passing = WithoutHits(told.Passing) });
    });

    [Fact]
    public void Two_locations_give_what_each_gives_alone() => Hold(Scenarios, scenario =>
    {
        GateOperation[] operations = [.. scenario.Operations.SkipWhile(operation => operation is SetChips)
            .Where(operation => operation is Read or Advance or GateOperation.Flush)];
        GateOperation[] chips = [.. scenario.Operations.TakeWhile(operation => operation is SetChips)];
        GateTwins together = (scenario with { Operations = [.. chips, .. operations] }).Run();
        return Enumerable.Range(0, scenario.Options.Count).All(location =>
        {
            IEnumerable<GateOperation> own = operations.Where(operation => LocationOf(operation) == location);
            GateTwins alone = (scenario with { Operations = [.. chips, .. own] }).Run();
            return alone.Passings.Select(WithoutNumber).SequenceEqual(
                together.Passings.Where(passing => passing.Location == location).Select(WithoutNumber));
        });
    });

    /// <remarks>
    /// The delay is that between reads: whoever comes after a read lies at most the delay before it. It holds without backup
    /// line (which of two lines decides first is a matter of order), without first- and last-seen records (which mean the
    /// reads before them), and while no burst reaches its maximum (whose reads are counted as they come). Of <c>First</c>
    /// only the time is the same: its passing goes before the burst has ended.
    /// </remarks>
    [Fact]
    public void Reads_displaced_by_no_more_than_the_delay_give_what_ordered_reads_give() =>
        Hold(Gen.Select(Scenarios, Gen.Int), pair =>
        {
            (GateScenario scenario, int seed) = pair;
            Random random = new(seed);
            GateOptions options = scenario.Options[0] with { MaxBurst = TimeSpan.FromHours(1) };
            Read[] ordered = [.. scenario.Operations.OfType<Read>()
                .Select(read => read with { Lane = 0, Flags = ReadFlags.None, Ahead = false })
                .OrderBy(read => read.At)];
            double delay = options.ReorderDelay.TotalMilliseconds;
            Read[] displaced = [.. ordered.OrderBy(read => read.At + (random.NextDouble() * delay))];
            return Found(ordered).SequenceEqual(Found(displaced));

            IEnumerable<(string, long, long, long, long, int, short, uint)> Found(Read[] reads) =>
                new GateScenario([options], Live(reads)).Run().Passings
                    .Select(p => options.Policy == PassingPolicy.First
                        ? (p.Chip.ToString(), p.Time, p.First, 0L, 0L, 0, (short)0, 0u)
                        : (p.Chip.ToString(), p.Time, p.First, p.Peak, p.Last, p.Hits, p.BestRssiCentiDbm, p.Antennas))
                    .Order();
        });

    [Fact]
    public void A_rewind_in_any_order_of_a_stream_in_order_brings_no_passing() =>
        Hold(Gen.Select(Scenarios, Gen.Int), pair =>
        {
            (GateScenario scenario, int seed) = pair;
            Random random = new(seed);
            GateOperation[] chips = [.. scenario.Operations.TakeWhile(operation => operation is SetChips)];
            Read[] ordered = [.. scenario.Operations.OfType<Read>()
                .Select(read => read with { Ahead = false }).OrderBy(read => read.At)];
            Read[] again = [.. ordered.OrderBy(_ => random.Next())];
            GateOperation[] live = [.. chips, .. Live(ordered), new GateOperation.Flush(0)];
            if (scenario.Options.Count > 1)
                live = [.. live, new GateOperation.Flush(1)];
            int once = (scenario with { Operations = live }).Run().Passings.Count;
            GateTwins twice = (scenario with { Operations = [.. live, .. Live(again)] }).Run();
            return twice.Passings.Count == once && twice.Reads == once + twice.Suppressed;
        });

    /// <summary>Each chip that stands at a line is told once, and once that it left.</summary>
    [Fact]
    public void A_chip_that_stays_is_told_as_parked_once_and_as_gone_once()
    {
        GateOptions options = new()
        {
            DeadTime = TimeSpan.Zero,
            BurstGap = TimeSpan.FromMilliseconds(500),
            ReorderDelay = TimeSpan.FromMilliseconds(100),
            ParkedAfter = TimeSpan.FromSeconds(3),
        };
        Gen.Int[0, 620].Array[1, 80].Sample(
            pauses =>
            {
                GateRun run = new(options);
                List<List<int>> intervals = [];
                int time = 100_000;
                foreach (int pause in pauses)
                {
                    time += pause;
                    if (pause > 500 || intervals.Count == 0)
                        intervals.Add([]);
                    intervals[^1].Add(time);
                    run.AddTicks("58", time * TimeSpan.TicksPerMillisecond);
                }

                // Once to see that no more reads come, once more to be sure.
                run.AdvanceTo((time + 700) * TimeSpan.TicksPerMillisecond);
                run.AdvanceTo((time + 1_400) * TimeSpan.TicksPerMillisecond);
                int parked = intervals.Count(interval => interval[^1] - interval[0] > 3_000);
                Assert.Equal(parked, run.Events.Count(told => told.Kind == GateEventKind.ParkedStarted));
                Assert.Equal(parked, run.Events.Count(told => told.Kind == GateEventKind.ParkedLeft));
                Assert.Equal(intervals.Count, run.Passings.Count);
                // It is told again every 3 s, at the latest when its pause has lasted the gap and the delay.
                int still = intervals.Sum(interval => (interval[^1] - interval[0] + 600) / 3_000);
                Assert.InRange(run.Events.Count(told => told.Kind == GateEventKind.ParkedStill), 0, still);
            },
            iter: HowMany(Streams));
    }

    [Fact]
    public void A_parked_chip_is_told_when_it_stays_still_stays_and_leaves()
    {
        GateRun run = new(new GateOptions { ParkedAfter = TimeSpan.FromSeconds(10) });
        for (int i = 0; i <= 70; i++)
            run.Add("58", 100 + (i * 0.5));
        run.AdvanceTo(GateRun.Seconds(140));
        run.AdvanceTo(GateRun.Seconds(200));
        Assert.Equal(
            [
                GateEventKind.ParkedStarted, GateEventKind.ParkedStill, GateEventKind.ParkedStill, GateEventKind.ParkedLeft,
            ],
            run.Events.Select(told => told.Kind));
        Assert.All(run.Events, told => Assert.Equal(1, told.Passing.Number));
        Assert.Equal(GateRun.Seconds(135), run.Events[^1].Passing.Last);
        Assert.Equal([("58", 100.0)], run.Times);
    }

    static void Hold(Gen<GateScenario> gen, Func<GateScenario, bool> holds, int streams = Streams) =>
        gen.Sample(holds, iter: HowMany(streams), print: scenario =>
        {
            GateScenario small = scenario.Shrink(holds);
            return $"{small}{small.FindDifference()}";
        });

    static void Hold(Gen<(GateScenario Scenario, int Seed)> gen, Func<(GateScenario Scenario, int Seed), bool> holds) =>
        gen.Sample(holds, iter: HowMany(Streams), print: pair =>
            $"{pair.Scenario.Shrink(scenario => holds((scenario, pair.Seed)))} with seed {pair.Seed}");

    /// <summary>A number given to Sample would go before the variable.</summary>
    static long HowMany(int streams) =>
        Environment.GetEnvironmentVariable("CsCheck_Iter") is null ? streams : Check.Iter;

    /// <summary>Reads as they come from readers whose times move the location's time on.</summary>
    static GateOperation[] Live(IEnumerable<Read> reads) =>
        [.. reads.SelectMany(read => new GateOperation[] { read, new Advance(read.Lane >> 1, read.At) })];

    static int LocationOf(GateOperation operation) => operation switch
    {
        Read read => read.Lane >> 1,
        Advance advance => advance.Location,
        GateOperation.Flush flush => flush.Location,
        _ => -1,
    };

    /// <summary>Latitudes number the reads of a run, numbers its bursts.</summary>
    static Passing WithoutHits(Passing passing) => passing with { Hits = 0, LatitudeE7 = 0 };

    static Passing WithoutNumber(Passing passing) => passing with { Burst = 0, Number = 0, LatitudeE7 = 0 };
}
