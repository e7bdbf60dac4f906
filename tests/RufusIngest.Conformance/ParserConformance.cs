using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Conformance;

/// <summary>What must hold for every frame of every protocol; <see cref="FramesAttribute{TParser}"/> is the way to
/// it.</summary>
/// <param name="initial">The parser at the beginning of a connection.</param>
sealed class ParserConformance<TParser>(TParser initial)
    where TParser : struct, IReadParser
{
    // Every single bit, all of them, and bytes that mean something in most protocols.
    static readonly byte[] FlipMasks = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF];
    static readonly byte[] Replacements = [0, (byte)'\n', (byte)'\r', (byte)',', (byte)' ', (byte)'a', (byte)'"', (byte)'}'];

    public required byte[] Guard { get; init; }

    public required byte[] Noise { get; init; }

    public required int EndLength { get; init; }

    public required byte[] Preamble { get; init; }

    public required bool ShowsCuts { get; init; }

    /// <summary>The bytes of a frame that its end is found by; empty where a parser finds the next frame without
    /// them.</summary>
    public Range Length { get; init; }

    bool IsRealigned => Length.Equals(default);

    bool CanMisleadAt(int at) => at >= Length.Start.Value && at < Length.End.Value;

    public IEnumerable<FrameCheck> ChecksOf(byte[] frame)
    {
        yield return Named("whole", IsTaken);
        yield return Named("in every two pieces and in single bytes", AnySplitGivesTheSame);
        yield return Named("with room for one read", SmallDestinationGivesTheSame);
        yield return Named("between guard bytes", BytesAroundCountForNothing);
        yield return Named("after and before noise", NoiseCostsOnlyItself);
        yield return Named("repeated", RepeatingRepeats);
        yield return Named("cut off at every length", TruncatedGivesNothing);
        yield return Named("with each byte changed", DamageStaysInTheFrame);

        FrameCheck Named(string name, Action<byte[], ParserRun> check) => new(
            $"{name}: {Show(frame)}", () => check(frame, Run(frame)));
    }

    /// <summary>Reports of tests cannot hold every control character.</summary>
    static string Show(byte[] frame) => string.Concat(Encoding.Latin1.GetString(frame).ReplaceLineEndings("")
        .Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()));

    static void IsTaken(byte[] frame, ParserRun whole)
    {
        Assert.True(whole.Rejects.Count == 0, $"the frame is rejected: {whole.Describe()}");
        Assert.True(
            whole.Reads.Count + whole.Controls.Count > 0,
            "the frame gives neither a read nor a control: it is passed over in silence, or its End is missing");
    }

    void AnySplitGivesTheSame(byte[] frame, ParserRun whole)
    {
        byte[] stream = [.. Preamble, .. Guard, .. frame, .. Noise, .. frame, .. Guard];
        string expected = ParserRun.OfWhole(stream, initial: initial).Describe();
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream))
        {
            string actual = ParserRun.Of(pieces, initial: initial).Describe();
            Assert.True(expected == actual, $"{Cut(pieces)} gives\n{actual}and whole it gives\n{expected}");
        }

        static string Cut(IEnumerable<ReadOnlyMemory<byte>> pieces) => string.Join(
            '|', pieces.Take(3).Select(piece => Encoding.Latin1.GetString(piece.Span))) + (pieces.Skip(3).Any() ? "|…" : "");
    }

    void SmallDestinationGivesTheSame(byte[] frame, ParserRun whole)
    {
        byte[] stream = [.. Preamble, .. frame, .. frame, .. frame, .. Guard, .. frame];
        Assert.Equal(
            ParserRun.OfWhole(stream, initial: initial).Describe(),
            ParserRun.OfWhole(stream, destination: 1, initial: initial).Describe());
    }

    void BytesAroundCountForNothing(byte[] frame, ParserRun whole)
    {
        byte[] stream = [.. Preamble, .. frame];
        string expected = ParserRun.OfWhole(stream, initial: initial).Describe();
        foreach (byte around in (byte[])[(byte)'0', (byte)'\n', (byte)'"', 0xFF, frame[0], frame[^1]])
        {
            byte[] field = new byte[stream.Length + 128];
            field.AsSpan().Fill(around);
            stream.CopyTo(field, 64);
            Assert.Equal(expected, ParserRun.OfWhole(field.AsSpan(64, stream.Length), initial: initial, inPlace: true).Describe());
        }
    }

    void NoiseCostsOnlyItself(byte[] frame, ParserRun whole)
    {
        foreach (byte[] stream in new byte[][] { [.. frame, .. Noise], [.. Noise, .. frame] }.Take(IsRealigned ? 2 : 1))
        {
            ParserRun run = Run(stream);
            string what = $"{Encoding.Latin1.GetString(stream)} gives\n{run.Describe()}";
            Assert.True(Results(whole).SequenceEqual(Results(run)), $"noise beside the frame changes what it gives: {what}");
            Assert.True(run.Rejects.Count > 0, $"noise is no reject: {what}");
        }
    }

    void RepeatingRepeats(byte[] frame, ParserRun whole)
    {
        ParserRun run = Run([.. frame, .. frame, .. frame]);
        string[] one = [.. whole.Reads.Select(Line)];
        Assert.Equal([.. one, .. one, .. one], run.Reads.Select(Line));
        Assert.Equal(whole.Controls.Count * 3, run.Controls.Count);
        Assert.Empty(run.Rejects);
    }

    void TruncatedGivesNothing(byte[] frame, ParserRun whole)
    {
        int firstWhole = EndLength == 0 ? frame.Length : frame.Length - EndLength + 1;
        GuardLine();
        string[] guard = Results(Run(Guard));
        for (int length = 1; length < firstWhole; length++)
        {
            byte[] part = frame[..length];
            ParserRun waiting = Run([.. Guard, .. part], endOfStream: false);
            string where = $"cut off behind {length} bytes, {Encoding.Latin1.GetString(part)}: ";
            Assert.True(
                guard.SequenceEqual(Results(waiting)) && waiting.Rejects.Count == 0 && length == waiting.Unconsumed,
                $"{where}while more may come, nothing may be consumed: {waiting.Unconsumed} bytes are left, and it gives\n"
                + waiting.Describe());

            // At the end of the stream: a whole record without its end, or a reject, and others of what is left in it.
            ParserRun ended = Run([.. Guard, .. part]);
            int results = ended.Reads.Count + ended.Controls.Count - guard.Length;
            Assert.Equal(guard[0], Results(ended)[0]);
            Assert.True(ended.Reads.Count <= whole.Reads.Count + 1);
            Assert.True(ended.Controls.Count <= whole.Controls.Count + guard.Length - 1);
            if (ShowsCuts)
            {
                foreach (ChipRead read in ended.Reads.Skip(1))
                    Assert.Contains(whole.Reads, r => (r.Chip, r.Time, r.Kind) == (read.Chip, read.Time, read.Kind));
            }

            if (results == 0)
                Assert.All(ended.Rejects.Take(1), reject => Assert.Equal(RejectReason.Truncated, reject.Reason));
            Assert.NotEqual(0, results + ended.Rejects.Count);
        }
    }

    void DamageStaysInTheFrame(byte[] frame, ParserRun whole)
    {
        byte[] stream = [.. Guard, .. frame, .. Guard, .. Guard];
        string guard = GuardLine();
        for (int at = 0; at < frame.Length; at++)
        {
            byte good = frame[at];
            foreach (byte bad in FlipMasks.Select(mask => (byte)(good ^ mask)).Concat(Replacements))
            {
                byte[] damaged = [.. stream];
                damaged[Guard.Length + at] = bad;
                ParserRun run = Run(damaged);
                string[] results = [.. run.Reads.Select(Line)];
                int guards = results.Count(line => line == guard);
                bool joinsTheNext = at >= frame.Length - EndLength;
                string what = $"byte {at} of {Encoding.Latin1.GetString(frame)} as 0x{bad:x2}: {run.Describe()}";
                Assert.True(results.Length > 0 && results[0] == guard, what);
                if (CanMisleadAt(at))
                    continue;
                Assert.True(results[^1] == guard && guards >= (joinsTheNext ? 2 : 3), what);
                Assert.True(results.Length <= 3 + Math.Max(1, whole.Reads.Count), what);
            }
        }
    }

    /// <summary>What comes behind the preamble.</summary>
    ParserRun Run(byte[] stream, bool endOfStream = true)
    {
        ParserRun run = ParserRun.OfWhole([.. Preamble, .. stream], endOfStream, initial: initial);
        if (Preamble.Length > 0)
            run.Skip(ParserRun.OfWhole(Preamble, initial: initial));
        return run;
    }

    string GuardLine()
    {
        ParserRun run = Run(Guard);
        Assert.True(
            run.Reads.Count == 1 && run.Rejects.Count == 0,
            $"Guard must give exactly one read and no reject; with End behind it, it gives:\n{run.Describe()}");
        return Line(run.Reads[0]);
    }

    static string[] Results(ParserRun run) =>
        [.. run.Reads.Select(Line), .. run.Controls.Select(c => $"control {c.Kind} {c.Number} {c.Text}")];

    static string Line(ChipRead read) => "read " + ParserRun.Describe(read);
}
