using RufusIngest.Records;
using SQLitePCL;

namespace RufusIngest.Journal;

/// <summary>One connection to a SQLite file. One thread at a time.</summary>
sealed class SqliteDatabase : IDisposable
{
    readonly sqlite3 _handle;
    readonly List<SqliteStatement> _statements = [];

    static SqliteDatabase() => Batteries_V2.Init();

    SqliteDatabase(sqlite3 handle, string path)
    {
        _handle = handle;
        Path = path;
    }

    public string Path { get; }

    /// <summary>A transaction is open.</summary>
    public bool IsInTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <exception cref="JournalException">It cannot be opened.</exception>
    public static SqliteDatabase Open(string path, bool readOnly, string? vfs)
    {
        int flags = raw.SQLITE_OPEN_NOMUTEX
            | (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        int code = raw.sqlite3_open_v2(path, out sqlite3 handle, flags, vfs);
        SqliteDatabase database = new(handle, path);
        if (code == raw.SQLITE_OK)
        {
            raw.sqlite3_extended_result_codes(handle, 1);
            raw.sqlite3_busy_timeout(handle, 2_000);
            return database;
        }

        using (database)
            throw database.Failure(code, "open");
    }

    public SqliteStatement Prepare(string sql)
    {
        Require(raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt statement), sql);
        SqliteStatement prepared = new(this, statement, sql);
        _statements.Add(prepared);
        return prepared;
    }

    public void Execute(string sql) => Require(raw.sqlite3_exec(_handle, sql), sql);

    /// <summary>The single number that a query gives.</summary>
    public long Number(string sql)
    {
        SqliteStatement statement = Prepare(sql);
        try
        {
            return statement.Step() ? statement.Integer(0) : 0;
        }
        finally
        {
            statement.Close();
            _statements.Remove(statement);
        }
    }

    /// <summary>Copies the WAL into the file as far as no reader needs it. False: not all of it.</summary>
    public bool Checkpoint()
    {
        int code = raw.sqlite3_wal_checkpoint_v2(
            _handle, null, raw.SQLITE_CHECKPOINT_PASSIVE, out int frames, out int copied);
        if (code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED)
            return false;
        Require(code, "checkpoint");
        return frames == copied;
    }

    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements)
            statement.Close();
        _statements.Clear();
        raw.sqlite3_close_v2(_handle);
        _handle.Dispose();
    }

    internal void Require(int code, string doing)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            throw Failure(code, doing);
    }

    JournalException Failure(int code, string doing)
    {
        JournalProblem problem = (code & 0xFF) switch
        {
            raw.SQLITE_FULL => JournalProblem.DiskFull,
            raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH => JournalProblem.ReadOnly,
            raw.SQLITE_CORRUPT or raw.SQLITE_ERROR => JournalProblem.Damaged, // No such table: its schema is damaged.
            raw.SQLITE_NOTADB => JournalProblem.NotAJournal,
            _ => JournalProblem.Unavailable,
        };
        string words = raw.sqlite3_errmsg(_handle).utf8_to_string() ?? "";
        string advice = problem switch
        {
            JournalProblem.DiskFull => "make room on the disk",
            JournalProblem.ReadOnly => "let this program write the file and its folder",
            JournalProblem.Damaged => "copy the file away, then repair the journal",
            JournalProblem.NotAJournal => "give the file of a journal",
            _ => "look after the disk, or end the program that uses the file",
        };
        return new JournalException(
            problem, $"{Path}: {words} (SQLite {code}, at {doing.Split('(', ' ')[0]}): {advice}.");
    }
}

/// <summary>A prepared statement, used again and again; its database closes it.</summary>
sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt handle, string sql)
{
    public SqliteStatement Bind(int index, long value)
    {
        database.Require(raw.sqlite3_bind_int64(handle, index, value), sql);
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        database.Require(raw.sqlite3_bind_blob(handle, index, value), sql);
        return this;
    }

    public SqliteStatement Bind(int index, string? value)
    {
        database.Require(
            value is null ? raw.sqlite3_bind_null(handle, index) : raw.sqlite3_bind_text(handle, index, value), sql);
        return this;
    }

    /// <summary>Goes to the next row. False: there is none.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(handle);
        database.Require(code, sql);
        return code == raw.SQLITE_ROW;
    }

    /// <summary>Runs a statement that gives no rows, and makes it ready for the next time.</summary>
    public void Run()
    {
        try
        {
            Step();
        }
        finally
        {
            Reset();
        }
    }

    public void Reset() => raw.sqlite3_reset(handle);

    public long Integer(int column) => raw.sqlite3_column_int64(handle, column);

    public string? Text(int column) =>
        raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL
            ? null
            : raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    /// <summary>The database does it for those still open.</summary>
    public void Close() => handle.Dispose();
}
