using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Turns the bytes of one protocol into reads. Implemented by structs and used through
/// <c>where TParser : struct, IReadParser</c>, so that no call is made through the interface.
/// </summary>
/// <remarks>
/// A parser never allocates, throws, logs or reads a clock. Any split of the stream gives the same reads: what is left
/// unconsumed is given again, with more bytes behind it. State kept between calls speaks of the unconsumed bytes, or is
/// what the protocol says once and means for all that follows on the connection. One parser serves one connection and
/// one thread; a new connection starts with <c>default</c>, and with the reader's names of points where it is
/// <see cref="IPointNaming"/>.
/// </remarks>
public interface IReadParser
{
    /// <summary>Parses whole frames until the source, the destination or a bad frame ends it.</summary>
    /// <param name="source">The bytes not yet consumed, oldest first.</param>
    /// <param name="endOfStream">No more bytes will come: an unfinished frame is
    /// <see cref="RejectReason.Truncated"/>.</param>
    /// <param name="reads">Filled from the start; a slot is written whole. At least 1 long.</param>
    /// <param name="controls">Filled from the start with what is not a read. At least 2 long.</param>
    /// <returns>
    /// How far it came and why it stopped. At the end of the stream everything is consumed, if needed in several calls.
    /// </returns>
    ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls);
}

/// <summary>Why a parser stopped.</summary>
public enum ParseStatus : byte
{
    /// <summary>The source is consumed to its last byte.</summary>
    Done = 0,

    /// <summary>The rest of the source is the beginning of a frame.</summary>
    NeedMore,

    /// <summary>Reads or controls are full; call again with the rest of the source.</summary>
    DestinationFull,

    /// <summary>A frame was rejected and consumed; call again with the rest of the source.</summary>
    Malformed,
}

/// <summary>What is wrong with a rejected frame.</summary>
public enum RejectReason : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Bytes that begin no frame of this protocol.</summary>
    UnknownFrame,

    /// <summary>Fewer fields than the record needs.</summary>
    TooFewFields,

    /// <summary>A required number is missing, not a number or out of range.</summary>
    BadNumber,

    /// <summary>A date or time that does not exist.</summary>
    BadTime,

    /// <summary>The check does not fit the bytes.</summary>
    BadCheck,

    /// <summary>Longer than the protocol or the limit allows.</summary>
    TooLong,

    /// <summary>Text that is not valid UTF-8 or not valid in its syntax.</summary>
    BadSyntax,

    /// <summary>No chip in a record that needs one.</summary>
    NoChip,

    /// <summary>A chip code over the limit of <see cref="ChipCode"/>; its bytes are kept with the reject.</summary>
    ChipTooLong,

    /// <summary>An antenna the protocol does not have.</summary>
    BadAntenna,

    /// <summary>The stream ended, or a new frame began, inside a frame.</summary>
    Truncated,

    /// <summary>
    /// A length that cannot be, in a protocol that finds its frames by their lengths alone: nothing behind it on this
    /// connection can be read. Close it and connect again.
    /// </summary>
    FramingLost,
}

/// <summary>What a parse call did.</summary>
public readonly struct ParseResult
{
    ParseResult(int consumed, int reads, int controls, ParseStatus status)
    {
        Consumed = consumed;
        Reads = reads;
        Controls = controls;
        Status = status;
    }

    /// <summary>Bytes of the source never to be given again.</summary>
    public int Consumed { get; }

    /// <summary>Slots of the reads span that were filled.</summary>
    public int Reads { get; }

    /// <summary>Slots of the controls span that were filled.</summary>
    public int Controls { get; }

    /// <summary>Why it stopped.</summary>
    public ParseStatus Status { get; }

    /// <summary>With <see cref="ParseStatus.Malformed"/>: what was wrong.</summary>
    public RejectReason Reason { get; private init; }

    /// <summary>With <see cref="ParseStatus.Malformed"/>: where the rejected bytes begin in the source.</summary>
    public int RejectOffset { get; private init; }

    /// <summary>With <see cref="ParseStatus.Malformed"/>: how many bytes were rejected; they lie within the consumed
    /// ones.</summary>
    public int RejectLength { get; private init; }

    /// <summary>Everything consumed.</summary>
    public static ParseResult Done(int consumed, int reads, int controls) =>
        new(consumed, reads, controls, ParseStatus.Done);

    /// <summary>Consumed up to the beginning of an unfinished frame.</summary>
    public static ParseResult NeedMore(int consumed, int reads, int controls) =>
        new(consumed, reads, controls, ParseStatus.NeedMore);

    /// <summary>Stopped before a frame that did not fit into the destination.</summary>
    public static ParseResult DestinationFull(int consumed, int reads, int controls) =>
        new(consumed, reads, controls, ParseStatus.DestinationFull);

    /// <summary>Rejected bytes, consumed with all before them.</summary>
    public static ParseResult Malformed(
        int consumed, int reads, int controls, RejectReason reason, int offset, int length) =>
        new(consumed, reads, controls, ParseStatus.Malformed)
        {
            Reason = reason,
            RejectOffset = offset,
            RejectLength = length,
        };
}

/// <summary>What a control record says.</summary>
public enum ControlKind : byte
{
    /// <summary>A greeting or banner.</summary>
    Greeting = 0,

    /// <summary>A sign of life: voltage, keepalive.</summary>
    KeepAlive,

    /// <summary>State or settings of the reader.</summary>
    Status,

    /// <summary>The reader's clock, as an answer or by itself.</summary>
    Clock,

    /// <summary>An answer to a command.</summary>
    Response,

    /// <summary>A gun or trigger; where it carries a time, a <see cref="ReadKind.Gun"/> read comes with it.</summary>
    Gun,

    /// <summary>An operator's marker.</summary>
    Marker,

    /// <summary>The reader waits for an acknowledgement of <see cref="ControlRecord.Number"/>.</summary>
    AcknowledgementDue,

    /// <summary>The end of what was asked for: of records fetched from the reader's memory.</summary>
    EndOfFetch,

    /// <summary>A timing point announces itself; where the protocol names it, the bytes hold the name.</summary>
    Point,

    /// <summary>Well-formed, but of a kind the protocol page does not name.</summary>
    Unknown,

    /// <summary>A command of the host to the reader, heard where a line or a capture carries both directions.</summary>
    Command,
}

/// <summary>Something in the stream that is not a read. Offset and length point into the source of the same parse
/// call.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Number">A number that goes with it (acknowledgement, millivolt, instruction), or 0.</param>
/// <param name="Offset">First byte in the source.</param>
/// <param name="Length">Bytes in the source.</param>
public readonly record struct ControlRecord(ControlKind Kind, long Number, int Offset, int Length)
{
    /// <summary>Which one it is where the protocol has several of a kind, as its parser documents; otherwise
    /// 0.</summary>
    public byte Variant { get; init; }
}
