using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Small modules with one antenna (YRM100, R200, M100, JRD-4035): frames <c>BB</c>, type, command, length, parameters,
/// check, <c>7E</c>. Written from the vendors' documents and programs that drive them.
/// </summary>
/// <remarks>
/// <para>No time: the arrival stands in (<see cref="ReadFlags.NoTime"/>). The EPC's own CRC is left alone; the frame's
/// check counts. "No tag" after an empty round is a <see cref="ControlKind.KeepAlive"/>.</para>
/// <para>Controls have the command as <see cref="ControlRecord.Variant"/>; the number is the code of an error.</para>
/// </remarks>
struct Yrm100Protocol : IBinaryProtocol
{
    /// <summary>Longest parameters taken for a frame; a tag has less than 80 bytes, a text of the module a few
    /// more.</summary>
    public const int MostParameters = 512;

    const byte Head = 0xBB;
    const byte Tail = 0x7E;
    const int Around = 7;
    const int Parameters = 5;
    const int AroundEpc = 5; // Signal, PC, CRC.
    const byte Command = 0;
    const byte Notification = 2;
    const byte Inventory = 0x22;
    const byte Error = 0xFF;
    const byte NoTag = 0x15;

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Head);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        if (front.Length < Parameters)
            return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(front[3..]);
        if (length > MostParameters)
            reason = RejectReason.TooLong;
        return length + Around;
    }

    public static bool Check(ReadOnlySpan<byte> frame) =>
        frame[^1] == Tail && (byte)Checksum.Sum(frame[1..^2]) == frame[^2];

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        byte type = frame.Text[1];
        byte command = frame.Text[2];
        ReadOnlySpan<byte> parameters = frame.Text[Parameters..^2];
        if (type == Notification && command == Inventory)
        {
            output.HasRead = true;
            return TakeTag(parameters, ref read);
        }

        long code = command == Error && !parameters.IsEmpty ? parameters[0] : 0;
        ControlKind kind = type == Command ? ControlKind.Command
            : command == Error && code == NoTag ? ControlKind.KeepAlive
            : type is 1 or Notification ? ControlKind.Response
            : ControlKind.Unknown;
        output.Add(kind, code, command);
        return RejectReason.None;
    }

    static RejectReason TakeTag(ReadOnlySpan<byte> parameters, ref ChipRead read)
    {
        if (parameters.Length < AroundEpc)
            return RejectReason.TooFewFields;
        read.Flags = ReadFlags.NoTime;
        read.Antenna = 1;
        read.RssiCentiDbm = (short)((sbyte)parameters[0] * 100);
        return BinaryFields.PcAndEpc(parameters[1..^2], ref read);
    }
}
