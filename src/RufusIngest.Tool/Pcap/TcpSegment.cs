using System.Buffers.Binary;
using System.Net;

namespace RufusIngest.Tool.Pcap;

/// <summary>One direction of a TCP connection: addresses as IPv6, IPv4 ones mapped into it.</summary>
readonly record struct FlowKey(UInt128 From, ushort FromPort, UInt128 To, ushort ToPort)
{
    public string Source => Text(From, FromPort);

    public string Target => Text(To, ToPort);

    static string Text(UInt128 address, ushort port)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        IPAddress ip = new(bytes);
        return new IPEndPoint(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, port).ToString();
    }
}

/// <summary>What a packet turned out to be.</summary>
enum PacketKind
{
    /// <summary>A TCP segment.</summary>
    Tcp = 0,

    /// <summary>Something else: ARP, UDP, a link type that is not known.</summary>
    Other,

    /// <summary>A piece of a fragmented IP packet; pieces are not put together.</summary>
    Fragment,

    /// <summary>Headers that are cut off or cannot be.</summary>
    Damaged,
}

/// <summary>A TCP segment in a packet.</summary>
readonly ref struct TcpSegment
{
    public required FlowKey Flow { get; init; }

    public required uint Sequence { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Bytes of the segment that the capture left out behind the payload.</summary>
    public int CutOff { get; init; }

    public bool IsSyn { get; init; }

    public bool IsFin { get; init; }

    public bool IsReset { get; init; }

    /// <summary>Finds the TCP segment in a captured packet.</summary>
    public static PacketKind Read(int linkType, ReadOnlySpan<byte> packet, out TcpSegment segment)
    {
        segment = default;
        int version = NetworkOf(linkType, ref packet);
        return version switch
        {
            4 => ReadVersion4(packet, out segment),
            6 => ReadVersion6(packet, out segment),
            _ => version == 0 ? PacketKind.Other : PacketKind.Damaged,
        };
    }

    /// <summary>Cuts off the link's header; 4, 6, 0 for no IP, −1 for damage.</summary>
    static int NetworkOf(int linkType, ref ReadOnlySpan<byte> packet)
    {
        const int Null = 0, Ethernet = 1, Raw = 101, OldRaw = 12, BsdRaw = 14, Loop = 108, Cooked = 113, Cooked2 = 276;
        int head = linkType switch
        {
            Null or Loop => 4,
            Ethernet => 14,
            Raw or OldRaw or BsdRaw or 228 or 229 => 0,
            Cooked => 16,
            Cooked2 => 20,
            _ => int.MaxValue,
        };
        if (head == int.MaxValue)
            return 0;
        if (packet.Length < head + 1)
            return -1;
        int type = linkType switch
        {
            Ethernet => U16(packet, 12),
            Cooked => U16(packet, 14),
            Cooked2 => U16(packet, 0),
            _ => -1,
        };
        packet = packet[head..];
        for (int tags = 0; type is 0x8100 or 0x88A8 or 0x9100 && tags < 4 && packet.Length > 4; tags++)
        {
            type = U16(packet, 2);
            packet = packet[4..];
        }

        // The families' numbers of a loopback header differ between systems; the packet itself says which it is.
        return type switch
        {
            -1 => packet[0] >> 4 is 4 or 6 ? packet[0] >> 4 : 0,
            0x0800 => 4,
            0x86DD => 6,
            _ => 0,
        };
    }

    static PacketKind ReadVersion4(ReadOnlySpan<byte> packet, out TcpSegment segment)
    {
        segment = default;
        int head = packet.Length < 20 ? 0 : (packet[0] & 0xF) * 4;
        if (head < 20 || packet[0] >> 4 != 4 || packet.Length < head)
            return PacketKind.Damaged;
        if (packet[9] != 6)
            return PacketKind.Other;
        if ((U16(packet, 6) & 0x3FFF) != 0)
            return PacketKind.Fragment;
        int total = U16(packet, 2);
        // 0 where the network card cuts the packet later and the capture sees it whole.
        int length = (total == 0 ? packet.Length : total) - head;
        return ReadTcp(packet[head..], length, Mapped(packet, 12), Mapped(packet, 16), out segment);
    }

    static UInt128 Mapped(ReadOnlySpan<byte> packet, int at) =>
        ((UInt128)0xFFFF << 32) | BinaryPrimitives.ReadUInt32BigEndian(packet[at..]);

    static PacketKind ReadVersion6(ReadOnlySpan<byte> packet, out TcpSegment segment)
    {
        const int HopByHop = 0, Routing = 43, FragmentHeader = 44, Authentication = 51, Destination = 60;
        segment = default;
        if (packet.Length < 40 || packet[0] >> 4 != 6)
            return PacketKind.Damaged;
        int next = packet[6];
        int length = U16(packet, 4) == 0 ? packet.Length - 40 : U16(packet, 4);
        UInt128 from = BinaryPrimitives.ReadUInt128BigEndian(packet[8..]);
        UInt128 to = BinaryPrimitives.ReadUInt128BigEndian(packet[24..]);
        ReadOnlySpan<byte> rest = packet[40..];
        while (next is HopByHop or Routing or FragmentHeader or Authentication or Destination)
        {
            if (rest.Length < 8)
                return PacketKind.Damaged;
            if (next == FragmentHeader && (U16(rest, 2) & 0xFFF9) != 0)
                return PacketKind.Fragment;
            int header = next switch
            {
                FragmentHeader => 8,
                Authentication => (rest[1] + 2) * 4,
                _ => (rest[1] + 1) * 8,
            };
            if (header > rest.Length || header > length)
                return PacketKind.Damaged;
            next = rest[0];
            rest = rest[header..];
            length -= header;
        }

        return next == 6 ? ReadTcp(rest, length, from, to, out segment) : PacketKind.Other;
    }

    /// <summary>
    /// Reads what an IP packet holds: the bytes are as much of it as was captured, and what pads the packet; the length
    /// is what it says it has.
    /// </summary>
    static PacketKind ReadTcp(ReadOnlySpan<byte> bytes, int length, UInt128 from, UInt128 to, out TcpSegment segment)
    {
        segment = default;
        int head = bytes.Length < 20 ? 0 : (bytes[12] >> 4) * 4;
        if (head < 20 || length < head || bytes.Length < head)
            return PacketKind.Damaged;
        ReadOnlySpan<byte> payload = bytes[head..Math.Min(bytes.Length, length)];
        byte flags = bytes[13];
        segment = new TcpSegment
        {
            Flow = new FlowKey(from, U16(bytes, 0), to, U16(bytes, 2)),
            Sequence = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            Payload = payload,
            CutOff = length - head - payload.Length,
            IsFin = (flags & 1) != 0,
            IsSyn = (flags & 2) != 0,
            IsReset = (flags & 4) != 0,
        };
        return PacketKind.Tcp;
    }

    static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
}
