using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The UHFReader18 family the obvious way.</summary>
static class SlowUhfReader18
{
    /// <summary>A frame with its length and CRC; of an answer the data begin with the status.</summary>
    public static byte[] Frame(byte address, byte command, params byte[] data)
    {
        byte[] bytes = [(byte)(data.Length + 4), address, command, .. data];
        int crc = SlowFrames.Mcrf4xx(bytes);
        return [.. bytes, (byte)crc, (byte)(crc >> 8)];
    }

    public static int LengthAt(byte[] stream, int at) =>
        stream[at] >= 4 && SlowFrames.At(stream, at, stream[at] + 1) is { } frame
        && Frame(frame[1], frame[2], frame[3..^2]).SequenceEqual(frame) ? frame.Length : 0;

    /// <param name="frame">A good frame.</param>
    /// <param name="family">18 or 288 of the last answer that told, at first 0; changed by this one.</param>
    /// <param name="isFixed">The family is known, and stays.</param>
    public static List<SlowRead> ReadsOf(byte[] frame, ref int family, bool isFixed = false)
    {
        if (frame.Length < 7)
            return [];
        byte[] data = frame[4..^2];
        if (frame[2] == 0xEE && frame[3] == 0)
            return data.Length >= 3 && data.Length >= data[1] + 3
                ? [.. ReadOf(data[2..(2 + data[1])], data[0], data[2 + data[1]])]
                : [];
        if (frame[2] != 1 || frame[3] is < 1 or > 4)
            return [];
        List<SlowRead>? old = isFixed && family != 18 ? null : Tags(data, 0, false);
        List<SlowRead>? modern = data.Length < 2 || (isFixed && family != 288) ? null : Tags(data[1..], data[0], true);
        if (old is not null && modern is not null)
            return family == 18 ? old : modern;
        if (old is not null || modern is not null)
            family = old is not null ? 18 : 288;
        return old ?? modern ?? [];
    }

    /// <summary>Null where the tags do not fill the bytes.</summary>
    static List<SlowRead>? Tags(byte[] bytes, byte antennas, bool hasSignal)
    {
        List<SlowRead> reads = [];
        int at = 1;
        for (int tag = 0; tag < bytes[0]; tag++)
        {
            if (at == bytes.Length)
                return null;
            int length = bytes[at];
            bool hasSerial = hasSignal && length >= 128;
            length -= hasSerial ? 128 : 0;
            int end = at + 1 + length + (hasSignal ? 1 : 0);
            if (end > bytes.Length)
                return null;
            byte[] epc = bytes[(at + 1)..(at + 1 + length)];
            epc = hasSerial && length > 12 ? epc[..^12] : epc;
            reads.AddRange(ReadOf(epc, antennas, hasSignal ? bytes[end - 1] : (byte)0));
            at = end;
        }

        return at == bytes.Length ? reads : null;
    }

    static IEnumerable<SlowRead> ReadOf(byte[] epc, byte antennas, byte signal)
    {
        if (SlowRead.EpcOf(epc) is not { } chip)
            yield break;
        int antenna = antennas switch { 1 => 1, 2 => 2, 4 => 3, 8 => 4, 16 => 5, 32 => 6, 64 => 7, 128 => 8, _ => 0 };
        yield return new SlowRead(chip)
        {
            Antenna = antenna,
            Detail = signal,
            Flags = ReadFlags.NoTime | (antenna == 0 && antennas != 0 ? ReadFlags.FieldDropped : 0),
        };
    }
}
