using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// RFID Timing Ultra and Joey: the live stream and the text exports. No manual is public; written from what programs
/// that drive the box do, and from samples they quote.
/// </summary>
/// <remarks>
/// <para><see cref="ChipRead.Time"/> is the box's wall clock with 1 ms steps, or the time of day of an export without
/// dates (<see cref="ReadFlags.NoDate"/>). <see cref="ChipRead.Number"/> is the log id, <see cref="ChipRead.SubReader"/>
/// the reader in the box, <see cref="ChipRead.Detail"/> bits 0–15 the box id. Chip <c>0</c> is the start input: a
/// <see cref="ReadKind.Gun"/> read, with a control in the live stream.</para>
/// <para>Record type, chip, seconds, milliseconds and antenna are required. The other fields may be empty, and an
/// unreadable one is left out with <see cref="ReadFlags.FieldDropped"/>.</para>
/// <para><see cref="ControlRecord.Number"/> is the millivolts of a voltage line, the wall-clock ticks of a clock reply, the
/// digits of a status line and of a greeting. Settings replies hold raw bytes: one that is a line end cuts the
/// reply, and what is left of it is a reject, so that no read behind it is ever lost.</para>
/// <para>A last line without its end is taken when it is whole, else it is <see cref="RejectReason.Truncated"/>.
/// Lines are at most 4 KiB long.</para>
/// </remarks>
public struct UltraParser : IReadParser
{
    // Extended status: this byte, a length, and that many bytes of any value. Only sent to a host that asks for it.
    const byte BinaryFrame = 3;

    LineScanner _lines;

    /// <inheritdoc/>
    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        int position = 0;
        int readCount = 0;
        int controlCount = 0;
        while (_lines.MoveToLine(source, ref position))
        {
            if (_lines.IsAtLine && TakeUsualLines(source, ref position, reads, ref readCount))
                continue;
            if (readCount == reads.Length || controlCount == controls.Length)
                return ParseResult.DestinationFull(position, readCount, controlCount);
            if (source[position] == BinaryFrame)
            {
                int bytes = position + 1 < source.Length ? 2 + source[position + 1] : int.MaxValue;
                if (bytes <= source.Length - position && !HoldsTextLines(source.Slice(position + 2, bytes - 2)))
                {
                    controls[controlCount++] = new ControlRecord(ControlKind.Status, 0, position, bytes);
                    position += bytes;
                    continue;
                }

                // A stray byte must not swallow the reads behind it: whatever is no whole binary frame is a line.
                if (bytes > source.Length - position && !endOfStream)
                    return ParseResult.NeedMore(position, readCount, controlCount);
            }

            if (!_lines.TryNext(source, endOfStream, ref position, out int length))
                break;
            ReadOnlySpan<byte> line = source.Slice(position, length);
            bool isRead = UltraRecord.IsLive(line);
            RejectReason reason = isRead
                ? UltraRecord.TakeLive(line, ref reads[readCount])
                : UltraStatus.Take(line, position, ref controls[controlCount]);
            if (!isRead && reason == RejectReason.UnknownFrame)
            {
                reason = UltraRecord.TakeExport(line, ref reads[readCount]);
                isRead = true;
            }

            int start = position;
            position += length;
            if (reason != RejectReason.None)
            {
                bool cutOff = position == source.Length || line[0] == BinaryFrame;
                return ParseResult.Malformed(
                    position, readCount, controlCount, cutOff ? RejectReason.Truncated : reason, start, length);
            }

            if (!isRead)
                controlCount++;
            else if (reads[readCount++].Kind == ReadKind.Gun)
                controls[controlCount++] = new ControlRecord(ControlKind.Gun, 0, start, length);
        }

        return _lines.Ended(source, position, readCount, controlCount);
    }

    static bool TakeUsualLines(
        ReadOnlySpan<byte> source, ref int position, Span<ChipRead> reads, ref int readCount)
    {
        int before = readCount;
        while (readCount < reads.Length
            && UltraUsualLine.TryTake(source[position..], ref reads[readCount]) is var length and > 0)
        {
            readCount++;
            position += length + 1;
            if (source[position] == '\n')
                position++;
        }

        return readCount > before;
    }

    static bool HoldsTextLines(ReadOnlySpan<byte> payload)
    {
        bool lineEnd = false;
        foreach (byte b in payload)
        {
            if (b is (byte)'\r' or (byte)'\n')
                lineEnd = true;
            else if (b is < (byte)' ' or > (byte)'~')
                return false;
        }

        return lineEnd;
    }
}
