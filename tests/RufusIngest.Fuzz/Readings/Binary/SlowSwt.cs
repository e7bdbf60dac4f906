namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The "SW" protocol the obvious way.</summary>
static class SlowSwt
{
    /// <summary>Of the reader; of an answer the data begin with the status.</summary>
    public static byte[] Answer(byte address, byte command, params byte[] data) =>
        Frame("CT"u8.ToArray(), address, command, data);

    /// <summary>Of the host.</summary>
    public static byte[] Command(byte command, params byte[] data) => Frame("SW"u8.ToArray(), 0xFF, command, data);

    static byte[] Frame(byte[] heads, byte address, byte command, byte[] data)
    {
        int length = data.Length + 3;
        byte[] bytes = [.. heads, (byte)(length >> 8), (byte)length, address, command, .. data];
        return [.. bytes, SlowFrames.NegatedSum(bytes)];
    }

    public static int LengthAt(byte[] stream, int at)
    {
        if (at + 4 > stream.Length || (stream[at], stream[at + 1]) is not ((0x43, 0x54) or (0x53, 0x57)))
            return 0;
        int length = (stream[at + 2] * 256) + stream[at + 3];
        return length is >= 3 and <= 1024 && SlowFrames.At(stream, at, length + 4) is { } frame
            && frame.Sum(b => b) % 256 == 0 ? frame.Length : 0;
    }

    public static List<SlowRead> ReadsOf(byte[] frame)
    {
        bool isActive = frame[5] == 0x45;
        int before = isActive ? 8 : 2;
        if (frame[0] != 0x43 || frame.Length < 8 + before || frame[5] is not (0x45 or 0x01))
            return [];
        byte[] data = frame[7..^1];
        int count = isActive ? data[7] : (data[0] * 256) + data[1];
        ulong serial = isActive ? data[..7].Aggregate(0UL, (sum, b) => (sum * 256) + b) : 0;
        List<byte[]> tags = [];
        byte[] rest = data[before..];
        while (rest.Length > 0)
        {
            if (rest[0] < 3 || rest[0] >= rest.Length)
                return [];
            tags.Add(rest[1..(1 + rest[0])]);
            rest = rest[(1 + rest[0])..];
        }

        return tags.Count == count ? [.. tags.SelectMany(tag => ReadOf(tag, serial))] : [];
    }

    static IEnumerable<SlowRead> ReadOf(byte[] tag, ulong serial)
    {
        if (SlowRead.EpcOf(tag[2..^1]) is { } chip)
            yield return new SlowRead(chip) { Antenna = tag[1], Detail = serial | ((ulong)tag[^1] << 56) };
    }
}
