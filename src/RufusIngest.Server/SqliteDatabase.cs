using System.Text;
using SQLitePCL;

namespace RufusIngest.Server;

/// <summary>One connection to a SQLite file. One thread at a time.</summary>
sealed class SqliteDatabase : IDisposable
{
    readonly sqlite3 _handle;
    readonly List<SqliteStatement> _statements = [];

    static SqliteDatabase() => Batteries_V2.Init();

    SqliteDatabase(sqlite3 handle, string path) => (_handle, Path) = (handle, path);

    public string Path { get; }

    /// <summary>A transaction is open.</summary>
    public bool IsInTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Rows that the last statement changed.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>Opens a file; one that is not there is made, but for reading.</summary>
    /// <exception cref="VenueDataException">It cannot be opened.</exception>
    public static SqliteDatabase Open(string path, bool create)
    {
        var flags = raw.SQLITE_OPEN_NOMUTEX | raw.SQLITE_OPEN_READWRITE | (create ? raw.SQLITE_OPEN_CREATE : 0);
        var code = raw.sqlite3_open_v2(path, out var handle, flags, null);
        var database = new SqliteDatabase(handle, path);
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
        Require(raw.sqlite3_prepare_v2(_handle, sql, out var statement), sql);
        var prepared = new SqliteStatement(this, statement, sql);
        _statements.Add(prepared);
        return prepared;
    }

    public void Execute(string sql) => Require(raw.sqlite3_exec(_handle, sql), sql);

    /// <summary>The single number that a query gives.</summary>
    public long Number(string sql)
    {
        var statement = Prepare(sql);
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

    /// <summary>Ends what runs on the connection, from another thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_handle);

    public void Dispose()
    {
        foreach (var statement in _statements)
            statement.Close();
        _statements.Clear();
        raw.sqlite3_close_v2(_handle);
        _handle.Dispose();
    }

    public void Require(int code, string doing)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            throw Failure(code, doing);
    }

    VenueDataException Failure(int code, string doing)
    {
        var (advice, mayHeal) = (code & 0xFF) switch
        {
            raw.SQLITE_FULL => ("make room on the disk", true),
            raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM =>
                ("let this program write the file and its folder", true),
            raw.SQLITE_CORRUPT or raw.SQLITE_ERROR => ("copy the file away and go on with a backup", false),
            raw.SQLITE_NOTADB => ("give the file of a venue server", false),
            _ => ("look after the disk, or end the program that uses the file", true),
        };
        var words = raw.sqlite3_errmsg(_handle).utf8_to_string() ?? "";
        return new($"{Path}: {words} (SQLite {code}, at {doing.Split('(', ' ')[0]}): {advice}.", words, mayHeal);
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

    public SqliteStatement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> blob)
    {
        database.Require(raw.sqlite3_bind_blob(handle, index, blob), sql);
        return this;
    }

    /// <summary>By its length: a text may hold a zero.</summary>
    public SqliteStatement Bind(int index, string? text)
    {
        if (text is null)
            return BindNull(index);
        database.Require(raw.sqlite3_bind_text(handle, index, Encoding.UTF8.GetBytes(text).AsSpan()), sql);
        return this;
    }

    public SqliteStatement BindNull(int index)
    {
        database.Require(raw.sqlite3_bind_null(handle, index), sql);
        return this;
    }

    /// <summary>Goes to the next row. False: there is none.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
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

    /// <summary>Ends it; what is bound stays bound.</summary>
    public void Reset() => raw.sqlite3_reset(handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Integer(int column) => raw.sqlite3_column_int64(handle, column);

    public string? Text(int column) => IsNull(column) ? null : Encoding.UTF8.GetString(Blob(column));

    /// <summary>Of a text or blob, in bytes.</summary>
    public int Length(int column) => raw.sqlite3_column_bytes(handle, column);

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    /// <summary>The database does it for those still open.</summary>
    public void Close() => handle.Dispose();
}
