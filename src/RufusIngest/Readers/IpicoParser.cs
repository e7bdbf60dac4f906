using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// IPICO readers (Super Elite, Elite and mat controllers): live streams, downloads and log files. Written from the
/// vendor's Serial Protocol 1.00 in its default format; other formats a reader can be set to are rejected and counted.
/// </summary>
/// <remarks>
/// <para><see cref="ChipRead.Time"/> is the reader's wall clock, 10 ms steps, years 2000 to 2099.
/// <see cref="ChipRead.SubReader"/> is the reader id. <see cref="ChipRead.Detail"/>: bits 0–7 the Q and 8–15 the I
/// counter of the receive channels; 16–23 index, 24–31 page and 32–39 status of a tag-talks-only record, where bit 40 is
/// set. <see cref="ReadFlags.FirstSeen"/> and <see cref="ReadFlags.LastSeen"/> come from the suffixes FS and LS.</para>
/// <para><see cref="ControlRecord.Number"/> is the instruction of a control frame. The gun (instruction 2c) is a control
/// and, where its time exists, a <see cref="ReadKind.Gun"/> read.</para>
/// <para>Damaged lines are searched for a whole frame inside; the bytes before it are one reject, and a line without any
/// is one reject. A last line without its end is taken when it is whole and is
/// <see cref="RejectReason.Truncated"/> otherwise. Lines are at most 4 KiB long.</para>
/// </remarks>
public struct IpicoParser : IReadParser
{
    LineScanner _lines;

    /// <inheritdoc/>
    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        int position = 0;
        int readCount = 0;
        int controlCount = 0;
        while (_lines.TryNext(source, endOfStream, ref position, out int length))
        {
            if (readCount == reads.Length || controlCount == controls.Length)
                return ParseResult.DestinationFull(position, readCount, controlCount);
            ReadOnlySpan<byte> line = source.Slice(position, length);
            bool isRead = IpicoFrame.IsRead(line);
            int taken = isRead
                ? IpicoFrame.TakeRead(line, ref reads[readCount])
                : IpicoFrame.TakeControl(
                    line, position, ref reads[readCount], out isRead, ref controls[controlCount]);
            if (taken > 0)
            {
                readCount += isRead ? 1 : 0;
                controlCount += line[1] == 'a' ? 0 : 1;
                position += taken;
                continue;
            }

            int bad = LengthBeforeFrame(line, ref reads[readCount], ref controls[controlCount]);
            if (TryTextKind(line[..bad], out ControlKind kind))
                controls[controlCount++] = new ControlRecord(kind, 0, position, bad);
            else
                return Reject(position, bad, source.Length, (RejectReason)(-taken), readCount, controlCount);
            position += bad;
        }

        return _lines.Ended(source, position, readCount, controlCount);
    }

    static ParseResult Reject(int position, int length, int sourceLength, RejectReason reason, int reads, int controls)
    {
        int end = position + length;
        // Only a last line without its end reaches the end of the source.
        return ParseResult.Malformed(
            end, reads, controls, end == sourceLength ? RejectReason.Truncated : reason, position, length);
    }

    /// <summary>How many bytes stand before the next good frame of a line that begins with none.</summary>
    static int LengthBeforeFrame(ReadOnlySpan<byte> line, ref ChipRead read, ref ControlRecord control)
    {
        for (int start = 1; start < line.Length; start++)
        {
            int found = line[start..].IndexOf((byte)'a');
            if (found < 0)
                break;
            start += found;
            ReadOnlySpan<byte> rest = line[start..];
            int taken = IpicoFrame.IsRead(rest)
                ? IpicoFrame.TakeRead(rest, ref read)
                : IpicoFrame.TakeControl(rest, 0, ref read, out _, ref control);
            if (taken > 0)
                return start;
        }

        return line.Length;
    }

    /// <summary>
    /// Text a reader puts between frames: short records without a date (<c>ae</c>), and its banner. No description of the
    /// banner is known, only "ARM9 Controller for … v1.4 …"; the rule here is inferred from it.
    /// </summary>
    static bool TryTextKind(ReadOnlySpan<byte> text, out ControlKind kind)
    {
        if (text.Length > 2 && text.StartsWith("ae"u8))
        {
            kind = ControlKind.Unknown;
            return AsciiNumber.IsHex(text);
        }

        kind = ControlKind.Greeting;
        if ((uint)(text[0] - 'A') > 'Z' - 'A' || text.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            return false;
        int version = text.IndexOf(" v"u8) + 2;
        return text.IndexOf("Controller"u8) >= 0
            || (version >= 2 && version < text.Length && char.IsAsciiDigit((char)text[version]));
    }
}
