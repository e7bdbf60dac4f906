using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// ThingMagic and JADAK modules (M5e, M6e, M6e Nano, M7e) and boxes built on them: the Mercury serial protocol,
/// streamed and buffered reads. Written from programs that drive them.
/// </summary>
/// <remarks>
/// <para>The module has no clock. Its stamp counts milliseconds from the start of the current search, which the bytes
/// do not tell: the arrival stands in (<see cref="ReadFlags.NoTime"/>), and the stamp is kept beside it. Buffered reads
/// are therefore as late as they are asked for.</para>
/// <para><see cref="ChipRead.Detail"/>: bits 0–31 the stamp in ms, bits 32–47 the phase in degrees.
/// <see cref="ChipRead.Antenna"/> is the one that transmits.</para>
/// <para>Controls have the opcode as <see cref="ControlRecord.Variant"/>; the number is the status. "No tags found" is
/// a <see cref="ControlKind.KeepAlive"/>, "too hot" a <see cref="ControlKind.Status"/>. A frame whose CRC fits only
/// without a status is a command of the host.</para>
/// </remarks>
struct MercuryProtocol : IBinaryProtocol
{
    const byte Head = 0xFF;
    const int AroundCommand = 5;
    const int AroundAnswer = 7;
    const int Crc = 2;
    const int Opcode = 2;
    const int Status = 3;
    const int Data = 5;

    const byte ReadMultiple = 0x22;
    const byte GetBuffer = 0x29;
    const ushort NoTags = 0x0400;
    const ushort TooHot = 0x0504;
    const int TemperatureLength = 0x0A;
    const byte HasMetadataFlags = 0x10;

    const int Flags = 8;
    const int TypeBehindFlags = 10;
    const byte IsTag = 1;
    const byte IsEnd = 0;
    const int BufferedTags = 9;

    ushort _metadata; // Of the frame whose tags are being taken.

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Head);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        if (front.Length < 2)
            return 0;
        int answer = front[1] + AroundAnswer;
        int command = front[1] + AroundCommand;
        // Answers first: a command is never heard on a line that carries the module's bytes only.
        if (front.Length < answer && !(endOfStream && front.Length >= command))
            return answer;
        return (front.Length >= answer && Check(front[..answer])) || !Check(front[..command]) ? answer : command;
    }

    public static bool Check(ReadOnlySpan<byte> frame) =>
        Checksum.Amb(frame[1..^Crc]) == BinaryPrimitives.ReadUInt16BigEndian(frame[^Crc..]);

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        if (!frame.IsStart)
            return TakeTag(bytes, 0, ref read, ref output);
        byte opcode = bytes[Opcode];
        if (bytes.Length == bytes[1] + AroundCommand)
        {
            output.Add(ControlKind.Command, 0, opcode);
            return RejectReason.None;
        }

        ushort status = BinaryPrimitives.ReadUInt16BigEndian(bytes[Status..]);
        int type = (bytes[Data] & HasMetadataFlags) != 0 ? TypeBehindFlags : Flags;
        if (status == 0 && opcode == ReadMultiple && bytes.Length > type + 1 + Crc && bytes[1] != TemperatureLength)
            return TakeStreamed(bytes, type, ref read, ref output);
        if (status == 0 && opcode == GetBuffer && bytes.Length > BufferedTags + Crc)
            return TakeBuffered(bytes, ref read, ref output);
        ControlKind kind = status == NoTags ? ControlKind.KeepAlive
            : status == TooHot || (opcode == ReadMultiple && bytes[1] == TemperatureLength) ? ControlKind.Status
            : ControlKind.Response;
        output.Add(kind, status, opcode);
        return RejectReason.None;
    }

    RejectReason TakeStreamed(ReadOnlySpan<byte> bytes, int type, ref ChipRead read, ref FrameOutput output)
    {
        if (bytes[type] != IsTag)
        {
            output.Add(bytes[type] == IsEnd ? ControlKind.Response : ControlKind.Status, 0, ReadMultiple);
            return RejectReason.None;
        }

        _metadata = type == TypeBehindFlags ? BinaryPrimitives.ReadUInt16BigEndian(bytes[Flags..]) : (ushort)0;
        return AreTags(bytes[(type + 1)..^Crc], 1)
            ? TakeTag(bytes, type + 1, ref read, ref output)
            : RejectReason.BadSyntax;
    }

    RejectReason TakeBuffered(ReadOnlySpan<byte> bytes, ref ChipRead read, ref FrameOutput output)
    {
        _metadata = BinaryPrimitives.ReadUInt16BigEndian(bytes[Data..]);
        return AreTags(bytes[BufferedTags..^Crc], bytes[BufferedTags - 1])
            ? TakeTag(bytes, BufferedTags, ref read, ref output)
            : RejectReason.BadSyntax;
    }

    /// <summary>Whether exactly so many tags fill the bytes.</summary>
    readonly bool AreTags(ReadOnlySpan<byte> tags, int count)
    {
        for (; count > 0; count--)
        {
            int length = MercuryTag.Measure(tags, _metadata);
            if (length == 0)
                return false;
            tags = tags[length..];
        }

        return tags.IsEmpty;
    }

    readonly RejectReason TakeTag(ReadOnlySpan<byte> bytes, int at, ref ChipRead read, ref FrameOutput output)
    {
        int length = MercuryTag.Measure(bytes[at..^Crc], _metadata);
        int end = at + length;
        output.Length = end + Crc < bytes.Length ? end : 0; // The CRC goes with the last tag.
        output.HasRead = true;
        return MercuryTag.Take(bytes.Slice(at, length), _metadata, ref read);
    }
}
