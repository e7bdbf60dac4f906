namespace RufusIngest.Simulators;

internal enum ScriptKind : byte
{
    Read,
    Gun,
    Notice,
}

/// <summary>
/// One frame a reader will send, at a race time in Unix milliseconds; <see cref="UtcMs"/> is what its stamp says. A
/// repeat is an equal item sent later. <see cref="Number"/> is the position in the reader's log, from 1, or the ordinal
/// of a notice, from 0. <see cref="Runner"/> is −1 for guns and notices.
/// </summary>
internal readonly record struct ScriptItem(
    long SendUtcMs, long UtcMs, int Runner, int Number, ScriptKind Kind, sbyte Rssi, byte Antenna);
