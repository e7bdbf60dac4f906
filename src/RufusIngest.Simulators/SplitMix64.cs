namespace RufusIngest.Simulators;

/// <summary>
/// Steele, Lea and Flood's SplitMix64: the same race from a seed on every runtime; System.Random does not promise it.
/// </summary>
internal sealed class SplitMix64(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    public ulong Next()
    {
        _state += Step;
        return Mix(_state);
    }

    public int Next(int min, int maxInclusive) =>
        min + (int)Math.BigMul(Next(), (ulong)(maxInclusive - min + 1), out _);

    public bool Chance(int perMille) => Next(0, 999) < perMille;

    public SplitMix64 Fork() => new(Next());

    /// <summary>The finalizer alone: an even spread of bits for values derived from a record's number.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
