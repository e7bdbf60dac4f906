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

    /// <summary>Whether the bytes of that length fit their check. Without it frames are known by their ends
    /// alone.</summary>
    static virtual bool Check(ReadOnlySpan<byte> frame) => true;
}

/// <summary>Parses a protocol of binary frames, and finds the next good one behind damage and noise.</summary>
/// <remarks>
/// <para>Behind a good frame the next one is waited for as long as its front says. At the beginning of a stream and
/// behind anything rejected the place of the next frame is not known: there the good frame that ends first is it, so
/// that what only looks like the front of a long one holds nothing back. Both follow from the bytes alone, however they
/// are cut.</para>
/// <para>A frame that fails its check costs its own bytes only as far as the good frame that begins among them. Bytes
/// that begin nothing are rejected up to the next possible front.</para>
/// </remarks>
struct BinaryParser<TProtocol>(TProtocol protocol) : IReadParser, IPointNaming
    where TProtocol : struct, IBinaryProtocol
{
    /// <summary>Bytes without a possible front that are rejected at a time.</summary>
    const int MostNoise = 1024;

    TProtocol _protocol = protocol;
    PointNames? _points;
    int _left; // Bytes in front that belong to a good frame of which something was taken.
    int _tried; // Bytes in front at which no good frame begins, found out before more came.
    bool _isAligned; // The unconsumed bytes begin right behind a good frame.

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
                _tried = 0;
                _isAligned = lost == RejectReason.None;
                if (!_isAligned)
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
    RejectReason Find(ReadOnlySpan<byte> rest, bool ended, out int length)
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
        bool isGood = isWhole && TProtocol.Check(rest[..measured]);
        length = isGood ? measured : 0;
        if (_isAligned && (isGood || (!isWhole && !ended)))
            return RejectReason.None;
        int most = isWhole ? measured : rest.Length;
        int end = isGood ? measured : int.MaxValue;
        int start = FirstToEnd(rest, most, ref end, ended, out bool isOpen);
        if (isGood && start < 0)
            return RejectReason.None;
        if (start >= 0 || ended || (isWhole && !isOpen))
            length = start >= 0 ? Math.Min(start, most) : most;
        // Where another frame ended first, it does not matter what would have become of this one.
        return isWhole && !isGood && (_isAligned || end >= measured) ? RejectReason.BadCheck : RejectReason.Truncated;
    }

    /// <summary>Up to the next bytes that can be the front of a frame; 0 when it cannot be told yet.</summary>
    static int NoiseLength(ReadOnlySpan<byte> rest, bool ended)
    {
        int most = Math.Min(rest.Length, MostNoise);
        for (int at = 1; at < most; at++)
        {
            int start = TProtocol.FindStart(rest[at..most]);
            if (start < 0)
                break;
            at += start;
            int measured = TProtocol.Measure(rest[at..], ended, out RejectReason reason);
            if (reason == RejectReason.None)
                return measured > 0 || ended ? at : 0;
        }

        return ended || most == MostNoise ? most : 0;
    }

    /// <summary>Where the good frame begins that ends first, of those behind the first byte; −1 without one.</summary>
    /// <param name="rest">The bytes.</param>
    /// <param name="length">It begins before here, as long as all that begin before here are known to be bad.</param>
    /// <param name="end">It ends before here; then where it ends.</param>
    /// <param name="ended">No more bytes will come.</param>
    /// <param name="isOpen">Some that begin before <paramref name="length"/> may still turn out to be good.</param>
    int FirstToEnd(ReadOnlySpan<byte> rest, int length, ref int end, bool ended, out bool isOpen)
    {
        int first = -1;
        isOpen = false;
        // Beyond the length only for what ends before something that begins in it.
        for (int at = Math.Max(1, _tried); at < Math.Min(end, isOpen || first >= 0 ? rest.Length : length); at++)
        {
            int start = TProtocol.FindStart(rest[at..]);
            if (start < 0)
                break;
            at += start;
            ReadOnlySpan<byte> front = rest[at..];
            int measured = TProtocol.Measure(front, ended, out RejectReason reason);
            if (reason != RejectReason.None)
                continue;
            bool isWhole = measured > 0 && measured <= front.Length;
            isOpen |= !isWhole && !ended && at < length;
            if (isWhole && at + measured < end && TProtocol.Check(front[..measured]))
                (first, end) = (at, at + measured);
            if (!isOpen && first < 0)
                _tried = at + 1;
        }

        return first;
    }
}
