using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The CF protocol the obvious way.</summary>
static class SlowCfPrime
{
    /// <summary>A frame with its CRC; of an answer the data begin with the status.</summary>
    public static byte[] Frame(byte address, int command, params byte[] data)
    {
        byte[] bytes = [0xCF, address, (byte)(command >> 8), (byte)command, (byte)data.Length, .. data];
        int crc = SlowFrames.Mcrf4xx(bytes);
        return [.. bytes, (byte)(crc >> 8), (byte)crc];
    }

    public static int LengthAt(byte[] stream, int at) =>
        stream[at] == 0xCF && at + 4 < stream.Length && SlowFrames.At(stream, at, stream[at + 4] + 7) is { } frame
        && Frame(frame[1], (frame[2] * 256) + frame[3], frame[5..^2]).SequenceEqual(frame) ? frame.Length : 0;

    public static List<SlowRead> ReadsOf(byte[] frame)
    {
        byte[] data = frame[5..^2];
        if (frame[2] != 0 || frame[3] != 1 || data.Length < 6 || data[0] != 0 || data[5] > data.Length - 6
            || SlowRead.EpcOf(data[6..(6 + data[5])]) is not { } chip)
            return [];
        int signal = (short)((data[1] * 256) + data[2]) * 10;
        bool isSignal = signal is > short.MinValue and <= short.MaxValue;
        return
        [
            new SlowRead(chip)
            {
                Rssi = isSignal ? signal : ChipRead.NoRssi,
                Antenna = data[3],
                Detail = data[4],
                Flags = ReadFlags.NoTime | (isSignal ? 0 : ReadFlags.FieldDropped),
            },
        ];
    }
}
