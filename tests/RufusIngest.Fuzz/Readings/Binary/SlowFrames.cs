namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The good frames of a binary stream and their checks, found out the obvious way.</summary>
static class SlowFrames
{
    /// <summary>
    /// Right behind a good frame the good one that begins there; else, and at the beginning, of all that follow the one
    /// that ends first.
    /// </summary>
    /// <param name="stream">The whole stream.</param>
    /// <param name="lengthAt">The length of the good frame at a place, or 0.</param>
    public static List<byte[]> Of(byte[] stream, Func<byte[], int, int> lengthAt)
    {
        List<byte[]> frames = [];
        int[] lengths = [.. Enumerable.Range(0, stream.Length).Select(at => lengthAt(stream, at))];
        int from = 0;
        while (from < stream.Length)
        {
            int start = frames.Count > 0 && lengths[from] > 0
                ? from
                : Enumerable.Range(from, stream.Length - from).Where(at => lengths[at] > 0)
                    .OrderBy(at => at + lengths[at]).ThenBy(at => at).FirstOrDefault(-1);
            if (start < 0)
                break;
            from = start + lengths[start];
            frames.Add(stream[start..from]);
        }

        return frames;
    }

    /// <summary>The bytes of a frame of that length, or null where the stream ends before.</summary>
    public static byte[]? At(byte[] stream, int at, int length) =>
        at + length <= stream.Length ? stream[at..(at + length)] : null;

    public static int Amb(IEnumerable<byte> bytes)
    {
        int register = 0xFFFF;
        foreach (byte b in bytes)
            register = ((Shifted(register & 0xFF00, 0x1021) ^ (register << 8)) & 0xFFFF) ^ b;
        return register;
    }

    public static int Usual(IEnumerable<byte> bytes, int polynomial, int start) =>
        bytes.Aggregate(start, (register, b) => Shifted(register ^ (b << 8), polynomial));

    static int Shifted(int register, int polynomial)
    {
        for (int bit = 0; bit < 8; bit++)
            register = ((register << 1) ^ ((register & 0x8000) != 0 ? polynomial : 0)) & 0xFFFF;
        return register;
    }

    public static int Mcrf4xx(IEnumerable<byte> bytes)
    {
        int register = 0xFFFF;
        foreach (byte b in bytes)
        {
            register ^= b;
            for (int bit = 0; bit < 8; bit++)
                register = (register >> 1) ^ ((register & 1) != 0 ? 0x8408 : 0);
        }

        return register;
    }

    /// <summary>The byte that makes the sum of all a multiple of 256.</summary>
    public static byte NegatedSum(IEnumerable<byte> bytes) => (byte)-bytes.Sum(b => b);
}
