using System.IO.Pipelines;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

public sealed class SqliteJournalTests : IDisposable
{
    readonly TempFolder _folder = new();

    string File => _folder.File("race.journal");

    public void Dispose() => _folder.Dispose();

    static string[] Reads(int from, int to) => [.. Enumerable.Range(from, to - from).Select(i => CoreRun.Line($"c{i}", i))];

    [Fact]
    public void What_was_committed_is_there_when_the_file_is_opened_again()
    {
        List<string> before;
        using (SqliteJournal journal = SqliteJournal.Open(File))
        {
            StageRun run = new(journal, ("mat", "FINISH"));
            run.Chunk(0, 1, Reads(0, 50));
            before = run.Items();
            Assert.Equal(49, before.Count);
            Assert.Equal(2, journal.LastSequence);
        }

        using SqliteJournal again = SqliteJournal.Open(File);
        Assert.Equal(2, again.LastSequence);
        Assert.Equal(before, StageRun.Items(again));
        Assert.Equal("FINISH", Assert.Single(again.FindSettings()!.Locations).Name);
    }

    [Fact]
    public void A_restart_goes_on_with_the_next_number_and_absorbs_what_the_reader_sends_again()
    {
        using SqliteJournal whole = SqliteJournal.Open(_folder.File("whole.journal"));
        StageRun uninterrupted = new(whole, ("mat", "FINISH"));
        uninterrupted.Chunk(0, 0, Reads(0, 100));
        uninterrupted.Close();
        for (int cut = 1; cut < 100; cut += 9)
        {
            string file = _folder.File($"{cut}.journal");
            using (SqliteJournal journal = SqliteJournal.Open(file))
                new StageRun(journal, ("mat", "FINISH")).Chunk(0, 0, Reads(0, cut));
            using SqliteJournal again = SqliteJournal.Open(file);
            StageRun run = new(again);
            run.Apply(RecordKind.Disconnected);
            run.Chunk(0, 0, Reads(0, 100));
            run.Close();
            Assert.Equal(uninterrupted.Items(), run.Items());
        }
    }

    [Fact]
    public void Passings_whose_commit_never_came_are_made_again_from_their_records()
    {
        using SqliteJournal journal = SqliteJournal.Open(File);
        StageRun run = new(journal, ("mat", "FINISH"));
        RecordBlock block = new(100_000);
        block.Append(RecordKind.Chunk, 0, 0, PlainParser.Lines(Reads(0, 30)));
        block.FirstSequence = 2;
        journal.Commit([block], [], []);
        Assert.Empty(run.Items());
        StageRun again = new(journal);
        Assert.Equal(29, again.Items().Count);
    }

    [Fact]
    public void The_cursor_and_the_token_are_kept()
    {
        using (SqliteJournal journal = SqliteJournal.Open(File))
        {
            new StageRun(journal, ("mat", "FINISH")).Chunk(0, 0, Reads(0, 20));
            journal.SetToken("FINISH", 1, "token-1");
            journal.Acknowledge("FINISH", 1, 5, []);
            journal.Acknowledge("FINISH", 1, 8, [new SetAsidePassing(7, 400, "no such bib")]);
        }

        using SqliteJournal again = SqliteJournal.Open(File);
        StoredSession session = Assert.Single(again.GetSessions());
        Assert.Equal(("FINISH", 1, "token-1"), (session.Location, session.Session, session.Token));
        Assert.Equal((19, 8, 1), (session.LastNumber, session.AcknowledgedNumber, session.SetAside));
        Assert.Equal(new SetAsidePassing(7, 400, "no such bib"), Assert.Single(again.GetSetAside("FINISH", 1)));
        Assert.False(session.IsClosed);
    }

    [Fact]
    public void The_cursor_moves_only_forward_and_never_past_what_is_kept()
    {
        using SqliteJournal journal = SqliteJournal.Open(File);
        new StageRun(journal, ("mat", "FINISH")).Chunk(0, 0, Reads(0, 20));
        journal.Acknowledge("FINISH", 1, 5, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.Acknowledge("FINISH", 1, 4, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.Acknowledge("FINISH", 1, 20, []));
    }

    [Fact]
    public void A_replay_that_gives_another_passing_under_a_kept_number_stops_with_both()
    {
        using SqliteJournal journal = SqliteJournal.Open(File);
        new StageRun(journal, ("mat", "FINISH")).Chunk(0, 0, Reads(0, 20));
        IngestCore other = new([PlainParser.Protocol]);
        IngestOutput output = new();
        other.Apply(
            new IngestRecord
            {
                Sequence = 1,
                Kind = RecordKind.Settings,
                Payload = CoreRun.SettingsOf(("mat", "FINISH")).ToUtf8Json(),
            },
            output);
        other.Apply(
            new IngestRecord { Sequence = 2, Kind = RecordKind.Chunk, Payload = PlainParser.Lines(Reads(1, 20)) }, output);
        output.CloseBatches();
        Assert.True(output.TryTakeBatch(out PassingBatch batch));
        JournalException problem = Assert.Throws<JournalException>(() => journal.Commit([], [batch], []));
        Assert.Equal(JournalProblem.Mismatch, problem.Problem);
        Assert.Contains("\"bib\":\"c0\"", problem.Message, StringComparison.Ordinal);
        Assert.Contains("\"bib\":\"c1\"", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_writer_is_refused_with_the_name_of_the_first_and_a_looker_is_not()
    {
        using SqliteJournal journal = SqliteJournal.Open(File);
        StageRun run = new(journal, ("mat", "FINISH"));
        JournalException refused = Assert.Throws<JournalException>(() => SqliteJournal.Open(File));
        Assert.Equal(JournalProblem.Held, refused.Problem);
        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        using SqliteJournal look = SqliteJournal.Open(File, new SqliteJournalOptions { ReadOnly = true });
        Assert.Empty(look.GetSessions());
        run.Chunk(0, 0, Reads(0, 20));
        Assert.Equal(19, Assert.Single(look.GetSessions()).LastNumber);
        Assert.Equal(19, StageRun.Items(look).Count);
    }

    [Fact]
    public void A_file_of_another_kind_or_version_is_refused()
    {
        System.IO.File.WriteAllText(File, "bib,time\n12,13:45:00\n" + new string('x', 5000));
        Assert.Equal(JournalProblem.NotAJournal, Assert.Throws<JournalException>(() => SqliteJournal.Open(File)).Problem);
        string later = _folder.File("later.journal");
        SqliteJournal.Open(later).Dispose();
        using (SqliteDatabase database = SqliteDatabase.Open(later, readOnly: false, vfs: null))
            database.Execute("PRAGMA user_version = 2");
        JournalException refused = Assert.Throws<JournalException>(() => SqliteJournal.Open(later));
        Assert.Contains("version 2", refused.Message, StringComparison.Ordinal);
        Assert.Equal(
            JournalProblem.NotAJournal,
            Assert.Throws<JournalException>(
                () => SqliteJournal.Open(_folder.File("none"), new SqliteJournalOptions { ReadOnly = true })).Problem);
    }

    [Fact]
    public void The_log_is_copied_into_the_file_as_it_grows()
    {
        using SqliteJournal journal = SqliteJournal.Open(File, new SqliteJournalOptions { CheckpointBytes = 10_000 });
        StageRun run = new(journal, ("mat", "FINISH"));
        for (int i = 0; i < 100; i++)
            run.Chunk(0, 0, Reads(i * 100, (i + 1) * 100));
        Assert.InRange(new FileInfo(File + "-wal").Length, 1, 400_000);
        Assert.Equal(9_999, run.Items().Count);
    }

    [Fact]
    public async Task A_pipeline_that_is_paused_goes_on_in_the_same_session()
    {
        IngestOptions options = new()
        {
            Settings = CoreRun.SettingsOf(("mat", "FINISH")),
            Protocols = [PlainParser.Protocol],
        };
        for (int part = 0; part < 3; part++)
        {
            using SqliteJournal journal = SqliteJournal.Open(File);
            await using IngestPipeline pipeline = await IngestPipeline.OpenAsync(
                options, journal, cancellation: TestContext.Current.CancellationToken);
            await pipeline.ReadAsync(
                "mat",
                PipeReader.Create(new MemoryStream(PlainParser.Lines(Reads(0, (part + 1) * 10)))),
                recorded: true,
                TestContext.Current.CancellationToken);
            await (part == 2 ? pipeline.CompleteAsync() : pipeline.PauseAsync());
        }

        using SqliteJournal again = SqliteJournal.Open(File);
        Assert.Equal(30, StageRun.Items(again).Count);
        Assert.True(Assert.Single(again.GetSessions()).IsClosed);
    }

    [Fact]
    public async Task A_chip_list_imported_during_the_race_is_there_again_after_a_restart()
    {
        IngestOptions options = new()
        {
            Settings = CoreRun.SettingsOf(("mat", "FINISH")),
            Protocols = [PlainParser.Protocol],
        };
        async Task ReadAsync(IngestPipeline pipeline, int at) => await pipeline.ReadAsync(
            "mat",
            PipeReader.Create(new MemoryStream(PlainParser.Lines(CoreRun.Line("58", at), CoreRun.Line("59", at)))),
            recorded: true,
            TestContext.Current.CancellationToken);
        using (SqliteJournal journal = SqliteJournal.Open(File))
        {
            await using IngestPipeline pipeline = await IngestPipeline.OpenAsync(
                options, journal, cancellation: TestContext.Current.CancellationToken);
            await ReadAsync(pipeline, 1);
            await pipeline.SetChipsAsync(
                ChipTable.ReadCsv(new StringReader("58,101\n59,101\n"), "bibs.csv"), TestContext.Current.CancellationToken);
            await ReadAsync(pipeline, 60);
            await pipeline.PauseAsync();
        }

        using SqliteJournal again = SqliteJournal.Open(File);
        options = options with { Settings = options.Settings.GoingOnFrom(again.FindSettings()) };
        await using IngestPipeline next = await IngestPipeline.OpenAsync(
            options, again, cancellation: TestContext.Current.CancellationToken);
        await ReadAsync(next, 120);
        await next.CompleteAsync();
        Assert.Equal(["58", "59", "101", "101"], StageRun.Items(again).Select(item => item.Split('"')[3]));
    }

    [Fact]
    public async Task A_pipeline_whose_journal_knows_other_readers_is_refused()
    {
        IngestOptions options = new()
        {
            Settings = CoreRun.SettingsOf(("mat", "FINISH")),
            Protocols = [PlainParser.Protocol],
        };
        using SqliteJournal journal = SqliteJournal.Open(File);
        await using (IngestPipeline first = await IngestPipeline.OpenAsync(
            options, journal, cancellation: TestContext.Current.CancellationToken))
            await first.PauseAsync();
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => IngestPipeline.OpenAsync(
            options with { Settings = CoreRun.SettingsOf(("gantry", "FINISH")) },
            journal,
            cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("mat", refused.Message, StringComparison.Ordinal);
    }
}
