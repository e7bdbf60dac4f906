using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tool.Cleaning;

/// <summary>How far a policy's times lie from those of another, over passings that begin with the same read.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Passings">Its passings.</param>
/// <param name="Same">Those that the first policy has too, with the same chip and first read.</param>
/// <param name="MeanMs">Mean difference of their times, ms; later is positive.</param>
/// <param name="MaxMs">Largest difference either way, ms.</param>
sealed record PolicyRow(PassingPolicy Policy, int Passings, int Same, double MeanMs, double MaxMs);

/// <summary>Holds the passings of several policies side by side.</summary>
sealed class PolicyComparison
{
    readonly Dictionary<PassingPolicy, Dictionary<(ChipCode Chip, long First), long>> _times = [];

    public void Add(Passing passing)
    {
        if (!_times.TryGetValue(passing.Policy, out var times))
            _times[passing.Policy] = times = [];
        times[(passing.Chip, passing.First)] = passing.Time;
    }

    public IReadOnlyList<PolicyRow> Rows(IReadOnlyList<PassingPolicy> policies)
    {
        var first = _times.GetValueOrDefault(policies[0], []);
        return [.. policies.Select(policy => Row(policy, _times.GetValueOrDefault(policy, []), first))];
    }

    static PolicyRow Row(
        PassingPolicy policy, Dictionary<(ChipCode, long), long> times, Dictionary<(ChipCode, long), long> first)
    {
        double[] apart =
        [
            .. times.Where(pair => first.ContainsKey(pair.Key))
                .Select(pair => (pair.Value - first[pair.Key]) / (double)TimeSpan.TicksPerMillisecond),
        ];
        return new PolicyRow(
            policy, times.Count, apart.Length, apart.DefaultIfEmpty().Average(), apart.DefaultIfEmpty().MaxBy(Math.Abs));
    }
}
