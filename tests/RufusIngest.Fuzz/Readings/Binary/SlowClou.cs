namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>CLOU frames the obvious way; none is a read.</summary>
static class SlowClou
{
    public static int LengthAt(byte[] stream, int at) =>
        stream[at] == 0xAA && SlowFrames.At(stream, at, 5) is { } head && (head[3] * 256) + head[4] <= 4096
        && SlowFrames.At(stream, at, 7 + (head[3] * 256) + head[4]) is { } frame
        && SlowFrames.Usual(frame[1..^2], 0x8005, 0) == (frame[^2] * 256) + frame[^1] ? frame.Length : 0;
}
