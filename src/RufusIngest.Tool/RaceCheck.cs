using RufusIngest.Cloud;
using RufusIngest.Simulators;

namespace RufusIngest.Tool;

/// <summary>
/// Holds what the server stored against the generator's own list of crossings: each crossing needs exactly one passing of
/// its bib, at its location, at a time within its burst. Nothing the pipeline counted is used.
/// </summary>
sealed class RaceCheck
{
    readonly Dictionary<(string Location, string Bib), List<Crossing>> _crossings = [];

    public RaceCheck(IReadOnlyList<RaceCrossing> crossings)
    {
        Crossings = crossings.Count;
        foreach (RaceCrossing crossing in crossings)
        {
            var key = (crossing.Location, crossing.Bib);
            if (!_crossings.TryGetValue(key, out List<Crossing>? list))
                _crossings[key] = list = [];
            list.Add(new Crossing(crossing.FirstUtcMs, crossing.LastUtcMs));
        }
    }

    public int Crossings { get; }

    public int Stored { get; private set; }

    /// <summary>Passings that fit no crossing, or one that has its passing already.</summary>
    public int Duplicated { get; private set; }

    /// <summary>Crossings without a passing.</summary>
    public int Missing => _crossings.Values.Sum(list => list.Count(crossing => !crossing.IsFound));

    public bool Passed => Missing == 0 && Duplicated == 0;

    public void Add(string location, CloudPassing passing)
    {
        Stored++;
        long ms = passing.Timestamp?.ToUnixTimeMilliseconds() ?? long.MinValue;
        Crossing? crossing = _crossings.GetValueOrDefault((location, passing.Bib ?? ""))
            ?.Find(candidate => candidate.First <= ms && ms <= candidate.Last);
        if (crossing is null || crossing.IsFound)
            Duplicated++;
        else
            crossing.IsFound = true;
    }

    sealed class Crossing(long first, long last)
    {
        public long First { get; } = first;

        public long Last { get; } = last;

        public bool IsFound { get; set; }
    }
}
