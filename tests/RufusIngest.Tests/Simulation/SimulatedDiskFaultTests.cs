using RufusIngest.Tests.Support;
using static SQLitePCL.raw;

namespace RufusIngest.Tests.Simulation;

/// <summary>Faults of the simulated disk reach SQLite's caller as they do from a real one, and pass.</summary>
public sealed class SimulatedDiskFaultTests
{
    const string InsertRow = "INSERT INTO row(text) VALUES (hex(randomblob(2000)))";

    [Fact]
    public void A_full_disk_refuses_commits_until_there_is_room()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession session = OpenWithTable(disk);
        disk.FillAfter(50_000);

        int rows = 0;
        int result;
        while ((result = session.Try(InsertRow)) == SQLITE_OK)
            rows++;

        Assert.Equal(SQLITE_FULL, result);
        Assert.InRange(rows, 2, 12);
        Assert.True(disk.UsedBytes <= disk.Capacity);
        Assert.Equal(SQLITE_FULL, session.Try(InsertRow));
        disk.Capacity = long.MaxValue;
        GoesOn(disk, session, rows);
    }

    [Fact]
    public void A_read_only_disk_refuses_commits_and_new_files_and_heals()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession session = OpenWithTable(disk);
        session.Run(InsertRow);
        disk.ReadOnly = true;

        Assert.Equal(SQLITE_IOERR_WRITE, session.Try(InsertRow));
        Assert.Equal([1L], session.Numbers("SELECT count(*) FROM row"));
        Assert.Throws<InvalidOperationException>(() => new SqliteSession(disk, "other.db"));
        using (var late = new SqliteSession(disk))
        {
            Assert.Equal([1L], late.Numbers("SELECT count(*) FROM row"));
            Assert.Equal(SQLITE_READONLY, late.Try(InsertRow));
        }

        disk.ReadOnly = false;
        GoesOn(disk, session, 1);
    }

    [Fact]
    public void A_write_that_fails_half_way_fails_the_commit_and_not_the_next()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using SqliteSession session = OpenWithTable(disk);
            session.Run(InsertRow);
            disk.WriteErrors = 0.5;
            int result = SQLITE_OK;
            int rows = 0;
            while ((result = session.Try(InsertRow)) == SQLITE_OK)
                rows++;

            Assert.Equal(SQLITE_IOERR_WRITE, result);
            disk.WriteErrors = 0;
            GoesOn(disk, session, 1 + rows);
        }
    }

    [Fact]
    public void A_sync_that_fails_fails_the_commit_and_not_the_next()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession session = OpenWithTable(disk);
        session.Run(InsertRow);
        disk.SyncErrors = 1;

        Assert.Equal(SQLITE_IOERR_FSYNC, session.Try(InsertRow));
        Assert.True(disk.UnsyncedChanges > 0);
        disk.SyncErrors = 0;
        GoesOn(disk, session, 1);
    }

    [Fact]
    public void A_writer_a_reader_and_a_checkpoint_share_a_database()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession writer = OpenWithTable(disk);
        using var reader = new SqliteSession(disk);
        using var checkpointer = new SqliteSession(disk);
        writer.Run(InsertRow);
        reader.Run("BEGIN");
        Assert.Equal([1L], reader.Numbers("SELECT count(*) FROM row"));
        // A connection knows of the WAL, and can move it, only after its first read.
        Assert.Equal([1L], checkpointer.Numbers("SELECT count(*) FROM row"));

        for (int i = 0; i < 20; i++)
            writer.Run(InsertRow);

        Assert.Equal([1L], reader.Numbers("SELECT count(*) FROM row"));
        Assert.Equal(0, Checkpoint(checkpointer, SQLITE_CHECKPOINT_PASSIVE, out int inWal, out int moved));
        Assert.InRange(moved, 1, inWal - 1);
        Assert.Equal(SQLITE_BUSY, Checkpoint(checkpointer, SQLITE_CHECKPOINT_TRUNCATE, out _, out _));
        reader.Run("COMMIT");
        Assert.Equal(0, Checkpoint(checkpointer, SQLITE_CHECKPOINT_TRUNCATE, out _, out _));
        Assert.Empty(disk.GetImage("event.db-wal"));
        Assert.Equal([21L], reader.Numbers("SELECT count(*) FROM row"));
    }

    [Fact]
    public void Two_writers_exclude_each_other()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession one = OpenWithTable(disk);
        using var other = new SqliteSession(disk);
        one.Run($"BEGIN IMMEDIATE; {InsertRow}");
        Assert.Equal(SQLITE_BUSY, other.Try(InsertRow));
        one.Run("COMMIT");
        other.Run(InsertRow);
        Assert.Equal([2L], one.Numbers("SELECT count(*) FROM row"));
    }

    [Fact]
    public void Without_wal_the_file_locks_exclude_and_a_crash_rolls_back()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            using var disk = new SimulatedDisk(seed);
            using var one = new SqliteSession(disk);
            using var other = new SqliteSession(disk);
            one.Run($"PRAGMA synchronous=EXTRA; CREATE TABLE row(id INTEGER PRIMARY KEY, text TEXT); {InsertRow}");
            other.Run($"BEGIN; SELECT count(*) FROM row");
            Assert.Equal(SQLITE_BUSY, one.Try(InsertRow));
            other.Run("COMMIT");
            one.Run(InsertRow);
            disk.CutPowerAfter(1 + seed % 20);
            int rows = 2;
            while (one.Try(InsertRow) == SQLITE_OK)
                rows++;

            disk.Crash();

            using var after = new SqliteSession(disk);
            Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
            Assert.InRange(after.Numbers("SELECT count(*) FROM row")[0], rows, rows + 1);
        }
    }

    [Fact]
    public void Images_can_be_changed_and_a_snapshot_brings_all_back()
    {
        using var disk = new SimulatedDisk(1);
        using (SqliteSession session = OpenWithTable(disk))
        {
            session.Run(InsertRow);
            DiskSnapshot snapshot = disk.TakeSnapshot();
            byte[] wal = disk.GetImage("event.db-wal");
            disk.SetImage("event.db-wal", wal.AsSpan(0, wal.Length - 1));
            Assert.Equal(wal.Length - 1, disk.GetImage("event.db-wal").Length);
            disk.Crash();
            using (var cut = new SqliteSession(disk))
                Assert.Equal([0L], cut.Numbers("SELECT count(*) FROM row"));

            for (int i = 0; i < 2; i++)
            {
                disk.Restore(snapshot);
                using var whole = new SqliteSession(disk);
                Assert.Equal([1L], whole.Numbers("SELECT count(*) FROM row"));
                whole.Run(InsertRow);
            }
        }
        Assert.Equal(["event.db"], disk.Files);
    }

    [Fact]
    public void A_connection_may_be_closed_after_its_disk_is_gone()
    {
        var disk = new SimulatedDisk(1);
        SqliteSession session = OpenWithTable(disk);
        disk.Dispose();
        Assert.Equal(SQLITE_IOERR, session.Try(InsertRow) & 0xFF);
        session.Dispose();
        Assert.Throws<InvalidOperationException>(() => new SqliteSession(disk));
    }

    [Fact]
    public void A_commit_is_one_sync_and_writes_are_counted()
    {
        using var disk = new SimulatedDisk(1);
        using SqliteSession session = OpenWithTable(disk);
        session.Run(InsertRow);
        (long writes, long bytes, long syncs) = (disk.Writes, disk.BytesWritten, disk.Syncs);
        session.Run(InsertRow);
        Assert.Equal(syncs + 1, disk.Syncs);
        Assert.True(disk.Writes >= writes + 2);
        Assert.Equal(0, (disk.BytesWritten - bytes) % (4096 + 24));
        Assert.Equal(0, disk.UnsyncedChanges);
    }

    static SqliteSession OpenWithTable(SimulatedDisk disk)
    {
        SqliteSession session = SqliteSession.OpenWal(disk);
        session.Run("CREATE TABLE row(id INTEGER PRIMARY KEY, text TEXT)");
        return session;
    }

    static int Checkpoint(SqliteSession session, int mode, out int inWal, out int moved) =>
        sqlite3_wal_checkpoint_v2(session.Database, "main", mode, out inWal, out moved);

    /// <summary>
    /// The healed database takes a row, and holds it and what was committed before, after a crash too.
    /// </summary>
    static void GoesOn(SimulatedDisk disk, SqliteSession session, int rows)
    {
        session.Run(InsertRow);
        Assert.Equal([rows + 1L], session.Numbers("SELECT count(*) FROM row"));
        disk.Crash();
        using var after = new SqliteSession(disk);
        Assert.Equal(["ok"], after.Texts("PRAGMA integrity_check"));
        Assert.Equal([rows + 1L], after.Numbers("SELECT count(*) FROM row"));
    }
}
