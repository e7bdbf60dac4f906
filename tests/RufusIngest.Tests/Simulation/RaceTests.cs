using System.Diagnostics;
using System.Globalization;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Simulation;

/// <summary>
/// Whole races from seeds. A failing seed is named in the message; <c>SimulatedRace.Run(seed)</c> replays it exactly.
/// <c>RUFUS_SIM_RACES</c> runs as many races as it says on all cores, from seed <c>RUFUS_SIM_FIRST_SEED</c> (1) on.
/// </summary>
public sealed class RaceTests
{
    const int Seeds = 300;

    static readonly int s_races = Setting("RUFUS_SIM_RACES", 0);

    [Fact]
    public void Nothing_is_lost_and_nothing_comes_twice_whatever_fails()
    {
        RaceCounts counts = RunMany(1, Seeds);
        TestContext.Current.SendDiagnosticMessage(counts.ToString());
        Assert.Equal(Seeds, counts.Races);
        Assert.All(
            [
                counts.PowerCuts, counts.Kills, counts.CutRecoveries, counts.FailedCommits, counts.Ambiguous,
                counts.Questions, counts.SetAside, counts.Probes,
            ],
            count => Assert.InRange(count, 10, long.MaxValue));
    }

    [Fact]
    public void A_seed_gives_the_same_race_step_by_step()
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            RaceCounts first = SimulatedRace.Run(seed);
            RaceCounts second = SimulatedRace.Run(seed);
            Assert.Equal(first.TraceHash, second.TraceHash);
            Assert.Equal(first.Steps, second.Steps);
        }

        Assert.NotEqual(SimulatedRace.Run(1).TraceHash, SimulatedRace.Run(2).TraceHash);
    }

    [Theory]
    [InlineData((int)RaceDefect.SyncIgnored)]
    [InlineData((int)RaceDefect.LeavesBeforeCommit)]
    [InlineData((int)RaceDefect.NumbersReused)]
    [InlineData((int)RaceDefect.DroppedWhenAmbiguous)]
    [InlineData((int)RaceDefect.RenumberedWhenSentAgain)]
    public void A_broken_part_is_found_within_seconds(int defect)
    {
        RaceViolationException? found = null;
        for (int seed = 1; seed <= 100 && found is null; seed++)
        {
            try
            {
                SimulatedRace.Run(seed, (RaceDefect)defect, probeShare: 1);
            }
            catch (RaceViolationException violation) when (violation.InnerException is null)
            {
                found = violation; // A rule, not a part that fell over.
            }
            catch (RaceViolationException)
            {
            }
        }

        Assert.NotNull(found);
        TestContext.Current.SendDiagnosticMessage(found.Message.Split('\n')[0]);
    }

    [Fact]
    public void A_campaign_of_races_when_asked_for()
    {
        Assert.SkipWhen(s_races == 0, "RUFUS_SIM_RACES says how many.");
        long begin = Stopwatch.GetTimestamp();
        RaceCounts counts = RunMany(Setting("RUFUS_SIM_FIRST_SEED", 1), s_races);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        double aMinute = counts.Races * 60 / seconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{counts}; {seconds:F0} s, {aMinute:F0} races a minute"));
        Assert.Equal(s_races, counts.Races);
    }

    static RaceCounts RunMany(int firstSeed, int races)
    {
        RaceCounts all = new();
        Lock gate = new();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        ParallelOptions options = new()
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount,
            CancellationToken = cancellation,
        };
        Parallel.For(firstSeed, firstSeed + races, options, seed =>
        {
            RaceCounts counts = SimulatedRace.Run(seed);
            lock (gate)
            {
                all.Add(counts);
                if (all.Races % 10_000 == 0)
                    Console.WriteLine($"{all.Races} races");
            }
        });
        return all;
    }

    static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value)
            ? value
            : otherwise;
}
