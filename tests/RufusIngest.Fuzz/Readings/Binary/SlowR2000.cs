using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The A0 protocol the obvious way.</summary>
static class SlowR2000
{
    public static byte[] Frame(byte address, byte command, params byte[] data)
    {
        byte[] bytes = [0xA0, (byte)(data.Length + 3), address, command, .. data];
        return [.. bytes, SlowFrames.NegatedSum(bytes)];
    }

    public static int LengthAt(byte[] stream, int at) =>
        stream[at] == 0xA0 && at + 1 < stream.Length && stream[at + 1] >= 3
        && SlowFrames.At(stream, at, stream[at + 1] + 2) is { } frame && frame.Sum(b => b) % 256 == 0
            ? frame.Length : 0;

    public static List<SlowRead> ReadsOf(byte[] frame, bool isBattery = false)
    {
        byte[] data = frame[4..^1];
        if (frame[3] is 0x89 or 0x8A or 0x8B && frame[1] != 10 && data.Length >= 4)
        {
            int antenna = isBattery ? 0 : (data[0] % 4) + 1;
            return [.. ReadOf(data[1..^1], data[0], data[^1], antenna, 1)];
        }

        if (frame[3] is 0x90 or 0x91 && data.Length > 6 && data[2] == data.Length - 6 && data[2] >= 2)
            return [.. ReadOf(data[3..^5], data[^2], data[^3], (data[^2] % 4) + 1, Math.Max((byte)1, data[^1]))];
        return [];
    }

    static IEnumerable<SlowRead> ReadOf(byte[] pcAndEpc, byte place, byte signal, int antenna, int hits)
    {
        if (pcAndEpc.Length < 2 || (pcAndEpc[0] >> 3) * 2 != pcAndEpc.Length - 2)
            yield break;
        if (SlowRead.EpcOf(pcAndEpc[2..]) is { } chip)
        {
            yield return new SlowRead(chip)
            {
                Antenna = antenna,
                Hits = hits,
                Rssi = signal < 128 ? (signal - 129) * 100 : ChipRead.NoRssi,
                Detail = place + ((ulong)signal * 256),
            };
        }
    }
}
