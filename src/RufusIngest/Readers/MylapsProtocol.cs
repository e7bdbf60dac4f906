using System.Text;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The TCP/IP exporter of MYLAPS Timing &amp; Scoring, version 1 and 2: <c>Location@Function@data@…@number@$</c>.
/// Written from the vendor's manual and a log of a session (version 1); of version 2 only sample lines are known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the wall clock of the exporter's system; version 2 passings and markers without a
/// date have <see cref="ReadFlags.NoDate"/>. Milliseconds of the day (<c>ut</c>, <c>utc</c>) and times of device
/// messages are not used. The location is the read's point, <see cref="ChipRead.Number"/> the sequence of version 1,
/// and <see cref="ChipRead.SubReader"/> the number of the device. <see cref="ChipRead.Detail"/>: lap (bits 0–15),
/// antennas or hits as version 1 says them in a hex digit, or the antenna mask of version 2 (16–23), chip type (24–31:
/// AP, LF, CX, UH, NOTCX, UNKNOWN from 1 on), reader within the device (32–47).
/// <para>
/// A bad record is a reject of its own bytes, and the acknowledgement of its message is due nevertheless: the exporter
/// would send it every 20 seconds for hours. What it sends again comes as ordinary reads.
/// </para>
/// </remarks>
struct MylapsProtocol : ITextProtocol
{
    enum Message : byte
    {
        Store,
        Passing,
        Marker,
    }

    Message _message;
    ushort _point;

    public static ReadOnlySpan<byte> Ends => "$"u8;

    // 100 passings of version 2 in one message are some 10 KiB.
    public static int MostBytes => 64 * 1024;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output) =>
        frame.IsStart ? TakeHead(frame, ref output) : TakeElement(frame, ref read, ref output);

    RejectReason TakeHead(in Frame frame, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        int location = text.IndexOf((byte)'@');
        ReadOnlySpan<byte> function = text[(location + 1)..];
        int length = function.IndexOf((byte)'@');
        if (location < 0 || length == 0 || function.IsEmpty)
            return RejectReason.UnknownFrame;
        if (length < 0 && frame.IsCutOff)
            return RejectReason.Truncated;
        function = length < 0 ? function : function[..length];
        if (MessageOf(function) is not { } message)
        {
            output.Add(KindOf(function));
            return RejectReason.None;
        }

        _message = message;
        _point = frame.PointOf(text[..location]);
        output.Length = NextElement(text, location + 1 + function.Length);
        return output.Length == text.Length ? RejectReason.TooFewFields : RejectReason.None;
    }

    static Message? MessageOf(ReadOnlySpan<byte> function) =>
        function.SequenceEqual("Store"u8) ? Message.Store
        : function.SequenceEqual("Passing"u8) ? Message.Passing
        : function.SequenceEqual("Marker"u8) ? Message.Marker
        : null;

    static ControlKind KindOf(ReadOnlySpan<byte> function) =>
        function.SequenceEqual("Pong"u8) ? ControlKind.Point
        : function.SequenceEqual("AckPing"u8) ? ControlKind.KeepAlive
        : function.SequenceEqual("GetLocations"u8) || function.StartsWith("Ack"u8) ? ControlKind.Response
        : ControlKind.Unknown;

    /// <summary>Where the next element begins. What the driver would pass over at the front of a frame goes with the
    /// element before.</summary>
    static int NextElement(ReadOnlySpan<byte> text, int end)
    {
        while (end < text.Length && text[end] is (byte)'@' or (byte)'\r' or (byte)'\n' or 0)
            end++;
        return end;
    }

    RejectReason TakeElement(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        int end = text.IndexOf((byte)'@');
        // The last element of a message may lack its end; that of a stream may lack more.
        if (end < 0 && frame.IsCutOff && (_message != Message.Store || text.Length != MylapsStore.Length))
            return RejectReason.Truncated;
        ReadOnlySpan<byte> element = end < 0 ? text : text[..end];
        output.Length = end < 0 ? text.Length : NextElement(text, end);
        if (output.Length == text.Length && AsciiNumber.TryUnsigned(element, out long number))
        {
            output.Add(ControlKind.AcknowledgementDue, number, (byte)(_message + 1));
            return RejectReason.None;
        }

        RejectReason reason = _message switch
        {
            Message.Store => MylapsStore.Read(element, ref read),
            Message.Passing => new MylapsKeys(element).ReadPassing(ref read),
            _ => ReadMarker(element, ref read),
        };
        if (reason != RejectReason.None)
            return reason;
        read.Point = _point;
        output.HasRead = true;
        if (read.Kind != ReadKind.Chip)
            output.Add(read.Kind == ReadKind.Gun ? ControlKind.Gun : ControlKind.Marker);
        return RejectReason.None;
    }

    /// <summary><c>time|type|name</c>, or keys with values.</summary>
    static RejectReason ReadMarker(ReadOnlySpan<byte> marker, ref ChipRead read)
    {
        FieldList fields = new(marker, (byte)'|');
        if (fields[0].Contains((byte)'='))
            return new MylapsKeys(marker).ReadMarker(ref read);
        if (!AsciiTime.TryDateAndTime(fields[0], out long ticks))
            return RejectReason.BadTime;
        read.Time = ticks;
        read.Kind = KindOfMarker(fields[1], fields[2]);
        return RejectReason.None;
    }

    /// <summary>
    /// <c>ext-gun</c> and <c>Gunshot</c> are known; another marker is an operator's. Without a type its name tells.
    /// </summary>
    public static ReadKind KindOfMarker(ReadOnlySpan<byte> type, ReadOnlySpan<byte> name)
    {
        type = type.IsEmpty ? name : type;
        for (int at = 0; at + 3 <= type.Length; at++)
        {
            if (Ascii.EqualsIgnoreCase(type.Slice(at, 3), "gun"u8))
                return ReadKind.Gun;
        }

        return ReadKind.Marker;
    }
}
