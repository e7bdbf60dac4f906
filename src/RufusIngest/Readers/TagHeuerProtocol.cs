using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Passings of a Tag Heuer or Chronelec decoder (Protime, Elite): <c>&lt;STA 012345 10:11'12"130 01 01 1 1543&gt;</c>.
/// Written from a program that drives it; only sample lines are known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the decoder's time of day, or counts from its start: there is no date, and hours over
/// 23 count on. The channel is the read's point; on <c>MAN</c>, the manual trigger, the passing is a gun.
/// <see cref="ChipRead.Number"/> is the counter of two digits. <see cref="ChipRead.Detail"/>: the battery flag as it
/// stands (bits 0–7; <c>2</c> low, <c>3</c> faulty), and the two characters of unknown meaning (8–15, 16–23).
/// <para>
/// The decoder repeats a passing until it is acknowledged, which is due for good ones only. One that it sends damaged
/// from the first would come for ever: it is for the driver of the connection to acknowledge after a few
/// <see cref="RejectReason.BadCheck"/> in a row.
/// </para>
/// </remarks>
struct TagHeuerProtocol : ITextProtocol
{
    const int Length = 37; // Without the '>'.
    const int Check = 33;

    public static ReadOnlySpan<byte> Ends => ">\r\n\0"u8;

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsStart && text.Length == 1 && text[0] != '<')
        {
            // Of a rejected passing with a good check: it would come again for ever.
            output.Add(ControlKind.AcknowledgementDue);
            return RejectReason.None;
        }

        // Whatever is wrong with the bytes before it, a passing begins at its bracket.
        int next = text[1..].IndexOf((byte)'<') + 1;
        output.Length = next;
        if (next > 0)
            text = text[..next];
        if (text[0] != '<')
            return TakeStatus(text, ref output);
        if (text.Length != Length)
            return text.Length < Length ? RejectReason.TooFewFields : RejectReason.TooLong;
        // At the end of the stream the bracket may be missing: the check says that all before it is there.
        if (next > 0 || (frame.End != '>' && !frame.IsCutOff))
            return RejectReason.BadSyntax;
        if (!AsciiNumber.TryUnsigned(text[Check..], out long check) || check != Checksum.Sum(text[1..Check]))
            return RejectReason.BadCheck;
        RejectReason reason = TakePassing(text, frame, ref read, ref output);
        output.Length = reason == RejectReason.None ? output.Length : Length - 1;
        return reason;
    }

    /// <summary><c>[…]</c>: a name or time, noise and levels; <c>+++</c>: the decoder's settings.</summary>
    static RejectReason TakeStatus(ReadOnlySpan<byte> text, ref FrameOutput output)
    {
        if (text[0] == '[' ? !text.Contains((byte)']') : !text.StartsWith("+++"u8))
            return RejectReason.UnknownFrame;
        output.Add(ControlKind.Status);
        return RejectReason.None;
    }

    static RejectReason TakePassing(
        ReadOnlySpan<byte> passing, in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> channel = passing[1..4];
        ReadOnlySpan<byte> chip = passing[5..11];
        if (!AsciiNumber.TryUnsigned(chip, out _))
            return RejectReason.BadNumber;
        if (!TryTime(passing[12..24], out long ticks))
            return RejectReason.BadTime;
        if (channel.SequenceEqual("MAN"u8))
        {
            read.Kind = ReadKind.Gun;
            output.Add(ControlKind.Gun);
        }
        else
        {
            RejectReason reason = ReadFields.Chip(chip, ref read);
            if (reason != RejectReason.None)
                return reason;
        }

        read.Time = ticks;
        read.Flags = ReadFlags.NoDate;
        read.Point = frame.PointOf(channel);
        ReadFields.Number(passing[25..27], ref read);
        read.Detail = passing[31] | ((ulong)passing[28] << 8) | ((ulong)passing[29] << 16);
        output.HasRead = true;
        output.Add(ControlKind.AcknowledgementDue);
        return RejectReason.None;
    }

    /// <summary><c>hh:mm'ss"kkk</c>.</summary>
    static bool TryTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        int hour = AsciiNumber.TwoDigits(text, 0);
        int minute = AsciiNumber.TwoDigits(text, 3);
        int second = AsciiNumber.TwoDigits(text, 6);
        if (text[2] != ':' || text[5] != '\'' || text[8] != '"'
            || hour < 0 || minute is < 0 or > 59 || second is < 0 or > 59
            || !AsciiNumber.TryUnsigned(text[9..], out long milliseconds))
            return false;
        ticks = ((((hour * 60L) + minute) * 60) + second) * EpochTime.TicksPerSecond;
        ticks += milliseconds * EpochTime.TicksPerMillisecond;
        return true;
    }
}
