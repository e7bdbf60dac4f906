using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// FEIG OBID i-scan UHF readers: standard and advanced frames, buffered reads. Written from the vendor's manuals; no
/// record of a device was found.
/// </summary>
/// <remarks>
/// <para>What the reader's timer and date count in differs between models and is not known well enough: the arrival
/// stands in (<see cref="ReadFlags.NoTime"/>), and the four bytes of the timer are kept in
/// <see cref="ChipRead.Detail"/>. The antenna is the reader's byte as it is. Whether a record's length counts itself
/// the manuals leave open; what fills the frame exactly is taken.</para>
/// <para>Controls have the control byte as <see cref="ControlRecord.Variant"/>; the number is the status. An empty
/// buffer is a <see cref="ControlKind.KeepAlive"/>. Frames that have no status are commands of the host.</para>
/// </remarks>
struct FeigProtocol : IBinaryProtocol
{
    /// <summary>Longest advanced frame taken; a length that damage made is not waited for beyond it.</summary>
    public const int MostBytes = 8192;

    const byte Advanced = 0x02;
    const int LeastAdvanced = 7;
    const int Crc = 2;

    const byte ReadBuffer = 0x22;
    const byte Good = 0x00;
    const byte NoData = 0x83;
    const byte RfWarning = 0x84;
    const byte Overflow = 0x85;

    const byte HasCode = 0x01;
    const byte HasBlocks = 0x02;
    const byte HasAntenna = 0x10;
    const byte HasTimer = 0x20;
    const byte HasDate = 0x40;
    const byte HasMore = 0x80;

    // Of the frame whose records are being taken.
    byte _fields;
    bool _lengthCountsItself;

    // 0, 1, 3 and 4 are no length of a standard frame, and 2 begins an advanced one.
    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((ReadOnlySpan<byte>)[0, 1, 3, 4]);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        if (front[0] != Advanced)
            return front[0];
        if (front.Length < 3)
            return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(front[1..]);
        if (length is < LeastAdvanced or > MostBytes)
            reason = length < LeastAdvanced ? RejectReason.UnknownFrame : RejectReason.TooLong;
        return length;
    }

    public static bool Check(ReadOnlySpan<byte> frame) => Checksum.Mcrf4xx(frame) == 0;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        if (!frame.IsStart)
            return TakeRecord(bytes, 0, ref read, ref output);
        int control = bytes[0] == Advanced ? 4 : 2;
        ReadOnlySpan<byte> data = bytes[(control + 1)..^Crc];
        if (bytes[control] == ReadBuffer && data.Length > 3 && data[0] is Good or RfWarning or Overflow)
            return TakeBuffer(bytes, control + 1, ref read, ref output);
        bool isCommand = data.IsEmpty || (bytes[control] == ReadBuffer && data.Length == 2);
        ControlKind kind = isCommand ? ControlKind.Command
            : data[0] == NoData ? ControlKind.KeepAlive
            : data[0] is RfWarning or Overflow ? ControlKind.Status
            : ControlKind.Response;
        output.Add(kind, isCommand ? 0 : data[0], bytes[control]);
        return RejectReason.None;
    }

    RejectReason TakeBuffer(ReadOnlySpan<byte> bytes, int status, ref ChipRead read, ref FrameOutput output)
    {
        _fields = bytes[status + 1];
        int count = status + ((_fields & HasMore) != 0 ? 3 : 2);
        int records = count + 2;
        if (records + Crc > bytes.Length)
            return RejectReason.TooFewFields;
        if (bytes[status] != Good)
            output.Add(ControlKind.Status, bytes[status], ReadBuffer);
        int sets = BinaryPrimitives.ReadUInt16BigEndian(bytes[count..]);
        _lengthCountsItself = !AreRecords(bytes[records..^Crc], sets, 2);
        if (_lengthCountsItself && !AreRecords(bytes[records..^Crc], sets, 0))
            return RejectReason.BadSyntax;
        if (sets > 0)
            return TakeRecord(bytes, records, ref read, ref output);
        if (output.Controls == 0)
            output.Add(ControlKind.KeepAlive, bytes[status], ReadBuffer);
        return RejectReason.None;
    }

    /// <summary>Whether exactly so many records fill the bytes.</summary>
    static bool AreRecords(ReadOnlySpan<byte> records, int count, int lengthBytes)
    {
        for (; count > 0; count--)
        {
            if (records.Length < 2)
                return false;
            int length = BinaryPrimitives.ReadUInt16BigEndian(records) + lengthBytes;
            if (length < 2 || length > records.Length)
                return false;
            records = records[length..];
        }

        return records.IsEmpty;
    }

    readonly RejectReason TakeRecord(ReadOnlySpan<byte> bytes, int at, ref ChipRead read, ref FrameOutput output)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) + (_lengthCountsItself ? 0 : 2);
        int end = at + length;
        output.Length = end + Crc < bytes.Length ? end : 0; // The CRC goes with the last record.
        output.HasRead = true;
        return TakeFields(bytes[(at + 2)..end], ref read);
    }

    /// <summary>The fields that the frame's bits announce, in their order; others that follow are passed
    /// over.</summary>
    readonly RejectReason TakeFields(ReadOnlySpan<byte> fields, ref ChipRead read)
    {
        const int BeforeCode = 3; // Type of transponder, kind of code, length.
        read.Flags = ReadFlags.NoTime;
        if ((_fields & HasCode) == 0)
            return RejectReason.NoChip;
        if (fields.Length < BeforeCode || fields[BeforeCode - 1] > fields.Length - BeforeCode)
            return RejectReason.TooFewFields;
        ReadOnlySpan<byte> code = fields.Slice(BeforeCode, fields[BeforeCode - 1]);
        fields = fields[(BeforeCode + code.Length)..];
        int blocks = (_fields & HasBlocks) == 0 ? 0 : fields.Length < 2 ? int.MaxValue : 2 + (fields[0] * fields[1]);
        int timer = (_fields & HasTimer) == 0 ? 0 : 4;
        int date = (_fields & HasDate) == 0 ? 0 : 5;
        int antenna = (_fields & HasAntenna) == 0 ? 0 : 1;
        if (blocks > fields.Length - timer - date - antenna)
            return RejectReason.TooFewFields;
        if (timer > 0)
            read.Detail = BinaryPrimitives.ReadUInt32BigEndian(fields[blocks..]);
        if (antenna > 0)
            read.Antenna = fields[blocks + timer + date];
        return BinaryFields.Epc(code, ref read);
    }
}
