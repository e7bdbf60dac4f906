using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>All that a parser made of a stream, in comparable form, whatever way the stream was cut.</summary>
sealed class ParserRun
{
    public List<ChipRead> Reads { get; } = [];

    public List<(ControlKind Kind, long Number, string Text)> Controls { get; } = [];

    public List<(RejectReason Reason, string Text)> Rejects { get; } = [];

    /// <summary>Bytes left unconsumed after the last piece when the stream was not ended.</summary>
    public int Unconsumed { get; private set; }

    public IEnumerable<string> Chips => Reads.Select(read => read.Chip.ToString());

    /// <summary>Feeds the pieces one after the other, keeping what is unconsumed in front of the next piece.</summary>
    public static ParserRun Of<TParser>(
        IEnumerable<ReadOnlyMemory<byte>> pieces, bool endOfStream = true, int destination = 64)
        where TParser : struct, IReadParser
    {
        ParserRun run = new();
        TParser parser = default;
        byte[] pending = [];
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            pending = [.. pending, .. piece.Span];
            pending = run.Step(ref parser, pending, false, destination);
        }

        if (endOfStream)
            pending = run.Step(ref parser, pending, true, destination);
        run.Unconsumed = pending.Length;
        if (endOfStream)
            Assert.Empty(pending);
        return run;
    }

    public static ParserRun OfWhole<TParser>(ReadOnlySpan<byte> stream, bool endOfStream = true, int destination = 64)
        where TParser : struct, IReadParser =>
        Of<TParser>([stream.ToArray()], endOfStream, destination);

    byte[] Step<TParser>(ref TParser parser, byte[] source, bool end, int destination)
        where TParser : struct, IReadParser
    {
        ChipRead[] reads = new ChipRead[destination];
        ControlRecord[] controls = new ControlRecord[Math.Max(2, destination)];
        int offset = 0;
        while (true)
        {
            ReadOnlySpan<byte> rest = source.AsSpan(offset);
            ParseResult result = parser.Parse(rest, end, reads, controls);
            Assert.InRange(result.Consumed, 0, rest.Length);
            Reads.AddRange(reads.AsSpan(0, result.Reads));
            foreach (ControlRecord control in controls.AsSpan(0, result.Controls))
                Controls.Add((control.Kind, control.Number, Latin(rest.Slice(control.Offset, control.Length))));
            offset += result.Consumed;
            switch (result.Status)
            {
                case ParseStatus.Malformed:
                    Assert.NotEqual(RejectReason.None, result.Reason);
                    Assert.True(result.Consumed > 0, "a rejected frame must be consumed");
                    Assert.InRange(result.RejectOffset + result.RejectLength, 1, result.Consumed);
                    Rejects.Add((result.Reason, Latin(rest.Slice(result.RejectOffset, result.RejectLength))));
                    break;
                case ParseStatus.DestinationFull:
                    Assert.True(result.Reads + result.Controls > 0, "full without anything in it");
                    break;
                case ParseStatus.Done:
                    Assert.Equal(source.Length, offset);
                    return [];
                default:
                    Assert.False(end, "nothing more can come after the end of the stream");
                    Assert.True(offset < source.Length, "a parser that consumed everything is done");
                    return source[offset..];
            }
        }
    }

    /// <summary>One line per result, for equality between differently cut runs.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        foreach (ChipRead r in Reads)
            text.AppendLine(Describe(r));
        foreach (var c in Controls)
            text.AppendLine($"{c.Kind} {c.Number} {c.Text}");
        foreach (var r in Rejects)
            text.AppendLine($"{r.Reason} {r.Text}");
        return text.ToString();
    }

    public static string Describe(in ChipRead r) =>
        $"{r.Kind} {r.Chip} t={r.Time} n={r.Number} d={r.Detail:x} pos={r.LatitudeE7},{r.LongitudeE7} "
        + $"hits={r.Hits} rssi={r.RssiCentiDbm} ant={r.Antenna} sub={r.SubReader} {r.Flags}";

    static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
