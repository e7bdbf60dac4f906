using SQLitePCL;
using static SQLitePCL.raw;

namespace RufusIngest.Tests.Support;

/// <summary>
/// A connection of the real SQLite to a database on a <see cref="SimulatedDisk"/>, answering with result codes.
/// </summary>
sealed class SqliteSession : IDisposable
{
    const int Flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    readonly sqlite3 _database;

    public SqliteSession(SimulatedDisk disk, string name = "event.db")
    {
        int result = sqlite3_open_v2(name, out _database, Flags, disk.VfsName);
        if (result == SQLITE_OK)
            return;
        Dispose();
        throw new InvalidOperationException($"Result {result} when opening {name}.");
    }

    /// <summary>Opened as a journal is: WAL, every commit synced, no checkpoint unless asked for.</summary>
    public static SqliteSession OpenWal(SimulatedDisk disk)
    {
        var session = new SqliteSession(disk);
        session.Run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0");
        return session;
    }

    public sqlite3 Database => _database;

    /// <summary>Runs statements, and gives SQLite's extended result code.</summary>
    public int Try(string sql)
    {
        int result = sqlite3_exec(_database, sql);
        return result == SQLITE_OK ? result : sqlite3_extended_errcode(_database);
    }

    public void Run(string sql)
    {
        int result = Try(sql);
        if (result != SQLITE_OK)
            throw new InvalidOperationException(
                $"Result {result}, {sqlite3_errmsg(_database).utf8_to_string()}, at: {sql}");
    }

    /// <summary>The first column of all rows, as numbers.</summary>
    public long[] Numbers(string sql) => Rows(sql, statement => sqlite3_column_int64(statement, 0));

    /// <summary>The first column of all rows, as text.</summary>
    public string[] Texts(string sql) =>
        Rows(sql, statement => sqlite3_column_text(statement, 0).utf8_to_string());

    public void Dispose() => sqlite3_close_v2(_database);

    T[] Rows<T>(string sql, Func<sqlite3_stmt, T> read)
    {
        var rows = new List<T>();
        int result = sqlite3_prepare_v2(_database, sql, out sqlite3_stmt statement);
        using (statement)
        {
            while (result is SQLITE_OK or SQLITE_ROW)
            {
                result = sqlite3_step(statement);
                if (result == SQLITE_ROW)
                    rows.Add(read(statement));
            }
        }
        if (result != SQLITE_DONE)
            throw new InvalidOperationException(
                $"Result {result}, {sqlite3_errmsg(_database).utf8_to_string()}, at: {sql}");
        return [.. rows];
    }
}
