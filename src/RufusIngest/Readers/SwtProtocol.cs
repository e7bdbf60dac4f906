using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// "SW" readers in active or answer mode: frames <c>43 54</c> from the reader, <c>53 57</c> from the host, length,
/// address, command, status, data, check. Written from the vendor's manual.
/// </summary>
/// <remarks>
/// <para>No time in tag records: the arrival stands in (<see cref="ReadFlags.NoTime"/>). The signal's scale is not
/// known: it stands in <see cref="ChipRead.Detail"/> as bits 56–63, above the 7 bytes of the reader's serial number
/// (active mode).</para>
/// <para>Controls have the command as <see cref="ControlRecord.Variant"/>; the number is the status, or the ticks of a
/// <see cref="ControlKind.Clock"/>. Heartbeats and inventories without a tag are
/// <see cref="ControlKind.KeepAlive"/>.</para>
/// </remarks>
struct SwtProtocol : IBinaryProtocol
{
    const byte FromReader = 0x43;
    const byte BehindFromReader = 0x54;
    const byte FromHost = 0x53;
    const byte BehindFromHost = 0x57;
    const int LeastLength = 3;
    const int MostLength = 1024;
    const int BeforeLength = 4;
    const int Command = 5;
    const int Status = 6;
    const int Data = 7;
    const int Serial = 7;
    const int AroundEpc = 3; // Type, antenna, signal.

    const byte Inventory = 0x01;
    const byte ReadClock = 0x2B;
    const byte Active = 0x45;
    const byte Heartbeat = 0xFF;

    ulong _serial; // Of the frame whose tags are being taken.

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOfAny(FromReader, FromHost);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        if (front.Length > 1 && front[1] != (front[0] == FromReader ? BehindFromReader : BehindFromHost))
            reason = RejectReason.UnknownFrame;
        if (front.Length < BeforeLength)
            return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(front[2..]);
        if (length is < LeastLength or > MostLength)
            reason = RejectReason.UnknownFrame;
        return length + BeforeLength;
    }

    public static bool Check(ReadOnlySpan<byte> frame) => (byte)Checksum.Sum(frame) == 0;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        if (!frame.IsStart)
            return TakeTag(bytes, 0, ref read, ref output);
        byte command = bytes[Command];
        if (bytes[0] == FromHost || bytes.Length <= Data)
        {
            output.Add(bytes[0] == FromHost ? ControlKind.Command : ControlKind.Response, 0, command);
            return RejectReason.None;
        }

        ReadOnlySpan<byte> data = bytes[Data..^1];
        int before = command == Active ? Serial + 1 : command == Inventory ? 2 : 0;
        if (data.Length < before && !data.IsEmpty)
            return RejectReason.TooFewFields;
        int count = before == 0 || data.IsEmpty ? 0
            : command == Active ? data[Serial]
            : BinaryPrimitives.ReadUInt16BigEndian(data);
        if (before != 0 && !data.IsEmpty && !AreTags(data[before..], count))
            return RejectReason.BadSyntax;
        if (count == 0)
        {
            AddAnswer(command, bytes[Status], data, ref output);
            return RejectReason.None;
        }

        _serial = command == Active ? BinaryPrimitives.ReadUInt64BigEndian(data) >> 8 : 0;
        return TakeTag(bytes, Data + before, ref read, ref output);
    }

    static void AddAnswer(byte command, byte status, ReadOnlySpan<byte> data, ref FrameOutput output)
    {
        if (command == ReadClock && TryClock(data, out long ticks))
        {
            output.Add(ControlKind.Clock, ticks, command);
            return;
        }

        output.Add(
            command is Heartbeat or Inventory or Active ? ControlKind.KeepAlive : ControlKind.Response, status, command);
    }

    static bool TryClock(ReadOnlySpan<byte> data, out long ticks)
    {
        ticks = 0;
        return data.Length >= 6
            && EpochTime.TryFromParts(2000 + data[0], data[1], data[2], data[3], data[4], data[5], out ticks);
    }

    static bool AreTags(ReadOnlySpan<byte> records, int count)
    {
        for (; count > 0; count--)
        {
            if (records.IsEmpty || records[0] < AroundEpc || records[0] >= records.Length)
                return false;
            records = records[(1 + records[0])..];
        }

        return records.IsEmpty;
    }

    /// <summary>The tag at a place of the frame: length, type, antenna, EPC, signal.</summary>
    readonly RejectReason TakeTag(ReadOnlySpan<byte> bytes, int at, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> tag = bytes.Slice(at + 1, bytes[at]);
        int end = at + 1 + tag.Length;
        output.Length = end + 1 < bytes.Length ? end : 0; // The check goes with the last tag.
        output.HasRead = true;
        read.Flags = ReadFlags.NoTime;
        read.Antenna = tag[1];
        read.Detail = ((ulong)tag[^1] << 56) | _serial;
        return BinaryFields.Epc(tag[2..^1], ref read);
    }
}
