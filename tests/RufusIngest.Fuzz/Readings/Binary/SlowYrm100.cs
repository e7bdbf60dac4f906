namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>The BB … 7E protocol the obvious way.</summary>
static class SlowYrm100
{
    public static byte[] Frame(byte type, byte command, params byte[] parameters)
    {
        byte[] bytes = [type, command, (byte)(parameters.Length >> 8), (byte)parameters.Length, .. parameters];
        return [0xBB, .. bytes, (byte)bytes.Sum(b => b), 0x7E];
    }

    public static int LengthAt(byte[] stream, int at)
    {
        if (stream[at] != 0xBB || at + 5 > stream.Length)
            return 0;
        int length = (stream[at + 3] * 256) + stream[at + 4];
        return length <= 512 && SlowFrames.At(stream, at, length + 7) is { } frame && frame[^1] == 0x7E
            && frame[1..^2].Sum(b => b) % 256 == frame[^2] ? frame.Length : 0;
    }

    public static List<SlowRead> ReadsOf(byte[] frame)
    {
        byte[] parameters = frame[5..^2];
        if (frame[1] != 2 || frame[2] != 0x22 || parameters.Length < 5
            || (parameters[1] >> 3) * 2 != parameters.Length - 5)
            return [];
        return SlowRead.EpcOf(parameters[3..^2]) is { } chip
            ? [new SlowRead(chip) { Antenna = 1, Rssi = (sbyte)parameters[0] * 100 }]
            : [];
    }
}
