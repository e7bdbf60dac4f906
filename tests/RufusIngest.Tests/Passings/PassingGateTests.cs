using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

public sealed class PassingGateTests
{
    readonly GateRun _run = new();

    [Fact]
    public void A_burst_is_one_passing_at_its_first_read()
    {
        for (int i = 0; i < 11; i++)
            _run.Add("58", 100 + (i * 0.035), (short)(-6100 + (i < 6 ? i * 400 : (10 - i) * 400)));
        _run.Flush();

        Passing passing = Assert.Single(_run.Passings);
        Assert.Equal(GateRun.Seconds(100), passing.Time);
        Assert.Equal(1, _run.Outcomes[ReadOutcome.Opened]);
        Assert.Equal(10, _run.Outcomes[ReadOutcome.SameBurst]);
    }

    [Fact]
    public void What_is_known_at_emission_goes_with_the_passing_and_what_comes_later_does_not()
    {
        _run.Add("58", 100, -6000);
        _run.Add("58", 100.1, -4000);
        _run.Add("58", 100.2, -5000);
        _run.Add("other", 101);
        _run.Add("58", 101, -3000);
        _run.Flush();

        Passing passing = _run.Passings[0];
        Assert.Equal(3, passing.Hits);
        Assert.Equal(-4000, passing.BestRssiCentiDbm);
        Assert.Equal(GateRun.Seconds(100.1), passing.Peak);
        Assert.Equal(GateRun.Seconds(100.2), passing.Last);
        Assert.Equal(2, _run.Passings.Count);
    }

    [Fact]
    public void Nothing_is_emitted_before_time_has_passed_first_plus_reorder_delay()
    {
        _run.Add("58", 100);
        _run.AdvanceTo(GateRun.Seconds(100.25));
        Assert.Empty(_run.Passings);
        _run.AdvanceTo(GateRun.Seconds(100.27));
        Assert.Single(_run.Passings);
    }

    [Fact]
    public void An_earlier_read_within_the_reorder_delay_takes_the_time()
    {
        _run.Add("58", 100.2);
        _run.Add("58", 100.0);
        _run.Flush();
        Assert.Equal([("58", 100.0)], _run.Times);
    }

    [Fact]
    public void An_earlier_read_after_the_decision_changes_nothing_and_makes_no_second_passing()
    {
        _run.Add("58", 100.2);
        _run.AdvanceTo(GateRun.Seconds(105));
        Assert.Equal(ReadOutcome.BeforeDecided, _run.Add("58", 100.0));
        _run.Flush();
        Assert.Equal([("58", 100.2)], _run.Times);
    }

    [Fact]
    public void Late_reads_do_not_chain_backwards_over_an_earlier_crossing()
    {
        _run.Add("58", 108);
        _run.AdvanceTo(GateRun.Seconds(200));
        Assert.Equal(ReadOutcome.BeforeDecided, _run.Add("58", 104));
        Assert.Equal(ReadOutcome.Opened, _run.Add("58", 100));
        _run.Flush();
        Assert.Equal([("58", 108.0), ("58", 100.0)], _run.Times);
    }

    [Fact]
    public void A_runner_standing_on_the_mat_for_ten_minutes_passes_once()
    {
        for (int i = 0; i < 1_000; i++)
            _run.Add("58", 100 + (i * 0.6));
        _run.Flush();
        Assert.Single(_run.Passings);
    }

    [Fact]
    public void Dead_time_counts_from_the_time_of_record()
    {
        _run.Add("58", 100);
        _run.AdvanceTo(GateRun.Seconds(101));
        Assert.Equal(ReadOutcome.DeadTime, _run.Add("58", 104.0));
        Assert.Equal(ReadOutcome.Opened, _run.Add("58", 105.1));
        _run.Flush();
        Assert.Equal([("58", 100.0), ("58", 105.1)], _run.Times);
    }

    [Fact]
    public void Laps_are_passings_of_their_own()
    {
        for (int lap = 0; lap < 5; lap++)
        {
            for (int i = 0; i < 7; i++)
                _run.Add("58", 100 + (lap * 60) + (i * 0.03));
        }

        _run.Flush();
        Assert.Equal([100.0, 160, 220, 280, 340], _run.Times.Select(time => time.Seconds));
        Assert.All(_run.Passings, passing => Assert.Equal(PassingFlags.None, passing.Flags));
    }

    [Fact]
    public void A_rewind_of_everything_brings_nothing_new()
    {
        double[] times = [.. Enumerable.Range(0, 300).Select(i => 100 + (i % 6 * 0.04) + (i / 6 * 20))];
        foreach (double time in times)
            _run.Add("58", time);
        _run.AdvanceTo(GateRun.Seconds(5_000));
        int before = _run.Passings.Count;

        foreach (double time in times)
            Assert.NotEqual(ReadOutcome.Opened, _run.Add("58", time));
        foreach (double time in times.Reverse())
            Assert.NotEqual(ReadOutcome.Opened, _run.Add("58", time));
        _run.Flush();
        Assert.Equal(50, before);
        Assert.Equal(before, _run.Passings.Count);
    }

    [Fact]
    public void A_backlog_two_hours_late_gives_one_flagged_passing_a_burst()
    {
        _run.Add("live", 10_000);
        for (int lap = 0; lap < 4; lap++)
        {
            for (int i = 0; i < 9; i++)
                _run.Add("58", 2_800 + (lap * 300) + (i * 0.05));
        }

        _run.Flush();
        List<Passing> late = _run.Passings.FindAll(passing => passing.Chip == ChipCode.FromText("58"));
        Assert.Equal([2_800.0, 3_100, 3_400, 3_700], late.Select(p => p.Time / (double)TimeSpan.TicksPerSecond));
        Assert.All(late, passing => Assert.Equal(PassingFlags.Late, passing.Flags));
        Assert.Equal(PassingFlags.None, _run.Passings.Single(p => p.Chip == ChipCode.FromText("live")).Flags);
    }

    [Fact]
    public void A_late_burst_between_two_known_passings_gets_its_own()
    {
        _run.Add("58", 100);
        _run.Add("58", 200);
        _run.AdvanceTo(GateRun.Seconds(300));
        Assert.Equal(ReadOutcome.Opened, _run.Add("58", 150));
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("58", 150.1));
        Assert.Equal(ReadOutcome.DeadTime, _run.Add("58", 104));
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("58", 200.5));
        _run.Flush();
        Assert.Equal([100.0, 200, 150], _run.Times.Select(time => time.Seconds));
    }

    [Fact]
    public void A_read_that_bridges_two_open_bursts_makes_them_one()
    {
        GateRun run = new(new GateOptions { DeadTime = TimeSpan.Zero });
        run.Gate.Add(0, GateRun.Seconds(100), GateRun.Read("58", -5000), 0);
        run.Gate.Add(0, GateRun.Seconds(101.5), GateRun.Read("58", -4000), 0);
        run.Gate.Add(0, GateRun.Seconds(100.8), GateRun.Read("58", -6000), 0);
        run.Flush();
        Passing passing = Assert.Single(run.Passings);
        Assert.Equal(GateRun.Seconds(100), passing.Time);
        Assert.Equal(3, passing.Hits);
        Assert.Equal(GateRun.Seconds(101.5), passing.Peak);
        GateEvent told = Assert.Single(run.Events);
        Assert.Equal((GateEventKind.Suppressed, ReadOutcome.SameBurst, passing.Burst), (told.Kind, told.Reason, told.Into));
    }

    [Fact]
    public void A_last_seen_record_lengthens_its_burst_and_opens_one_only_where_none_is_known()
    {
        _run.Add("58", 100, flags: ReadFlags.FirstSeen);
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("58", 108, flags: ReadFlags.LastSeen));
        // The first-seen record of the next lap was lost; its last-seen record stands in.
        Assert.Equal(ReadOutcome.Opened, _run.Add("58", 400, flags: ReadFlags.LastSeen));
        Assert.Equal(ReadOutcome.Opened, _run.Add("77", 401, flags: ReadFlags.LastSeen));
        // And so does that of the lap behind: a last-seen record that opened a burst ended it too.
        Assert.Equal(ReadOutcome.Opened, _run.Add("58", 700, flags: ReadFlags.LastSeen));
        _run.Flush();
        Assert.Equal([100.0, 400, 401, 700], _run.Times.Select(time => time.Seconds));
    }

    [Fact]
    public void A_last_seen_record_ends_its_burst_also_when_it_lies_before_the_first_read()
    {
        GateRun run = new(new GateOptions { DeadTime = TimeSpan.Zero });
        run.Add("58", 100);
        Assert.Equal(ReadOutcome.SameBurst, run.Add("58", 99.9, flags: ReadFlags.LastSeen));
        Assert.Equal(ReadOutcome.Opened, run.Add("58", 104, flags: ReadFlags.LastSeen));
    }

    [Fact]
    public void A_reorder_delay_of_zero_decides_at_once()
    {
        GateRun run = new(new GateOptions { ReorderDelay = TimeSpan.Zero });
        run.Add("58", 100);
        Assert.Single(run.Passings);
    }

    [Fact]
    public void At_the_bound_of_open_bursts_the_oldest_is_decided_early_flagged_and_counted()
    {
        GateRun run = new(new GateOptions { MaxOpenBursts = 2 });
        for (int i = 0; i < 5; i++)
            run.Gate.Add(0, GateRun.Seconds(100 + (i * 0.02)), GateRun.Read($"c{i}"), 0);
        run.Flush();
        Assert.Equal(["c0", "c1", "c2", "c3", "c4"], run.Passings.Select(p => p.Chip.ToString()));
        Assert.Equal(3, run.Passings.Count(p => p.Flags == PassingFlags.ClosedEarly));
        Assert.Equal(3, run.Gate.ClosedEarly);
    }

    [Fact]
    public void At_the_bound_of_chips_a_read_is_a_passing_of_its_own_never_lost()
    {
        GateRun run = new(limits: new GateLimits { MaxChips = 2 });
        run.Add("a", 100);
        run.Add("b", 100);
        Assert.Equal(ReadOutcome.NotGated, run.Add("c", 100));
        Assert.Equal(ReadOutcome.NotGated, run.Add("c", 100.1));
        Assert.Equal(ReadOutcome.SameBurst, run.Add("a", 100.1));
        run.Flush();
        Assert.Equal(4, run.Passings.Count);
        Assert.Equal(2, run.Passings.Count(p => p.Flags == PassingFlags.NotGated));
    }

    [Fact]
    public void At_the_bound_of_earlier_passings_the_one_before_the_newest_is_forgotten_and_counted()
    {
        GateRun run = new(limits: new GateLimits { MaxEarlierPassings = 1 });
        foreach (double time in new[] { 100.0, 200, 300, 400 })
            run.Add("58", time);
        run.Flush();
        Assert.Equal([100.0, 200, 300, 400], run.Times.Select(time => time.Seconds));
        Assert.Equal(2, run.Gate.Forgotten);
        Assert.Equal(ReadOutcome.SameBurst, run.Add("58", 100.1));
        Assert.Equal(ReadOutcome.SameBurst, run.Add("58", 400.1));
    }

    [Fact]
    public void A_time_leap_of_years_costs_no_time_and_loses_nothing()
    {
        GateRun run = new();
        run.AddTicks("58", EpochTime.ClockSetFrom);
        run.AddTicks("59", EpochTime.ClockSetFrom + (8_000L * 365 * TimeSpan.TicksPerDay / 100));
        run.AddTicks("60", EpochTime.ClockSetFrom + 1);
        run.Flush();
        Assert.Equal(3, run.Passings.Count);
    }

    [Fact]
    public void A_time_leap_past_bursts_that_wait_years_ahead_costs_no_time()
    {
        PassingGate gate = _run.Gate;
        long clockSet = EpochTime.ClockSetFrom + (8_000L * 365 * TimeSpan.TicksPerDay);
        gate.Advance(0, EpochTime.ClockSetFrom);
        for (int i = 0; i < 3; i++)
            gate.Add(0, clockSet + (i * TimeSpan.TicksPerMinute), GateRun.Read($"c{i}"), 0);
        gate.Advance(0, clockSet + TimeSpan.TicksPerHour);
        Assert.Equal(3, _run.Passings.Count);
    }

    [Fact]
    public void A_burst_far_ahead_waits_for_its_time()
    {
        PassingGate gate = _run.Gate;
        gate.Add(0, GateRun.Seconds(1_000), GateRun.Read("58"), 0);
        for (int second = 0; second <= 1_000; second++)
        {
            gate.Advance(0, GateRun.Seconds(second));
            Assert.Empty(_run.Passings);
        }

        gate.Advance(0, GateRun.Seconds(1_000.3));
        Assert.Single(_run.Passings);
    }

    [Fact]
    public void A_wrong_guess_changes_nothing()
    {
        PassingGate gate = _run.Gate;
        _run.Add("a", 1);
        _run.Add("b", 1);
        ChipRead[] reads = [GateRun.Read("b"), GateRun.Read("a"), GateRun.Read("c")];
        int[] guesses = new int[3];
        gate.LookAhead(0, reads, guesses);
        Assert.Equal([1, 0, -1], guesses);
        Assert.Equal(ReadOutcome.SameBurst, gate.Add(0, GateRun.Seconds(1.1), reads[0], 0, guess: 0));
        Assert.Equal(ReadOutcome.Opened, gate.Add(0, GateRun.Seconds(1.1), reads[2], 0, guess: 1));
        Assert.Equal(ReadOutcome.SameBurst, gate.Add(0, GateRun.Seconds(1.1), reads[2], 0, guess: -1));
        Assert.Equal(3, gate.Chips);
    }

    [Fact]
    public void The_fate_of_a_read_that_ends_its_burst_tells_which_one_it_was()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak });
        run.Add("a", 0, flags: ReadFlags.FirstSeen);
        run.Add("a", 0, flags: ReadFlags.LastSeen);
        run.Add("a", 4.7, flags: ReadFlags.FirstSeen);
        run.Add("b", 8);
        Assert.Empty(run.Events);
        ReadOutcome outcome = run.Add("a", 4.7, flags: ReadFlags.LastSeen);
        GateEvent told = Assert.Single(run.Events);
        ReadFate fate = run.Gate.FateOf(0, ChipCode.FromText("a"), GateRun.Seconds(4.7), outcome);
        Assert.Equal((ReadOutcome.DeadTime, 1), (told.Reason, told.Passing.Number));
        Assert.Equal((ReadOutcome.SameBurst, told.Passing.Burst, 1), (fate.Outcome, fate.Burst, fate.Number));
        outcome = run.Add("a", 4.9);
        Assert.Equal(0, run.Gate.FateOf(0, ChipCode.FromText("a"), GateRun.Seconds(4.9), outcome).Burst);
    }

    [Fact]
    public void The_fate_of_a_read_that_is_decided_at_once_tells_its_burst()
    {
        GateRun run = new(new GateOptions { ReorderDelay = TimeSpan.Zero, MinLap = TimeSpan.FromMinutes(1) });
        run.Add("a", 0);
        ReadOutcome outcome = run.Add("a", 20);
        GateEvent told = Assert.Single(run.Events);
        Assert.Equal(ReadOutcome.MinLap, told.Reason);
        ReadFate fate = run.Gate.FateOf(0, ChipCode.FromText("a"), GateRun.Seconds(20), outcome);
        Assert.Equal((ReadOutcome.Opened, told.Passing.Burst), (fate.Outcome, fate.Burst));
        Assert.NotEqual(0, fate.Burst);
    }

    // What follows was found by holding the gate against its model.

    [Fact]
    public void The_read_that_opened_a_burst_suppressed_later_is_counted_under_the_reason_only()
    {
        GateRun run = new(new GateOptions { MinLap = TimeSpan.FromSeconds(60) });
        run.Add("58", 100);
        run.Add("58", 130);
        run.Add("58", 130.1);
        run.Flush();
        Assert.Equal(1, run.Gate.Outcomes[(int)ReadOutcome.Opened]);
        Assert.Equal(2, run.Gate.Outcomes[(int)ReadOutcome.MinLap]);
        Assert.Equal(3, run.Gate.Outcomes.Sum());
    }

    [Fact]
    public void A_chip_seen_again_beyond_the_maximum_burst_is_no_ghost()
    {
        GateRun run = new(new GateOptions
        {
            Policy = PassingPolicy.Last,
            MaxBurst = TimeSpan.Zero,
            IgnoreGhosts = true,
        });
        run.Add("58", 100);
        run.Add("58", 100.5);
        run.Flush();
        Assert.Equal([("58", 100.0)], run.Times);
    }

    [Fact]
    public void A_late_burst_waits_for_its_reads_at_a_line_that_was_silent_until_then()
    {
        _run.AdvanceTo(GateRun.Seconds(200));
        _run.Gate.Add(PassingGate.LaneOf(0, isBackup: true), GateRun.Seconds(100), GateRun.Read("58"), 0);
        _run.AdvanceTo(GateRun.Seconds(210));
        Assert.Empty(_run.Passings);
        _run.AdvanceTo(GateRun.Seconds(210.3));
        Assert.Single(_run.Passings);
    }

    [Fact]
    public void Nothing_is_decided_while_a_location_has_no_time()
    {
        PassingGate gate = _run.Gate;
        gate.Add(0, GateRun.Seconds(100), GateRun.Read("58"), 0);
        gate.Add(0, GateRun.Seconds(70), GateRun.Read("58"), 0);
        gate.Add(0, GateRun.Seconds(69.9), GateRun.Read("58"), 0);
        Assert.Empty(_run.Passings);
        _run.Flush();
        Assert.Equal([("58", 69.9), ("58", 100.0)], _run.Times);
    }

    [Fact]
    public void A_location_whose_first_time_lies_before_its_first_reads_decides_by_its_time()
    {
        PassingGate gate = _run.Gate;
        gate.Add(0, GateRun.Seconds(600), GateRun.Read("ahead"), 0);
        _run.Add("58", 100);
        _run.Add("58", 110);
        Assert.Equal([("58", 100.0)], _run.Times);
    }

    [Fact]
    public void At_the_end_what_falls_due_first_by_its_latest_read_is_decided_first()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak });
        run.AdvanceTo(GateRun.Seconds(200));
        run.Gate.Add(0, GateRun.Seconds(105), GateRun.Read("a"), 0);
        run.AdvanceTo(GateRun.Seconds(200.5));
        run.Gate.Add(0, GateRun.Seconds(110), GateRun.Read("b"), 0);
        run.AdvanceTo(GateRun.Seconds(201));
        run.Gate.Add(0, GateRun.Seconds(105.1), GateRun.Read("a"), 0);
        run.Flush();
        Assert.Equal([("b", 110.0), ("a", 105.0)], run.Times);
    }

    [Fact]
    public void A_burst_decided_at_once_though_it_is_ahead_is_complete_when_its_reads_have_ended()
    {
        GateRun run = new(new GateOptions { ReorderDelay = TimeSpan.Zero, ReportCompleted = true });
        run.AdvanceTo(GateRun.Seconds(100));
        run.Gate.Add(0, GateRun.Seconds(5_000), GateRun.Read("58"), 0, GateRun.Seconds(100));
        run.Gate.Add(0, GateRun.Seconds(5_000.1), GateRun.Read("58"), 0, GateRun.Seconds(100));
        Assert.Equal(PassingFlags.ClockAhead, Assert.Single(run.Passings).Flags);
        run.AdvanceTo(GateRun.Seconds(101));
        GateEvent told = Assert.Single(run.Events);
        Assert.Equal((GateEventKind.Completed, 2), (told.Kind, told.Passing.Hits));
    }

    [Fact]
    public void A_burst_that_has_ended_when_its_passing_is_decided_is_not_followed()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak, ReportCompleted = true });
        run.Add("58", 100, flags: ReadFlags.FirstSeen);
        run.AdvanceTo(GateRun.Seconds(106));
        run.Add("58", 100, flags: ReadFlags.LastSeen);
        Assert.Single(run.Passings);
        run.Add("58", 100.5);
        run.Flush();
        Assert.Empty(run.Events);
    }

    [Fact]
    public void A_chip_that_comes_into_the_list_does_not_wait_as_a_ghost_would()
    {
        GateRun run = new(new GateOptions { BurstGap = TimeSpan.FromSeconds(2), IgnoreGhosts = true });
        run.Add("58", 100);
        run.AdvanceTo(GateRun.Seconds(101));
        Assert.Empty(run.Passings);
        run.Gate.SetChips(Chips(("58", "1")));
        Assert.Equal([("58", 100.0)], run.Times);
    }

    [Fact]
    public void A_chip_list_in_another_order_decides_nothing()
    {
        _run.Gate.SetChips(Chips(("a", "1"), ("b", "1")));
        _run.Add("a", 100);
        _run.Gate.SetChips(Chips(("b", "1"), ("a", "1")));
        Assert.Empty(_run.Passings);
    }

    [Fact]
    public void Where_chips_come_to_share_a_passing_stands_before_a_suppressed_burst()
    {
        GateRun run = new(new GateOptions { MinLap = TimeSpan.FromSeconds(60) });
        run.Add("a", 50);
        run.Add("a", 100);
        run.Add("b", 100.2);
        run.Flush();
        run.Gate.SetChips(Chips(("a", "1"), ("b", "1")));
        Assert.Equal([("a", 50.0), ("b", 100.2)], run.Times);
        Assert.Equal(ReadOutcome.SameBurst, run.Add("a", 100.1));
    }

    [Fact]
    public void A_long_interval_at_the_primary_line_counts_also_when_a_short_one_began_within_it()
    {
        GateTwins twins = new(new GateOptions
        {
            DeadTime = TimeSpan.Zero,
            BurstGap = GateTwins.Ms(150),
            BackupWindow = TimeSpan.Zero,
        });
        twins.Read(0, 110_900, 3, flags: ReadFlags.FirstSeen);
        twins.Read(0, 113_150, 0);
        twins.Read(0, 137_550, 3, flags: ReadFlags.LastSeen);
        twins.SetChips("30");
        twins.Read(1, 115_050, 3);
        twins.Flush(0);
        Assert.Equal(2, twins.Passings.Count);
    }

    // And what was found by thinking of race days.

    [Fact]
    public void A_stray_read_between_two_laps_does_not_hide_the_second()
    {
        GateRun run = new(new GateOptions { MinLap = TimeSpan.FromSeconds(60) });
        foreach (double at in new[] { 0, 57, 61, 61.3, 61.6 })
            run.Add("58", at);
        run.Flush();
        Assert.Equal([("58", 0.0), ("58", 61.0)], run.Times);
    }

    [Fact]
    public void A_late_read_is_no_lap_either()
    {
        GateRun run = new(new GateOptions { MinLap = TimeSpan.FromSeconds(60) });
        run.Add("58", 100);
        run.AdvanceTo(GateRun.Seconds(200));
        run.Add("58", 90);
        run.Add("58", 30);
        run.Flush();
        Assert.Equal([("58", 100.0), ("58", 30.0)], run.Times);
    }

    [Fact]
    public void Two_late_bursts_before_a_passing_lie_in_its_dead_time_both()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Peak });
        run.Add("58", 4);
        run.AdvanceTo(GateRun.Seconds(5.0));
        run.Gate.Add(0, 0, GateRun.Read("58"), 0);
        run.Gate.Add(0, GateRun.Seconds(2), GateRun.Read("58"), 0);
        run.Flush();
        Assert.Single(run.Passings);
    }

    [Fact]
    public void An_unknown_chip_that_comes_into_the_list_is_decided_once()
    {
        GateRun run = new(new GateOptions { IgnoreGhosts = true });
        run.AdvanceTo(GateRun.Seconds(3_600));
        run.Gate.Add(0, 0, GateRun.Read("58"), 0);
        run.Gate.Add(0, GateRun.Seconds(10), GateRun.Read("58"), 0);
        run.AdvanceTo(GateRun.Seconds(3_600.5));
        run.Gate.SetChips(Chips(("58", "1")));
        run.Flush();
        Assert.Equal([("58", 0.0), ("58", 10.0)], run.Times);
    }

    [Fact]
    public void A_chip_parked_at_a_slow_reader_is_told_once()
    {
        GateRun run = new();
        for (int i = 0; i < 3_000; i++)
        {
            run.AdvanceTo(GateRun.Seconds(130 + (i * 0.1)));
            run.Gate.Add(0, GateRun.Seconds(100 + (i * 0.1)), GateRun.Read("58"), 0);
        }

        run.AdvanceTo(GateRun.Seconds(500));
        Assert.Single(run.Events, told => told.Kind == GateEventKind.ParkedStarted);
        Assert.Single(run.Events, told => told.Kind == GateEventKind.ParkedLeft);
        Assert.InRange(run.Events.Count, 4, 7);
    }

    [Fact]
    public void At_the_bound_one_burst_makes_room_for_one_also_where_bursts_are_followed()
    {
        GateRun run = new(new GateOptions { MaxOpenBursts = 100, ReportCompleted = true });
        for (int i = 0; i < 101; i++)
            run.Gate.Add(0, GateRun.Seconds(100), GateRun.Read($"c{i}"), 0);
        Assert.Single(run.Passings);
        Assert.Equal(1, run.Gate.ClosedEarly);
    }

    [Fact]
    public void Who_waits_on_the_start_line_and_is_seen_again_after_a_pause_started_then()
    {
        GateRun run = new(new GateOptions { Policy = PassingPolicy.Last });
        foreach (double at in new[] { 0, 3, 3.6 })
            run.Add("58", at);
        run.AdvanceTo(GateRun.Seconds(20));
        Assert.Equal([("58", 3.6)], run.Times);
    }

    [Fact]
    public void A_last_seen_record_long_after_a_plain_read_is_a_crossing_of_its_own()
    {
        _run.Add("58", 100);
        Assert.Equal(ReadOutcome.Opened, _run.Add("58", 3_700, flags: ReadFlags.LastSeen));
    }

    [Fact]
    public void Many_chips_of_one_bib_are_a_placeholder_and_hide_nobody()
    {
        ChipTable chips = Chips([.. Enumerable.Range(0, 9).Select(i => ($"spare{i}", "0"))]);
        Assert.Equal(["0"], chips.CrowdedBibs);
        _run.Gate.SetChips(chips);
        _run.Add("spare1", 100);
        _run.Add("spare2", 100.5);
        _run.Flush();
        Assert.Equal(2, _run.Passings.Count);
    }

    [Fact]
    public void A_burst_that_is_not_due_does_not_part_those_before_and_behind_it_that_are()
    {
        GateTwins twins = new(new GateOptions
        {
            Policy = PassingPolicy.Last,
            DeadTime = TimeSpan.Zero,
            BurstGap = GateTwins.Ms(1_000),
            ReorderDelay = TimeSpan.Zero,
            MinLap = GateTwins.Ms(7_500),
        });
        twins.Read(0, 109_750, 0);
        twins.Advance(0, 110_750);
        twins.Read(0, 113_500, 0, ahead: true);
        twins.Read(0, 110_750, 0);
        twins.Read(0, 112_000, 0);
        twins.Advance(0, 112_000);
        Assert.Equal(GateTwins.Ms(110_750).Ticks, Assert.Single(twins.Passings).Time);
    }

    static ChipTable Chips(params (string Chip, string Bib)[] pairs) =>
        ChipTable.Create(pairs.Select(pair => KeyValuePair.Create(ChipCode.FromText(pair.Chip), pair.Bib)));
}
