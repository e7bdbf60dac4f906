namespace RufusIngest.Simulators;

/// <summary>
/// The truth about one athlete at one point: exactly one passing must come out of it, with a time of record inside
/// the two times, which both belong to it. Crossings of one chip at one location are at least 60 s apart.
/// </summary>
/// <param name="Location"><c>START</c>, <c>5K</c> or <c>FINISH</c>.</param>
/// <param name="Bib">The bib a passing must carry: the list's, or for a chip not in the list its own code.</param>
/// <param name="Chip">As the reader spells it.</param>
/// <param name="FirstUtcMs">Stamp of the first read, milliseconds since the Unix epoch, UTC.</param>
/// <param name="LastUtcMs">Stamp of the last read, trailing strays included; same unit.</param>
public sealed record RaceCrossing(string Location, string Bib, string Chip, long FirstUtcMs, long LastUtcMs);
