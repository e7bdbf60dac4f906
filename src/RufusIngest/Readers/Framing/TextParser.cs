using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>A protocol of lines, or of other text between bytes that end it.</summary>
interface ITextProtocol : IFrameProtocol
{
    /// <summary>The bytes that end a frame where they are not CR, LF and NUL. Those three may stand before any frame.</summary>
    static virtual ReadOnlySpan<byte> Ends => default;

    /// <summary>Longest frame; a longer one is a reject.</summary>
    static virtual int MostBytes => LineScanner.DefaultLimit;

    /// <summary>An empty line is an answer's end: <see cref="ControlKind.EndOfFetch"/>.</summary>
    static virtual bool EmptyLineEndsFetch => false;
}

/// <summary>Parses a protocol of text frames.</summary>
struct TextParser<TProtocol>(TProtocol protocol) : IReadParser, IPointNaming
    where TProtocol : struct, ITextProtocol
{
    static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    TProtocol _protocol = protocol;
    LineScanner _frames;
    PointNames? _points;
    bool _inside; // The first unconsumed byte continues a frame of which something was taken.

    public void Use(PointNames names) => _points = names;

    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        ParseOutput output = new(reads, controls);
        int position = 0;
        while (true)
        {
            if (TProtocol.EmptyLineEndsFetch && !_inside && _frames.TryEmptyLine(source, ref position, TProtocol.Ends))
            {
                output.Add(ControlKind.EndOfFetch, position - 1, 1);
                if (output.IsFull)
                    return ParseResult.DestinationFull(position, output.Reads, output.Controls);
                continue;
            }

            if (!_frames.TryNext(
                source, endOfStream, ref position, out int length, TProtocol.MostBytes, TProtocol.Ends, _inside))
            {
                _inside &= !_frames.IsDropping;
                return _frames.Ended(source, position, output.Reads, output.Controls);
            }

            int end = position + length;
            // Files that went through a Windows editor begin with one.
            if (!_inside && source[position..end].StartsWith(ByteOrderMark))
                position += ByteOrderMark.Length;
            _inside &= length > 0; // A rest of line ends only is no part of a frame.
            while (position < end)
            {
                if (output.IsFull)
                    return ParseResult.DestinationFull(position, output.Reads, output.Controls);
                Frame frame = new(source[position..end])
                {
                    IsStart = !_inside,
                    IsCutOff = end == source.Length,
                    End = end < source.Length ? source[end] : (byte)0,
                    Points = _points,
                };
                RejectReason reason = output.Take(ref _protocol, frame, position, out int taken);
                if (taken == 0)
                {
                    _frames.SearchBehind(end - position);
                    break;
                }

                position += taken;
                _inside = position < end;
                if (reason != RejectReason.None)
                {
                    return ParseResult.Malformed(
                        position, output.Reads, output.Controls, reason, position - taken, taken);
                }
            }
        }
    }
}
