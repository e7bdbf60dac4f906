using System.Diagnostics;
using System.Globalization;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

/// <summary>
/// The real tool as a process, killed (SIGKILL) under load with the fault proxy between it and the venue server. Kills
/// are counted by what the evidence says of the moment of death.
/// </summary>
[CollectionDefinition(nameof(CrashTests), DisableParallelization = true)]
[Collection(nameof(CrashTests))]
public sealed class CrashTests
{
    const int KillsOfARace = 40;
    const string KillsVariable = "RUFUS_CRASH_KILLS";
    const string SeedVariable = "RUFUS_CRASH_SEED";

    readonly Dictionary<CrashPhase, int> _kills = [];
    readonly Dictionary<string, int> _faults = [];

    [Fact]
    public async Task Killed_in_every_phase_of_delivery_a_race_loses_nothing_and_sends_nothing_twice()
    {
        await RaceAsync(new()
        {
            Seed = 20260517,
            Crossings = 6_000,
            Kills = 8,
            KillsOfEach = 2,
            Faults = CrashPlan.LightFaults,
        });
        Assert.True(_kills.Values.Sum() >= 8, Told(_kills));
        Assert.All(CrashRace.Phases, phase => Assert.True(_kills.GetValueOrDefault(phase) >= 2, Told(_kills)));
    }

    /// <summary>
    /// So many kills as RUFUS_CRASH_KILLS says, a tenth of them in each phase at least, in races whose seeds begin with
    /// RUFUS_CRASH_SEED (1). Run it with <c>-explicit only</c>.
    /// </summary>
    [Fact(Explicit = true)]
    public async Task Campaign()
    {
        int kills = (int)Number(KillsVariable, 0);
        if (kills == 0)
            Assert.Skip($"{KillsVariable} does not say how many kills there shall be.");
        ulong seed = Number(SeedVariable, 1);
        Stopwatch clock = Stopwatch.StartNew();
        for (ulong next = seed; !IsEnough(kills); next++)
        {
            await RaceAsync(new() { Seed = next, Kills = KillsOfARace, Faults = CrashPlan.LightFaults });
            Console.WriteLine(
                $"{clock.Elapsed:hh\\:mm\\:ss}  seeds {seed} to {next}: {_kills.Values.Sum()} kills ({Told(_kills)}); "
                + $"exchanges: {Told(_faults)}");
        }
    }

    bool IsEnough(int kills) =>
        _kills.Values.Sum() >= kills
        && CrashRace.Phases.All(phase => _kills.GetValueOrDefault(phase) * 10 >= kills);

    /// <summary>Plays a race that is killed and the same one that is not.</summary>
    async Task RaceAsync(CrashPlan plan)
    {
        CrashResult calm = await CrashRace.RunAsync(plan with { Kills = 0, KillsOfEach = 0, Faults = [] });
        Assert.True(calm.Violations.Count == 0, string.Join('\n', calm.Violations));
        Assert.Equal(plan.Crossings * plan.Readers, calm.Stored.Count);
        CrashResult killed = await CrashRace.RunAsync(plan);
        Assert.True(killed.Violations.Count == 0, string.Join('\n', killed.Violations));
        Assert.True(
            calm.Stored.SequenceEqual(killed.Stored),
            $"Seed {plan.Seed}: {calm.Stored.Except(killed.Stored).Count()} passings are missing, "
            + $"{killed.Stored.Except(calm.Stored).Count()} are others, "
            + $"{killed.Stored.Count - killed.Stored.Distinct().Count()} are there twice.");
        Add(_kills, killed.Kills);
        Add(_faults, killed.Faults);
    }

    static void Add<TKey>(Dictionary<TKey, int> counts, IReadOnlyDictionary<TKey, int> more)
        where TKey : notnull
    {
        foreach (var (key, count) in more)
            counts[key] = counts.GetValueOrDefault(key) + count;
    }

    static string Told<TKey>(Dictionary<TKey, int> counts)
        where TKey : notnull =>
        string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Key} {count.Value}"));

    static ulong Number(string variable, ulong otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? ulong.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
