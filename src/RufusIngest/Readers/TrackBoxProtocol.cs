using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The RACE RESULT Track Box: the text of its HTTP requests, whose body is lines of 11 fields. Written from the
/// vendor's page and a program that takes the requests; one printed line is known.
/// </summary>
/// <remarks>
/// A passing says how many seconds before the box's time it was, and the request line says that time:
/// <see cref="ChipRead.Time"/> is their difference, UTC. Without a request line before it the read has no time.
/// <see cref="ChipRead.Point"/> is the box's id; there is no number. <see cref="ChipRead.Detail"/>: bits 0–31 the event
/// id (the bib set the chip belongs to; not joined to the chip), 32–63 the request's <c>index</c>.
/// </remarks>
struct TrackBoxProtocol : ITextProtocol
{
    const int Fields = 11;

    bool _hasBoxTime;
    ushort _point;
    uint _index;
    long _boxTime; // Of the last POST, ticks UTC.

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        if (line.StartsWith("POST "u8) || line.StartsWith("GET "u8))
            return frame.IsCutOff ? RejectReason.Truncated : TakeRequest(line, frame, ref output);
        if (IsHeader(line))
        {
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        FieldList fields = new(line, (byte)';');
        if (fields.Count != Fields)
            return fields.Count == 1 ? RejectReason.UnknownFrame
                : fields.Count < Fields ? RejectReason.TooFewFields
                : RejectReason.BadSyntax;
        return TakePassing(fields, frame.IsCutOff, ref read, ref output);
    }

    RejectReason TakePassing(in FieldList fields, bool isCutOff, ref ChipRead read, ref FrameOutput output)
    {
        RejectReason reason = ReadFields.Chip(fields[0], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TrySeconds(fields[1], out long age))
            return RejectReason.BadTime;
        read.Flags = _hasBoxTime ? ReadFlags.ZoneKnown : ReadFlags.NoTime;
        read.Time = _hasBoxTime ? _boxTime - age : 0;
        read.Point = _point;
        ReadFields.Rssi(fields[2], ref read);
        ReadFields.Hits(fields[3], ref read);
        read.Detail = (ulong)_index << 32;
        // Of a number that the end of the stream may have cut there is nothing to be taken.
        if (!isCutOff && AsciiNumber.TryUnsigned(fields[10], out long bibSet) && bibSet <= uint.MaxValue)
            read.Detail |= (ulong)bibSet;
        else
            ReadFields.Dropped(!fields[10].IsEmpty, ref read);
        output.HasRead = true;
        return RejectReason.None;
    }

    /// <summary>Passings of a request whose time is unreadable must not be given that of the one before.</summary>
    RejectReason TakeRequest(ReadOnlySpan<byte> request, in Frame frame, ref FrameOutput output)
    {
        if (request[0] == 'P')
        {
            ReadOnlySpan<byte> time = Parameter(request, "boxTime="u8);
            _hasBoxTime = TryBoxTime(time, out _boxTime);
            _point = frame.PointOf(Parameter(request, "boxId="u8));
            _index = AsciiNumber.TryUnsigned(Parameter(request, "index="u8), out long index) ? (uint)index : 0;
            if (!_hasBoxTime && !time.IsEmpty)
                return RejectReason.BadTime;
        }

        output.Add(ControlKind.Status);
        return RejectReason.None;
    }

    /// <summary><c>YYMMDDThhmmssZ</c> of this century.</summary>
    static bool TryBoxTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length != 14 || text[6] != 'T' || text[13] != 'Z')
            return false;
        int year = AsciiNumber.TwoDigits(text, 0);
        return year >= 0 && EpochTime.TryFromParts(
            2000 + year, AsciiNumber.TwoDigits(text, 2), AsciiNumber.TwoDigits(text, 4), AsciiNumber.TwoDigits(text, 7),
            AsciiNumber.TwoDigits(text, 9), AsciiNumber.TwoDigits(text, 11), out ticks);
    }

    /// <summary>The value of a parameter in the address, empty where there is none.</summary>
    static ReadOnlySpan<byte> Parameter(ReadOnlySpan<byte> request, ReadOnlySpan<byte> nameAndEquals)
    {
        for (int at = request.IndexOf((byte)'?'); at >= 0; at = request.IndexOf((byte)'&'))
        {
            request = request[(at + 1)..];
            if (!request.StartsWith(nameAndEquals))
                continue;
            ReadOnlySpan<byte> value = request[nameAndEquals.Length..];
            int end = value.IndexOfAny((byte)'&', (byte)' ');
            return end < 0 ? value : value[..end];
        }

        return default;
    }

    /// <summary>A name of letters, digits and hyphens with a colon and a blank behind it.</summary>
    static bool IsHeader(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0 || (colon + 1 < line.Length && line[colon + 1] != ' '))
            return false;
        foreach (byte b in line[..colon])
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b != '-')
                return false;
        }

        return true;
    }
}
