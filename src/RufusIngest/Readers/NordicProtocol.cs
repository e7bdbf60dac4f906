using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Nordic ID NUR modules and Sampo readers: packets <c>A5</c>, length, flags, header check, payload, CRC. Written from
/// the vendor's open interface; no record of a device was found.
/// </summary>
/// <remarks>
/// <para>Reads come from the answer to "get ID buffer with metadata"; whether its entries begin with their length is
/// not known: what fills the packet exactly is taken. Notifications of inventories are controls, their tags being
/// fetched by that answer.</para>
/// <para>No usable time: the arrival stands in (<see cref="ReadFlags.NoTime"/>); the module's 16-bit stamp, of unknown
/// unit, is kept in <see cref="ChipRead.Detail"/>. The signal is in whole dBm.</para>
/// <para>Controls have the command as <see cref="ControlRecord.Variant"/>; the number is the status of an
/// answer.</para>
/// </remarks>
struct NordicProtocol : IBinaryProtocol
{
    /// <summary>Longest payload of a module.</summary>
    public const int MostPayload = 8191;

    const byte Head = 0xA5;
    const int Header = 6;
    const int LeastPayload = 3;
    const int Crc = 2;
    const int Tags = Header + 2; // Behind command and status.

    const byte Ping = 0x01;
    const byte GetBufferWithMetadata = 0x07;
    const byte Boot = 0x80;
    const byte LastNotification = 0x8F;

    const int BeforeEpc = 13; // Signal, scaled signal, stamp, frequency, data length, PC, channel, antenna.
    const int DataLength = 8;
    const int Pc = 9;
    const int Antenna = 12;

    bool _hasLengths; // Of the packet whose tags are being taken.

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Head);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        if (front.Length < Header)
            return 0;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(front[1..]);
        byte check = 0xFF;
        foreach (byte b in front[..(Header - 1)])
            check ^= b;
        if (check != front[Header - 1] || length is < LeastPayload or > MostPayload)
            reason = RejectReason.BadCheck;
        return Header + length;
    }

    public static bool Check(ReadOnlySpan<byte> frame) =>
        Checksum.CcittFalse(frame[Header..^Crc]) == BinaryPrimitives.ReadUInt16LittleEndian(frame[^Crc..]);

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        if (!frame.IsStart)
            return TakeTag(bytes, 0, ref read, ref output);
        byte command = bytes[Header];
        bool hasStatus = bytes.Length > Header + 1 + Crc;
        int status = hasStatus ? bytes[Header + 1] : 0;
        if (command == GetBufferWithMetadata && status == 0 && bytes.Length > Tags + Crc)
        {
            ReadOnlySpan<byte> tags = bytes[Tags..^Crc];
            _hasLengths = AreTags(tags, true);
            return _hasLengths || AreTags(tags, false)
                ? TakeTag(bytes, Tags, ref read, ref output)
                : RejectReason.BadSyntax;
        }

        ControlKind kind = command == Boot ? ControlKind.Greeting
            : command is > Boot and <= LastNotification ? ControlKind.Status
            : !hasStatus ? ControlKind.Command
            : command == Ping ? ControlKind.KeepAlive
            : ControlKind.Response;
        output.Add(kind, status, command);
        return RejectReason.None;
    }

    static bool AreTags(ReadOnlySpan<byte> tags, bool withLengths)
    {
        while (!tags.IsEmpty)
        {
            int length = LengthOf(tags, withLengths);
            if (length == 0)
                return false;
            tags = tags[length..];
        }

        return true;
    }

    /// <summary>How long the entry at the front is; 0 when it does not fit.</summary>
    static int LengthOf(ReadOnlySpan<byte> tag, bool withLength)
    {
        ReadOnlySpan<byte> entry = withLength ? tag[1..] : tag;
        if (entry.Length < BeforeEpc)
            return 0;
        int length = BeforeEpc + EpcLength(entry) + entry[DataLength];
        return length > entry.Length || (withLength && tag[0] != length) ? 0 : withLength ? length + 1 : length;
    }

    static int EpcLength(ReadOnlySpan<byte> entry) => (BinaryPrimitives.ReadUInt16LittleEndian(entry[Pc..]) >> 11) * 2;

    readonly RejectReason TakeTag(ReadOnlySpan<byte> bytes, int at, ref ChipRead read, ref FrameOutput output)
    {
        int end = at + LengthOf(bytes[at..^Crc], _hasLengths);
        ReadOnlySpan<byte> entry = bytes[(_hasLengths ? at + 1 : at)..end];
        output.Length = end + Crc < bytes.Length ? end : 0; // The CRC goes with the last tag.
        output.HasRead = true;
        read.Flags = ReadFlags.NoTime;
        read.RssiCentiDbm = (short)((sbyte)entry[0] * 100);
        read.Detail = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]);
        read.Antenna = entry[Antenna];
        return BinaryFields.Epc(entry.Slice(BeforeEpc, EpcLength(entry)), ref read);
    }
}
