using System.Text;
using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

/// <summary>Streams of binary frames.</summary>
static class Binary
{
    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>One character a byte.</summary>
    public static string Latin(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    public static byte[] FromLatin(string latin) => Encoding.Latin1.GetBytes(latin);

    /// <summary>Published frames by their names.</summary>
    /// <param name="folder">A capture folder with a file of lines with bars between its parts, the name first.</param>
    /// <param name="hexAt">Which part the bytes are.</param>
    public static Dictionary<string, byte[]> Vectors(string folder, int hexAt) =>
        File.ReadLines(Captures.PathOf(folder, "vectors.txt"))
            .Where(line => line[0] != '#')
            .Select(line => line.Split(" | "))
            .ToDictionary(parts => parts[0], parts => Hex(parts[hexAt]));

    public static ParserRun Run<TParser>(params byte[][] parts)
        where TParser : struct, IReadParser => ParserRun.OfWhole<TParser>([.. parts.SelectMany(part => part)]);

    /// <summary>The controls of good frames with their variants.</summary>
    public static (ControlKind Kind, long Number, byte Variant)[] Controls<TParser>(params byte[][] frames)
        where TParser : struct, IReadParser
    {
        TParser parser = default;
        byte[] stream = [.. frames.SelectMany(frame => frame)];
        ControlRecord[] controls = new ControlRecord[frames.Length + 2];
        ParseResult result = parser.Parse(stream, true, new ChipRead[1], controls);
        Assert.Equal((ParseStatus.Done, 0), (result.Status, result.Reads));
        return [.. controls.Take(result.Controls).Select(control => (control.Kind, control.Number, control.Variant))];
    }

    /// <summary>Each bad frame between good ones is one reject of all its bytes, and gives nothing else.</summary>
    public static void AreRejected<TParser>(byte[] good, params (RejectReason Reason, byte[] Bytes)[] bad)
        where TParser : struct, IReadParser
    {
        foreach ((RejectReason reason, byte[] bytes) in bad)
        {
            ParserRun run = Run<TParser>(good, bytes, good);
            Assert.Equal([(reason, Latin(bytes))], run.Rejects);
            Assert.Equal(2, run.Reads.Count);
            Assert.Empty(run.Controls);
        }
    }

    /// <summary>A capture gives the same in any two pieces and in single bytes.</summary>
    public static void AnySplitGivesTheSame<TParser>(byte[] stream, int mostCuts = 200)
        where TParser : struct, IReadParser
    {
        string whole = ParserRun.OfWhole<TParser>(stream).Describe();
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream, mostCuts))
            Assert.Equal(whole, ParserRun.Of<TParser>(pieces).Describe());
    }

    /// <summary>
    /// Good, damaged and cut frames with noise between them, in pieces of any size, give the reads that the slow way
    /// finds.
    /// </summary>
    /// <param name="frame">Frames whose check is good, whatever they say.</param>
    /// <param name="lengthAt">The length of the good frame at a place of a stream, or 0.</param>
    /// <param name="reads">What the good frames of a stream say.</param>
    /// <param name="initial">The parser at the beginning of the connection.</param>
    public static void AgreesWith<TParser>(
        Gen<byte[]> frame,
        Func<byte[], int, int> lengthAt,
        Func<List<byte[]>, IEnumerable<SlowRead>> reads,
        TParser initial = default)
        where TParser : struct, IReadParser
    {
        Streams(frame).Sample(
            (stream, sizes) =>
            {
                int room = (sizes[0] % 5) + 1;
                ParserRun run = ParserRun.Of(Pieces(stream, sizes), destination: room, initial: initial);
                Assert.Equal([.. reads(SlowFrames.Of(stream, lengthAt))], run.Reads.Select(SlowRead.Of));
            },
            iter: 2_000);
    }

    /// <summary>Streams, and how long the pieces are that they come in.</summary>
    public static Gen<(byte[] Stream, int[] Sizes)> Streams(Gen<byte[]> frame)
    {
        Gen<byte[]> damaged = Gen.Select(frame, Gen.Int[0, 5_000], Gen.Byte, Gen.Int[0, 4], Damage);
        Gen<byte[]> part = Gen.Frequency((5, frame), (3, damaged), (1, Gen.Byte.Array[1, 30]));
        return Gen.Select(
            part.Array[1, 8].Select(parts => parts.SelectMany(bytes => bytes).ToArray()), Gen.Int[1, 120].Array[1, 12]);
    }

    static byte[] Damage(byte[] frame, int place, byte value, int how)
    {
        int at = place % frame.Length;
        return how switch
        {
            0 => [.. frame[..at], value, .. frame[(at + 1)..]],
            1 => [.. frame[..at], value, .. frame[at..]],
            2 => [.. frame[..at], .. frame[(at + 1)..]],
            3 => frame[..at],
            _ => frame[at..],
        };
    }

    public static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] stream, int[] sizes)
    {
        for (int at = 0, piece = 0; at < stream.Length; piece++)
        {
            int size = Math.Min(sizes[piece % sizes.Length], stream.Length - at);
            yield return stream.AsMemory(at, size);
            at += size;
        }
    }
}
