using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// CAEN easy2read: messages of attributes, each with its length and type. Written from the vendor's manuals; no record
/// of a device was found.
/// </summary>
/// <remarks>
/// <para>There is no check: a message is known by its two first bytes, the vendor's number and attributes that fill it
/// exactly. A tag is what stands between two attributes of one type; the read point's name is the timing point.</para>
/// <para>The stamp's two halves are seconds since 1970, taken as UTC, and microseconds; which comes first the manual
/// says in words that leave doubt, so the half that can only be the one or the other decides. "Lost" and "purged" tags
/// are <see cref="ReadFlags.LastSeen"/>. <see cref="ChipRead.Detail"/> is the event. Signals are not read, their unit
/// being unknown.</para>
/// <para>Controls have the number of the message. A message from the reader is one with tags, or an answer.</para>
/// </remarks>
struct CaenProtocol : IBinaryProtocol
{
    const ushort Answer = 0x0001;
    const uint Vendor = 21336;
    /// <summary>Longest message taken; a length that damage made is not waited for beyond it.</summary>
    public const int MostBytes = 8192;

    const int Header = 10;
    const int AttributeHeader = 6;

    const ushort Event = 0x0E;
    const ushort TagLength = 0x0F;
    const ushort Stamp = 0x10;
    const ushort TagId = 0x11;
    const ushort ReadPoint = 0x22;
    const ulong Lost = 4;
    const ulong Purged = 5;

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOfAny((byte)0x80, (byte)0x00);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.UnknownFrame;
        if (front.Length >= 2 && front[1] != 0x01)
            return 0;
        if (front.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(front[4..]) != Vendor)
            return 0;
        if (front.Length < Header)
        {
            reason = RejectReason.None;
            return 0;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(front[8..]);
        if (length >= Header)
            reason = length <= MostBytes ? RejectReason.None : RejectReason.TooLong;
        return length;
    }

    public static bool Check(ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> attributes = frame[Header..];
        while (!attributes.IsEmpty)
        {
            int length = LengthOf(attributes);
            if (length == 0)
                return false;
            attributes = attributes[length..];
        }

        return true;
    }

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        int at = frame.IsStart ? Header : 0;
        if (frame.IsStart && !HasTag(bytes[Header..]))
        {
            bool isAnswer = BinaryPrimitives.ReadUInt16BigEndian(bytes) == Answer;
            output.Add(
                isAnswer ? ControlKind.Response : ControlKind.Command, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
            return RejectReason.None;
        }

        Tag tag = default;
        at += TakeAttributes(bytes[at..], ref tag);
        // What follows the last tag goes with it.
        output.Length = HasTag(bytes[at..]) ? at : 0;
        output.HasRead = true;
        return Fill(tag, frame, ref read);
    }

    static int LengthOf(ReadOnlySpan<byte> attribute)
    {
        int length = attribute.Length < AttributeHeader ? 0 : BinaryPrimitives.ReadUInt16BigEndian(attribute[2..]);
        return length < AttributeHeader || length > attribute.Length ? 0 : length;
    }

    static ushort TypeOf(ReadOnlySpan<byte> attribute) => BinaryPrimitives.ReadUInt16BigEndian(attribute[4..]);

    static bool HasTag(ReadOnlySpan<byte> attributes)
    {
        while (!attributes.IsEmpty)
        {
            if (TypeOf(attributes) == TagId)
                return true;
            attributes = attributes[LengthOf(attributes)..];
        }

        return false;
    }

    ref struct Tag
    {
        public ReadOnlySpan<byte> Id;
        public ReadOnlySpan<byte> Stamp;
        public ReadOnlySpan<byte> Point;
        public int Length;
        public ulong Event;
        public ulong Seen;
    }

    /// <summary>Gathers the attributes of one tag, up to the one whose type it has already.</summary>
    /// <returns>How many bytes they are.</returns>
    static int TakeAttributes(ReadOnlySpan<byte> attributes, ref Tag tag)
    {
        int at = 0;
        while (at < attributes.Length)
        {
            int length = LengthOf(attributes[at..]);
            ushort type = TypeOf(attributes[at..]);
            ulong bit = type < 64 ? 1UL << type : 0; // Others are no part of a tag.
            if ((tag.Seen & bit) != 0 && (tag.Seen & (1UL << TagId)) != 0)
                break;
            tag.Seen |= bit;
            ReadOnlySpan<byte> value = attributes.Slice(at + AttributeHeader, length - AttributeHeader);
            at += length;
            switch (type)
            {
                case TagId:
                    tag.Id = value;
                    break;
                case Stamp:
                    tag.Stamp = value;
                    break;
                case ReadPoint:
                    tag.Point = value;
                    break;
                case TagLength when value.Length == 2:
                    tag.Length = BinaryPrimitives.ReadUInt16BigEndian(value);
                    break;
                case Event when value.Length == 4:
                    tag.Event = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
            }
        }

        return at;
    }

    static RejectReason Fill(in Tag tag, in Frame frame, ref ChipRead read)
    {
        read.Point = frame.PointOf(tag.Point.TrimEnd((byte)0));
        read.Detail = tag.Event;
        TakeStamp(tag.Stamp, ref read);
        if (tag.Event is Lost or Purged)
            read.Flags |= ReadFlags.LastSeen;
        // The attribute may be longer than the code in it.
        return BinaryFields.Epc(tag.Length > 0 && tag.Length < tag.Id.Length ? tag.Id[..tag.Length] : tag.Id, ref read);
    }

    static void TakeStamp(ReadOnlySpan<byte> stamp, ref ChipRead read)
    {
        const uint Second = 1_000_000;
        if (stamp.Length != 8)
        {
            read.Flags |= ReadFlags.NoTime;
            ReadFields.Dropped(!stamp.IsEmpty, ref read);
            return;
        }

        uint microseconds = BinaryPrimitives.ReadUInt32BigEndian(stamp);
        uint seconds = BinaryPrimitives.ReadUInt32BigEndian(stamp[4..]);
        if (microseconds >= Second)
            (microseconds, seconds) = (seconds, microseconds);
        ulong time = microseconds < Second ? ((ulong)seconds * Second) + microseconds : ulong.MaxValue;
        BinaryFields.SinceEpoch(time, ReadFlags.ZoneKnown, ref read);
    }
}
