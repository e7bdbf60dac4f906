namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>FEIG frames the obvious way.</summary>
static class SlowFeig
{
    public static int LengthAt(byte[] stream, int at)
    {
        int length = stream[at];
        if (length == 2)
            length = at + 2 < stream.Length && Word(stream, at + 1) is >= 7 and <= 8192 ? Word(stream, at + 1) : 0;
        return length >= 5 && SlowFrames.At(stream, at, length) is { } frame
            && SlowFrames.Mcrf4xx(frame[..^2]) == frame[^2] + (frame[^1] * 256) ? length : 0;
    }

    public static List<SlowRead> ReadsOf(byte[] frame)
    {
        byte[] body = frame[0] == 2 ? frame[4..^2] : frame[2..^2];
        if (body.Length < 5 || body[0] != 0x22 || body[1] is not (0x00 or 0x84 or 0x85))
            return [];
        int fields = body[2];
        byte[] rest = body[(fields >= 128 ? 4 : 3)..];
        if (rest.Length < 2)
            return [];
        int count = Word(rest, 0);
        List<byte[]>? records = Records(rest[2..], count, 0) ?? Records(rest[2..], count, 2);
        return [.. (records ?? []).SelectMany(record => ReadOf(record, fields))];
    }

    static List<byte[]>? Records(byte[] bytes, int count, int counted)
    {
        List<byte[]> records = [];
        for (; count > 0; count--)
        {
            int end = bytes.Length < 2 ? -1 : 2 + Word(bytes, 0) - counted;
            if (end < 2 || end > bytes.Length)
                return null;
            records.Add(bytes[2..end]);
            bytes = bytes[end..];
        }

        return bytes.Length == 0 ? records : null;
    }

    static IEnumerable<SlowRead> ReadOf(byte[] record, int fields)
    {
        if (fields % 2 == 0 || record.Length < 3 || record.Length < 3 + record[2])
            yield break;
        byte[] rest = record[(3 + record[2])..];
        bool hasBlocks = (fields & 2) != 0;
        if (hasBlocks && rest.Length < 2)
            yield break;
        int timer = hasBlocks ? 2 + (rest[0] * rest[1]) : 0;
        int date = timer + ((fields & 0x20) != 0 ? 4 : 0);
        int antenna = date + ((fields & 0x40) != 0 ? 5 : 0);
        int end = antenna + ((fields & 0x10) != 0 ? 1 : 0);
        if (end > rest.Length || SlowRead.EpcOf(record[3..(3 + record[2])]) is not { } chip)
            yield break;
        yield return new SlowRead(chip)
        {
            Antenna = end > antenna ? rest[antenna] : 0,
            Detail = date > timer ? ((ulong)Word(rest, timer) << 16) + (ulong)Word(rest, timer + 2) : 0,
        };
    }

    static int Word(byte[] bytes, int at) => (bytes[at] * 256) + bytes[at + 1];
}
