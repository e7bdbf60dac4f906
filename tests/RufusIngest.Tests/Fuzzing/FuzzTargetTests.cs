using RufusIngest.Fuzz;
using RufusIngest.Readers;

namespace RufusIngest.Tests.Fuzzing;

/// <summary>The fuzz targets are right and complete. What they find comes into the protocols' own tests.</summary>
public sealed class FuzzTargetTests
{
    const int MutationsOfEach = 1_500;

    public static IEnumerable<TheoryDataRow<string>> Names =>
        Targets.Create().Select(target => new TheoryDataRow<string>(target.Name));

    [Fact]
    public void Every_protocol_has_a_target()
    {
        IEnumerable<string> targets = Targets.Create().Select(target => target.Protocol);
        Assert.Empty(ReaderProtocol.All.Select(protocol => protocol.Name).Except(targets));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_accepts_its_corpus_and_finds_nothing_in_what_is_made_of_it(string name)
    {
        Target target = Targets.Create().Single(target => target.Name == name);
        IReadOnlyList<byte[]> corpus = Corpus.Of(typeof(FuzzTargetTests).Assembly, target);
        Assert.NotEmpty(corpus);
        foreach (byte[] stream in corpus)
            target.Test(stream);
        // Each stream has a guard, though that of a frame of other parameters may be unreadable; CLOU gives no reads.
        int least = target.Protocol == "clou" ? 0 : target.Name == target.Protocol ? corpus.Count / 2 : 1;
        Assert.True(target.Reads >= least, $"{corpus.Count} streams, {target.Reads} reads");
        Assert.Equal(0, target.Unsaid);
        foreach (byte[] input in Mutations.Of(corpus, MutationsOfEach))
            target.Test(input);
        Assert.True(
            target.Unsaid * 10 <= target.Reads, $"of {target.Reads} reads the slow reading cannot say {target.Unsaid}");
    }
}
