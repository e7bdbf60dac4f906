namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The Mercury protocol the obvious way.</summary>
static class SlowMercury
{
    /// <summary>An answer of the module.</summary>
    public static byte[] Answer(byte opcode, int status, params byte[] data) =>
        WithCrc([(byte)data.Length, opcode, (byte)(status >> 8), (byte)status, .. data]);

    /// <summary>A command of the host.</summary>
    public static byte[] Command(byte opcode, params byte[] data) => WithCrc([(byte)data.Length, opcode, .. data]);

    static byte[] WithCrc(byte[] bytes)
    {
        int crc = SlowFrames.Amb(bytes);
        return [0xFF, .. bytes, (byte)(crc >> 8), (byte)crc];
    }

    public static int LengthAt(byte[] stream, int at)
    {
        if (stream[at] != 0xFF || at + 1 == stream.Length)
            return 0;
        foreach (int around in (int[])[7, 5])
        {
            int length = stream[at + 1] + around;
            if (SlowFrames.At(stream, at, length) is { } frame && WithCrc(frame[1..^2]).SequenceEqual(frame))
                return length;
        }

        return 0;
    }

    public static List<SlowRead> ReadsOf(byte[] frame)
    {
        bool isAnswer = frame.Length == frame[1] + 7;
        if (!isAnswer || frame[3] != 0 || frame[4] != 0)
            return [];
        Queue<byte> data = new(frame[5..^2]);
        List<SlowRead> reads = [];
        try
        {
            if (frame[2] == 0x29)
                TakeBuffered(data, reads);
            else if (frame[2] == 0x22 && frame[1] != 10)
                TakeStreamed(data, reads);
        }
        catch (InvalidOperationException)
        {
            return []; // The queue is empty too early.
        }

        return data.Count == 0 ? reads : [];
    }

    static void TakeBuffered(Queue<byte> data, List<SlowRead> reads)
    {
        int flags = Word(data);
        _ = data.Dequeue();
        for (int count = data.Dequeue(); count > 0; count--)
            TakeTag(data, flags, reads);
    }

    static void TakeStreamed(Queue<byte> data, List<SlowRead> reads)
    {
        bool hasFlags = (data.Dequeue() & 0x10) != 0;
        _ = Word(data);
        int flags = hasFlags ? Word(data) : 0;
        if (data.Dequeue() == 1)
            TakeTag(data, flags, reads);
        else
            data.Clear();
    }

    static void TakeTag(Queue<byte> data, int flags, List<SlowRead> reads)
    {
        SlowRead read = new("");
        if ((flags & 0x01) != 0)
            read.Hits = Math.Max((byte)1, data.Dequeue());
        if ((flags & 0x02) != 0)
            read.Rssi = (sbyte)data.Dequeue() * 100;
        if ((flags & 0x04) != 0)
            read.Antenna = data.Dequeue() >> 4;
        if ((flags & 0x04) != 0 && read.Antenna == 0)
            read.Antenna = 16;
        if ((flags & 0x08) != 0)
            _ = Bytes(data, 3);
        if ((flags & 0x10) != 0)
            read.Detail = ((ulong)Word(data) << 16) | (uint)Word(data);
        if ((flags & 0x20) != 0)
            read.Detail |= (ulong)Word(data) << 32;
        if ((flags & 0x40) != 0)
            _ = data.Dequeue();
        if ((flags & 0x80) != 0)
            _ = Bytes(data, (Word(data) + 7) / 8);
        if ((flags & 0x100) != 0)
            _ = data.Dequeue();
        int bits = Word(data);
        byte[] tag = Bytes(data, (bits + 7) / 8);
        if (bits % 8 == 0 && EpcOf(tag) is { } chip)
            reads.Add(read with { Chip = chip });
    }

    static string? EpcOf(byte[] tag)
    {
        if (tag.Length < 4)
            return null;
        int before = (tag[0] & 0x02) == 0 ? 2 : (tag[2] & 0x80) == 0 ? 4 : 6;
        return tag.Length < before + 2 ? null : SlowRead.EpcOf(tag[before..^2]);
    }

    static int Word(Queue<byte> data) => (data.Dequeue() << 8) | data.Dequeue();

    static byte[] Bytes(Queue<byte> data, int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count; at++)
            bytes[at] = data.Dequeue();
        return bytes;
    }
}
