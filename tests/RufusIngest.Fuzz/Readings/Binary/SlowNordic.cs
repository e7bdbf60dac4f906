namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>Nordic ID packets the obvious way.</summary>
static class SlowNordic
{
    public static int LengthAt(byte[] stream, int at)
    {
        if (stream[at] != 0xA5 || at + 6 > stream.Length)
            return 0;
        int length = stream[at + 1] + (stream[at + 2] * 256);
        int check = stream[at..(at + 5)].Aggregate(0xFF, (value, b) => value ^ b);
        return length is >= 3 and <= 8191 && stream[at + 5] == check && SlowFrames.At(stream, at, length + 6) is { } packet
            && SlowFrames.Usual(packet[6..^2], 0x1021, 0xFFFF) == packet[^2] + (packet[^1] * 256) ? packet.Length : 0;
    }

    public static List<SlowRead> ReadsOf(byte[] packet)
    {
        if (packet.Length < 11 || packet[6] != 7 || packet[7] != 0)
            return [];
        List<byte[]>? entries = Entries(packet[8..^2], true) ?? Entries(packet[8..^2], false);
        return [.. (entries ?? []).SelectMany(ReadOf)];
    }

    static List<byte[]>? Entries(byte[] bytes, bool withLengths)
    {
        List<byte[]> entries = [];
        while (bytes.Length > 0)
        {
            int skipped = withLengths ? 1 : 0;
            if (bytes.Length < skipped + 13)
                return null;
            int length = 13 + ((bytes[skipped + 10] >> 3) * 2) + bytes[skipped + 8];
            if (bytes.Length < skipped + length || (withLengths && bytes[0] != length))
                return null;
            entries.Add(bytes[skipped..(skipped + length)]);
            bytes = bytes[(skipped + length)..];
        }

        return entries;
    }

    static IEnumerable<SlowRead> ReadOf(byte[] entry)
    {
        if (SlowRead.EpcOf(entry[13..(13 + ((entry[10] >> 3) * 2))]) is { } chip)
        {
            yield return new SlowRead(chip)
            {
                Rssi = (sbyte)entry[0] * 100,
                Detail = entry[2] + ((ulong)entry[3] * 256),
                Antenna = entry[12],
            };
        }
    }
}
