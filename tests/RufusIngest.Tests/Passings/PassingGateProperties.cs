using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

public sealed class PassingGateProperties
{
    static readonly Gen<GateOptions> Options = Gen.Select(
        Gen.Int[0, 8_000], Gen.Int[0, 2_000], Gen.Int[0, 2_000], (dead, gap, delay) => new GateOptions
        {
            DeadTime = TimeSpan.FromMilliseconds(dead),
            BurstGap = TimeSpan.FromMilliseconds(gap),
            ReorderDelay = TimeSpan.FromMilliseconds(Math.Min(gap, delay)),
        });

    /// <summary>Reads as (chip, ms), close enough together that bursts, dead times and new passings all occur.</summary>
    static readonly Gen<(int Chip, int Ms)[]> Reads = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 30_000]).Array[0, 120];

    /// <summary>The rule as one would write it down: reads of a chip in time order, one after the other.</summary>
    static IEnumerable<(int Chip, int Ms)> Obvious(IEnumerable<(int Chip, int Ms)> reads, GateOptions options)
    {
        foreach (var chip in reads.GroupBy(read => read.Chip))
        {
            double record = double.NegativeInfinity, last = double.NegativeInfinity;
            foreach (int ms in chip.Select(read => read.Ms).Order())
            {
                bool absorbed = ms - last <= options.BurstGap.TotalMilliseconds
                    || ms - record <= options.DeadTime.TotalMilliseconds;
                last = ms;
                if (absorbed)
                    continue;
                record = ms;
                yield return (chip.Key, ms);
            }
        }
    }

    static GateRun Run(IEnumerable<(int Chip, int Ms)> reads, GateOptions options)
    {
        GateRun run = new(options);
        foreach (var (chip, ms) in reads)
            run.AddTicks($"c{chip}", ms * TimeSpan.TicksPerMillisecond);
        run.Flush();
        return run;
    }

    static List<(int Chip, int Ms)> Passings(GateRun run) =>
        [.. run.Passings.Select(p => (p.Chip.ToString()[1] - '0', (int)(p.Time / TimeSpan.TicksPerMillisecond))).Order()];

    [Fact]
    public void Reads_displaced_by_no_more_than_the_reorder_delay_give_what_ordered_reads_give()
    {
        Gen.Select(Options, Reads, Gen.Double.Unit.Array[120]).Sample((options, reads, displacement) =>
        {
            // The clock of a read's place in the stream is its own time plus up to the delay.
            double delay = options.ReorderDelay.TotalMilliseconds;
            var stream = reads.Select((read, i) => (Key: read.Ms + (displacement[i] * delay), Read: read))
                .OrderBy(pair => pair.Key).Select(pair => pair.Read);
            Assert.Equal([.. Obvious(reads, options).Order()], Passings(Run(stream, options)));
        });
    }

    [Fact]
    public void Short_bursts_far_apart_give_one_passing_each_in_any_order()
    {
        Gen<(int Chip, int Burst, int Ms)[]> clusters =
            Gen.Select(Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[0, 700]).Array[1, 150];
        Gen.Select(clusters, Gen.Int).Sample((reads, seed) =>
        {
            GateOptions options = new();
            Random random = new(seed);
            var stream = reads.Select(read => (read.Chip, Ms: (read.Burst * 20_000) + read.Ms))
                .OrderBy(_ => random.Next());
            GateRun run = Run(stream, options);
            var expected = reads.Select(read => (read.Chip, read.Burst)).Distinct().Order();
            Assert.Equal(expected, Passings(run).Select(passing => (passing.Chip, Burst: passing.Ms / 20_000)));
            foreach (var (chip, ms) in Passings(run))
                Assert.Contains(reads, read => read.Chip == chip && (read.Burst * 20_000) + read.Ms == ms);
        });
    }

    [Fact]
    public void Every_read_is_accounted_for_in_any_order()
    {
        Gen.Select(Options, Reads).Sample((options, reads) =>
        {
            GateRun run = Run(reads, options);
            long suppressed = Enum.GetValues<ReadOutcome>().Where(outcome => outcome.IsSuppressed())
                .Sum(outcome => run.Gate.Outcomes[(int)outcome]);
            Assert.Equal(reads.Length, run.Passings.Count + suppressed);
            Assert.All(run.Passings, p => Assert.True(p.First <= p.Time && p.Time <= p.Last && p.Hits >= 1));
            Assert.Equal(
                reads.Select(read => read.Chip).Distinct().Order(),
                Passings(run).Select(passing => passing.Chip).Distinct());
        });
    }

    [Fact]
    public void A_second_pass_over_the_same_reads_brings_no_passing_when_the_first_was_in_order()
    {
        Gen.Select(Options, Reads, Gen.Int).Sample((options, reads, seed) =>
        {
            Random random = new(seed);
            GateRun run = new(options);
            foreach (var (chip, ms) in reads.OrderBy(read => read.Ms))
                run.AddTicks($"c{chip}", ms * TimeSpan.TicksPerMillisecond);
            run.Flush();
            int before = run.Passings.Count;
            foreach (var (chip, ms) in reads.OrderBy(_ => random.Next()))
                run.AddTicks($"c{chip}", ms * TimeSpan.TicksPerMillisecond);
            run.Flush();
            Assert.Equal(before, run.Passings.Count);
        });
    }
}
