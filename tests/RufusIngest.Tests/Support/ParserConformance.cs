using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>What must hold for every frame of every protocol, whatever the frame says.</summary>
/// <param name="guard">A frame of exactly one read and nothing else; it must survive what happens to its neighbours.</param>
/// <param name="noise">Bytes that are no frame, up to and with a place where a frame may begin.</param>
/// <param name="endLength">How many bytes at the end of each frame only end it: 2 for CRLF, 0 for a closing brace.</param>
sealed class ParserConformance<TParser>(byte[] guard, byte[] noise, int endLength)
    where TParser : struct, IReadParser
{
    static readonly byte[] FlipMasks = [0x01, 0x02, 0x10, 0x20, 0x40, 0x80, 0xFF];
    static readonly byte[] Replacements = [0, (byte)'\n', (byte)'\r', (byte)',', (byte)' ', (byte)'a', (byte)'}'];

    public void Check(byte[] frame)
    {
        ParserRun whole = ParserRun.OfWhole<TParser>(frame);
        Assert.Empty(whole.Rejects);
        Assert.NotEqual(0, whole.Reads.Count + whole.Controls.Count);
        AnySplitGivesTheSame([.. guard, .. frame, .. noise, .. frame, .. guard]);
        SmallDestinationGivesTheSame([.. frame, .. guard, .. frame]);
        NoiseCostsOnlyItself(frame, whole);
        RepeatingRepeats(frame, whole);
        TruncatedGivesNothing(frame, whole);
        DamageStaysInTheFrame(frame, whole);
    }

    static void AnySplitGivesTheSame(byte[] stream)
    {
        string expected = ParserRun.OfWhole<TParser>(stream).Describe();
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream))
            Assert.Equal(expected, ParserRun.Of<TParser>(pieces).Describe());
    }

    static void SmallDestinationGivesTheSame(byte[] stream) =>
        Assert.Equal(
            ParserRun.OfWhole<TParser>(stream).Describe(), ParserRun.OfWhole<TParser>(stream, destination: 1).Describe());

    void NoiseCostsOnlyItself(byte[] frame, ParserRun whole)
    {
        foreach (byte[] stream in new byte[][] { [.. noise, .. frame], [.. frame, .. noise] })
        {
            ParserRun run = ParserRun.OfWhole<TParser>(stream);
            Assert.Equal(Results(whole), Results(run));
            Assert.NotEmpty(run.Rejects);
        }
    }

    static void RepeatingRepeats(byte[] frame, ParserRun whole)
    {
        ParserRun run = ParserRun.OfWhole<TParser>([.. frame, .. frame, .. frame]);
        string[] one = [.. Results(whole).Where(line => line.StartsWith("read", StringComparison.Ordinal))];
        Assert.Equal([.. one, .. one, .. one], run.Reads.Select(Line));
        Assert.Equal(whole.Controls.Count * 3, run.Controls.Count);
        Assert.Empty(run.Rejects);
    }

    void TruncatedGivesNothing(byte[] frame, ParserRun whole)
    {
        int firstWhole = endLength == 0 ? frame.Length : frame.Length - endLength + 1;
        for (int length = 1; length < firstWhole; length++)
        {
            byte[] part = frame[..length];
            ParserRun waiting = ParserRun.OfWhole<TParser>([.. guard, .. part], endOfStream: false);
            Assert.Equal([Guard], Results(waiting));
            Assert.Empty(waiting.Rejects);
            Assert.Equal(length, waiting.Unconsumed);

            // At the end of the stream: a whole record without its end, or one reject.
            ParserRun ended = ParserRun.OfWhole<TParser>([.. guard, .. part]);
            Assert.Equal(Guard, Results(ended)[0]);
            Assert.True(ended.Reads.Count <= whole.Reads.Count + 1 && ended.Controls.Count <= whole.Controls.Count);
            foreach (ChipRead read in ended.Reads.Skip(1))
                Assert.Contains(whole.Reads, r => (r.Chip, r.Time, r.Kind) == (read.Chip, read.Time, read.Kind));
            if (ended.Reads.Count + ended.Controls.Count == 1)
                Assert.All(ended.Rejects, reject => Assert.Equal(RejectReason.Truncated, reject.Reason));
            Assert.NotEqual(1, ended.Reads.Count + ended.Controls.Count + ended.Rejects.Count);
        }
    }

    void DamageStaysInTheFrame(byte[] frame, ParserRun whole)
    {
        byte[] stream = [.. guard, .. frame, .. guard, .. guard];
        for (int at = 0; at < frame.Length; at++)
        {
            byte good = frame[at];
            foreach (byte bad in FlipMasks.Select(mask => (byte)(good ^ mask)).Concat(Replacements))
            {
                byte[] damaged = [.. stream];
                damaged[guard.Length + at] = bad;
                ParserRun run = ParserRun.OfWhole<TParser>(damaged);
                string[] results = [.. run.Reads.Select(Line)];
                int guards = results.Count(line => line == Guard);
                int frameReads = results.Length - guards;
                bool joinsTheNext = at >= frame.Length - endLength;
                string what = $"byte {at} of {Encoding.Latin1.GetString(frame)} as 0x{bad:x2}: {run.Describe()}";
                Assert.True(results.Length > 0 && results[0] == Guard && results[^1] == Guard, what);
                Assert.True(guards >= (joinsTheNext ? 2 : 3), what);
                Assert.True(frameReads <= Math.Max(1, whole.Reads.Count), what);
            }
        }
    }

    string Guard => Line(Assert.Single(ParserRun.OfWhole<TParser>(guard).Reads));

    static string[] Results(ParserRun run) =>
        [.. run.Reads.Select(Line), .. run.Controls.Select(c => $"control {c.Kind} {c.Number} {c.Text}")];

    static string Line(ChipRead read) => "read " + ParserRun.Describe(read);
}

/// <summary>Checks of a parser that need no frame of its protocol in particular.</summary>
static class ParserChecks
{
    /// <summary>Random bytes, some of them from the protocol's own alphabet and frames: no exception, all consumed.</summary>
    public static void SurvivesRandomBytes<TParser>(byte[][] frames, string alphabet)
        where TParser : struct, IReadParser
    {
        Random random = new(20_260_307);
        for (int round = 0; round < 2_000; round++)
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
                        byte[] frame = frames[random.Next(frames.Length)];
                        stream.AddRange(frame[random.Next(frame.Length)..]);
                        break;
                    default:
                        stream.Add((byte)alphabet[random.Next(alphabet.Length)]);
                        break;
                }
            }

            byte[] bytes = [.. stream];
            int cut = random.Next(bytes.Length);
            string whole = ParserRun.OfWhole<TParser>(bytes).Describe();
            Assert.Equal(whole, ParserRun.Of<TParser>([bytes.AsMemory(0, cut), bytes.AsMemory(cut)]).Describe());
        }
    }

    /// <summary>Exactly nothing is allocated, for good and for rejected frames.</summary>
    public static void AllocatesNothing<TParser>(byte[] stream)
        where TParser : struct, IReadParser
    {
        ChipRead[] reads = new ChipRead[64];
        ControlRecord[] controls = new ControlRecord[64];
        for (int i = 0; i < 1_000; i++)
            ParseAll<TParser>(stream, reads, controls);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            ParseAll<TParser>(stream, reads, controls);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    static void ParseAll<TParser>(ReadOnlySpan<byte> source, ChipRead[] reads, ControlRecord[] controls)
        where TParser : struct, IReadParser
    {
        TParser parser = default;
        ParseResult result;
        do
        {
            result = parser.Parse(source, true, reads, controls);
            source = source[result.Consumed..];
        }
        while (result.Status != ParseStatus.Done);
    }
}
