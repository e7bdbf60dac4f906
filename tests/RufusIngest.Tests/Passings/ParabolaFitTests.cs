using RufusIngest.Passings;

namespace RufusIngest.Tests.Passings;

public sealed class ParabolaFitTests
{
    const long Millisecond = TimeSpan.TicksPerMillisecond;
    const long Start = 17_800_000_000_000_000;

    /// <summary>A burst that a maker published: microseconds since its first read, dBm.</summary>
    static readonly (int Microseconds, int Dbm)[] Published =
    [
        (0, -61), (39_517, -55), (74_035, -49), (101_256, -42), (130_368, -39), (162_127, -39), (194_080, -41),
        (221_318, -42), (261_010, -48), (290_334, -55), (346_471, -66),
    ];

    static StrongestReads Burst(params IEnumerable<(double Ms, double Dbm)> reads)
    {
        StrongestReads set = default;
        foreach (var (ms, dbm) in reads)
            set.Add(Start + (long)Math.Round(ms * Millisecond), (short)Math.Round(dbm * 100));
        return set;
    }

    /// <summary>The vertex in ms since the start, or null.</summary>
    static double? Vertex(in StrongestReads reads, double first = -86_400_000, double last = 86_400_000) =>
        ParabolaFit.TryFindVertex(
            reads, Start + (long)(first * Millisecond), Start + (long)(last * Millisecond), out long time)
            ? (time - Start) / (double)Millisecond
            : null;

    /// <summary>Reads every <paramref name="step"/> ms of a parabola that falls by 28 dB in 400 ms.</summary>
    static IEnumerable<(double Ms, double Dbm)> Parabola(double peak, double step, double from, double to)
    {
        for (double ms = from; ms <= to; ms += step)
            yield return (ms, -42 - (28 * (ms - peak) * (ms - peak) / 160_000));
    }

    [Fact]
    public void The_published_burst_peaks_165_ms_after_its_first_read()
    {
        StrongestReads reads = Burst(Published.Select(read => (read.Microseconds / 1_000.0, (double)read.Dbm)));
        Assert.InRange(Vertex(reads, 0, 346.471)!.Value, 164.5, 165.5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17.3)]
    [InlineData(-399)]
    public void The_vertex_of_a_clean_burst_lies_where_its_parabola_has_it_also_between_reads(double peak) =>
        Assert.Equal(peak, Vertex(Burst(Parabola(peak, 35, -400, 400)), -400, 400)!.Value, 0.1);

    [Fact]
    public void Three_reads_give_the_vertex_of_the_parabola_through_them() =>
        Assert.Equal(150 - (100 * 7.0 / 17), Vertex(Burst((0, -60), (100, -50), (200, -57)), 0, 200)!.Value, 0.02);

    [Fact]
    public void Two_reads_of_one_instant_count_as_their_mean() =>
        Assert.Equal(
            Vertex(Burst((0, -60), (100, -50), (200, -57))),
            Vertex(Burst((0, -62), (0, -58), (100, -49), (100, -51), (200, -57), (200, -57))));

    public static TheoryData<string, (double, double)[]> WithoutVertex => new()
    {
        { "nothing", [] },
        { "one read", [(0, -40)] },
        { "two reads", [(0, -40), (10, -50)] },
        { "two instants", [(0, -40), (0, -41), (10, -50), (10, -49)] },
        { "two instants of 10 µs", [(0, -50), (0.004, -40), (10, -50)] },
        { "level", [(0, -50), (10, -50), (20, -50), (30, -50)] },
        { "a straight line", [(0, -50), (10, -51), (20, -52), (30, -53)] },
        { "a valley", [(0, -50), (10, -60), (20, -60), (30, -50)] },
    };

    [Theory]
    [MemberData(nameof(WithoutVertex))]
    public void There_is_no_vertex_with(string what, (double, double)[] reads)
    {
        Assert.NotNull(what);
        Assert.False(ParabolaFit.TryFindVertex(Burst(reads), long.MinValue, long.MaxValue, out long time));
        Assert.Equal(0, time);
    }

    [Fact]
    public void A_vertex_outside_the_burst_does_not_count_and_one_at_its_end_does()
    {
        StrongestReads rising = Burst(Parabola(200, 20, 0, 180));
        Assert.Null(Vertex(rising, 0, 180));
        Assert.Null(Vertex(rising, 0, 199));
        Assert.Null(Vertex(rising, 201, 400));
        long at = (long)Math.Round(Vertex(rising)!.Value * Millisecond) + Start;
        Assert.True(ParabolaFit.TryFindVertex(rising, Start, at, out long last));
        Assert.True(ParabolaFit.TryFindVertex(rising, at, at, out long only));
        Assert.False(ParabolaFit.TryFindVertex(rising, Start, at - 1, out _));
        Assert.False(ParabolaFit.TryFindVertex(rising, at + 1, at + Millisecond, out _));
        Assert.Equal((at, at), (last, only));
    }

    [Fact]
    public void A_vertex_more_than_two_and_a_half_seconds_from_the_strongest_read_does_not_count()
    {
        static IEnumerable<(double, double)> Slope(double peak) =>
            Enumerable.Range(0, 11).Select(i => (i * 100.0, -50 - ((i * 100) - peak) * ((i * 100) - peak) / 400_000));
        Assert.NotNull(Vertex(Burst(Slope(3_300))));
        Assert.Null(Vertex(Burst(Slope(3_700))));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(17)]
    public void One_spurious_strong_read_is_left_out(int at)
    {
        var reads = Parabola(17, 40, -400, 400).ToArray();
        reads[at].Dbm += 15;
        Assert.Equal(17, Vertex(Burst(reads), -400, 400)!.Value, 0.1);
    }

    [Fact]
    public void Two_reads_in_a_null_are_left_out()
    {
        var reads = Parabola(17, 40, -400, 400).ToArray();
        foreach (int at in new[] { 10, 11 })
            reads[at].Dbm -= 20;
        Assert.Equal(17, Vertex(Burst(reads), -400, 400)!.Value, 0.1);
    }

    [Fact]
    public void Reads_that_differ_by_what_noise_makes_are_all_used()
    {
        // Left out, the one that differs most would give the clean parabola's vertex.
        var reads = Parabola(17, 40, -400, 400).ToArray();
        reads[3].Dbm += 3;
        Assert.NotEqual(17, Vertex(Burst(reads), -400, 400)!.Value, 0.5);
    }

    [Fact]
    public void Of_five_reads_none_is_left_out()
    {
        var reads = Parabola(17, 160, -320, 320).ToArray();
        Assert.Equal(5, reads.Length);
        reads[1].Dbm += 15;
        Assert.NotEqual(17, Vertex(Burst(reads), -400, 400)!.Value, 20.0);
    }

    [Fact]
    public void Reads_more_than_two_and_a_half_seconds_from_the_strongest_change_nothing()
    {
        StrongestReads reads = Burst(Parabola(17, 80, -400, 400));
        double? alone = Vertex(reads);
        reads.AddAll(Burst((2_600, -45), (-2_600, -47), (3_000, -44), (86_000_000, -43), (-86_000_000, -50)));
        Assert.NotNull(alone);
        Assert.Equal(alone, Vertex(reads));
    }

    [Theory]
    [InlineData(0, 2_500)]
    [InlineData(0, -2_500)]
    [InlineData(-2_500, 2_500)]
    public void The_farthest_and_most_different_reads_do_not_overflow(int before, int after)
    {
        // Weak as can be at both ends, or strong up to the middle where the strongest read is at one end.
        StrongestReads reads = default;
        reads.Add(Start, short.MaxValue);
        for (int i = 1; i < 32; i++)
        {
            int ms = i % 2 == 1 ? after : before == 0 ? after / 2 : before;
            int rssi = ms == after / 2 ? short.MaxValue - i : short.MinValue + i;
            reads.Add(Start + (ms * Millisecond), (short)rssi);
        }

        SlowFit.Answer twin = SlowFit.Of(reads.Samples.ToArray());
        Assert.True(twin.OpensDown);
        Assert.Equal((twin.Vertex - Start) / Millisecond, Vertex(reads)!.Value, 1.0);
    }

    [Fact]
    public void Neither_keeping_nor_fitting_allocates()
    {
        var reads = Parabola(17, 10, -400, 400).Select(read => (
            Time: Start + (long)(read.Ms * Millisecond),
            Rssi: (short)((read.Dbm + (read.Ms == 50 ? 15 : 0)) * 100))).ToArray();
        long Run()
        {
            StrongestReads one = default, other = default;
            for (int i = 0; i < reads.Length; i++)
            {
                one.Add(reads[i].Time, reads[i].Rssi);
                other.Add(reads[i].Time + 7, reads[i].Rssi);
            }

            one.AddAll(other);
            return ParabolaFit.TryFindVertex(one, 0, long.MaxValue, out long time) ? time : 0;
        }

        Assert.NotEqual(0, Run());
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
