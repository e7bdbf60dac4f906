using System.Numerics;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// UHFReader18, UHFReader288, Chafon CF-RU and the many readers like them: frames of length, address, command, status,
/// data, CRC. Written from the vendors' manuals and programs that drive them.
/// </summary>
/// <remarks>
/// <para>There is no start byte: a frame is known by its length and CRC. The two families answer an inventory
/// differently, and nothing says which it is: what fits exactly decides, and where both fit, what the last answer that
/// told them apart had (at first the 288 family), or the parameter <c>18</c> or <c>288</c>.</para>
/// <para>No time: the arrival stands in (<see cref="ReadFlags.NoTime"/>). Antenna and signal come from the 288 family
/// only; the signal's scale is not known: it stands in <see cref="ChipRead.Detail"/> bits 0–7. Where an EPC comes with
/// the chip's own serial number (FastID), the last 12 bytes are taken for that and left out; no sample of it was
/// found.</para>
/// <para>Controls have the command as <see cref="ControlRecord.Variant"/>; the number is the status. "No tag", the end
/// of an inventory and heartbeats are <see cref="ControlKind.KeepAlive"/>.</para>
/// </remarks>
struct UhfReader18Protocol : IBinaryProtocol
{
    const int LeastLength = 4; // Address, command, CRC: a command without data.
    const int Command = 2;
    const int Status = 3;
    const int Data = 4;
    const int Crc = 2;
    const byte WithSerial = 0x80;
    const int SerialBytes = 12;

    const byte Inventory = 0x01;
    const byte Active = 0xEE;

    enum Layout : byte
    {
        Unknown = 0,
        Old,
        New,
    }

    bool _isFixed;
    Layout _layout;
    bool _takesNew; // This and the next: of the frame whose tags are being taken.
    byte _antennas;

    public static UhfReader18Protocol Parse(string parameters) => parameters switch
    {
        "" => default,
        "18" => new UhfReader18Protocol { _layout = Layout.Old, _isFixed = true },
        "288" => new UhfReader18Protocol { _layout = Layout.New, _isFixed = true },
        _ => throw new FormatException($"'{parameters}' is none of its parameters, 18 and 288."),
    };

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyInRange((byte)LeastLength, byte.MaxValue);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        return front[0] + 1;
    }

    public static bool Check(ReadOnlySpan<byte> frame) => Checksum.Mcrf4xx(frame) == 0;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        if (!frame.IsStart)
            return TakeTag(bytes, 0, ref read, ref output);
        byte command = bytes[Command];
        if (bytes.Length == LeastLength + 1)
        {
            output.Add(ControlKind.Command, 0, command);
            return RejectReason.None;
        }

        byte status = bytes[Status];
        ReadOnlySpan<byte> data = bytes[Data..^Crc];
        if (command == Active && status == 0)
            return TakeActive(bytes, ref read, ref output);
        if (command == Inventory && status is >= 1 and <= 4 && !data.IsEmpty)
            return TakeInventory(bytes, data, ref read, ref output);
        output.Add(KindOf(command, status), status, command);
        return RejectReason.None;
    }

    static ControlKind KindOf(byte command, byte status) => (command, status) switch
    {
        (Inventory, 0x01 or 0x02 or 0xFB) or (Active, 0x28) => ControlKind.KeepAlive,
        (Inventory, 0x26 or 0xF8) => ControlKind.Status,
        (Inventory, 0x03 or 0x04 or >= 0xF0) => ControlKind.Response,
        (Inventory, _) => ControlKind.Command, // Its parameters, where an answer has its status.
        _ => ControlKind.Response,
    };

    RejectReason TakeInventory(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> data, ref ChipRead read, ref FrameOutput output)
    {
        bool isOld = AreTags(data[1..], data[0], 0);
        bool isNew = data.Length > 1 && AreTags(data[2..], data[1], 1);
        if (_isFixed && (isOld || isNew))
            (isOld, isNew) = (isOld && _layout == Layout.Old, isNew && _layout == Layout.New);
        if (!isOld && !isNew)
            return RejectReason.BadSyntax;
        bool takeNew = isNew && !(isOld && _layout == Layout.Old);
        if (isOld != isNew)
            _layout = isNew ? Layout.New : Layout.Old;
        if (data[takeNew ? 1 : 0] == 0)
        {
            output.Add(ControlKind.KeepAlive, bytes[Status], Inventory);
            return RejectReason.None;
        }

        _antennas = takeNew ? data[0] : (byte)0;
        _takesNew = takeNew;
        return TakeTag(bytes, Data + (takeNew ? 2 : 1), ref read, ref output);
    }

    /// <summary>Whether exactly so many tags fill the bytes.</summary>
    static bool AreTags(ReadOnlySpan<byte> records, int count, int behindEpc)
    {
        for (; count > 0; count--)
        {
            if (records.IsEmpty)
                return false;
            int length = EpcAndSerialLength(records[0], behindEpc);
            if (1 + length + behindEpc > records.Length)
                return false;
            records = records[(1 + length + behindEpc)..];
        }

        return records.IsEmpty;
    }

    static int EpcAndSerialLength(byte length, int behindEpc) => behindEpc == 0 ? length : length & ~WithSerial;

    /// <summary>The tag at a place of the frame.</summary>
    readonly RejectReason TakeTag(ReadOnlySpan<byte> bytes, int at, ref ChipRead read, ref FrameOutput output)
    {
        int behind = _takesNew ? 1 : 0;
        int length = EpcAndSerialLength(bytes[at], behind);
        ReadOnlySpan<byte> epc = bytes.Slice(at + 1, length);
        int end = at + 1 + length + behind;
        output.Length = end + Crc < bytes.Length ? end : 0; // The CRC goes with the last tag.
        if (_takesNew && bytes[at] >= WithSerial && length > SerialBytes)
            epc = epc[..^SerialBytes];
        return TakeTag(epc, _antennas, _takesNew ? bytes[end - 1] : (byte)0, ref read, ref output);
    }

    static RejectReason TakeTag(
        ReadOnlySpan<byte> epc, byte antennas, byte signal, ref ChipRead read, ref FrameOutput output)
    {
        output.HasRead = true;
        read.Flags = ReadFlags.NoTime;
        read.Detail = signal;
        if (BitOperations.IsPow2(antennas))
            read.Antenna = (ushort)(BitOperations.TrailingZeroCount(antennas) + 1);
        else
            ReadFields.Dropped(antennas != 0, ref read);
        return BinaryFields.Epc(epc, ref read);
    }

    /// <summary>What a reader sends unasked: antenna, length, EPC, signal.</summary>
    static RejectReason TakeActive(ReadOnlySpan<byte> bytes, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> data = bytes[Data..^Crc];
        return data.Length < 3 || data[1] > data.Length - 3
            ? RejectReason.BadSyntax
            : TakeTag(data.Slice(2, data[1]), data[0], data[2 + data[1]], ref read, ref output);
    }
}
