using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

/// <summary>Athletes with several chips, and chip lists that change during the race.</summary>
public sealed class GateChipsTests
{
    readonly GateRun _run = new();

    static ChipTable Table(params (string Chip, string Bib)[] pairs) =>
        ChipTable.Create(pairs.Select(pair => KeyValuePair.Create(ChipCode.FromText(pair.Chip), pair.Bib)));

    [Fact]
    public void Two_chips_of_one_athlete_make_one_passing_a_burst()
    {
        _run.Gate.SetChips(Table(("left", "7"), ("right", "7"), ("other", "8")));
        foreach (double at in new[] { 100.0, 160 })
        {
            _run.Add("left", at);
            _run.Add("right", at + 0.1);
            _run.Add("other", at + 0.1);
            _run.Add("right", at + 0.8);
            _run.Add("left", at + 1.4);
        }

        _run.Flush();
        Assert.Equal(["left 100", "other 100.1", "left 160", "other 160.1"], _run.Times.Select(t => $"{t.Chip} {t.Seconds:0.#}"));
    }

    [Fact]
    public void A_list_that_comes_late_brings_no_second_passing()
    {
        _run.Add("left", 100);
        _run.Add("right", 100.1);
        _run.AdvanceTo(GateRun.Seconds(101));
        _run.Gate.SetChips(Table(("left", "7"), ("right", "7")));
        Assert.Equal(2, _run.Passings.Count);
        // Both brought along where they were.
        Assert.Equal(ReadOutcome.DeadTime, _run.Add("left", 103));
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("right", 103.5));
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("right", 100.1));
        Assert.Equal(ReadOutcome.Opened, _run.Add("right", 200));
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("left", 200.1));
        _run.Flush();
        Assert.Equal(3, _run.Passings.Count);
    }

    [Fact]
    public void A_chip_with_another_bib_keeps_its_crossings_and_each_is_told()
    {
        _run.Gate.SetChips(Table(("left", "7")));
        _run.Add("left", 100);
        _run.Add("left", 200);
        _run.AdvanceTo(GateRun.Seconds(300));
        _run.Gate.SetChips(Table(("left", "9")));
        Assert.Equal([2, 1], _run.Events.Where(e => e.Kind == GateEventKind.Corrected).Select(e => e.Passing.Number));
        Assert.Equal(ReadOutcome.SameBurst, _run.Add("left", 100.1));
        _run.Flush();
        Assert.Equal(2, _run.Passings.Count);
    }

    [Fact]
    public void A_chip_that_goes_to_another_athlete_counts_for_that_one_from_then_on()
    {
        _run.Gate.SetChips(Table(("left", "7"), ("right", "7")));
        _run.Add("left", 100);
        _run.Add("right", 100.1);
        _run.Gate.SetChips(Table(("left", "7"), ("right", "8")));
        _run.Add("left", 200);
        _run.Add("right", 200.1);
        _run.Flush();
        Assert.Equal(["left 100", "left 200", "right 200.1"], _run.Times.Select(t => $"{t.Chip} {t.Seconds:0.#}"));
    }

    [Fact]
    public void The_chip_that_keeps_the_intervals_may_leave()
    {
        _run.Gate.SetChips(Table(("left", "7"), ("right", "7"), ("spare", "7")));
        _run.Add("left", 100);
        _run.Add("right", 100.1);
        _run.Gate.SetChips(Table(("left", "8"), ("right", "7"), ("spare", "7")));
        _run.Add("left", 200);
        _run.Add("right", 200.1);
        _run.Add("spare", 200.2);
        _run.Flush();
        Assert.Equal(["left 100", "left 200", "right 200.1"], _run.Times.Select(t => $"{t.Chip} {t.Seconds:0.#}"));
    }
}
