using CsCheck;
using RufusIngest.Tool.Relay;

namespace RufusIngest.Tests.Tool.Relay;

public sealed class NumberRangesTests
{
    [Fact]
    public void ranges_say_what_a_set_says()
    {
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 12]).Array[0, 30].Sample(added =>
        {
            NumberRanges ranges = new();
            HashSet<int> set = [];
            foreach ((int first, int more) in added)
            {
                set.UnionWith(Enumerable.Range(first, more + 1));
                (int from, int to) = ranges.Add(first, first + more);
                Assert.True(from <= first && to >= first + more && Enumerable.Range(from, to - from + 1).All(set.Contains));
                Assert.False(set.Contains(from - 1) || set.Contains(to + 1));
            }

            Assert.Equal(set.Count, ranges.Count);
            for (int number = -1; number < 75; number++)
            {
                Assert.Equal(set.Contains(number), ranges.Contains(number));
                Assert.Equal(Enumerable.Range(number, 200).First(n => !set.Contains(n)), ranges.FirstMissing(number));
            }
        });
    }

    [Fact]
    public void the_largest_number_is_one_like_others()
    {
        NumberRanges ranges = new();
        ranges.Add(int.MaxValue, int.MaxValue);
        ranges.Add(0, 0);
        Assert.Equal((int.MaxValue - 1, int.MaxValue), ranges.Add(int.MaxValue - 1, int.MaxValue - 1));
        Assert.Equal((3, 1L + int.MaxValue), (ranges.Count, ranges.FirstMissing(int.MaxValue)));
    }
}
