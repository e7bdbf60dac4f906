using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

/// <summary>Primary and backup line of one location.</summary>
public sealed class GateLinesTests
{
    const int Primary = 0;
    const int Backup = 1;
    readonly GateRun _run = new(new GateOptions { BackupWindow = TimeSpan.FromSeconds(10) });

    void Add(int line, double seconds, string chip = "58")
    {
        _run.AdvanceTo(GateRun.Seconds(seconds));
        _run.Gate.Outcomes[(int)_run.Gate.Add(line, GateRun.Seconds(seconds), GateRun.Read(chip), 0)]++;
    }

    [Fact]
    public void The_backup_line_makes_no_second_passing()
    {
        Add(Primary, 100);
        Add(Backup, 102);
        Add(Backup, 102.1);
        _run.AdvanceTo(GateRun.Seconds(200));
        Assert.Equal([("58", 100.0)], _run.Times);
        Assert.Equal(2, _run.Gate.Outcomes[(int)ReadOutcome.Backup]);
        Assert.Equal(1, Assert.Single(_run.Events).Passing.Number);
    }

    [Fact]
    public void A_finish_seen_at_the_backup_line_only_is_a_passing_after_the_window()
    {
        Add(Backup, 100);
        _run.AdvanceTo(GateRun.Seconds(110));
        Assert.Empty(_run.Passings);
        _run.AdvanceTo(GateRun.Seconds(110.4));
        Passing passing = Assert.Single(_run.Passings);
        Assert.Equal(PassingFlags.Backup, passing.Flags);
        Assert.Equal(GateRun.Seconds(100), passing.Time);
    }

    [Fact]
    public void A_primary_read_that_comes_late_never_replaces_an_accepted_backup_passing()
    {
        Add(Backup, 102);
        _run.AdvanceTo(GateRun.Seconds(120));
        _run.Gate.Add(Primary, GateRun.Seconds(100), GateRun.Read("58"), 0);
        _run.AdvanceTo(GateRun.Seconds(130));
        Assert.Equal([("58", 102.0)], _run.Times);
        GateEvent told = Assert.Single(_run.Events, told => told.Kind == GateEventKind.Corrected);
        Assert.Equal((1, GateRun.Seconds(100)), (told.Passing.Number, told.Passing.Time));
        Assert.Equal(1, _run.Gate.Outcomes[(int)ReadOutcome.AfterBackup]);
    }

    [Fact]
    public void A_stray_primary_read_half_an_hour_later_is_a_passing_of_its_own()
    {
        Add(Backup, 100);
        Add(Primary, 1_900);
        _run.AdvanceTo(GateRun.Seconds(2_000));
        Assert.Equal([("58", 100.0), ("58", 1_900.0)], _run.Times);
    }

    [Fact]
    public void A_minimum_lap_counts_over_both_lines()
    {
        GateRun run = new(new GateOptions { MinLap = TimeSpan.FromMinutes(10), BackupWindow = TimeSpan.FromSeconds(10) });
        run.Gate.Add(Backup, GateRun.Seconds(100), GateRun.Read("58"), 0);
        run.AdvanceTo(GateRun.Seconds(120));
        run.Gate.Add(Primary, GateRun.Seconds(400), GateRun.Read("58"), 0);
        run.AdvanceTo(GateRun.Seconds(500));
        Assert.Equal([("58", 100.0)], run.Times);
        Assert.Equal(1, run.Gate.Outcomes[(int)ReadOutcome.MinLap]);
    }
}
