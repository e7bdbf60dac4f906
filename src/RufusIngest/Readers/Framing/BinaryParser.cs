using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>
/// A protocol of binary frames that say early how long they are, or where they end, and that are known by their check.
/// </summary>
interface IBinaryProtocol : IFrameProtocol
{
    /// <summary>The first byte that a frame may begin with, or −1. Nothing behind that byte may count.</summary>
    static abstract int FindStart(ReadOnlySpan<byte> bytes);

    /// <summary>How long the frame is that seems to begin here.</summary>
    /// <param name="front">From such a byte on, as far as it came.</param>
    /// <param name="endOfStream">No more will come.</param>
    /// <param name="reason">Why no frame begins here after all; then the length does not count.</param>
    /// <returns>Its length, of which not all need be there; 0 when more is needed to tell.</returns>
    static abstract int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason);

    /// <summary>Whether the bytes of that length fit their check. Without it frames are known by their ends alone.</summary>
    static virtual bool Check(ReadOnlySpan<byte> frame) => true;
}

/// <summary>Parses a protocol of binary frames, and finds the next good one behind damage and noise.</summary>
/// <remarks>
/// A frame that fails its check costs its own bytes only as far as the next good frame that begins among them, even where
/// that one ends behind it; bytes that begin no frame are rejected up to the next possible start. Both are found out by
/// waiting for at most one more frame's bytes, so that no way of cutting the stream changes what comes out.
/// </remarks>
struct BinaryParser<TProtocol>(TProtocol protocol) : IReadParser, IPointNaming
    where TProtocol : struct, IBinaryProtocol
{
    /// <summary>Bytes without a possible start that are rejected at a time.</summary>
    const int MostNoise = 1024;

    TProtocol _protocol = protocol;
    PointNames? _points;
    int _left; // Bytes in front that belong to a good frame of which something was taken.

    public void Use(PointNames names) => _points = names;

    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        ParseOutput output = new(reads, controls);
        int position = 0;
        while (position < source.Length)
        {
            if (output.IsFull)
                return ParseResult.DestinationFull(position, output.Reads, output.Controls);
            ReadOnlySpan<byte> rest = source[position..];
            bool isStart = _left == 0;
            if (isStart)
            {
                RejectReason lost = Find(rest, endOfStream, out int length);
                if (length == 0)
                    return ParseResult.NeedMore(position, output.Reads, output.Controls);
                if (lost != RejectReason.None)
                {
                    return ParseResult.Malformed(
                        position + length, output.Reads, output.Controls, lost, position, length);
                }

                _left = length;
            }

            Frame frame = new(rest[.._left]) { IsStart = isStart, Points = _points };
            RejectReason reason = output.Take(ref _protocol, frame, position, out int taken);
            position += taken;
            _left -= taken;
            if (reason != RejectReason.None)
            {
                return ParseResult.Malformed(
                    position, output.Reads, output.Controls, reason, position - taken, taken);
            }
        }

        return ParseResult.Done(position, output.Reads, output.Controls);
    }

    /// <summary>The good frame at the front, or the bytes that are none.</summary>
    /// <param name="rest">At least one byte.</param>
    /// <param name="ended">No more will come.</param>
    /// <param name="length">Its length or theirs; 0 when more are needed to tell.</param>
    /// <returns>Why they are none.</returns>
    static RejectReason Find(ReadOnlySpan<byte> rest, bool ended, out int length)
    {
        RejectReason reason = RejectReason.UnknownFrame;
        int measured = 0;
        if (TProtocol.FindStart(rest[..1]) == 0)
            measured = TProtocol.Measure(rest, ended, out reason);
        if (reason != RejectReason.None)
        {
            length = NoiseLength(rest, ended);
            return reason;
        }

        bool isWhole = measured > 0 && measured <= rest.Length;
        if (isWhole && TProtocol.Check(rest[..measured]))
        {
            length = measured;
            return RejectReason.None;
        }

        length = isWhole || ended ? LostLength(rest, isWhole ? measured : rest.Length, ended) : 0;
        return isWhole ? RejectReason.BadCheck : RejectReason.Truncated;
    }

    /// <summary>Up to the next byte that a frame may begin with; 0 when it did not come yet.</summary>
    static int NoiseLength(ReadOnlySpan<byte> rest, bool ended)
    {
        int next = TProtocol.FindStart(rest[1..]);
        return next >= 0 ? Math.Min(next + 1, MostNoise)
            : ended || rest.Length >= MostNoise ? Math.Min(rest.Length, MostNoise)
            : 0;
    }

    /// <summary>How much of a bad frame is lost: up to the good one that begins in it; 0 when more bytes are needed to tell.</summary>
    static int LostLength(ReadOnlySpan<byte> rest, int length, bool ended)
    {
        for (int at = 1; at < length; at++)
        {
            int start = TProtocol.FindStart(rest[at..length]);
            if (start < 0)
                break;
            at += start;
            ReadOnlySpan<byte> front = rest[at..];
            int measured = TProtocol.Measure(front, ended, out RejectReason reason);
            if (reason != RejectReason.None)
                continue;
            bool isWhole = measured > 0 && measured <= front.Length;
            if (!isWhole && !ended)
                return 0;
            if (isWhole && TProtocol.Check(front[..measured]))
                return at;
        }

        return length;
    }
}
