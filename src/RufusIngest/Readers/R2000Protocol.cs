using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Boards with the Impinj R2000 chip (Invelion, IND903, YR901 and others): frames <c>A0</c>, length, address, command,
/// data, check. Written from programs that drive them.
/// </summary>
/// <remarks>
/// <para>No time: the arrival stands in (<see cref="ReadFlags.NoTime"/>). The signal is the raw value − 129 dBm, as two
/// programs take it; raw values from 128 on, which some firmwares use for further antennas, give none.</para>
/// <para><see cref="ChipRead.Detail"/>: bits 0–7 the byte before the PC (frequency index and antenna, or the battery
/// level of an active tag), bits 8–15 the raw signal.</para>
/// <para>Controls have the command as <see cref="ControlRecord.Variant"/>; the number is the result code, or the reads
/// of a finished round. A frame too short for any answer is a command of the host.</para>
/// </remarks>
struct R2000Protocol : IBinaryProtocol
{
    const byte Head = 0xA0;
    const int LeastLength = 3;
    const int Data = 4;
    const int CommandOnly = LeastLength;
    const int WithResult = 4;
    const int EndOfRound = 10;
    const int AroundEpc = 4; // Frequency and antenna, PC, signal.
    const int AroundStored = 3 + 3; // Count and length before, signal, antenna and count behind PC, EPC and CRC.
    const byte LeastResult = 0x10;
    const byte NoTag = 0x36;
    const byte AntennaMissing = 0x22;

    bool _isBattery;

    public static R2000Protocol Parse(string parameters) => parameters switch
    {
        "" => default,
        "battery" => new R2000Protocol { _isBattery = true },
        _ => throw new FormatException($"'{parameters}' is none of its parameters; there is battery, for active tags."),
    };

    public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Head);

    public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
    {
        reason = front.Length > 1 && front[1] < LeastLength ? RejectReason.UnknownFrame : RejectReason.None;
        return front.Length > 1 ? front[1] + 2 : 0;
    }

    public static bool Check(ReadOnlySpan<byte> frame) => (byte)Checksum.Sum(frame) == 0;

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> bytes = frame.Text;
        int length = bytes[1];
        byte command = bytes[3];
        ReadOnlySpan<byte> data = bytes[Data..^1];
        switch (command)
        {
            case >= 0x89 and <= 0x8B when length >= AroundEpc + LeastLength && length != EndOfRound:
                output.HasRead = true;
                return TakeTag(data, ref read);
            case >= 0x89 and <= 0x8B when length == EndOfRound:
                output.Add(ControlKind.KeepAlive, ReadsOfRound(command, data), command);
                return RejectReason.None;
            case 0x90 or 0x91 when length > LeastLength + AroundStored:
                output.HasRead = true;
                return TakeStored(data, ref read);
            default:
                AddAnswer(command, data, length, ref output);
                return RejectReason.None;
        }
    }

    static long ReadsOfRound(byte command, ReadOnlySpan<byte> data) => command == 0x8A
        ? BinaryPrimitives.ReadUInt32BigEndian(data) >> 8
        : BinaryPrimitives.ReadUInt32BigEndian(data[3..]);

    static void AddAnswer(byte command, ReadOnlySpan<byte> data, int length, ref FrameOutput output)
    {
        bool isRound = command is >= 0x89 and <= 0x8B;
        bool isCommand = length == CommandOnly || (isRound && (length != WithResult || data[0] < LeastResult));
        ControlKind kind = isCommand ? ControlKind.Command
            : length != WithResult ? ControlKind.Response
            : data[0] == NoTag ? ControlKind.KeepAlive
            : data[0] == AntennaMissing ? ControlKind.Status
            : ControlKind.Response;
        output.Add(kind, length == WithResult ? data[0] : 0, command);
    }

    readonly RejectReason TakeTag(ReadOnlySpan<byte> data, ref ChipRead read)
    {
        byte signal = data[^1];
        if (!_isBattery)
            read.Antenna = (ushort)((data[0] & 3) + 1);
        return TakeCode(data[1..^1], data[0], signal, ref read);
    }

    /// <summary>A record of the reader's buffer: count, length, PC, EPC, CRC, signal, frequency and antenna,
    /// hits.</summary>
    static RejectReason TakeStored(ReadOnlySpan<byte> data, ref ChipRead read)
    {
        const int Crc = 2;
        int length = data[2];
        if (length != data.Length - AroundStored || length < Crc)
            return RejectReason.BadSyntax;
        byte place = data[^2];
        read.Antenna = (ushort)((place & 3) + 1);
        read.Hits = Math.Max(1, (int)data[^1]);
        return TakeCode(data.Slice(3, length - Crc), place, data[^3], ref read);
    }

    static RejectReason TakeCode(ReadOnlySpan<byte> pcAndEpc, byte place, byte signal, ref ChipRead read)
    {
        read.Flags = ReadFlags.NoTime;
        read.Detail = (ulong)(place | (signal << 8));
        if (signal < 0x80)
            read.RssiCentiDbm = (short)((signal - 129) * 100);
        return BinaryFields.PcAndEpc(pcAndEpc, ref read);
    }
}
