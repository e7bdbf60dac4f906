using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The RACE RESULT USB timing box: answers of lines with hexadecimal fields. Written from the vendor's manual and
/// programs that drive the box; proven on printed samples only.
/// </summary>
/// <remarks>
/// The box counts 1/256 s. Once an answer to an EPOCHREF command has given a pair of seconds and tick, <see
/// cref="ChipRead.Time"/> is UTC; before that it counts since the box started. The difference of ticks is signed: a
/// count that wrapped and a passing from before the reference both come out right within 97 days.
/// <see cref="ChipRead.Number"/> is the passing's id, counted on from the head of a fetch, −1 for a pushed one;
/// <see cref="ChipRead.Antenna"/> the loop. <see cref="ChipRead.Detail"/>: bits 0–15 the chip's wake-up counter, 16–23
/// the packed signal strength, 24–31 battery and 32–39 temperature as sent, 40–47 the channel, 48–55 the chip's
/// internal data, 56 detected in store mode.
/// </remarks>
struct RaceResultUsbProtocol : ITextProtocol
{
    const int Fields = 12;
    const int WholeTick = 8;
    const int MostOfAnswer = 5;

    bool _hasReference;
    bool _otherAnswer; // The lines that come answer another command than the reference's.
    uint _referenceTick;
    long _referenceTime;
    long _nextId;
    int _idsLeft;

    public static bool EmptyLineEndsFetch => true;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        // A pushed passing begins at its mark, even if the line before it has lost its end.
        int next = RaceResultFields.NextPushed(line);
        output.Length = next;
        bool isCutOff = frame.IsCutOff || next > 0;
        line = next > 0 ? line[..next] : line;
        bool isPushed = line.StartsWith("#P;"u8);
        FieldList fields = new(isPushed ? line[3..] : line, (byte)';');
        if (fields.Count == Fields || (fields.Count > Fields && IsWholeTick(fields[2])))
            return TakePassing(fields, isPushed, ref read, ref output);
        if (isPushed)
            return RejectReason.TooFewFields;
        if (isCutOff)
            return RejectReason.Truncated;
        if (line[0] == '#' || fields.Count > Fields)
            output.Add(ControlKind.Unknown);
        else
            return TakeAnswer(fields, ref output);
        return RejectReason.None;
    }

    static bool IsWholeTick(ReadOnlySpan<byte> field) => field.Length == WholeTick && AsciiNumber.TryHex(field, out _);

    RejectReason TakePassing(in FieldList fields, bool isPushed, ref ChipRead read, ref FrameOutput output)
    {
        if (!AsciiNumber.TryHex(fields[2], out long tick) || tick > uint.MaxValue)
            return RejectReason.BadTime;
        read.Time = TimeOf((uint)tick);
        read.Flags = _hasReference ? ReadFlags.ZoneKnown : ReadFlags.SinceStart;
        if (fields[0].SequenceEqual("_____127"u8))
        {
            read.Kind = ReadKind.Gun;
            output.Add(ControlKind.Gun);
        }
        else
        {
            RejectReason reason = ReadFields.Chip(fields[0], ref read);
            if (reason != RejectReason.None)
                return reason;
        }

        if (!isPushed && _idsLeft > 0)
        {
            _idsLeft--;
            read.Number = _nextId++;
        }

        TakeRest(fields, ref read);
        output.HasRead = true;
        return RejectReason.None;
    }

    static void TakeRest(in FieldList fields, ref ChipRead read)
    {
        if (Optional(fields[3], ushort.MaxValue, ref read) is > 0 and long hits)
            read.Hits = (int)hits;
        long packed = Optional(fields[4], byte.MaxValue, ref read);
        if (packed > 0 || IsZero(fields[4]))
            read.RssiCentiDbm = RaceResultFields.ActiveRssi(packed);
        read.Antenna = (ushort)Optional(fields[8], ushort.MaxValue, ref read);
        long internalData = Optional(fields[10], byte.MaxValue, ref read);
        if ((internalData & RaceResultFields.StoredBit) != 0)
            read.Flags |= ReadFlags.Rewind;
        read.Detail = (ulong)(Optional(fields[1], ushort.MaxValue, ref read) | (packed << 16)
            | (Optional(fields[5], byte.MaxValue, ref read) << 24)
            | (Optional(fields[6], byte.MaxValue, ref read) << 32)
            | (Optional(fields[9], byte.MaxValue, ref read) << 40) | (internalData << 48)
            | (Optional(fields[7], 1, ref read) << 56));
    }

    static bool IsZero(ReadOnlySpan<byte> field) => AsciiNumber.TryHex(field, out long value) && value == 0;

    /// <summary>A hexadecimal field, 0 where it is empty or unreadable.</summary>
    static long Optional(ReadOnlySpan<byte> field, long most, ref ChipRead read)
    {
        if (AsciiNumber.TryHex(field, out long value) && value <= most)
            return value;
        ReadFields.Dropped(!field.IsEmpty, ref read);
        return 0;
    }

    RejectReason TakeAnswer(in FieldList fields, ref FrameOutput output)
    {
        ReadOnlySpan<byte> first = fields[0];
        if (fields.Count == 1 && first.SequenceEqual("EOR"u8))
        {
            _otherAnswer = false;
            _idsLeft = 0;
            output.Add(ControlKind.EndOfFetch);
        }
        else if (first.SequenceEqual("AUTOBOOT"u8))
        {
            // The box starts over, and so do its ticks.
            this = default;
            output.Add(ControlKind.Greeting);
        }
        else if (IsCommand(first))
        {
            _otherAnswer = !first.StartsWith("EPOCHREF"u8);
            _idsLeft = 0;
            output.Add(ControlKind.Response);
        }
        else
        {
            return TakeData(fields, ref output);
        }

        return RejectReason.None;
    }

    /// <summary>Chip codes have digits; of the commands only those of the reference have any.</summary>
    static bool IsCommand(ReadOnlySpan<byte> name) =>
        name.StartsWith("EPOCHREF"u8) || (name.Length >= 5 && !name.ContainsAnyExceptInRange((byte)'A', (byte)'Z'));

    RejectReason TakeData(in FieldList fields, ref FrameOutput output)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            if (!AsciiNumber.TryHex(fields[i], out _))
                return fields.Count == 1 ? RejectReason.UnknownFrame : RejectReason.TooFewFields;
        }

        if (fields.Count > MostOfAnswer)
            return RejectReason.TooFewFields;
        AsciiNumber.TryHex(fields[0], out long first);
        AsciiNumber.TryHex(fields[1], out long second);
        bool isWide = fields[0].Length == WholeTick;
        if (isWide && fields.Count == 1)
        {
            output.Add(ControlKind.Clock, _hasReference ? TimeOf((uint)first) : 0);
        }
        else if (isWide && fields.Count == 2 && fields[1].Length == WholeTick && !_otherAnswer)
        {
            _hasReference = true;
            _referenceTick = (uint)second;
            _referenceTime = first * EpochTime.TicksPerSecond;
            output.Add(ControlKind.Clock, _referenceTime);
        }
        else
        {
            bool isHead = isWide && fields.Count == 2 && fields[1].Length == 2;
            (_nextId, _idsLeft) = isHead ? (first, (int)second) : (0, 0);
            output.Add(ControlKind.Response, isHead ? second : 0);
        }

        return RejectReason.None;
    }

    readonly long TimeOf(uint tick) => _hasReference
        ? _referenceTime + (((int)(tick - _referenceTick) * EpochTime.TicksPerSecond) >> 8)
        : (tick * EpochTime.TicksPerSecond) >> 8;
}
