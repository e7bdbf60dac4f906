using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Chafon's newer readers and modules (CF-MU9xx, CF66x, CF69x, "UHF Prime"): frames <c>CF</c>, address, command,
/// length, status, data, CRC. Written from field notes and programs that drive them; tag reports from programs alone.
/// </summary>
/// <remarks>
/// <para>No time: the arrival stands in (<see cref="ReadFlags.NoTime"/>). <see cref="ChipRead.Detail"/> is the
/// channel.</para>
/// <para>Controls have the low byte of the command as <see cref="ControlRecord.Variant"/>; the number is the status.
/// The end of an inventory, or one without tags, is a <see cref="ControlKind.KeepAlive"/>. Frames without data, and
/// starts of an inventory, are commands of the host.</para>
/// </remarks>
struct CfPrimeProtocol : IBinaryProtocol
{
    const byte Head = 0xCF;
    const int Length = 4;
    const int Around = 7;
    const int Status = 5;
    const int BeforeEpc = 6; // Status, signal, antenna, channel, length of the EPC.
    const int StartInventoryData = 5;

    const ushort Inventory = 0x0001;
    const ushort GateState = 0x0082;
    const byte Done = 0x12;

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Head);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        return front.Length > Length ? front[Length] + Around : 0;
    }

    public static bool Check(ReadOnlySpan<byte> frame) =>
        Checksum.Mcrf4xx(frame[..^2]) == BinaryPrimitives.ReadUInt16BigEndian(frame[^2..]);

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ushort command = BinaryPrimitives.ReadUInt16BigEndian(frame.Text[2..]);
        ReadOnlySpan<byte> data = frame.Text[Status..^2];
        if (command == Inventory && data.Length >= BeforeEpc && data[0] == 0)
        {
            output.HasRead = true;
            return TakeTag(data, ref read);
        }

        bool isCommand = data.IsEmpty || (command == Inventory && data.Length == StartInventoryData);
        ControlKind kind = isCommand ? ControlKind.Command
            : command == Inventory && data[0] == Done ? ControlKind.KeepAlive
            : command == GateState ? ControlKind.Status
            : ControlKind.Response;
        output.Add(kind, data.IsEmpty ? 0 : data[0], (byte)command);
        return RejectReason.None;
    }

    static RejectReason TakeTag(ReadOnlySpan<byte> data, ref ChipRead read)
    {
        int length = data[BeforeEpc - 1];
        if (length > data.Length - BeforeEpc)
            return RejectReason.BadSyntax;
        read.Flags = ReadFlags.NoTime;
        read.Antenna = data[3];
        read.Detail = data[4];
        int signal = BinaryPrimitives.ReadInt16BigEndian(data[1..]) * 10;
        if (signal is > short.MinValue and <= short.MaxValue)
            read.RssiCentiDbm = (short)signal;
        else
            ReadFields.Dropped(true, ref read);
        return BinaryFields.Epc(data.Slice(BeforeEpc, length), ref read);
    }
}
