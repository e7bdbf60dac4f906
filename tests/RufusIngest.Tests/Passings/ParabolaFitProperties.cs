using CsCheck;
using RufusIngest.Passings;

namespace RufusIngest.Tests.Passings;

public sealed class ParabolaFitProperties
{
    const long Start = 17_800_000_000_000_000;
    const long Millisecond = TimeSpan.TicksPerMillisecond;

    /// <summary>
    /// Bursts of 0 to 60 reads in whole ms over up to 4 s: a parabola with noise, a spike or null now and then, repeats
    /// and several reads of one instant.
    /// </summary>
    static readonly Gen<(long Time, short Rssi)[]> Bursts = Gen.Select(
        Gen.Int[20, 4_000],
        Gen.Double[-0.2, 1.2],
        Gen.Int[0, 3_000],
        Gen.Select(Gen.Double.Unit, Gen.Int[-300, 300], Gen.Int[0, 15]).Array[0, 60],
        (length, peak, depth, reads) => reads.Select(read =>
        {
            double distance = read.Item1 - peak;
            int odd = read.Item3 == 0 ? 1_500 : read.Item3 == 1 ? -2_000 : 0;
            long time = Start + ((long)(read.Item1 * length) * Millisecond);
            return (time, (short)(-4_200 - (4 * depth * distance * distance) + read.Item2 + odd));
        }).ToArray());

    static long? Vertex(IEnumerable<(long Time, short Rssi)> reads, long first, long last)
    {
        StrongestReads set = default;
        foreach (var (time, rssi) in reads)
            set.Add(time, rssi);
        return ParabolaFit.TryFindVertex(set, first, last, out long vertex) ? vertex : null;
    }

    [Fact]
    public void It_depends_neither_on_the_order_of_reads_nor_on_repeats() =>
        Gen.Select(Bursts, Gen.Int).Sample((reads, seed) =>
        {
            Random random = new(seed);
            Assert.Equal(
                Vertex(reads, Start, Start + (5_000 * Millisecond)),
                Vertex(reads.Concat(reads).OrderBy(_ => random.Next()), Start, Start + (5_000 * Millisecond)));
        });

    [Fact]
    public void It_depends_only_on_distances_in_time() =>
        Gen.Select(Bursts, Gen.Long[-1L << 58, 1L << 58]).Sample((reads, shift) =>
        {
            long end = Start + (5_000 * Millisecond);
            var shifted = reads.Select(read => (read.Time + shift, read.Rssi));
            Assert.Equal(Vertex(reads, Start, end) + shift, Vertex(shifted, Start + shift, end + shift));
        });

    [Fact]
    public void It_is_that_of_the_slow_fit_within_a_millisecond()
    {
        int found = 0, missing = 0, unclear = 0;
        Bursts.Sample(reads =>
        {
            var kept = reads.Distinct().OrderByDescending(read => read.Rssi).ThenBy(read => read.Time).Take(32)
                .Select(read => new SignalSample(read.Time, read.Rssi)).ToArray();
            long first = Start, last = Start + (4_000 * Millisecond);
            long? vertex = Vertex(reads, first, last);
            if (kept.Length == 0)
            {
                Assert.Null(vertex);
                return;
            }

            SlowFit.Answer twin = SlowFit.Of(kept);
            double nearest = Math.Max(first, kept[0].Time - 25_000_000);
            double farthest = Math.Min(last, kept[0].Time + 25_000_000);
            double inside = Math.Min(twin.Vertex - nearest, farthest - twin.Vertex);
            if (!twin.Clear || Math.Abs(inside) < Millisecond)
            {
                Interlocked.Increment(ref unclear);
            }
            else if (twin.OpensDown && inside > 0)
            {
                Assert.NotNull(vertex);
                Assert.InRange(vertex.Value, twin.Vertex - Millisecond, twin.Vertex + Millisecond);
                Interlocked.Increment(ref found);
            }
            else
            {
                Assert.Null(vertex);
                Interlocked.Increment(ref missing);
            }
        }, iter: 20_000);
        Assert.True(
            found > 10_000 && missing > 500 && unclear < 1_000, $"{found} found, {missing} not, {unclear} unclear");
    }
}
