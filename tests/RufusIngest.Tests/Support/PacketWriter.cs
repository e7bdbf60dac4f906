using System.Buffers.Binary;

namespace RufusIngest.Tests.Support;

/// <summary>Writes packets as capture files hold them: pcap or pcapng, in either byte order, over several kinds of
/// link.</summary>
sealed class PacketWriter
{
    public const byte Fin = 1, Syn = 2, Reset = 4, Ack = 16;

    readonly List<byte> _file = [];

    public bool IsNextGeneration { get; init; }

    public bool IsBigEndian { get; init; }

    public bool IsNano { get; init; }

    /// <summary>Packets without a time, which pcapng has.</summary>
    public bool IsSimple { get; init; }

    public int LinkType { get; init; } = 1;

    public int VlanTags { get; init; }

    public bool IsVersion6 { get; init; }

    public byte[] ToArray() => [.. _file];

    /// <summary>Bytes kept of a packet; the rest is cut off.</summary>
    public int SnapLength { get; init; } = 65535;

    /// <summary>Adds a segment from 10.0.0.2:10000 to 10.0.0.1:50000, or back.</summary>
    public PacketWriter Segment(long ticks, uint sequence, byte flags, ReadOnlySpan<byte> payload, bool isBack = false)
    {
        byte[] tcp = new byte[20 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, isBack ? (ushort)50000 : (ushort)10000);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), isBack ? (ushort)10000 : (ushort)50000);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        tcp[12] = 5 << 4;
        tcp[13] = flags;
        payload.CopyTo(tcp.AsSpan(20));
        return Packet(ticks, [.. LinkHead(), .. IsVersion6 ? Version6(tcp, isBack) : Version4(tcp, isBack)]);
    }

    /// <summary>Adds a packet as it is.</summary>
    public PacketWriter Packet(long ticks, ReadOnlySpan<byte> packet)
    {
        if (_file.Count == 0)
            Begin();
        ReadOnlySpan<byte> kept = packet[..Math.Min(packet.Length, SnapLength)];
        ulong units = (ulong)ticks / (IsNano ? 1u : 10u) * (IsNano ? 100u : 1u);
        ulong perSecond = IsNano ? 1_000_000_000u : 1_000_000u;
        if (!IsNextGeneration)
        {
            U32((uint)(units / perSecond), (uint)(units % perSecond), (uint)kept.Length, (uint)packet.Length);
            _file.AddRange(kept);
        }
        else if (IsSimple)
        {
            Block(3, kept, (uint)packet.Length);
        }
        else
        {
            Block(6, kept, 0, (uint)(units >> 32), (uint)units, (uint)kept.Length, (uint)packet.Length);
        }

        return this;
    }

    void Begin()
    {
        if (!IsNextGeneration)
        {
            U32(IsNano ? 0xA1B23C4D : 0xA1B2C3D4);
            U16(2, 4);
            U32(0, 0, (uint)SnapLength, (uint)LinkType);
            return;
        }

        U32(0x0A0D0D0A, 28, 0x1A2B3C4D);
        U16(1, 0);
        U32(0xFFFFFFFF, 0xFFFFFFFF, 28);
        U32(1, IsNano ? 32u : 20u);
        U16((ushort)LinkType, 0);
        U32((uint)SnapLength);
        if (IsNano)
        {
            U16(9, 1);
            _file.AddRange([9, 0, 0, 0]);
            U16(0, 0);
        }

        U32(IsNano ? 32u : 20u);
        Block(0x0BAD, "not a packet"u8);
    }

    void Block(uint type, ReadOnlySpan<byte> data, params ReadOnlySpan<uint> head)
    {
        int padding = -data.Length & 3;
        uint length = (uint)(12 + (4 * head.Length) + data.Length + padding);
        U32(type, length);
        U32(head);
        _file.AddRange(data);
        _file.AddRange(new byte[padding]);
        U32(length);
    }

    byte[] LinkHead()
    {
        byte[] type = IsVersion6 ? [0x86, 0xDD] : [0x08, 0x00];
        List<byte> tags = [];
        for (int i = 0; i < VlanTags; i++)
            tags.AddRange([0x81, 0x00, 0x00, 0x07]);
        return LinkType switch
        {
            0 => IsVersion6 ? [30, 0, 0, 0] : [2, 0, 0, 0],
            108 => IsVersion6 ? [0, 0, 0, 30] : [0, 0, 0, 2],
            1 => [.. new byte[12], .. tags, .. type],
            113 => [.. new byte[14], .. type],
            276 => [.. type, .. new byte[18]],
            _ => [],
        };
    }

    static byte[] Version4(byte[] tcp, bool isBack)
    {
        byte[] head = new byte[24]; // With four bytes of options.
        head[0] = 0x46;
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)(24 + tcp.Length));
        head[6] = 0x40;
        head[9] = 6;
        byte[] reader = [10, 0, 0, 2], host = [10, 0, 0, 1];
        (isBack ? host : reader).CopyTo(head, 12);
        (isBack ? reader : host).CopyTo(head, 16);
        // What pads a short packet on the wire is none of it.
        return [.. head, .. tcp, .. new byte[Math.Max(0, 10 - tcp.Length)]];
    }

    static byte[] Version6(byte[] tcp, bool isBack)
    {
        byte[] head = new byte[48]; // With eight bytes of options for the destination.
        head[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(4), (ushort)(8 + tcp.Length));
        head[6] = 60;
        head[23] = isBack ? (byte)1 : (byte)2;
        head[39] = isBack ? (byte)2 : (byte)1;
        head[40] = 6;
        return [.. head, .. tcp];
    }

    void U32(params ReadOnlySpan<uint> values)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (uint value in values)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, IsBigEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
            _file.AddRange(bytes);
        }
    }

    void U16(params ReadOnlySpan<ushort> values)
    {
        Span<byte> bytes = stackalloc byte[2];
        foreach (ushort value in values)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, IsBigEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
            _file.AddRange(bytes);
        }
    }
}
