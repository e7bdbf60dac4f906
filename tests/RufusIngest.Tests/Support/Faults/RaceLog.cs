using System.Buffers;
using System.Globalization;
using RufusIngest.Simulators;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The memory of one IPICO box: chips one after the other, each read a few times, with times that never go back.
/// Playing it again from the start adds nothing: the repeats lie in what the gate absorbs.
/// </summary>
static class RaceLog
{
    const int ReadsPerCrossing = 3;

    // Far enough in the past that host time never decides anything.
    static readonly DateTime Start = new(2026, 5, 3, 9, 0, 0, DateTimeKind.Utc);

    /// <summary>Writes a log.</summary>
    /// <param name="seed">Same seed, same bytes.</param>
    /// <param name="crossings">How many passings it makes.</param>
    /// <param name="reader">The box; chips of two boxes differ.</param>
    public static byte[] Write(ulong seed, int crossings, byte reader)
    {
        SplitMix64 random = new(seed + reader);
        List<(DateTime Time, int Chip)> reads = [];
        DateTime time = Start;
        for (int chip = 1; chip <= crossings; chip++)
        {
            time += TimeSpan.FromMilliseconds(10 * random.Next(1, 30));
            DateTime read = time;
            for (int i = 0; i < ReadsPerCrossing; i++, read += TimeSpan.FromMilliseconds(10 * random.Next(2, 20)))
                reads.Add((read, chip));
        }

        ArrayBufferWriter<byte> log = new();
        foreach ((DateTime at, int chip) in reads.OrderBy(read => read.Time).ThenBy(read => read.Chip))
        {
            string tag = string.Create(CultureInfo.InvariantCulture, $"0580{reader:x2}{chip:x6}");
            IpicoFrames.WriteRead(log, reader, tag, 0x0a, 0x2a, at);
        }

        return log.WrittenSpan.ToArray();
    }
}
