using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

/// <summary>The version that runs now makes other passings of the same records than the one that sent them.</summary>
public sealed class RebaseTests : IDisposable
{
    readonly TempFolder _folder = new();

    string File => _folder.File("race.journal");

    public void Dispose() => _folder.Dispose();

    /// <summary>A journal whose records say one thing while what was kept and sent says another.</summary>
    SqliteJournal Make(IEnumerable<string> lines, IEnumerable<string> sentLines)
    {
        IngestCore core = new([PlainParser.Protocol]);
        IngestOutput output = new();
        byte[] settings = CoreRun.SettingsOf(("mat", "FINISH")).ToUtf8Json();
        core.Apply(new IngestRecord { Sequence = 1, Kind = RecordKind.Settings, Payload = settings }, output);
        core.Apply(
            new IngestRecord { Sequence = 2, Kind = RecordKind.Chunk, Payload = PlainParser.Lines(sentLines) }, output);
        core.Apply(new IngestRecord { Sequence = 3, Kind = RecordKind.Paused }, output);
        output.CloseBatches();
        Assert.True(output.TryTakeBatch(out PassingBatch sent));
        RecordBlock block = new(100_000) { FirstSequence = 1 };
        block.Append(RecordKind.Settings, 0, 0, settings);
        block.Append(RecordKind.Chunk, 0, 0, PlainParser.Lines(lines));
        block.Append(RecordKind.Paused, 0, 0, default);
        SqliteJournal journal = SqliteJournal.Open(File);
        journal.Commit([block], [sent], []);
        return journal;
    }

    static string[] Names(IEnumerable<string> items) =>
        [.. items.Select(item => item.Split('"')[3] + item.Split(':')[2].Split(',')[0].PadLeft(3))];

    [Fact]
    public void Without_being_asked_nothing_goes_on()
    {
        using SqliteJournal journal = Make([CoreRun.Line("a", 1)], [CoreRun.Line("b", 1)]);
        JournalException problem = Assert.Throws<JournalException>(() => new StageRun(journal));
        Assert.Equal(JournalProblem.Mismatch, problem.Problem);
    }

    [Fact]
    public void What_was_sent_stays_and_only_what_matches_none_of_it_gets_a_number_above()
    {
        string[] was = [CoreRun.Line("a", 1), CoreRun.Line("b", 10), CoreRun.Line("gone", 20)];
        string[] now = [CoreRun.Line("a", 1), CoreRun.Line("new", 5), CoreRun.Line("b", 10.4), CoreRun.Line("a", 60)];
        using (SqliteJournal journal = Make(now, was))
            journal.Rebase();
        for (int restarts = 0; restarts < 3; restarts++)
        {
            using SqliteJournal journal = SqliteJournal.Open(File);
            StageRun run = new(journal);
            Assert.Equal(["a  1", "b  2", "gone  3", "new  4", "a  5"], Names(run.Items()));
        }

        using SqliteJournal last = SqliteJournal.Open(File);
        StageRun goesOn = new(last);
        // The reader sends again what the journal had lost, and something new.
        goesOn.Chunk(0, 0, CoreRun.Line("gone", 20), CoreRun.Line("c", 100));
        goesOn.Apply(RecordKind.Paused);
        Assert.Equal(["a  1", "b  2", "gone  3", "new  4", "a  5", "c  6"], Names(goesOn.Items()));
    }

    [Fact]
    public void What_a_server_gave_back_without_its_chip_is_known_again_by_its_bib()
    {
        string[] lines = [CoreRun.Line("a", 1), CoreRun.Line("b", 10)];
        using SqliteJournal journal = Make(lines, [CoreRun.Line("a", 1)]);
        PassingItems fetched = new();
        fetched.Clear(2);
        fetched.Add("""{"bib":"b","num_passing":2,"timestamp":"2026-05-17T08:00:10.000Z"}"""u8);
        journal.AppendSent("FINISH", 1, fetched);
        journal.Rebase();
        Assert.Equal(["a  1", "b  2"], Names(new StageRun(journal).Items()));
    }

    [Fact]
    public void Two_passings_of_a_chip_match_two_sent_ones_and_a_third_is_new()
    {
        string[] was = [CoreRun.Line("a", 1), CoreRun.Line("a", 60)];
        string[] now = [CoreRun.Line("a", 0.5), CoreRun.Line("a", 61), CoreRun.Line("a", 120)];
        using SqliteJournal journal = Make(now, was);
        journal.Rebase();
        Assert.Equal(["a  1", "a  2", "a  3"], Names(new StageRun(journal).Items()));
    }
}
