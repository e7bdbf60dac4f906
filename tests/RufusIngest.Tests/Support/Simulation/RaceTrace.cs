using System.Globalization;

namespace RufusIngest.Tests.Support;

/// <summary>What happened in a simulated race: a hash over all lines, and the last of them. One thread.</summary>
sealed class RaceTrace(RaceClock clock)
{
    const int Kept = 40;

    readonly (double Seconds, string Line)[] _last = new (double, string)[Kept];

    public int Count { get; private set; }

    /// <summary>FNV-1a over times and lines: two runs of a seed that differ anywhere differ here.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    public void Add(string line)
    {
        _last[Count++ % Kept] = (clock.Seconds, line);
        ulong hash = (Hash ^ (ulong)clock.Elapsed.Ticks) * 1099511628211;
        foreach (char c in line)
            hash = (hash ^ c) * 1099511628211;
        Hash = hash;
    }

    public string Last()
    {
        IEnumerable<string> lines = Enumerable.Range(Math.Max(0, Count - Kept), Math.Min(Count, Kept))
            .Select(i => _last[i % Kept])
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Seconds,9:F3} {entry.Line}"));
        return string.Join('\n', lines);
    }
}

/// <summary>A rule was broken: names the seed, which replays the race exactly, and what happened last.</summary>
sealed class RaceViolationException(int seed, string what, RaceTrace trace, Exception? inner = null)
    : Exception($"Seed {seed}: {what}\n{trace.Last()}", inner);
