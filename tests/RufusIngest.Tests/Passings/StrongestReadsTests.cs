using CsCheck;
using RufusIngest.Passings;

namespace RufusIngest.Tests.Passings;

public sealed class StrongestReadsTests
{
    /// <summary>Few instants and strengths, so that repeats, ties and more than 32 different reads all occur.</summary>
    static readonly Gen<(long Time, short Rssi)[]> Reads =
        Gen.Select(Gen.Long[0, 12], Gen.Short[-7_000, -6_992]).Array[0, 200];

    static StrongestReads Of(IEnumerable<(long Time, short Rssi)> reads)
    {
        StrongestReads set = default;
        foreach (var (time, rssi) in reads)
            set.Add(time, rssi);
        return set;
    }

    static (long Time, short Rssi)[] Kept(in StrongestReads set) =>
        [.. set.Samples.ToArray().Select(sample => (sample.Time, sample.RssiCentiDbm))];

    /// <summary>The rule as one would write it down.</summary>
    static (long Time, short Rssi)[] Obvious(IEnumerable<(long Time, short Rssi)> reads) =>
        [.. reads.Distinct().OrderByDescending(read => read.Rssi).ThenBy(read => read.Time).Take(32)];

    [Fact]
    public void It_is_empty_until_a_read_comes_and_after_clearing()
    {
        StrongestReads set = default;
        Assert.Empty(Kept(set));
        set.Add(5, -4_000);
        Assert.Equal([(5, -4_000)], Kept(set));
        set.Clear();
        Assert.Empty(Kept(set));
        set.Add(6, -7_000);
        Assert.Equal([(6, -7_000)], Kept(set));
    }

    [Fact]
    public void The_strongest_read_comes_first_and_of_equally_strong_ones_the_earliest()
    {
        StrongestReads set = Of([(3, -5_000), (1, -6_000), (2, -4_000), (1, -5_000), (2, -4_000)]);
        Assert.Equal([(2, -4_000), (1, -5_000), (3, -5_000), (1, -6_000)], Kept(set));
    }

    [Fact]
    public void When_it_is_full_the_weakest_goes_and_of_equally_weak_ones_the_latest()
    {
        var equal = Enumerable.Range(1, 32).Select(i => ((long)i * 10, (short)-6_000)).ToArray();
        StrongestReads set = Of(equal);
        set.Add(330, -6_000);
        set.Add(1, -6_100);
        Assert.Equal(equal, Kept(set));
        set.Add(5, -6_000);
        Assert.Equal([(5, -6_000), .. equal[..31]], Kept(set));
        set.Add(400, -5_900);
        Assert.Equal([(400, -5_900), (5, -6_000), .. equal[..30]], Kept(set));
    }

    [Fact]
    public void It_keeps_what_sorting_all_reads_keeps_in_any_order_and_with_any_repeats() =>
        Gen.Select(Reads, Gen.Int).Sample((reads, seed) =>
        {
            var expected = Obvious(reads);
            Assert.Equal(expected, Kept(Of(reads)));
            Random random = new(seed);
            Assert.Equal(expected, Kept(Of(reads.Concat(reads).OrderBy(_ => random.Next()))));
        });

    [Fact]
    public void Two_bursts_become_one_as_if_all_reads_had_come_to_it() =>
        Gen.Select(Reads, Reads).Sample((one, other) =>
        {
            StrongestReads set = Of(one);
            set.AddAll(Of(other));
            Assert.Equal(Obvious(one.Concat(other)), Kept(set));
            StrongestReads same = set;
            set.AddAll(set);
            Assert.Equal(Kept(same), Kept(set));
        });

    [Fact]
    public void A_copy_is_its_own()
    {
        StrongestReads set = Of([(1, -4_000)]);
        StrongestReads copy = set;
        copy.Add(2, -3_000);
        Assert.Equal([(1, -4_000)], Kept(set));
    }
}
