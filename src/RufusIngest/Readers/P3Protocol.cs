using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// MYLAPS and AMB decoders (TranX3, AMBrc, AMBmx, ProChip, X2 in P3 mode): the binary protocol P3. Written from
/// programs that read it, and from records of several decoders.
/// </summary>
/// <remarks>
/// <para>The chip is the transponder's number in decimal; with the parameter <c>code</c> its printed code, such as
/// <c>FL-94890</c>, where the decoder tells one. <see cref="ChipRead.Number"/> is the passing number.</para>
/// <para>The time is UTC where the decoder has GPS, otherwise its own clock, in the reader's zone: whether that one was
/// set to UTC the record does not say.</para>
/// <para><see cref="ChipRead.Detail"/>: bits 0–15 the strength in the decoder's own unit, bits 16–31 the flags, bits
/// 32–63 the decoder's number.</para>
/// <para>Controls: <see cref="ControlKind.Status"/> with the noise, <see cref="ControlKind.Clock"/> with ticks (variant
/// 1: UTC), <see cref="ControlKind.KeepAlive"/> for watchdog and ping, <see cref="ControlKind.Command"/> for records of
/// a host (version 0), <see cref="ControlKind.Response"/> and <see cref="ControlKind.Unknown"/> for all others; the
/// number is the type of the record where nothing else is said.</para>
/// </remarks>
struct P3Protocol : IBinaryProtocol
{
    /// <summary>Longest record on the wire; the longest known has 61 bytes.</summary>
    public const int MostBytes = 1024;

    const byte Start = 0x8E;
    const byte End = 0x8F;
    const byte Escape = 0x8D;
    const byte Escaped = 0x20;

    const int Version = 1;
    const int Length = 2;
    const int Crc = 4;
    const int Type = 8;
    const int Fields = 10;

    bool _wantsCode;

    public static P3Protocol Parse(string parameters) => parameters switch
    {
        "" => default,
        "code" => new P3Protocol { _wantsCode = true },
        _ => throw new FormatException($"'{parameters}' is none of its parameters; there is code, for printed codes."),
    };

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Start);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        // Both stand on the wire for nothing else, so the length in the record is not needed to find its end.
        int end = front[1..Math.Min(front.Length, MostBytes)].IndexOfAny(Start, End) + 1;
        reason = end == 0 ? front.Length >= MostBytes ? RejectReason.TooLong : RejectReason.None
            : front[end] == Start ? RejectReason.Truncated
            : RejectReason.None;
        return end == 0 ? 0 : end + 1;
    }

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output) =>
        frame.Text.Contains(Escape) ? TakeEscaped(frame.Text, ref read, ref output)
            : TakeRecord(frame.Text, ref read, ref output);

    [SkipLocalsInit]
    readonly RejectReason TakeEscaped(ReadOnlySpan<byte> wire, ref ChipRead read, ref FrameOutput output)
    {
        Span<byte> record = stackalloc byte[MostBytes];
        int length = 0;
        for (int at = 0; at < wire.Length; at++)
        {
            byte next = wire[at];
            if (next == Escape)
            {
                if (++at == wire.Length - 1)
                    return RejectReason.BadSyntax; // Only the end of the record is left.
                next = (byte)(wire[at] - Escaped);
            }

            record[length++] = next;
        }

        return TakeRecord(record[..length], ref read, ref output);
    }

    readonly RejectReason TakeRecord(ReadOnlySpan<byte> record, ref ChipRead read, ref FrameOutput output)
    {
        if (record.Length <= Fields)
            return RejectReason.TooFewFields;
        int declared = BinaryPrimitives.ReadUInt16LittleEndian(record[Length..]);
        bool isHost = record[Version] == 0;
        if (declared != record.Length && !(isHost && declared == 0))
            return declared > record.Length ? RejectReason.Truncated : RejectReason.TooLong;
        if (CrcOf(record) != BinaryPrimitives.ReadUInt16LittleEndian(record[Crc..]))
            return RejectReason.BadCheck;
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(record[Type..]);
        ReadOnlySpan<byte> fields = record[Fields..^1];
        if (isHost && (declared == 0 || type != P3Record.Passing))
        {
            output.Add(ControlKind.Command, type);
            return RejectReason.None;
        }

        if (type != P3Record.Passing)
            return P3Record.AddControl(type, fields, ref output);
        output.HasRead = true;
        return P3Record.TakePassing(fields, _wantsCode, ref read);
    }

    /// <summary>Over the whole record, with the CRC's own bytes as zeros.</summary>
    static ushort CrcOf(ReadOnlySpan<byte> record)
    {
        ulong front = BinaryPrimitives.ReadUInt64BigEndian(record) & 0xFFFF_FFFF_0000_FFFF;
        Span<byte> head = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(head, front);
        return Checksum.Amb(record[sizeof(ulong)..], Checksum.Amb(head));
    }
}
