namespace RufusIngest.Simulators;

/// <summary>
/// One row of the chip-to-bib list. An athlete has up to three: one chip for each kind of reader on the course.
/// </summary>
/// <param name="Chip">As the reader spells it: <c>058001e9df91</c>, <c>MC00169</c> or <c>200017</c>.</param>
/// <param name="Bib">A number, or a letter and a number.</param>
public sealed record RaceEntry(string Chip, string Bib);
