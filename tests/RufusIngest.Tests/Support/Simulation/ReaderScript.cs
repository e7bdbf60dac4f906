using System.Buffers;
using System.Globalization;
using System.Text;
using RufusIngest.Simulators;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The log of a simulated reader: its bytes, and when each line was there. Bursts, repeated lines, and lines a little
/// out of order; but each chip is read by one reader of a location only and its first read of a crossing comes first,
/// so that the passings do not depend on when the host looks.
/// </summary>
sealed class ReaderScript
{
    readonly List<(int Start, double At)> _lines = [];

    public byte[] Bytes { get; private set; } = [];

    /// <summary>Chips of this reader, as passings name them.</summary>
    public List<string> Chips { get; } = [];

    /// <summary>When the last line was there.</summary>
    public double Seconds { get; private set; }

    /// <summary>Writes the logs of a location's readers.</summary>
    public static void Fill(ReaderScript[] scripts, int location, RacePlan plan)
    {
        Random random = plan.Random;
        int first = location * plan.ReadersALocation;
        var reads = new List<Read>[plan.ReadersALocation];
        for (int i = 0; i < reads.Length; i++)
            reads[i] = [];
        HashSet<int> taken = [];
        double spread = 5 + (random.NextDouble() * 25);
        for (int chip = 0; chip < plan.Chips; chip++)
        {
            int reader = chip % reads.Length;
            string name = string.Create(CultureInfo.InvariantCulture, $"0580{location:x2}{chip:x6}");
            scripts[first + reader].Chips.Add(name);
            double at = random.NextDouble() * spread;
            for (int lap = 0; lap < plan.Laps; lap++, at += 6.5 + (random.NextDouble() * 6))
                AddCrossing(reads[reader], name, at, taken, random);
        }

        int clockError = random.Next(-3_600, 240);
        for (int i = 0; i < reads.Length; i++)
            scripts[first + i].Write(reads[i], plan.Protocol, clockError, random);
    }

    /// <summary>How many bytes are there at a moment.</summary>
    public int ProducedAt(double seconds)
    {
        int low = 0;
        int high = _lines.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_lines[middle].At <= seconds)
                low = middle + 1;
            else
                high = middle;
        }

        return low == _lines.Count ? Bytes.Length : _lines[low].Start;
    }

    /// <summary>Where a line begins, at or before an offset.</summary>
    public int AnyLineUpTo(int offset, Random random)
    {
        int lines = 0;
        while (lines < _lines.Count && _lines[lines].Start <= offset)
            lines++;
        return lines == 0 ? 0 : _lines[Math.Max(0, lines - 1 - random.Next(6))].Start;
    }

    static void AddCrossing(List<Read> reads, string chip, double at, HashSet<int> taken, Random random)
    {
        int hundredths = (int)(at * 100);
        while (!taken.Add(hundredths))
            hundredths++;
        int hits = random.Next(1, 5);
        for (int hit = 0; hit < hits; hit++, hundredths += random.Next(1, 40))
            reads.Add(new Read(hundredths, chip, hit == 0));
    }

    void Write(List<Read> reads, string protocol, int clockError, Random random)
    {
        Read[] ordered = [.. reads.OrderBy(read => read.Hundredths)];
        for (int i = 1; i < ordered.Length; i++)
        {
            if (!ordered[i].IsFirst && !ordered[i - 1].IsFirst && random.Next(5) == 0)
                (ordered[i - 1], ordered[i]) = (ordered[i], ordered[i - 1]);
        }

        ArrayBufferWriter<byte> bytes = new();
        double at = 0;
        foreach (Read read in ordered)
        {
            at = Math.Max(at, (read.Hundredths / 100.0) + 0.05);
            for (int repeat = random.Next(8) == 0 ? 2 : 1; repeat > 0; repeat--)
            {
                _lines.Add((bytes.WrittenCount, at));
                WriteLine(bytes, read, protocol, clockError);
            }
        }

        Bytes = bytes.WrittenSpan.ToArray();
        Seconds = at;
    }

    static void WriteLine(ArrayBufferWriter<byte> bytes, Read read, string protocol, int clockError)
    {
        long ms = CoreRun.Start + (clockError * 1000L) + (read.Hundredths * 10L);
        if (protocol == "ipico")
        {
            DateTime local = DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
            IpicoFrames.WriteRead(bytes, 0, read.Chip, 0x10, 0x10, local);
        }
        else
        {
            string line = string.Create(CultureInfo.InvariantCulture, $"{read.Chip} {ms}\n");
            Encoding.UTF8.GetBytes(line, bytes);
        }
    }

    readonly record struct Read(int Hundredths, string Chip, bool IsFirst);
}
