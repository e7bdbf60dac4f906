using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// CLOU and Hopeland readers (CL7206C2, C4): frames <c>AA</c>, command, subcommand, length, data, CRC. Written from one
/// project's notes on the firmware.
/// </summary>
/// <remarks>
/// Everything but the tags: how the first part of a tag notification is laid out is not known, so each is a reject,
/// whose bytes are kept. Controls have the subcommand as <see cref="ControlRecord.Variant"/>; the number is the
/// command, or the ticks, UTC, of a <see cref="ControlKind.Clock"/>, or that of a connection check
/// (<see cref="ControlKind.KeepAlive"/>). A frame without data is a command of the host.
/// </remarks>
struct ClouProtocol : IBinaryProtocol
{
    /// <summary>Longest data taken for a frame.</summary>
    public const int MostData = 4096;

    const byte Head = 0xAA;
    const int Data = 5;
    const int Around = 7;
    const byte Settings = 0x01;
    const byte GetTime = 0x11;
    const byte ConnectionCheck = 0x12;
    const byte Tags = 0x12;

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Head);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        if (front.Length < Data)
            return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(front[3..]);
        if (length > MostData)
            reason = RejectReason.TooLong;
        return length + Around;
    }

    public static bool Check(ReadOnlySpan<byte> frame) =>
        Checksum.Buypass(frame[1..^2]) == BinaryPrimitives.ReadUInt16BigEndian(frame[^2..]);

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        byte command = frame.Text[1];
        byte subcommand = frame.Text[2];
        ReadOnlySpan<byte> data = frame.Text[Data..^2];
        if (command == Tags)
            return RejectReason.UnknownFrame;
        if (command == Settings && subcommand == GetTime && data.Length == 8)
        {
            ulong seconds = BinaryPrimitives.ReadUInt32BigEndian(data);
            ChipRead time = default;
            BinaryFields.SinceEpoch(
                (seconds * 1_000_000) + BinaryPrimitives.ReadUInt32BigEndian(data[4..]), ReadFlags.ZoneKnown, ref time);
            output.Add(ControlKind.Clock, time.Time, subcommand);
        }
        else if (command == Settings && subcommand == ConnectionCheck && data.Length == 4)
            output.Add(ControlKind.KeepAlive, BinaryPrimitives.ReadUInt32BigEndian(data), subcommand);
        else
            output.Add(data.IsEmpty ? ControlKind.Command : ControlKind.Response, command, subcommand);
        return RejectReason.None;
    }
}
