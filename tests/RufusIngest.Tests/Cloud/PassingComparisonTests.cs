using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using static RufusIngest.Cloud.NumberState;

namespace RufusIngest.Tests.Cloud;

public class PassingComparisonTests
{
    /// <summary>Numbers 5, 6 and 7.</summary>
    static readonly PassingItems Items = Make(
        """{"bib":"12","num_passing":5,"timestamp":"2026-05-03T09:00:00.005Z","chip":"AB"}""",
        """{"bib":"M\u00FCller \u0022","num_passing":6,"timestamp":"2026-05-03T09:00:00.006Z"}""",
        """{"bib":"14","num_passing":7,"timestamp":"2026-05-03T09:00:00.007Z","chip":"CD","latitude":1.5}""");

    static CloudPassing Five => new()
    {
        Number = 5,
        Bib = "12",
        Chip = "AB",
        Timestamp = new DateTimeOffset(2026, 5, 3, 11, 0, 0, 5, TimeSpan.FromHours(2)),
    };

    static CloudPassing Six => new()
    {
        Number = 6,
        Bib = "Müller \"",
        Timestamp = new DateTimeOffset(2026, 5, 3, 9, 0, 0, 6, TimeSpan.Zero),
    };

    [Fact]
    public void what_is_there_is_same_and_what_is_not_is_missing()
    {
        Assert.Equal([Same, Same, Missing], Compare(5, 7, Six, Five));
        Assert.Equal([Missing, Missing, Missing], Compare(5, 7));
        Assert.Equal([Same], Compare(6, 6, Six));
    }

    [Fact]
    public void another_time_bib_or_chip_is_different()
    {
        Assert.Equal([Different], Compare(5, 5, Five with { Bib = "13" }));
        Assert.Equal([Different], Compare(5, 5, Five with { Bib = "" }));
        Assert.Equal([Different], Compare(5, 5, Five with { Chip = "ab" }));
        Assert.Equal([Different], Compare(5, 5, Five with { Timestamp = Five.Timestamp!.Value.AddMilliseconds(1) }));
        Assert.Equal([Different], Compare(5, 5, Five with { Timestamp = Five.Timestamp!.Value.AddMilliseconds(-1) }));
    }

    [Fact]
    public void a_server_may_keep_no_chip_and_more_digits()
    {
        Assert.Equal([Same], Compare(5, 5, Five with { Chip = null }));
        Assert.Equal([Same], Compare(5, 5, Five with { Chip = "" }));
        Assert.Equal([Same], Compare(6, 6, Six with { Chip = "12" }));
        Assert.Equal([Same], Compare(5, 5, Five with { Timestamp = Five.Timestamp!.Value.AddTicks(9_999) }));
    }

    [Fact]
    public void an_answer_to_another_question_is_unclear()
    {
        Assert.Null(Compare(5, 5, Five, Six));
        Assert.Null(Compare(6, 6, Five, Six));
        Assert.Null(Compare(5, 7, Five with { Number = null }));
        Assert.Null(Compare(5, 7, Five with { Number = 4 }));
        Assert.Null(Compare(5, 7, Five with { Number = int.MinValue }));
        Assert.Null(Compare(5, 7, Five with { Timestamp = null }));
        Assert.Null(Compare(5, 7, Five with { Bib = null }));
    }

    [Fact]
    public void a_number_twice_is_clear_only_with_the_same_content()
    {
        Assert.Equal([Same, Missing, Missing], Compare(5, 7, Five, Five));
        Assert.Null(Compare(5, 7, Five, Five with { Bib = "13" }));
        Assert.Null(Compare(5, 7, Five with { Bib = "13" }, Five));
    }

    static NumberState[]? Compare(int from, int to, params CloudPassing[] found) =>
        PassingComparison.Compare(Items, from, to, found);

    static PassingItems Make(params string[] items)
    {
        PassingItems made = new();
        made.Clear(5);
        foreach (string item in items)
            made.Add(Encoding.UTF8.GetBytes(item));
        return made;
    }
}
