using System.Buffers.Binary;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Readers;

/// <summary>LLRP's messages: how long they are, and what those that bring no tags say.</summary>
static class LlrpMessage
{
    /// <summary>u16 version and type, u32 length of the whole message, u32 message id.</summary>
    public const int HeaderLength = 10;

    /// <summary>
    /// The standard has no limit. The longest known, of a public test set, has 1.4 MB; what says it is longer than this
    /// has lost its place.
    /// </summary>
    public const int MaxLength = 4 * 1024 * 1024;

    const int Report = 61;
    const int EventNotification = 63;
    const int CustomMessage = 1023;

    /// <summary>What a reader's event is in.</summary>
    const int EventData = 246;

    const int UtcTimestamp = 128;
    const int Uptime = 129;
    const int ConnectionAttempt = 256;

    /// <summary>Whether the bytes are a RO_ACCESS_REPORT, or at least its header.</summary>
    public static bool IsReport(ReadOnlySpan<byte> message) =>
        message.Length >= HeaderLength && TypeOf(message) == Report;

    static int TypeOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message) & 0x3FF;

    static uint IdOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt32BigEndian(message[6..]);

    /// <summary>Bytes of the source that are the first message, or a reject; 0 when more must come to tell.</summary>
    /// <param name="source">At least one byte.</param>
    /// <param name="endOfStream">No more will come: a message begun is <see cref="RejectReason.Truncated"/>.</param>
    /// <param name="reason">What is wrong with these bytes.</param>
    public static int Measure(ReadOnlySpan<byte> source, bool endOfStream, out RejectReason reason)
    {
        reason = RejectReason.None;
        bool isTold = BinaryPrimitives.TryReadUInt32BigEndian(source[Math.Min(2, source.Length)..], out uint length);
        if (isTold && length is >= HeaderLength and <= MaxLength && length <= source.Length)
            return (int)length;
        bool isWrong = isTold && length is not (>= HeaderLength and <= MaxLength);
        if (isWrong && source.Length >= HeaderLength)
        {
            reason = RejectReason.FramingLost;
            return HeaderLength;
        }

        if (!endOfStream)
            return 0;
        reason = isWrong ? RejectReason.FramingLost : RejectReason.Truncated;
        return source.Length;
    }

    /// <summary>Bytes that the header of a message says it has.</summary>
    public static int StatedLength(ReadOnlySpan<byte> message) =>
        (int)BinaryPrimitives.ReadUInt32BigEndian(message[2..]);

    /// <summary>The control record of a message other than a reader's event.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="offset">Where it stands in the source.</param>
    public static ControlRecord ControlOf(ReadOnlySpan<byte> message, int offset)
    {
        int type = TypeOf(message);
        ControlKind kind = type == CustomMessage ? KindOfCustom(message[HeaderLength..]) : KindOf(type);
        return new ControlRecord(kind, kind == ControlKind.Unknown ? type : IdOf(message), offset, message.Length)
        {
            Variant = (byte)Math.Min(type, byte.MaxValue),
        };
    }

    static ControlKind KindOf(int type) => type switch
    {
        Report or 45 => ControlKind.Status,
        62 => ControlKind.KeepAlive,
        (>= 1 and <= 3) or 14 or (>= 20 and <= 26) or (>= 40 and <= 44) or 46 or 47 or 55 or 60 or 64 or 72 =>
            ControlKind.Command,
        4 or (>= 11 and <= 13) or (>= 30 and <= 36) or (>= 50 and <= 54) or 56 or 57 or 100 => ControlKind.Response,
        _ => ControlKind.Unknown,
    };

    /// <summary>By u32 vendor and u8 subtype: Impinj's extensions and settings, Zebra's events and purging.</summary>
    static ControlKind KindOfCustom(ReadOnlySpan<byte> body)
    {
        const ulong Impinj = 25882 << 8;
        const ulong Zebra = 161 << 8;
        ulong key = body.Length < 5 ? 0 : ((ulong)BinaryPrimitives.ReadUInt32BigEndian(body) << 8) | body[4];
        return key switch
        {
            Impinj | 21 or Impinj | 23 or Zebra | 2 or Zebra | 3 => ControlKind.Command,
            Impinj | 22 or Impinj | 24 or Zebra | 4 => ControlKind.Response,
            Zebra | 5 => ControlKind.Status,
            _ => ControlKind.Unknown,
        };
    }

    /// <summary>Adds what a message without tags says: one control record, two for a reader's event.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="offset">Where it stands in the source.</param>
    /// <param name="controls">With room for two from <paramref name="count"/> on.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>The bytes in the message that cannot be read, and why; none when all can.</returns>
    public static LlrpDamage AddControls(
        ReadOnlySpan<byte> message, int offset, Span<ControlRecord> controls, ref int count)
    {
        if (TypeOf(message) == EventNotification)
            return AddEvent(message, offset, controls, ref count);
        controls[count++] = ControlOf(message, offset);
        return default;
    }

    static LlrpDamage AddEvent(ReadOnlySpan<byte> message, int offset, Span<ControlRecord> controls, ref int count)
    {
        LlrpDamage damage = default;
        ControlRecord status = new(ControlKind.Status, 0, offset, message.Length) { Variant = EventNotification };
        ControlRecord? clock = null;
        bool isInside = false;
        int end = message.Length;
        int size;
        for (int at = HeaderLength; at < end; at += size)
        {
            size = LlrpParameter.SizeOf(message[at..end]);
            if (size <= 0)
            {
                damage = new LlrpDamage(LlrpDamage.ReasonOf(size), at, end - at);
                break;
            }

            int type = LlrpParameter.TlvTypeOf(message[at..]);
            ReadOnlySpan<byte> value = type < 0 ? [] : message.Slice(at, size)[LlrpParameter.TlvHeader..];
            if (!isInside && type == EventData)
            {
                isInside = true;
                end = at + size;
                size = LlrpParameter.TlvHeader;
            }
            else if (isInside && type is UtcTimestamp or Uptime)
            {
                clock = ClockOf(type, value, offset, message.Length);
            }
            else if (isInside && type >= 0 && (status.Number == 0 || (IsUrgent(type) && !IsUrgent(status.Number))))
            {
                bool isWelcome = type == ConnectionAttempt
                    && BinaryPrimitives.TryReadUInt16BigEndian(value, out ushort result) && result == 0;
                status = status with { Number = type, Kind = isWelcome ? ControlKind.Greeting : ControlKind.Status };
            }
        }

        controls[count++] = status;
        if (clock is { } told)
            controls[count++] = told;
        return damage;
    }

    /// <summary>Reads are lost or soon lost, or the connection's state; of several events one is told.</summary>
    static bool IsUrgent(long type) => type is 250 or 251 or ConnectionAttempt or 257;

    static ControlRecord ClockOf(int type, ReadOnlySpan<byte> value, int offset, int length)
    {
        long ticks = 0;
        if (BinaryPrimitives.TryReadUInt64BigEndian(value, out ulong microseconds))
            _ = BinaryFields.TryTicks(microseconds, out ticks);
        return new ControlRecord(ControlKind.Clock, ticks, offset, length) { Variant = (byte)(type - UtcTimestamp) };
    }
}

/// <summary>Bytes that cannot be read in a message whose end is known, and why.</summary>
readonly record struct LlrpDamage(RejectReason Reason, int Offset, int Length)
{
    /// <summary>What a size that is none means: a TV that is not known, or a length that cannot be.</summary>
    public static RejectReason ReasonOf(int size) =>
        size == LlrpParameter.UnknownSize ? RejectReason.UnknownFrame : RejectReason.BadNumber;
}
