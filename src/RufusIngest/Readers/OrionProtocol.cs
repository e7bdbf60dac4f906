using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Orion files: lines <c>$P</c>, separated by semicolons or commas, with the chip in the third field and the time of day in
/// ms in the sixth. Written from what one program reads; not even a printed line is known.
/// </summary>
/// <remarks>
/// There is no date (<see cref="ReadFlags.NoDate"/>). Other lines with a <c>$</c> are <see cref="ControlKind.Unknown"/>.
/// </remarks>
struct OrionProtocol : ITextProtocol
{
    const int ChipField = 2;
    const int TimeField = 5;

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        if (line.Length < 2 || line[0] != '$')
            return RejectReason.UnknownFrame;
        if (line.Length < 3 || line[1] != 'P' || line[2] is not ((byte)';' or (byte)','))
        {
            if (frame.IsCutOff)
                return RejectReason.Truncated;
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        FieldList fields = new(line, line[2]);
        if (fields.Count <= TimeField || (frame.IsCutOff && fields.Count == TimeField + 1))
            return RejectReason.TooFewFields;
        RejectReason reason = ReadFields.Chip(fields[ChipField], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiNumber.TryUnsigned(fields[TimeField], out long ms)
            || ms >= EpochTime.TicksPerDay / EpochTime.TicksPerMillisecond)
            return RejectReason.BadTime;
        read.Time = ms * EpochTime.TicksPerMillisecond;
        read.Flags = ReadFlags.NoDate;
        output.HasRead = true;
        return RejectReason.None;
    }
}
