using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Conformance;

/// <summary>Checks of a parser that need no frame of its protocol in particular.</summary>
public static class ParserChecks
{
    /// <summary>Random bytes, some of them from the protocol's own alphabet and frames: no exception, all consumed, and
    /// the same in two pieces.</summary>
    /// <param name="frames">Whole frames, of which ends are mixed in.</param>
    /// <param name="alphabet">Bytes that the protocol uses, as Latin-1.</param>
    /// <param name="initial">The parser at the beginning of a connection.</param>
    public static void SurvivesRandomBytes<TParser>(
        IReadOnlyList<byte[]> frames, string alphabet, TParser initial = default)
        where TParser : struct, IReadParser
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(alphabet);
        Random random = new(20_260_307);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] bytes = RandomStream(random, frames, alphabet);
            int cut = random.Next(bytes.Length);
            string whole = ParserRun.OfWhole(bytes, initial: initial).Describe();
            string inTwo = ParserRun.Of([bytes.AsMemory(0, cut), bytes.AsMemory(cut)], initial: initial).Describe();
            Assert.Equal(whole, inTwo);
        }
    }

    static byte[] RandomStream(Random random, IReadOnlyList<byte[]> frames, string alphabet)
    {
        List<byte> stream = [];
        while (stream.Count < random.Next(1, 400))
        {
            switch (random.Next(4))
            {
                case 0:
                    stream.Add((byte)random.Next(256));
                    break;
                case 1:
                    byte[] frame = frames[random.Next(frames.Count)];
                    stream.AddRange(frame[random.Next(frame.Length)..]);
                    break;
                default:
                    stream.Add((byte)alphabet[random.Next(alphabet.Length)]);
                    break;
            }
        }

        return [.. stream];
    }

    /// <summary>Exactly nothing is allocated, for good and for rejected frames.</summary>
    /// <param name="stream">Good and bad frames; names of points among them are told to the parser once.</param>
    /// <param name="initial">The parser at the beginning of a connection.</param>
    public static void AllocatesNothing<TParser>(ReadOnlySpan<byte> stream, TParser initial = default)
        where TParser : struct, IReadParser
    {
        ChipRead[] reads = new ChipRead[64];
        ControlRecord[] controls = new ControlRecord[64];
        TParser first = ParserRun.WithPoints(initial);
        for (int i = 0; i < 1_000; i++)
            ParseAll(first, stream, reads, controls);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            ParseAll(first, stream, reads, controls);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    static void ParseAll<TParser>(
        TParser parser, ReadOnlySpan<byte> source, ChipRead[] reads, ControlRecord[] controls)
        where TParser : struct, IReadParser
    {
        ParseResult result;
        do
        {
            result = parser.Parse(source, true, reads, controls);
            source = source[result.Consumed..];
            if (result.Consumed == 0 && result.Status != ParseStatus.Done)
                Assert.Fail("at the end of the stream everything is consumed");
        }
        while (result.Status != ParseStatus.Done);
    }
}
