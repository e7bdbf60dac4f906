using System.Globalization;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Lines of older AMB decoders and of those that imitate them: P98 (fields between tabs) and TranX-2 (hex digits).
/// Written from programs that read them and published lines of a device.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> counts from the decoder's start or last reset; the count of TranX-2, in ms, begins again
/// after 49.7 days. <see cref="ChipRead.Number"/> is the sequence of P98, which status lines share, and
/// <see cref="ChipRead.SubReader"/> its decoder. The transponder is decimal, in TranX-2 too, where it comes as three
/// bytes. <see cref="ChipRead.Detail"/>: strength (bits 0–15) in a unit that is not known, status of P98 or last byte
/// of TranX-2 (16–31), prefix of TranX-2 (32–47). A status is a control with the noise as its number.
/// </remarks>
struct AmbProtocol : ITextProtocol
{
    const byte StartOfLine = 1;

    // None of them stands within a line.
    static ReadOnlySpan<byte> Starts => "\u0001@#$"u8;

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        // A line begins at its mark, even if the one before it has lost its end.
        int from = line[0] == StartOfLine && line.Length > 1 && line[1] != StartOfLine ? 2 : 1;
        int next = line[from..].IndexOfAny(Starts);
        bool isCutOff = frame.IsCutOff || next >= 0;
        output.Length = next < 0 ? 0 : from + next;
        line = next < 0 ? line : line[..(from + next)];
        line = line[0] == StartOfLine ? line[1..] : line;
        if (line.Length > 1 && line[1] == '\t')
            return AmbLine.Take(line, isCutOff, ref read, ref output);
        if (line.IsEmpty || line[0] is not ((byte)'#' or (byte)'$'))
            return RejectReason.UnknownFrame;
        return line[0] == '#' ? TakeNoise(line, ref output) : TakePassing(line, ref read, ref output);
    }

    static RejectReason TakeNoise(ReadOnlySpan<byte> line, ref FrameOutput output)
    {
        if (line.Length != 5)
            return line.Length < 5 ? RejectReason.TooFewFields : RejectReason.TooLong;
        if (!AsciiNumber.TryHex(line[1..], out long noise))
            return RejectReason.BadNumber;
        output.Add(ControlKind.Status, noise);
        return RejectReason.None;
    }

    /// <summary>2 bytes of prefix, 3 of transponder, 4 of time, 1 of hits, 1 of strength and 1 more, in hex.</summary>
    static RejectReason TakePassing(ReadOnlySpan<byte> line, ref ChipRead read, ref FrameOutput output)
    {
        if (line.Length != 25)
            return line.Length < 25 ? RejectReason.TooFewFields : RejectReason.TooLong;
        if (!AsciiNumber.TryHex(line[1..11], out long transponder)
            || !AsciiNumber.TryHex(line[11..19], out long milliseconds)
            || !AsciiNumber.TryHex(line[19..], out long rest))
            return RejectReason.BadNumber;
        Span<byte> chip = stackalloc byte[8];
        (transponder & 0xFFFFFF).TryFormat(chip, out int digits, default, CultureInfo.InvariantCulture);
        RejectReason reason = ReadFields.Chip(chip[..digits], ref read);
        if (reason != RejectReason.None)
            return reason;
        read.Time = milliseconds * EpochTime.TicksPerMillisecond;
        read.Flags = ReadFlags.SinceStart;
        read.Hits = Math.Max((int)(rest >> 16), 1);
        read.Detail = (ulong)(((rest >> 8) & 0xFF) | ((rest & 0xFF) << 16) | ((transponder >> 24) << 32));
        output.HasRead = true;
        return RejectReason.None;
    }
}

/// <summary>
/// A line of P98: a letter for its kind and fields between tabs, with the CRC of all before it in the last one, as
/// <c>x1A2B</c>. Some devices send none.
/// </summary>
static class AmbLine
{
    const byte Tab = (byte)'\t';

    public static RejectReason Take(
        ReadOnlySpan<byte> line, bool isCutOff, ref ChipRead read, ref FrameOutput output)
    {
        int last = line.LastIndexOf(Tab);
        ReadOnlySpan<byte> crc = line[(last + 1)..];
        bool hasCrc = crc.Length > 0 && (crc[0] | 0x20) == 'x';
        if (hasCrc && !IsOf(crc, line[..(last + 1)]))
            return RejectReason.BadCheck;
        FieldList fields = new(hasCrc ? line[..last] : line, Tab);
        if (!hasCrc && !crc.IsEmpty && fields.Count > (line[0] == '@' ? 8 : 4))
            return RejectReason.BadCheck;
        switch (line[0])
        {
            case (byte)'@':
                // Without a field behind it the time may be cut off.
                return isCutOff && !hasCrc && fields.Count < 6
                    ? RejectReason.Truncated
                    : TakePassing(fields, ref read, ref output);
            case (byte)'#':
                if (fields.Count < 4)
                    return RejectReason.TooFewFields;
                if (!AsciiNumber.TryUnsigned(fields[3], out long noise))
                    return RejectReason.BadNumber;
                if (isCutOff && !hasCrc)
                    return RejectReason.Truncated;
                output.Add(ControlKind.Status, noise);
                return RejectReason.None;
            case (byte)'$': // A time, it seems.
                output.Add(ControlKind.Unknown);
                return RejectReason.None;
            default:
                if (!hasCrc)
                    return RejectReason.UnknownFrame;
                output.Add(ControlKind.Unknown);
                return RejectReason.None;
        }
    }

    static bool IsOf(ReadOnlySpan<byte> crc, ReadOnlySpan<byte> checkedBytes) =>
        crc.Length == 5
        && ((AsciiNumber.TwoHexDigits(crc, 1) << 8) | AsciiNumber.TwoHexDigits(crc, 3)) == Checksum.Amb(checkedBytes);

    /// <summary>Decoder, sequence, transponder, seconds, and perhaps hits, strength and status.</summary>
    static RejectReason TakePassing(in FieldList fields, ref ChipRead read, ref FrameOutput output)
    {
        if (fields.Count < 5)
            return RejectReason.TooFewFields;
        ReadOnlySpan<byte> transponder = fields[3];
        if (transponder.IsEmpty)
            return RejectReason.NoChip;
        if (!AsciiNumber.TryUnsigned(transponder, out _))
            return RejectReason.BadNumber;
        RejectReason reason = ReadFields.Chip(transponder, ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TrySeconds(fields[4], out long ticks))
            return RejectReason.BadTime;
        read.Time = ticks;
        read.Flags |= ReadFlags.SinceStart;
        read.SubReader = ReadFields.Small(fields[1], ref read);
        ReadFields.Number(fields[2], ref read);
        ReadFields.Hits(fields[5], ref read);
        ushort strength = ReadFields.Small(fields[6], ref read);
        ushort status = ReadFields.Small(fields[7], ref read);
        read.Detail = strength | ((ulong)status << 16);
        output.HasRead = true;
        return RejectReason.None;
    }
}
