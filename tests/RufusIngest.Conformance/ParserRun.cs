using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Conformance;

/// <summary>
/// All that a parser made of a stream, in comparable form, whatever way the stream was cut. On the way it asserts the
/// contract of <see cref="IReadParser.Parse"/>.
/// </summary>
public sealed class ParserRun
{
    readonly List<ChipRead> _reads = [];
    readonly List<(ControlKind Kind, long Number, string Text)> _controls = [];
    readonly List<(RejectReason Reason, string Text)> _rejects = [];
    int _calls;

    ParserRun()
    {
    }

    /// <summary>The reads, in order.</summary>
    public IReadOnlyList<ChipRead> Reads => _reads;

    /// <summary>The controls, with the bytes they point at as Latin-1.</summary>
    public IReadOnlyList<(ControlKind Kind, long Number, string Text)> Controls => _controls;

    /// <summary>The rejects, with their bytes as Latin-1.</summary>
    public IReadOnlyList<(RejectReason Reason, string Text)> Rejects => _rejects;

    /// <summary>Bytes left unconsumed after the last piece when the stream was not ended.</summary>
    public int Unconsumed { get; private set; }

    /// <summary>Names of points that the parser told.</summary>
    public PointNames Points { get; } = new();

    /// <summary>The chips as they were spelt.</summary>
    public IEnumerable<string> Chips => Reads.Select(read => read.Chip.ToString());

    /// <summary>Feeds the pieces one after the other, keeping what is unconsumed in front of the next piece.</summary>
    /// <param name="pieces">The stream as it arrives.</param>
    /// <param name="endOfStream">Tell the parser, after the last piece, that no more will come.</param>
    /// <param name="destination">Reads that fit into one call.</param>
    /// <param name="initial">The parser at the beginning of the connection.</param>
    public static ParserRun Of<TParser>(
        IEnumerable<ReadOnlyMemory<byte>> pieces,
        bool endOfStream = true,
        int destination = 64,
        TParser initial = default)
        where TParser : struct, IReadParser
    {
        ArgumentNullException.ThrowIfNull(pieces);
        ParserRun run = new();
        TParser parser = WithPoints(initial, run.Points);
        byte[] pending = [];
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            pending = [.. pending, .. piece.Span];
            pending = run.Step(ref parser, pending, false, destination).ToArray();
        }

        if (endOfStream)
            pending = run.Step(ref parser, pending, true, destination).ToArray();
        run.Unconsumed = pending.Length;
        if (endOfStream)
            Assert.Empty(pending);
        return run;
    }

    /// <summary>As <see cref="Of"/>, of a stream in one piece.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="endOfStream">Tell the parser, after it, that no more will come.</param>
    /// <param name="destination">Reads that fit into one call.</param>
    /// <param name="initial">The parser at the beginning of the connection.</param>
    /// <param name="inPlace">Parse the very bytes given, so that what stands around them in memory would be seen.</param>
    public static ParserRun OfWhole<TParser>(
        ReadOnlySpan<byte> stream,
        bool endOfStream = true,
        int destination = 64,
        TParser initial = default,
        bool inPlace = false)
        where TParser : struct, IReadParser
    {
        if (!inPlace)
            return Of([stream.ToArray()], endOfStream, destination, initial);
        ParserRun run = new();
        TParser parser = WithPoints(initial, run.Points);
        ReadOnlySpan<byte> pending = run.Step(ref parser, stream, false, destination);
        pending = run.Step(ref parser, pending, endOfStream, destination);
        run.Unconsumed = pending.Length;
        return run;
    }

    /// <summary>A parser that tells names of points, when it is one that does.</summary>
    internal static TParser WithPoints<TParser>(TParser initial, PointNames? names = null)
        where TParser : struct, IReadParser
    {
        if (initial is not IPointNaming)
            return initial;
        object boxed = initial;
        ((IPointNaming)boxed).Use(names ?? new PointNames());
        return (TParser)boxed;
    }

    /// <summary>Forgets as much as another run brought, from the front.</summary>
    internal void Skip(ParserRun first)
    {
        _reads.RemoveRange(0, first._reads.Count);
        _controls.RemoveRange(0, first._controls.Count);
        _rejects.RemoveRange(0, first._rejects.Count);
    }

    /// <summary>What a slot holds before a call, another each time: a parser that does not reset it shows.</summary>
    ChipRead NextStale()
    {
        _calls++;
        return new ChipRead
        {
            Time = _calls,
            Number = _calls,
            Detail = (ulong)_calls,
            Hits = _calls,
            LatitudeE7 = _calls,
            LongitudeE7 = _calls,
            RssiCentiDbm = (short)_calls,
            Antenna = (ushort)_calls,
            SubReader = (ushort)_calls,
            Point = (ushort)_calls,
            Kind = (ReadKind)(_calls & 1),
            Flags = (ReadFlags)_calls,
        };
    }

    ReadOnlySpan<byte> Step<TParser>(ref TParser parser, ReadOnlySpan<byte> source, bool end, int destination)
        where TParser : struct, IReadParser
    {
        ChipRead[] reads = new ChipRead[destination];
        ControlRecord[] controls = new ControlRecord[Math.Max(2, destination)];
        while (true)
        {
            reads.AsSpan().Fill(NextStale());
            ParseResult result = parser.Parse(source, end, reads, controls);
            Assert.InRange(result.Consumed, 0, source.Length);
            _reads.AddRange(reads.AsSpan(0, result.Reads));
            foreach (ControlRecord control in controls.AsSpan(0, result.Controls))
                _controls.Add((control.Kind, control.Number, Latin(source.Slice(control.Offset, control.Length))));
            ReadOnlySpan<byte> rest = source[result.Consumed..];
            switch (result.Status)
            {
                case ParseStatus.Malformed:
                    Assert.NotEqual(RejectReason.None, result.Reason);
                    Assert.True(result.Consumed > 0, "a rejected frame must be consumed");
                    Assert.InRange(result.RejectOffset + result.RejectLength, 1, result.Consumed);
                    _rejects.Add((result.Reason, Latin(source.Slice(result.RejectOffset, result.RejectLength))));
                    break;
                case ParseStatus.DestinationFull:
                    Assert.True(result.Reads + result.Controls > 0, "full without anything in it");
                    Assert.True(result.Consumed > 0, "what fills the destination must be consumed");
                    break;
                case ParseStatus.Done:
                    Assert.True(rest.IsEmpty, "a parser that is done has consumed everything");
                    return [];
                default:
                    Assert.False(end, "nothing more can come after the end of the stream");
                    Assert.False(rest.IsEmpty, "a parser that consumed everything is done");
                    return rest;
            }

            source = rest;
        }
    }

    /// <summary>One line per result, for equality between differently cut runs.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        foreach (ChipRead r in Reads)
            text.AppendLine(Describe(r));
        foreach (var c in Controls)
            text.Append(c.Kind).Append(' ').Append(c.Number).Append(' ').AppendLine(c.Text);
        foreach (var r in Rejects)
            text.Append(r.Reason).Append(' ').AppendLine(r.Text);
        return text.ToString();
    }

    /// <summary>All that a read says, on one line.</summary>
    public static string Describe(in ChipRead read)
    {
        string point = read.Point == 0 ? "" : $"point={read.Point} ";
        return $"{read.Kind} {read.Chip} t={read.Time} n={read.Number} d={read.Detail:x} pos={read.LatitudeE7},"
            + $"{read.LongitudeE7} hits={read.Hits} rssi={read.RssiCentiDbm} ant={read.Antenna} sub={read.SubReader} "
            + $"{point}{read.Flags}";
    }

    static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
