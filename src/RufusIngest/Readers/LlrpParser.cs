using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// LLRP 1.0.1 and 1.1, the standard protocol of fixed UHF readers: Impinj, Zebra (Motorola), Alien, Bluebird and
/// others. Written from the standard, and from what readers of Impinj and Bluebird sent.
/// </summary>
/// <remarks>
/// <para>Each TagReportData of a RO_ACCESS_REPORT is a read. <see cref="ChipRead.Time"/> is when the tag was first
/// seen, else last seen: UTC in µs, else the reader's uptime (<see cref="ReadFlags.SinceStart"/>), else there is none
/// (<see cref="ReadFlags.NoTime"/>). UTC before 2001 is a clock that was never set; a time past the year 9999 is left
/// out. What a report leaves out is not taken from the one before.</para>
/// <para><see cref="ChipRead.Hits"/> is the seen count. <see cref="ChipRead.RssiCentiDbm"/> is Impinj's finer value
/// where there is one. <see cref="ChipRead.Number"/> is Bluebird's running count (16 bits), otherwise −1.
/// <see cref="ChipRead.Detail"/>: bits 0–31 how many µs after the time the tag was last seen (at most 2³²−1), 32–47 the
/// channel index, 48–63 the phase as Impinj (4096 = 2π) or Zebra (signed, 0x8000 = −π) sends it; 0 where absent.</para>
/// <para>Parameters come in any order. What is not named here is passed over by its length, and never searched for
/// other parameters. A TV of an unknown type, a length that cannot be and a value cut by its container cost the rest of
/// their container: a tag whose EPC stands before keeps it (<see cref="ReadFlags.FieldDropped"/>), another is a reject,
/// and the next tag is read. A tag with a bit count over its bytes, with no EPC or with one over the limit is a
/// reject.</para>
/// <para><see cref="ControlRecord.Variant"/> is the message's type, at most 255, and <see cref="ControlRecord.Number"/>
/// its id, but: an event (63) has the type of its first event parameter as number (256 connection attempt, which is a
/// greeting where it succeeded, 257 closing, 250 buffer filling, 251 overflow), and a clock record beside it where it
/// carries a time: ticks of UTC (variant 0) or of uptime (variant 1), 0 past the year 9999; an unknown message has its
/// type as number. A report without tags is a status. The host's messages, where they are heard, are commands.</para>
/// <para>Messages are found by their lengths alone, at most <see cref="LlrpMessage.MaxLength"/>, and parsed when they
/// are whole. Behind a length that cannot be, everything to the end of the connection is a reject. Of a report that the
/// end of the stream cuts, the whole tags are reads.</para>
/// </remarks>
struct LlrpParser : IReadParser
{
    /// <summary>Bytes of a reject behind a lost framing.</summary>
    internal const int LostPiece = 4096;

    const int TagReportData = 240;

    // Bytes of the report at the head of the source that are not consumed yet.
    int _left;
    bool _isLost;

    /// <inheritdoc/>
    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        if (_isLost)
            return PassOver(source.Length, endOfStream);
        Progress at = default;
        ParseResult stop = default;
        while (at.Position < source.Length)
        {
            bool goesOn = _left > 0
                ? TakeReport(source, -1, reads, controls, ref at, ref stop)
                : TakeMessage(source, endOfStream, reads, controls, ref at, ref stop);
            if (!goesOn)
                return stop;
        }

        return ParseResult.Done(at.Position, at.Reads, at.Controls);
    }

    /// <summary>False with the reason to stop.</summary>
    bool TakeMessage(
        ReadOnlySpan<byte> source,
        bool endOfStream,
        Span<ChipRead> reads,
        Span<ControlRecord> controls,
        ref Progress at,
        ref ParseResult stop)
    {
        int start = at.Position;
        int length = LlrpMessage.Measure(source[start..], endOfStream, out RejectReason reason);
        if (length == 0)
        {
            stop = ParseResult.NeedMore(start, at.Reads, at.Controls);
            return false;
        }

        ReadOnlySpan<byte> message = source.Slice(start, length);
        bool isReport = LlrpMessage.IsReport(message) && reason != RejectReason.FramingLost;
        if (reason != RejectReason.None && !isReport)
        {
            _isLost = reason == RejectReason.FramingLost;
            at.Position += length;
            stop = at.Rejected(reason, start);
            return false;
        }

        // The most that a message can begin with: a read, or two controls.
        if (at.Reads == reads.Length || controls.Length - at.Controls < 2)
        {
            stop = ParseResult.DestinationFull(start, at.Reads, at.Controls);
            return false;
        }

        if (isReport)
        {
            _left = LlrpMessage.StatedLength(message) - LlrpMessage.HeaderLength;
            at.Position += LlrpMessage.HeaderLength;
            return TakeReport(source, start, reads, controls, ref at, ref stop);
        }

        LlrpDamage damage = LlrpMessage.AddControls(message, start, controls, ref at.Controls);
        at.Position += length;
        if (damage.Reason == RejectReason.None)
            return true;
        stop = ParseResult.Malformed(
            at.Position, at.Reads, at.Controls, damage.Reason, start + damage.Offset, damage.Length);
        return false;
    }

    /// <summary>Goes on in a report to its end, to the first bad tag or to a full destination.</summary>
    /// <param name="source">The source.</param>
    /// <param name="start">Where the report begins; −1 when something of it was given before.</param>
    /// <param name="reads">The destination.</param>
    /// <param name="controls">The destination of a report without tags.</param>
    /// <param name="at">How far it came.</param>
    /// <param name="stop">The reason to stop, when it returns false.</param>
    bool TakeReport(
        ReadOnlySpan<byte> source,
        int start,
        Span<ChipRead> reads,
        Span<ControlRecord> controls,
        ref Progress at,
        ref ParseResult stop)
    {
        int before = at.Reads;
        while (_left > 0 && at.Position < source.Length)
        {
            ReadOnlySpan<byte> container = source.Slice(at.Position, Math.Min(_left, source.Length - at.Position));
            int size = LlrpParameter.SizeOf(container);
            if (size <= 0)
            {
                bool isCut = _left > container.Length && size == LlrpParameter.BrokenSize;
                bool isAll = isCut && start >= 0 && at.Reads == before;
                int from = isAll ? start : at.Position;
                _left = 0;
                at.Position += container.Length;
                stop = at.Rejected(isCut ? RejectReason.Truncated : LlrpDamage.ReasonOf(size), from);
                return false;
            }

            bool isTag = LlrpParameter.TlvTypeOf(container) == TagReportData;
            if (isTag && at.Reads == reads.Length)
            {
                stop = ParseResult.DestinationFull(at.Position, at.Reads, at.Controls);
                return false;
            }

            RejectReason reason = isTag
                ? LlrpTagReport.Take(container[LlrpParameter.TlvHeader..size], ref reads[at.Reads])
                : RejectReason.None;
            at.Position += size;
            _left -= size;
            if (reason != RejectReason.None)
            {
                stop = at.Rejected(reason, at.Position - size);
                return false;
            }

            at.Reads += isTag ? 1 : 0;
        }

        return start < 0 || at.Reads > before || TakeEmpty(source, start, controls, ref at, ref stop);
    }

    /// <summary>A report without tags, or one that was cut off before the first.</summary>
    bool TakeEmpty(
        ReadOnlySpan<byte> source, int start, Span<ControlRecord> controls, ref Progress at, ref ParseResult stop)
    {
        if (_left == 0)
        {
            controls[at.Controls++] = LlrpMessage.ControlOf(source[start..at.Position], start);
            return true;
        }

        stop = at.Rejected(RejectReason.Truncated, start);
        return false;
    }

    static ParseResult PassOver(int length, bool endOfStream)
    {
        if (length == 0)
            return ParseResult.Done(0, 0, 0);
        if (length < LostPiece && !endOfStream)
            return ParseResult.NeedMore(0, 0, 0);
        int piece = Math.Min(length, LostPiece);
        return ParseResult.Malformed(piece, 0, 0, RejectReason.UnknownFrame, 0, piece);
    }

    struct Progress
    {
        public int Position;
        public int Reads;
        public int Controls;

        /// <summary>Stops with the bytes before the position as a reject.</summary>
        public readonly ParseResult Rejected(RejectReason reason, int from) =>
            ParseResult.Malformed(Position, Reads, Controls, reason, from, Position - from);
    }
}
