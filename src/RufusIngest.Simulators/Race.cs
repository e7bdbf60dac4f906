namespace RufusIngest.Simulators;

/// <summary>
/// A generated race over three points, START (IPICO), 5K (CloudBox) and FINISH (Ultra): what the readers will send, and
/// the generator's own list of who crossed where and when. Immutable; may be shared by threads and played many times.
/// </summary>
public sealed class Race
{
    internal Race(
        RaceOptions options,
        IReadOnlyList<RaceEntry> entries,
        IReadOnlyList<RaceCrossing> crossings,
        IReadOnlyList<ReaderScript> scripts)
    {
        Options = options;
        Entries = entries;
        Crossings = crossings;
        Scripts = scripts;
        foreach (var script in scripts)
        {
            ReadCount += script.ReadCount;
        }
    }

    /// <summary>The options this race can be generated from again.</summary>
    public RaceOptions Options { get; }

    /// <summary>The chip-to-bib list. About 1 % of the chips on the course are missing from it on purpose.</summary>
    public IReadOnlyList<RaceEntry> Entries { get; }

    /// <summary>Every crossing of the race, by first read.</summary>
    public IReadOnlyList<RaceCrossing> Crossings { get; }

    /// <summary>
    /// Chip reads all readers send in an undisturbed play, repeats on the wire included and gun records not.
    /// </summary>
    public int ReadCount { get; }

    internal IReadOnlyList<ReaderScript> Scripts { get; }

    /// <summary>Takes a fraction of a second for 2,000 runners and keeps 32 bytes a read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside the bounds it states.</exception>
    public static Race Generate(RaceOptions options)
    {
        options.Validate();
        return new RaceGenerator(options).Generate();
    }
}
