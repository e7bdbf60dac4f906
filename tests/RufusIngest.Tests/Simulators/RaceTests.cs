using System.Buffers;
using RufusIngest.Simulators;
using Xunit;

namespace RufusIngest.Tests.Simulators;

public sealed class RaceTests
{
    private static readonly Race Default = Race.Generate(new RaceOptions());

    public static TheoryData<ulong> Seeds => [1, 2, 77];

    [Fact]
    public void The_same_seed_gives_the_same_race_byte_for_byte()
    {
        var options = new RaceOptions { Runners = 300, Seed = 9 };
        var first = Race.Generate(options);
        var second = Race.Generate(options);

        Assert.Equal(first.Entries, second.Entries);
        Assert.Equal(first.Crossings, second.Crossings);
        foreach (var (one, two) in first.Scripts.Zip(second.Scripts))
        {
            Assert.Equal(Bytes(one), Bytes(two));
        }
    }

    [Fact]
    public void Another_seed_gives_another_race_on_every_reader()
    {
        var first = Race.Generate(new RaceOptions { Runners = 300, Seed = 9 });
        var second = Race.Generate(new RaceOptions { Runners = 300, Seed = 10 });

        Assert.NotEqual(first.Crossings, second.Crossings);
        foreach (var (one, two) in first.Scripts.Zip(second.Scripts))
        {
            Assert.NotEqual(Bytes(one), Bytes(two));
        }
    }

    [Fact]
    public void A_seed_means_the_same_race_on_every_machine_and_runtime()
    {
        var race = Race.Generate(new RaceOptions { Runners = 10 });

        Assert.Equal(["8ee90477", "e0247ccc", "9c496ff2"], race.Scripts.Select(s => $"{Fnv(Bytes(s)):x8}"));
    }

    [Fact]
    public void Two_thousand_runners_make_one_to_two_hundred_and_fifty_thousand_reads()
    {
        Assert.InRange(Default.ReadCount, 100_000, 250_000);
        Assert.Equal(Default.ReadCount, Default.Scripts.Sum(s => Items(s).Count(i => i.Kind == ScriptKind.Read)));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_read_lies_in_exactly_one_crossing_of_its_chip(ulong seed)
    {
        var race = Race.Generate(new RaceOptions { Runners = 500, Seed = seed });
        foreach (var script in race.Scripts)
        {
            var reads = Distinct(script).ToLookup(r => script.RunnerOf(r).Chip(script.Protocol));
            var crossings = race.Crossings.Where(c => c.Location == script.Location).ToLookup(c => c.Chip);

            Assert.Equal(500, crossings.Count);
            Assert.Equal(crossings.Select(g => g.Key).Order(), reads.Select(g => g.Key).Order());
            foreach (var read in reads.SelectMany(g => g.Select(r => (g.Key, r.UtcMs))))
            {
                Assert.Single(crossings[read.Key], c => c.FirstUtcMs <= read.UtcMs && read.UtcMs <= c.LastUtcMs);
            }

            foreach (var crossing in crossings.SelectMany(g => g))
            {
                Assert.Contains(reads[crossing.Chip], r => r.UtcMs == crossing.FirstUtcMs);
                Assert.Contains(reads[crossing.Chip], r => r.UtcMs == crossing.LastUtcMs);
            }
        }
    }

    [Fact]
    public void Crossings_of_a_chip_are_a_minute_apart_and_three_in_a_hundred_runners_make_a_second_one()
    {
        var seconds = 0;
        foreach (var group in Default.Crossings.GroupBy(c => (c.Location, c.Chip)))
        {
            var ordered = group.OrderBy(c => c.FirstUtcMs).ToArray();
            for (var i = 1; i < ordered.Length; i++)
            {
                seconds++;
                Assert.True(ordered[i].FirstUtcMs - ordered[i - 1].LastUtcMs >= 60_000);
            }
        }

        Assert.InRange(seconds, 30, 100);
        Assert.Equal(6000 + seconds, Default.Crossings.Count);
    }

    [Fact]
    public void A_part_of_the_field_stands_on_the_mat_for_a_minute_without_a_gap()
    {
        var gun = Default.Options.StartUtc.ToUnixTimeMilliseconds();
        var script = Default.Scripts[0];
        var standing = Bursts(Default, script).Where(b => b.Crossing.FirstUtcMs < gun).ToArray();

        Assert.Equal(300, standing.Length);
        foreach (var (crossing, reads) in standing)
        {
            Assert.True(crossing.FirstUtcMs <= gun - 60_000);
            Assert.InRange(crossing.LastUtcMs, gun + 1, gun + 20_000);
            Assert.All(Gaps(reads), gap => Assert.InRange(gap, 10, 699));
            Assert.InRange(reads.Length * 1000.0 / (crossing.LastUtcMs - crossing.FirstUtcMs), 2.5, 3.5);
        }
    }

    [Fact]
    public void The_others_cross_the_start_within_four_minutes_of_the_gun()
    {
        var gun = Default.Options.StartUtc.ToUnixTimeMilliseconds();
        var firsts = Default.Crossings.Where(c => c.Location == "START").DistinctBy(c => c.Chip);

        Assert.Equal(1700, firsts.Count(c => c.FirstUtcMs >= gun + 20_000 && c.LastUtcMs < gun + 240_000));
    }

    [Fact]
    public void A_crossing_is_a_dense_burst_and_perhaps_strays_within_five_seconds_of_its_first_read()
    {
        var gun = Default.Options.StartUtc.ToUnixTimeMilliseconds();
        int bursts = 0, withStrays = 0;
        foreach (var script in Default.Scripts)
        {
            foreach (var (crossing, reads) in Bursts(Default, script).Where(b => b.Crossing.FirstUtcMs > gun))
            {
                var strayAt = Array.FindIndex(Gaps(reads), gap => gap >= 500);
                var burst = strayAt < 0 ? reads : reads[..(strayAt + 1)];
                Assert.InRange(burst.Length, 3, 40);
                Assert.InRange(Gaps(burst).Average(), 20, 200);
                foreach (var stray in reads[burst.Length..])
                {
                    Assert.InRange(stray.UtcMs - burst[^1].UtcMs, 850, 3_000);
                    Assert.InRange(stray.UtcMs - crossing.FirstUtcMs, 850, 4_500);
                }

                bursts++;
                withStrays += strayAt < 0 ? 0 : 1;
            }
        }

        Assert.InRange(withStrays / (double)bursts, 0.03, 0.07);
    }

    [Fact]
    public void Signal_strength_rises_to_a_peak_and_falls()
    {
        foreach (var script in Default.Scripts.Where(s => s.Protocol != ReaderProtocol.Ipico))
        {
            foreach (var (_, reads) in Bursts(Default, script))
            {
                var strayAt = Array.FindIndex(Gaps(reads), gap => gap >= 500);
                var rssi = (strayAt < 0 ? reads : reads[..(strayAt + 1)]).Select(r => r.Rssi).ToArray();
                var peak = Array.IndexOf(rssi, rssi.Max());

                Assert.Equal(rssi[..peak].Order(), rssi[..peak]);
                Assert.Equal(rssi[peak..].OrderDescending(), rssi[peak..]);
                Assert.True(rssi.Max() > rssi[0] && rssi.Max() > rssi[^1]);
                Assert.All(rssi, r => Assert.InRange(r, -65, -40));
            }
        }
    }

    [Fact]
    public void Reads_are_sent_at_most_a_fifth_of_a_second_late_and_one_in_ten_twice()
    {
        foreach (var items in Default.Scripts.Select(Items))
        {
            Assert.Equal(items.Select(i => i.SendUtcMs).Order(), items.Select(i => i.SendUtcMs));
            var reads = items.Where(i => i.Kind == ScriptKind.Read).ToArray();
            Assert.All(reads, r => Assert.InRange(r.SendUtcMs - r.UtcMs, 0, 200));

            var copies = reads.GroupBy(r => r.Number).Where(g => g.Count() > 1).ToArray();
            Assert.InRange(copies.Length / (double)reads.Length, 0.07, 0.12);
            Assert.All(copies, g =>
                Assert.Single(g.Select(r => (r.UtcMs, r.Runner, r.Rssi, r.Antenna, r.Kind)).Distinct()));

            // The stamps run backwards now and then, as on a real line.
            Assert.InRange(reads.Zip(reads.Skip(1), (a, b) => b.UtcMs < a.UtcMs).Count(b => b), 1_000, reads.Length);
        }
    }

    [Fact]
    public void Log_numbers_count_up_from_one_without_a_gap()
    {
        foreach (var items in Default.Scripts.Select(Items))
        {
            var numbers = items.Where(i => i.Kind != ScriptKind.Notice).Select(i => i.Number).Distinct().ToArray();
            Assert.Equal(Enumerable.Range(1, numbers.Length), numbers);
        }
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(6_000)]
    public void The_start_reader_stays_below_fifteen_hundred_reads_a_second(int runners)
    {
        var reads = Items(Race.Generate(new RaceOptions { Runners = runners }).Scripts[0])
            .Where(i => i.Kind == ScriptKind.Read).Select(i => i.SendUtcMs).ToArray();
        var from = 0;
        var most = 0;
        for (var to = 0; to < reads.Length; to++)
        {
            while (reads[to] - reads[from] >= 1000)
            {
                from++;
            }

            most = Math.Max(most, to - from + 1);
        }

        Assert.InRange(most, 500, 1_500);
    }

    [Fact]
    public void Start_and_finish_report_the_gun_once()
    {
        var gun = Default.Options.StartUtc.ToUnixTimeMilliseconds();
        var guns = Default.Scripts.Select(s => Items(s).Where(i => i.Kind == ScriptKind.Gun).ToArray()).ToArray();

        Assert.Equal([1, 0, 1], guns.Select(g => g.Length));
        Assert.All(guns.SelectMany(g => g), g => Assert.Equal(gun, g.UtcMs));
    }

    [Fact]
    public void Finish_times_make_a_bell_between_half_an_hour_and_an_hour_and_a_half()
    {
        var gun = Default.Options.StartUtc.ToUnixTimeMilliseconds();
        var minutes = Default.Crossings.Where(c => c.Location == "FINISH").DistinctBy(c => c.Chip)
            .Select(c => (c.FirstUtcMs - gun) / 60_000.0).Order().ToArray();

        Assert.InRange(minutes[0], 32, 45);
        Assert.InRange(minutes[^1], 70, 90);
        var quarter = minutes.Length / 4;
        Assert.True(minutes[3 * quarter] - minutes[quarter] < (minutes[^1] - minutes[0]) / 2.5);
    }

    [Fact]
    public void Chips_and_bibs_are_unique_and_one_chip_in_a_hundred_is_not_in_the_list()
    {
        Assert.Equal(Default.Entries.Count, Default.Entries.Select(e => e.Chip).Distinct().Count());
        Assert.InRange(Default.Entries.Count, 5_900, 5_980);
        Assert.Contains(Default.Entries, e => e.Bib == "W12");
        Assert.Contains(Default.Entries, e => e.Bib == "2000");
        Assert.Equal(2000, Default.Entries.Select(e => e.Bib).Distinct().Count());

        var bibs = Default.Entries.ToDictionary(e => e.Chip, e => e.Bib);
        Assert.All(Default.Crossings, c => Assert.Equal(bibs.GetValueOrDefault(c.Chip, c.Chip), c.Bib));
        Assert.DoesNotContain(Default.Crossings, c => c.Bib == c.Chip && bibs.ContainsValue(c.Bib));
    }

    [Fact]
    public void Chips_are_spelt_as_each_reader_does()
    {
        var spelling = new Dictionary<string, string>
        {
            ["START"] = "^[0-9a-f]{12}$",
            ["5K"] = "^MC[0-9]{5}$",
            ["FINISH"] = "^[0-9]{6}$",
        };

        Assert.All(Default.Crossings, c => Assert.Matches(spelling[c.Location], c.Chip));
    }

    [Fact]
    public void One_runner_is_a_race()
    {
        var race = Race.Generate(new RaceOptions { Runners = 1 });

        Assert.Equal(["5K", "FINISH", "START"], race.Crossings.Select(c => c.Location).Distinct().Order());
    }

    [Fact]
    public void Options_outside_their_bounds_are_refused()
    {
        var good = new RaceOptions();
        RaceOptions[] bad =
        [
            good with { Runners = 0 },
            good with { Runners = 50_001 },
            good with { StartUtc = new DateTimeOffset(1999, 12, 31, 23, 59, 59, TimeSpan.Zero) },
            good with { StartUtc = new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero) },
            good with { LocalOffset = TimeSpan.FromSeconds(1) },
            good with { LocalOffset = TimeSpan.FromHours(-15) },
        ];

        Assert.All(bad, options => Assert.Throws<ArgumentOutOfRangeException>(() => Race.Generate(options)));
    }

    internal static byte[] Bytes(ReaderScript script)
    {
        var writer = new ArrayBufferWriter<byte>();
        foreach (ref readonly var item in script.Items)
        {
            script.Write(writer, item, rewound: false);
        }

        return writer.WrittenSpan.ToArray();
    }

    internal static ScriptItem[] Items(ReaderScript script) => script.Items.ToArray();

    private static IEnumerable<ScriptItem> Distinct(ReaderScript script) =>
        Items(script).Where(i => i.Kind == ScriptKind.Read).DistinctBy(i => i.Number);

    private static IEnumerable<(RaceCrossing Crossing, ScriptItem[] Reads)> Bursts(Race race, ReaderScript script)
    {
        var reads = Distinct(script).ToLookup(r => script.RunnerOf(r).Chip(script.Protocol));
        return race.Crossings.Where(c => c.Location == script.Location).Select(c => (c, reads[c.Chip]
            .Where(r => r.UtcMs >= c.FirstUtcMs && r.UtcMs <= c.LastUtcMs).OrderBy(r => r.UtcMs).ToArray()));
    }

    private static long[] Gaps(ScriptItem[] reads) =>
        [.. reads.Zip(reads.Skip(1), (a, b) => b.UtcMs - a.UtcMs)];

    private static uint Fnv(byte[] bytes) =>
        bytes.Aggregate(2166136261u, (hash, value) => unchecked((hash ^ value) * 16777619));
}
