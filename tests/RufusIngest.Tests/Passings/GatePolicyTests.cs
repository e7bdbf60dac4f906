using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

public sealed class GatePolicyTests
{
    /// <summary>11 reads in 0.35 s, rising from −61 to −39 dBm and falling to −66; the strongest is the sixth.</summary>
    static readonly short[] Climb = [-6100, -5500, -5000, -4500, -4100, -3900, -4100, -4600, -5200, -5900, -6600];

    static GateRun Cross(GateOptions options, double at = 100)
    {
        GateRun run = new(options);
        for (int i = 0; i < Climb.Length; i++)
            run.Add("58", at + (i * 0.035), Climb[i]);
        return run;
    }

    [Theory]
    [InlineData(PassingPolicy.First, 100.0)]
    [InlineData(PassingPolicy.Peak, 100.175)]
    [InlineData(PassingPolicy.Last, 100.35)]
    public void The_policy_chooses_the_read_and_the_passing_knows_the_whole_burst(PassingPolicy policy, double time)
    {
        GateRun run = Cross(new GateOptions { Policy = policy });
        run.AdvanceTo(GateRun.Seconds(110));

        Passing passing = Assert.Single(run.Passings);
        Assert.Equal(GateRun.Seconds(time), passing.Time);
        Assert.Equal(policy, passing.Policy);
        Assert.Equal(GateRun.Seconds(100), passing.First);
        if (policy == PassingPolicy.First)
            return;
        Assert.Equal(GateRun.Seconds(100.175), passing.Peak);
        Assert.Equal(GateRun.Seconds(100.35), passing.Last);
        Assert.Equal(Climb.Length, passing.Hits);
        Assert.Equal(-3900, passing.BestRssiCentiDbm);
    }

    [Fact]
    public void A_fitted_peak_lies_between_the_reads_and_not_far_from_the_strongest()
    {
        GateRun run = Cross(new GateOptions { Policy = PassingPolicy.Fitted });
        run.Flush();

        Passing passing = Assert.Single(run.Passings);
        Assert.InRange(passing.Time, GateRun.Seconds(100.14), GateRun.Seconds(100.21));
        Assert.NotEqual(passing.Peak, passing.Time);
    }

    [Theory]
    [InlineData(PassingPolicy.Peak)]
    [InlineData(PassingPolicy.Fitted)]
    public void Without_signal_strength_the_first_read_counts(PassingPolicy policy)
    {
        GateRun run = new(new GateOptions { Policy = policy });
        run.Add("58", 100.2);
        run.Add("58", 100.1);
        run.Add("58", 100.4);
        run.Flush();
        Assert.Equal([("58", 100.1)], run.Times);
    }

    [Fact]
    public void Of_equally_strong_reads_the_earliest_is_the_peak_in_any_order()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak });
        run.Add("58", 100.3, -5000);
        run.Add("58", 100.1, -5000);
        run.Add("58", 100.2, -5000);
        run.Flush();
        Assert.Equal([("58", 100.1)], run.Times);
    }

    [Fact]
    public void A_peak_is_decided_when_the_gap_has_passed_after_its_last_read_and_not_before()
    {
        GateRun run = Cross(new GateOptions { Policy = PassingPolicy.Peak });
        run.AdvanceTo(GateRun.Seconds(101.44));
        Assert.Empty(run.Passings);
        run.AdvanceTo(GateRun.Seconds(101.47));
        Assert.Single(run.Passings);
    }

    [Fact]
    public void At_a_start_line_the_time_is_when_they_left()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Last });
        for (int i = 0; i < 800; i++)
            run.Add("58", 100 + (i * 0.6));
        Assert.Empty(run.Passings);
        run.AdvanceTo(GateRun.Seconds(700));
        Assert.Equal([("58", 100 + (799 * 0.6))], run.Times.Select(time => (time.Chip, Math.Round(time.Seconds, 1))));
    }

    [Fact]
    public void A_burst_without_end_is_decided_at_its_maximum_length_and_never_passes_again()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak, MaxBurst = TimeSpan.FromSeconds(10) });
        for (int i = 0; i < 200; i++)
            run.Add("58", 100 + (i * 0.5), (short)(-6000 + (i * 10)));
        Passing passing = Assert.Single(run.Passings);
        Assert.Equal(GateRun.Seconds(110), passing.Time);
        Assert.Equal(21, passing.Hits);
        run.Flush();
        Assert.Single(run.Passings);
    }

    [Fact]
    public void A_first_seen_record_waits_for_its_last_seen_record()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Last });
        run.Add("58", 100, flags: ReadFlags.FirstSeen);
        run.AdvanceTo(GateRun.Seconds(107));
        Assert.Empty(run.Passings);
        run.Add("58", 108, flags: ReadFlags.LastSeen);
        run.AdvanceTo(GateRun.Seconds(114));
        Assert.Equal([("58", 108.0)], run.Times);
    }

    [Fact]
    public void A_backlog_two_hours_late_keeps_its_peaks()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak });
        run.Add("live", 10_000);
        foreach (double at in new[] { 2_800.0, 3_100, 3_400 })
        {
            for (int i = 0; i < Climb.Length; i++)
                run.Add("58", at + (i * 0.035), Climb[i]);
        }

        run.AdvanceTo(GateRun.Seconds(10_002));
        List<Passing> late = run.Passings.FindAll(passing => (passing.Flags & PassingFlags.Late) != 0);
        Assert.Equal([2_800.175, 3_100.175, 3_400.175], late.Select(p => p.Time / (double)TimeSpan.TicksPerSecond));
    }

    [Fact]
    public void What_a_peak_suppresses_in_its_dead_time_counts_as_dead_time()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak });
        run.Add("58", 100, -5000);
        Assert.Equal(ReadOutcome.Opened, run.Add("58", 101, -5000));
        Assert.Equal(ReadOutcome.SameBurst, run.Add("58", 101.2, -4000));
        run.Flush();
        Assert.Equal([("58", 100.0)], run.Times);
        Assert.Equal(2, run.Gate.Outcomes[(int)ReadOutcome.DeadTime]);
        Assert.Equal(0, run.Gate.Outcomes[(int)ReadOutcome.SameBurst]);
        GateEvent told = Assert.Single(run.Events);
        Assert.Equal((GateEventKind.Suppressed, ReadOutcome.DeadTime, 1), (told.Kind, told.Reason, told.Passing.Number));
    }

    [Fact]
    public void A_lap_too_short_is_no_lap_and_the_next_is_measured_from_the_passing()
    {
        GateRun run = new(new GateOptions { MinLap = TimeSpan.FromSeconds(60) });
        foreach (double at in new[] { 100.0, 130, 130.2, 161, 221.5 })
            run.Add("58", at);
        run.Flush();
        Assert.Equal([("58", 100.0), ("58", 161.0), ("58", 221.5)], run.Times);
        Assert.Equal(2, run.Gate.Outcomes[(int)ReadOutcome.MinLap]);
        Assert.Equal(1, run.Events.Single().Passing.Number);
    }

    [Fact]
    public void A_code_seen_at_one_instant_is_a_ghost_unless_it_is_known()
    {
        GateRun run = new(new GateOptions { IgnoreGhosts = true });
        run.Gate.SetChips(ChipTable.Create([KeyValuePair.Create(ChipCode.FromText("known"), "1")]));
        run.Add("ghost", 100);
        run.Add("ghost", 100);
        run.Add("known", 100);
        run.Add("real", 100);
        run.Add("real", 100.1);
        run.AdvanceTo(GateRun.Seconds(102));
        Assert.Equal(["known", "real"], run.Times.Select(time => time.Chip).Order());
        Assert.Equal(2, run.Gate.Outcomes[(int)ReadOutcome.Ghost]);
        // Seen again, for longer: it was none.
        run.Add("ghost", 103);
        run.Add("ghost", 103.1);
        run.Flush();
        Assert.Equal(("ghost", 103.0), run.Times.Last());
    }

    [Fact]
    public void What_comes_after_the_passing_is_told_at_the_end_of_the_burst()
    {
        GateRun run = Cross(new GateOptions { ReportCompleted = true });
        Passing passing = Assert.Single(run.Passings);
        Assert.Empty(run.Events);
        run.AdvanceTo(GateRun.Seconds(102));

        GateEvent told = Assert.Single(run.Events);
        Assert.Equal(GateEventKind.Completed, told.Kind);
        Assert.Equal((1, 100.0), (told.Passing.Number, told.Passing.Time / (double)TimeSpan.TicksPerSecond));
        Assert.True(told.Passing.Hits > passing.Hits);
        Assert.Equal((Climb.Length, (short)-3900), (told.Passing.Hits, told.Passing.BestRssiCentiDbm));
        Assert.Equal(GateRun.Seconds(100.35), told.Passing.Last);
    }

    [Fact]
    public void A_parked_chip_is_told_once_then_as_still_there_then_as_gone()
    {
        GateRun run = new(new GateOptions { ParkedAfter = TimeSpan.FromSeconds(60) });
        for (int i = 0; i < 400; i++)
            run.Add("58", 100 + (i * 0.5));
        run.AdvanceTo(GateRun.Seconds(400));
        Assert.Single(run.Passings);
        Assert.Equal(
            [GateEventKind.ParkedStarted, GateEventKind.ParkedStill, GateEventKind.ParkedStill, GateEventKind.ParkedLeft],
            run.Events.Select(told => told.Kind));
        Assert.All(run.Events, told => Assert.Equal((1, GateRun.Seconds(100)), (told.Passing.Number, told.Passing.First)));
        Assert.Equal(GateRun.Seconds(299.5), run.Events[^1].Passing.Last);
    }

    [Fact]
    public void More_parked_chips_than_the_bound_are_counted_and_not_told()
    {
        GateRun run = new(new GateOptions { ParkedAfter = TimeSpan.FromSeconds(2), MaxParked = 1 });
        for (int i = 0; i < 10; i++)
        {
            run.Add("58", 100 + (i * 0.5));
            run.Add("59", 100 + (i * 0.5));
        }

        Assert.Single(run.Events, told => told.Kind == GateEventKind.ParkedStarted);
        Assert.Equal(1, run.Gate.ParkedUntold);
    }

    [Fact]
    public void An_earlier_first_read_after_the_decision_is_told_as_a_correction()
    {
        GateRun run = new();
        run.Add("58", 100.2);
        run.AdvanceTo(GateRun.Seconds(105));
        run.Add("58", 100.0);
        GateEvent told = Assert.Single(run.Events);
        Assert.Equal((GateEventKind.Corrected, 1), (told.Kind, told.Passing.Number));
        Assert.Equal(GateRun.Seconds(100), told.Passing.First);
        Assert.Equal(GateRun.Seconds(100.2), told.Passing.Time);
    }

    [Fact]
    public void A_change_of_the_rules_decides_open_bursts_by_the_old_ones()
    {
        GateRun run = Cross(new GateOptions { Policy = PassingPolicy.Last });
        run.Gate.SetLocations([new GateOptions { Policy = PassingPolicy.Peak }]);
        Assert.Equal([("58", 100.35)], run.Times);
        run.Add("58", 100.5, -3000);
        run.Flush();
        Assert.Single(run.Passings);
    }
}
