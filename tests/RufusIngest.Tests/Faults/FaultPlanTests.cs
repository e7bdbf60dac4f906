using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class FaultPlanTests
{
    static List<Fault> Draw(FaultPlan plan, int count) => [.. Enumerable.Range(0, count).Select(_ => plan.Next())];

    [Fact]
    public void The_same_seed_gives_the_same_faults()
    {
        List<Fault> first = Draw(new(7, FaultPlan.BadDay), 1_000);
        Assert.Equal(first, Draw(new(7, FaultPlan.BadDay), 1_000));
        Assert.NotEqual(first, Draw(new(8, FaultPlan.BadDay), 1_000));
    }

    [Fact]
    public void Faults_come_as_often_as_stated()
    {
        List<Fault> drawn = Draw(
            new(1, new(100, Fault.Close(FaultPoint.InRequest)) { MostBytes = 9 }, new(300, Fault.Answer(500))), 20_000);
        Assert.InRange(drawn.Count(fault => fault.Act == FaultAct.Close), 1_850, 2_150);
        Assert.InRange(drawn.Count(fault => fault.Status == 500), 5_750, 6_250);
        Assert.Equal(Enumerable.Range(0, 10), drawn.Where(fault => fault.Act == FaultAct.Close)
            .Select(fault => fault.Bytes).Distinct().Order());
    }

    [Fact]
    public void Bursts_hit_requests_in_a_row()
    {
        List<Fault> drawn = Draw(new(1, new FaultChance(20, Fault.Answer(429)) { LongestBurst = 4 }), 20_000);
        string text = string.Concat(drawn.Select(fault => fault.Status == 429 ? 'x' : ' '));
        int[] lengths = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(burst => burst.Length)];
        Assert.All([1, 2, 3, 4], length => Assert.Contains(length, lengths));
        Assert.InRange(lengths.Average(), 2.2, 2.9);
    }

    [Fact]
    public void Chances_above_one_and_answers_without_room_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new FaultPlan(1, new FaultChance(1_001, Fault.None)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fault.Answer(500, point: FaultPoint.InAnswer));
    }
}
