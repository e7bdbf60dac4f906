using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

/// <summary>What a commit that failed leaves behind: nothing that a later transaction takes up by mistake.</summary>
public sealed class FailedCommitTests
{
    static SqliteJournal Open(SimulatedDisk disk) =>
        SqliteJournal.Open("event.db", new SqliteJournalOptions { Vfs = disk.VfsName, CheckpointInline = true });

    static void Write(StageRun run, string chip, double at) => run.Chunk(0, at, CoreRun.Line(chip, at));

    [Fact]
    public void A_session_of_a_failed_commit_is_not_written_with_the_next_cursor()
    {
        using SimulatedDisk disk = new(1);
        using SqliteJournal journal = Open(disk);
        StageRun run = new(journal, ("a", "FINISH"));
        Write(run, "c1", 1);
        Write(run, "c2", 9);
        disk.WriteErrors = 1;
        Assert.Throws<JournalException>(() => run.Apply(RecordKind.SessionOpened));
        Assert.Equal([("FINISH", 1, false)], Sessions(journal));

        disk.WriteErrors = 0;
        journal.Acknowledge("FINISH", 1, 1, []);

        disk.Crash(CrashKeeps.Nothing);
        using SqliteJournal after = Open(disk);
        Assert.Equal([("FINISH", 1, false)], Sessions(after));
        Assert.Equal(1, after.GetSessions()[0].AcknowledgedNumber);
    }

    [Fact]
    public void The_commit_that_failed_succeeds_later_with_its_sessions()
    {
        using SimulatedDisk disk = new(1);
        using SqliteJournal journal = Open(disk);
        StageRun run = new(journal, ("a", "FINISH"));
        Write(run, "c1", 1);
        Write(run, "c2", 9);
        disk.WriteErrors = 1;
        Assert.Throws<JournalException>(() => run.Apply(RecordKind.SessionOpened));

        disk.WriteErrors = 0;
        run.Stage.Commit();

        Assert.Equal([("FINISH", 1, true), ("FINISH", 2, false)], Sessions(journal));
        disk.Crash(CrashKeeps.Nothing);
        using SqliteJournal after = Open(disk);
        Assert.Equal([("FINISH", 1, true), ("FINISH", 2, false)], Sessions(after));
    }

    [Fact]
    public void What_a_killed_process_wrote_but_did_not_sync_is_durable_once_the_next_one_has_opened_it()
    {
        using SimulatedDisk disk = new(1);
        using SqliteJournal killed = Open(disk);
        StageRun run = new(killed, ("a", "FINISH"));
        Write(run, "c1", 1);
        disk.SyncErrors = 1;
        Assert.Throws<JournalException>(() => Write(run, "c2", 9));
        disk.SyncErrors = 0;
        disk.Restore(disk.TakeSnapshot()); // Kills the process; the disk goes on.

        using SqliteJournal next = Open(disk);
        List<string> seen = StageRun.Items(next);

        disk.Crash(CrashKeeps.Nothing);
        using SqliteJournal after = Open(disk);
        Assert.Single(seen);
        Assert.Equal(seen, StageRun.Items(after));
    }

    static (string, int, bool)[] Sessions(PassingStore store) =>
        [.. store.GetSessions().Select(session => (session.Location, session.Session, session.IsClosed))];
}
