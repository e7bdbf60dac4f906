using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The generic acquisition protocol of Wiclax, which makers of small boxes speak:
/// <c>chip;dd-MM-yyyy HH:mm:ss.ccc;device;lap;battery;rewind</c>. Written from published notes of it; only sample lines
/// are known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the device's wall clock. <see cref="ChipRead.Number"/> is field 4, a lap or a
/// sequence number as the device likes; the device of field 3 is the read's point; <see cref="ChipRead.Detail"/> is the
/// battery in percent plus 1, or 0. <c>RACESTART</c> is a gun without a date. A heartbeat <c>*</c> may stand right
/// before a passing.
/// </remarks>
/// <param name="mask">The device's own line, or null for the usual one.</param>
struct WiclaxProtocol(WiclaxMask? mask) : ITextProtocol
{
    const int DateAndTime = 19; // dd-MM-yyyy HH:mm:ss
    const int WithMilliseconds = 23; // dd-MM-yyyy HH:mm:ss.ccc
    const int WholeStart = 22; // RACESTART HH:mm:ss,ccc

    readonly WiclaxMask? _mask = mask;

    public static WiclaxProtocol Parse(string parameters) =>
        new(parameters.Length == 0 ? null : WiclaxMask.Parse(parameters));

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        if (line[0] == '*')
        {
            output.Length = 1;
            output.Add(ControlKind.KeepAlive);
            return RejectReason.None;
        }

        if (_mask is not null && !IsAnswer(line))
        {
            RejectReason misfit = frame.IsCutOff && !_mask.ShowsCuts ? RejectReason.Truncated : _mask.Read(frame, ref read);
            output.HasRead = misfit == RejectReason.None;
            return misfit;
        }

        // A gun's line that has lost its end does not begin a chip, and a device with its own line sends no other
        // passings.
        if (!line.Contains((byte)';') || _mask is not null || line.StartsWith("RACESTART "u8))
        {
            bool isWhole = !frame.IsCutOff || (line.StartsWith("RACESTART "u8) && line.Length >= WholeStart);
            return isWhole ? TakeAnswer(line, ref read, ref output) : RejectReason.Truncated;
        }

        FieldList fields = new(line, (byte)';');
        RejectReason reason = ReadFields.Chip(fields[0], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TryDayFirst(fields[1], out long ticks)
            || (frame.IsCutOff && fields.Count == 2 && fields[1].Length < WithMilliseconds))
            return RejectReason.BadTime;
        read.Time = ticks;
        read.Point = frame.PointOf(fields[2]);
        ReadFields.Number(fields[3], ref read);
        ushort battery = ReadFields.Small(fields[4], ref read);
        read.Detail = fields[4].IsEmpty ? 0UL : battery + 1UL;
        ushort rewind = ReadFields.Small(fields[5], ref read);
        ReadFields.Dropped(rewind > 1, ref read);
        read.Flags |= rewind == 1 ? ReadFlags.Rewind : ReadFlags.None;
        output.HasRead = true;
        return RejectReason.None;
    }

    /// <summary>A line that is the protocol's and no passing, in any mask.</summary>
    static bool IsAnswer(ReadOnlySpan<byte> line) =>
        line.StartsWith("RACESTART "u8) || line.StartsWith("CLOCK"u8) || line.StartsWith("REWIND "u8)
        || line.SequenceEqual("READOK"u8) || line.SequenceEqual("HELLO"u8) || line.SequenceEqual("STARTREAD"u8)
        || line.SequenceEqual("STOPREAD"u8);

    static RejectReason TakeAnswer(ReadOnlySpan<byte> line, ref ChipRead read, ref FrameOutput output)
    {
        if (line.StartsWith("RACESTART "u8))
        {
            if (!AsciiTime.TryTimeOfDay(line[10..], out long ticks))
                return RejectReason.BadTime;
            read.Kind = ReadKind.Gun;
            read.Time = ticks;
            read.Flags = ReadFlags.NoDate;
            output.HasRead = true;
            output.Add(ControlKind.Gun);
            return RejectReason.None;
        }

        if (line.StartsWith("CLOCK "u8))
        {
            if (line.Length < 6 + DateAndTime || !AsciiTime.TryDayFirst(line[6..], out long ticks))
                return RejectReason.BadTime;
            output.Add(ControlKind.Clock, ticks);
            return RejectReason.None;
        }

        // Commands of the host are known words too: a log of both directions is read without rejects.
        if (line.SequenceEqual("CLOCKOK"u8) || line.SequenceEqual("READOK"u8))
            output.Add(ControlKind.Response);
        else if (line.SequenceEqual("HELLO"u8) || line.SequenceEqual("CLOCK"u8) || line.SequenceEqual("STARTREAD"u8)
            || line.SequenceEqual("STOPREAD"u8) || line.StartsWith("REWIND "u8))
            output.Add(ControlKind.Unknown);
        else
            return RejectReason.UnknownFrame;
        return RejectReason.None;
    }
}
