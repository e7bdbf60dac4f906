using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// RUFUS CloudBox, local TCP protocol: JSON objects with one passing or one answer each, whatever stands between them.
/// </summary>
/// <remarks>
/// <para>
/// An object with <c>command</c> is a <see cref="ControlKind.Response"/>, whatever its <c>result</c>; otherwise one
/// with <c>timestamp</c> is a read; any other is <see cref="ControlKind.Unknown"/>. Of a name given twice the last
/// counts.
/// </para>
/// <para>
/// A read's chip is <c>tagStr</c>, or <c>epc</c> where that is missing, null or empty. Only the chip and the time are
/// required. A number that is not one, or out of range, is left out and <see cref="ReadFlags.FieldDropped"/> set;
/// numeric text is taken as a number. <c>rssi</c> is dBm, positions are decimal degrees, and 0,0 is no position.
/// <c>chksum</c> is of unknown making and not checked. A read sent again on rewind carries no mark.
/// </para>
/// <para>
/// An object is at most 64 KiB long and 64 levels deep; longer or deeper is <see cref="RejectReason.TooLong"/>. One
/// that was cut off costs itself and, as far as the rest shows where the next one begins, no other.
/// </para>
/// </remarks>
public struct CloudBoxParser : IReadParser
{
    JsonObjectScanner _scanner;

    /// <inheritdoc/>
    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        int at = 0;
        int readCount = 0;
        int controlCount = 0;
        while (true)
        {
            if (!_scanner.IsResuming)
                at = JsonObjectScanner.SkipSeparators(source, at);
            if (at == source.Length)
                return ParseResult.Done(at, readCount, controlCount);
            if (readCount == reads.Length || controlCount == controls.Length)
                return ParseResult.DestinationFull(at, readCount, controlCount);

            CloudBoxObject found = default;
            RejectReason reason = FindObject(source[at..], endOfStream, ref found, out int length);
            if (length == 0)
                return ParseResult.NeedMore(at, readCount, controlCount);
            if (reason == RejectReason.None && found.IsPassing)
            {
                reason = found.Fill(source.Slice(at, length), ref reads[readCount]);
                readCount += reason == RejectReason.None ? 1 : 0;
            }
            else if (reason == RejectReason.None)
            {
                ControlKind kind = found.IsResponse ? ControlKind.Response : ControlKind.Unknown;
                controls[controlCount++] = new ControlRecord(kind, 0, at, length);
            }

            if (reason != RejectReason.None)
                return ParseResult.Malformed(at + length, readCount, controlCount, reason, at, length);
            at += length;
        }
    }

    /// <summary>Most objects lie whole and good in the source and are walked once; the scanner gets the rest.</summary>
    RejectReason FindObject(ReadOnlySpan<byte> source, bool endOfStream, ref CloudBoxObject found, out int length)
    {
        if (!_scanner.IsResuming && source[0] == '{')
        {
            length = found.Read(source[..Math.Min(source.Length, JsonObjectScanner.MaxBytes)]);
            if (length > 0)
                return RejectReason.None;
        }

        JsonFrame frame = _scanner.Next(source, endOfStream);
        length = frame.Length;
        if (length == 0 || frame.Reject != RejectReason.None)
            return frame.Reject;
        found = default;
        return found.Read(source[..length]) == length ? RejectReason.None : RejectReason.BadSyntax;
    }
}
