using System.Buffers.Binary;

namespace RufusIngest.Tool.Pcap;

/// <summary>A packet as a capture file holds it.</summary>
/// <param name="Time">When it was captured, ticks since 1970-01-01 UTC, or 0 when the file does not say.</param>
/// <param name="LinkType">How its bytes begin, as libpcap numbers it.</param>
/// <param name="Length">Bytes captured; they lie at the front of the reader's buffer.</param>
readonly record struct Packet(long Time, int LinkType, int Length);

/// <summary>
/// Reads the packets of a pcap or pcapng file, in either byte order, one after the other. What is damaged ends the
/// reading and is said, never thrown. Single-threaded; the stream stays the caller's.
/// </summary>
/// <remarks>
/// Of our own: the packages that read these files want libpcap installed (SharpPcap), are heavy for what is asked here
/// (PacketDotNet), or have had no release for years, and none of them puts TCP streams together.
/// </remarks>
sealed class PacketFile(Stream stream)
{
    /// <summary>Longer packets are taken for damage; libpcap's own bound.</summary>
    public const int MaxPacketBytes = 262_144;

    const uint SectionBlock = 0x0A0D0D0A;
    const uint InterfaceBlock = 1;
    const uint OldPacketBlock = 2;
    const uint SimplePacketBlock = 3;
    const uint EnhancedPacketBlock = 6;
    const int MaxInterfaces = 1024;
    const int MaxInterfaceBlock = 64 * 1024;

    readonly byte[] _buffer = new byte[MaxPacketBytes + 64];
    readonly List<Interface> _interfaces = [];
    bool _isStarted;
    bool _isNextGeneration;
    bool _isBigEndian;
    bool _isNano;
    int _linkType;

    /// <summary>One interface of a pcapng section.</summary>
    /// <param name="LinkType">As libpcap numbers it.</param>
    /// <param name="SnapLength">Bytes kept of a packet at most; 0: all.</param>
    /// <param name="Resolution">The option's byte: 10^−n, or 2^−n with the high bit.</param>
    /// <param name="Offset">Seconds to add.</param>
    readonly record struct Interface(int LinkType, uint SnapLength, byte Resolution, long Offset);

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>What ended the reading before the file's end, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>The bytes of the packet taken last.</summary>
    public ReadOnlySpan<byte> BytesOf(in Packet packet) => _buffer.AsSpan(0, packet.Length);

    public static bool IsPacketFile(ReadOnlySpan<byte> head)
    {
        if (head.Length < 4)
            return false;
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(head);
        return magic == SectionBlock || IsOld(magic) || IsOld(BinaryPrimitives.ReverseEndianness(magic));
    }

    static bool IsOld(uint magic) => magic is 0xA1B2C3D4 or 0xA1B23C4D;

    /// <summary>Takes the next packet; false at the end and at what cannot be read.</summary>
    public bool Next(out Packet packet)
    {
        packet = default;
        if (Problem is not null || (!_isStarted && !Start()))
            return false;
        return _isNextGeneration ? NextBlock(out packet) : NextRecord(out packet);
    }

    bool Start()
    {
        _isStarted = true;
        if (!Fill(0, 4))
            return Fail("is no capture of packets");
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(_buffer);
        if (magic == SectionBlock)
        {
            _isNextGeneration = true;
            return StartSection();
        }

        _isBigEndian = IsOld(magic);
        _isNano = (_isBigEndian ? magic : BinaryPrimitives.ReverseEndianness(magic)) == 0xA1B23C4D;
        if (!Fill(0, 20))
            return Fail("ends in its header");
        _linkType = (int)(U32(16) & 0xFFFF); // Above it stand flags about the frame check sequence.
        return true;
    }

    bool NextRecord(out Packet packet)
    {
        packet = default;
        int read = FillSome(16);
        if (read == 0)
            return false;
        if (read < 16)
            return Fail("ends inside a packet");
        uint length = U32(8);
        long time = Ticks(U32(0), U32(4), _isNano ? 1_000_000_000u : 1_000_000u);
        if (length > MaxPacketBytes)
            return Fail($"has a packet of {length:N0} bytes");
        if (!Fill(0, (int)length))
            return Fail("ends inside a packet");
        packet = new Packet(time, _linkType, (int)length);
        return true;
    }

    bool NextBlock(out Packet packet)
    {
        packet = default;
        while (true)
        {
            int read = FillSome(4);
            if (read == 0)
                return false;
            if (read < 4)
                return Fail("ends inside a block");
            uint type = U32(0);
            // The type of a section's block reads the same in both orders, and its order is still to be learnt.
            if (type == SectionBlock)
            {
                if (!StartSection())
                    return false;
                continue;
            }

            if (!Fill(0, 4))
                return Fail("ends inside a block");
            long body = (long)U32(0) - 12;
            if (body < 0 || body > int.MaxValue)
                return Fail($"has a block of {body + 12:N0} bytes");
            if (!ReadBlock(type, (int)body, ref packet))
                return false;
            if (packet.LinkType >= 0 && type is OldPacketBlock or SimplePacketBlock or EnhancedPacketBlock)
                return true;
        }
    }

    /// <summary>Reads a block behind its type and length, with the length that ends it.</summary>
    bool ReadBlock(uint type, int body, ref Packet packet)
    {
        int padded = body + 4; // The length again.
        switch (type)
        {
            case InterfaceBlock when body is >= 8 and <= MaxInterfaceBlock && _interfaces.Count < MaxInterfaces:
                if (!Fill(0, padded))
                    return Fail("ends inside a block");
                _interfaces.Add(ReadInterface(_buffer.AsSpan(0, body)));
                return true;
            case OldPacketBlock or SimplePacketBlock or EnhancedPacketBlock when padded <= _buffer.Length:
                return Fill(0, padded) ? ReadPacket(type, body, out packet) : Fail("ends inside a packet");
            case OldPacketBlock or SimplePacketBlock or EnhancedPacketBlock:
                return Fail($"has a packet of {body:N0} bytes");
            default:
                return Skip(padded) || Fail("ends inside a block");
        }
    }

    bool ReadPacket(uint type, int body, out Packet packet)
    {
        packet = default;
        int head = type == SimplePacketBlock ? 4 : 20;
        int index = type == EnhancedPacketBlock ? (int)Math.Min(U32(0), int.MaxValue)
            : type == OldPacketBlock ? U16(0)
            : 0;
        if (body < head || index >= _interfaces.Count)
            return Fail("has a packet of an interface that it does not describe");
        Interface one = _interfaces[index];
        uint length = type == SimplePacketBlock ? U32(0) : U32(12);
        if (type == SimplePacketBlock)
            length = Math.Min(one.SnapLength == 0 ? length : Math.Min(length, one.SnapLength), (uint)(body - head));
        if (length > body - head)
            return Fail("has a packet longer than its block");
        long time = type == SimplePacketBlock ? 0 : Ticks(((ulong)U32(4) << 32) | U32(8), one);
        _buffer.AsSpan(head, (int)length).CopyTo(_buffer);
        packet = new Packet(time, one.LinkType, (int)length);
        return true;
    }

    /// <summary>Behind the type of a section's block: its length, the mark of its byte order, and the rest.</summary>
    bool StartSection()
    {
        if (!Fill(0, 8))
            return Fail("ends in its header");
        uint mark = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(4));
        if (mark is not (0x1A2B3C4D or 0x4D3C2B1A))
            return Fail("has a section without a byte order");
        _isBigEndian = mark == 0x1A2B3C4D;
        _interfaces.Clear();
        long rest = (long)U32(0) - 12;
        return rest is >= 0 and <= int.MaxValue && Skip((int)rest) || Fail("ends in its header");
    }

    Interface ReadInterface(ReadOnlySpan<byte> body)
    {
        Interface one = new(U16(0), U32(4), 6, 0);
        for (int at = 8; at + 4 <= body.Length;)
        {
            int code = U16(at);
            int length = U16(at + 2);
            at += 4;
            if (code == 0 || at + length > body.Length)
                break;
            if (code == 9 && length >= 1)
                one = one with { Resolution = body[at] };
            if (code == 14 && length >= 8)
                one = one with { Offset = (long)U64(at) };
            at += (length + 3) & ~3;
        }

        return one;
    }

    static long Ticks(ulong units, Interface one)
    {
        int exponent = one.Resolution & 0x7F;
        bool isBinary = (one.Resolution & 0x80) != 0;
        if (exponent > (isBinary ? 63 : 19))
            return 0;
        ulong perSecond = 1;
        for (int i = 0; i < exponent; i++)
            perSecond *= isBinary ? 2u : 10u;
        long seconds = (long)Math.Min(units / perSecond, long.MaxValue / 2);
        long offset = Math.Clamp(one.Offset, long.MinValue / 2, long.MaxValue / 2);
        return Ticks(seconds + offset, units % perSecond, perSecond);
    }

    /// <summary>0 for what is no date that a receive time can be.</summary>
    static long Ticks(long seconds, ulong fraction, ulong perSecond)
    {
        if (seconds <= 0 || seconds > 253_000_000_000 || fraction >= perSecond)
            return 0;
        return (seconds * TimeSpan.TicksPerSecond) + (long)(UInt128.One * fraction * TimeSpan.TicksPerSecond / perSecond);
    }

    uint U32(int at) => _isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(at))
        : BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(at));

    ushort U16(int at) => _isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(at))
        : BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(at));

    ulong U64(int at) => _isBigEndian
        ? BinaryPrimitives.ReadUInt64BigEndian(_buffer.AsSpan(at))
        : BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(at));

    bool Fail(string problem)
    {
        Problem ??= $"{problem}, at byte {Position:N0}";
        return false;
    }

    int FillSome(int length)
    {
        int read = stream.ReadAtLeast(_buffer.AsSpan(0, length), length, throwOnEndOfStream: false);
        Position += read;
        return read;
    }

    bool Fill(int at, int length)
    {
        int read = stream.ReadAtLeast(_buffer.AsSpan(at, length), length, throwOnEndOfStream: false);
        Position += read;
        return read == length;
    }

    bool Skip(int length)
    {
        while (length > 0)
        {
            int piece = Math.Min(length, _buffer.Length);
            if (!Fill(0, piece))
                return false;
            length -= piece;
        }

        return true;
    }
}
