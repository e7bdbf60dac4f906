using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class CrashEvidenceTests
{
    static JournalFacts Journal(int last, int acknowledged, long bytes, int connections = 1) => new(
        [new StoredSession
        {
            Location = "L0", Session = 1, Token = "T", LastNumber = last, AcknowledgedNumber = acknowledged,
        }],
        new Dictionary<int, int> { [0] = connections },
        new Dictionary<int, long> { [0] = bytes });

    static CrashEvidence Evidence(JournalFacts after, long handed, PostFacts? held = null, params PostFacts[] posts) =>
        new(JournalFacts.None, after, [handed], held, held is null ? posts : [.. posts, held]);

    static PostFacts Post(int first, int last, bool forwarded = true, bool answered = true) =>
        new("T", first, last, forwarded, answered);

    [Theory]
    [InlineData(false, false, 5, CrashPhase.CommitPost)]
    [InlineData(true, false, 5, CrashPhase.PostAnswer)]
    [InlineData(true, true, 5, CrashPhase.AnswerCursor)]
    [InlineData(true, true, 9, CrashPhase.Idle)]
    public void A_held_post_tells_the_phase(bool forwarded, bool answered, int cursor, CrashPhase phase)
    {
        CrashEvidence evidence = Evidence(
            Journal(9, cursor, 100), 100, Post(6, 9, forwarded, answered), Post(1, 5));
        Assert.Equal(phase, evidence.Phase);
        Assert.Empty(evidence.Violations());
    }

    [Fact]
    public void Bytes_that_are_not_kept_are_append_to_commit()
    {
        Assert.Equal(CrashPhase.AppendCommit, Evidence(Journal(0, 0, 99), 100).Phase);
        Assert.Equal(CrashPhase.Idle, Evidence(Journal(0, 0, 100), 100).Phase);

        // The journal ends before this process was connected: its bytes are of another connection.
        CrashEvidence evidence = new(Journal(0, 0, 500), Journal(0, 0, 500), [100], null, []);
        Assert.Equal((CrashPhase.AppendCommit, 100), (evidence.Phase, evidence.BytesNotKept));
    }

    [Fact]
    public void Passings_that_are_kept_and_were_never_posted_are_commit_to_post()
    {
        Assert.Equal(CrashPhase.CommitPost, Evidence(Journal(9, 5, 100), 100, null, Post(1, 5)).Phase);
        Assert.Equal(CrashPhase.Idle, Evidence(Journal(9, 9, 100), 100, null, Post(1, 9)).Phase);
    }

    [Fact]
    public void What_must_never_be_is_told()
    {
        Assert.Single(Evidence(Journal(4, 0, 100), 100, Post(1, 5)).Violations()); // left before it was kept
        Assert.Single(Evidence(Journal(9, 5, 100), 100).Violations()); // acknowledged, never posted
        Assert.Single(Evidence(Journal(9, 0, 100), 100, new PostFacts("U", 1, 2, true, true)).Violations());
        Assert.Equal(2, Evidence(Journal(4, 5, 100), 100, Post(1, 5)).Violations().Count());
        CrashEvidence back = new(Journal(9, 7, 1), Journal(9, 5, 1), [1], null, []);
        Assert.Contains("went back from 7 to 5", Assert.Single(back.Violations()), StringComparison.Ordinal);
    }
}
