namespace RufusIngest.Conformance;

/// <summary>The ways to cut a stream that every parser must not notice.</summary>
public static class Splits
{
    /// <summary>Whole, one byte a piece, and (up to the given number, evenly spread) every cut into two pieces.</summary>
    public static IEnumerable<IEnumerable<ReadOnlyMemory<byte>>> Of(ReadOnlyMemory<byte> stream, int mostCuts = 2_000)
    {
        yield return [stream];
        yield return Enumerable.Range(0, stream.Length).Select(i => stream.Slice(i, 1));
        int step = Math.Max(1, stream.Length / mostCuts);
        for (int cut = 1; cut < stream.Length; cut += step)
            yield return [stream[..cut], stream[cut..]];
    }
}
