using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Simulation;

/// <summary>
/// What is left of a database in WAL mode with synchronous=FULL when the power goes, by seed and by place.
/// </summary>
public sealed class SimulatedDiskCrashTests
{
    const string InsertRow = "INSERT INTO row(text) VALUES (hex(randomblob(200)))";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Committed_rows_survive_a_crash_and_uncommitted_are_gone(int keeps)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession before = OpenWithTable(disk);
            for (int i = 0; i < 10; i++)
                before.Run(InsertRow);
            string[] committed = before.Texts("SELECT text FROM row ORDER BY id");
            before.Run($"PRAGMA cache_size=1; BEGIN; {InsertMany(40)}");
            Assert.True(disk.UnsyncedChanges > 0);

            disk.Crash((CrashKeeps)keeps);

            using var after = new SqliteSession(disk);
            Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
            Assert.Equal(committed, after.Texts("SELECT text FROM row ORDER BY id"));
            after.Run(InsertRow);
        }
    }

    [Fact]
    public void Wherever_the_power_goes_the_database_holds_what_was_committed_and_at_most_the_commit_under_way()
    {
        int interrupted = 0;
        for (int seed = 0; seed < 600; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession before = OpenWithTable(disk);
            disk.CutPowerAfter(1 + seed % 120);
            int committed = CommitUntilItFails(before, most: 30, checkpointEvery: 7);
            interrupted += disk.Powered ? 0 : 1;

            disk.Crash();

            using var after = new SqliteSession(disk);
            Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
            long[] ids = after.Numbers("SELECT id FROM row ORDER BY id");
            Assert.Equal(Enumerable.Range(1, ids.Length).Select(id => (long)id), ids);
            Assert.InRange(ids.Length, committed, committed + 1);
        }
        Assert.InRange(interrupted, 500, 600);
    }

    [Fact]
    public void A_checkpoint_and_the_reuse_of_the_wal_lose_nothing_in_a_crash()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession before = OpenWithTable(disk);
            int rows = CommitUntilItFails(before, most: 12, checkpointEvery: 100);
            before.Run(seed % 2 == 0 ? "PRAGMA wal_checkpoint(RESTART)" : "PRAGMA wal_checkpoint(TRUNCATE)");
            rows += CommitUntilItFails(before, most: seed % 5, checkpointEvery: 100);

            disk.Crash();

            using var after = new SqliteSession(disk);
            Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
            Assert.Equal([rows], after.Numbers("SELECT count(*) FROM row"));
        }
    }

    [Fact]
    public void A_disk_that_ignores_syncs_loses_committed_rows()
    {
        int lost = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession before = OpenWithTable(disk);
            disk.IgnoreSync = true;
            int committed = CommitUntilItFails(before, most: 10, checkpointEvery: 100);
            Assert.Equal(10, committed);

            disk.Crash();

            using var after = new SqliteSession(disk);
            lost += after.Numbers("SELECT count(*) FROM row")[0] < committed ? 1 : 0;
        }
        Assert.InRange(lost, 20, 50);
    }

    [Fact]
    public void A_database_that_does_not_sync_its_commits_is_found_out()
    {
        int lost = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession before = OpenWithTable(disk);
            before.Run("PRAGMA synchronous=NORMAL");
            int committed = CommitUntilItFails(before, most: 10, checkpointEvery: 100);

            disk.Crash();

            using var after = new SqliteSession(disk);
            Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
            lost += after.Numbers("SELECT count(*) FROM row")[0] < committed ? 1 : 0;
        }
        Assert.InRange(lost, 10, 50);
    }

    [Fact]
    public void Disks_on_several_threads_do_not_meet()
    {
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, seed =>
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession before = OpenWithTable(disk);
            int committed = CommitUntilItFails(before, most: 1 + seed % 20, checkpointEvery: 6);
            disk.Crash();
            using var after = new SqliteSession(disk);
            Assert.Equal([committed], after.Numbers("SELECT count(*) FROM row"));
        });
    }

    [Fact]
    public void The_same_seed_leaves_the_same_rows()
    {
        for (int seed = 0; seed < 20; seed++)
            Assert.Equal(Survivors(seed), Survivors(seed));

        static string Survivors(int seed)
        {
            using var disk = new SimulatedDisk(seed) { IgnoreSync = true };
            using SqliteSession before = OpenWithTable(disk);
            CommitUntilItFails(before, most: 20, checkpointEvery: 9);
            disk.Crash(CrashKeeps.Prefix);
            return string.Join(' ', disk.Files.Select(name => $"{name}:{disk.GetImage(name).Length}"));
        }
    }

    [Fact]
    public void Connections_from_before_a_crash_are_dead_and_change_nothing()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession before = OpenWithTable(disk);
        before.Run(InsertRow);
        disk.Crash();

        using var after = new SqliteSession(disk);
        after.Run(InsertRow);
        Assert.Equal(SQLitePCL.raw.SQLITE_IOERR, before.Try(InsertRow) & 0xFF);
        before.Dispose();

        Assert.Equal([2L], after.Numbers("SELECT count(*) FROM row"));
        after.Run(InsertRow);
        Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
    }

    static SqliteSession OpenWithTable(SimulatedDisk disk)
    {
        SqliteSession session = SqliteSession.OpenWal(disk);
        session.Run("CREATE TABLE row(id INTEGER PRIMARY KEY, text TEXT)");
        return session;
    }

    static string InsertMany(int rows) =>
        $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) " +
        "INSERT INTO row(text) SELECT hex(randomblob(1000)) FROM n";

    static int CommitUntilItFails(SqliteSession session, int most, int checkpointEvery)
    {
        int committed = 0;
        while (committed < most && session.Try(InsertRow) == SQLitePCL.raw.SQLITE_OK)
        {
            committed++;
            if (committed % checkpointEvery == 0)
                session.Try("PRAGMA wal_checkpoint(PASSIVE)");
        }
        return committed;
    }
}
