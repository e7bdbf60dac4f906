using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using RufusIngest.Passings;

namespace RufusIngest.Tool.Relay;

/// <summary>
/// The relay's file (SQLite): which session of the venue server goes to which of the cloud, and which numbers are there.
/// What a member wrote is on the disk when it returns. One thread at a time.
/// </summary>
sealed class RelayState : IDisposable
{
    const int ApplicationId = 0x5255464C; // "RUFL"
    const int Version = 1;

    const string Tables = """
        CREATE TABLE relay (cloud TEXT NOT NULL) STRICT;
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, location TEXT NOT NULL, number INTEGER NOT NULL,
            cloud_token TEXT UNIQUE, opening INTEGER NOT NULL DEFAULT 0, named INTEGER NOT NULL,
            done INTEGER NOT NULL, sent_to INTEGER NOT NULL, UNIQUE (location, number)) STRICT;
        CREATE TABLE known (
            token TEXT NOT NULL REFERENCES sessions (token), first INTEGER NOT NULL, last INTEGER NOT NULL,
            PRIMARY KEY (token, first)) STRICT, WITHOUT ROWID;
        CREATE TABLE set_aside (
            token TEXT NOT NULL REFERENCES sessions (token), number INTEGER NOT NULL, status INTEGER NOT NULL, words TEXT,
            passing TEXT NOT NULL, PRIMARY KEY (token, number)) STRICT, WITHOUT ROWID;
        """;

    readonly SqliteConnection _file;

    RelayState(SqliteConnection file) => _file = file;

    public string Path => _file.DataSource;

    /// <summary>Opens a file, or makes it. It is for one cloud only, and for one relay at a time.</summary>
    /// <exception cref="ToolException">It cannot be used.</exception>
    public static RelayState Open(string path, string cloud)
    {
        SqliteConnection file = new(new SqliteConnectionStringBuilder
        {
            DataSource = System.IO.Path.GetFullPath(path),
            Pooling = false,
            DefaultTimeout = 2,
        }.ToString());
        RelayState state = new(file);
        try
        {
            file.Open();
            state.Prepare(cloud);
            return state;
        }
        catch (Exception exception)
        {
            file.Dispose();
            throw exception is SqliteException sqlite ? Failure(file, sqlite) : exception;
        }
    }

    /// <summary>All sessions, in the order in which the relay met them.</summary>
    /// <exception cref="ToolException">The file is damaged.</exception>
    public List<RelayedSession> Load()
    {
        List<RelayedSession> sessions = [];
        Try(() => sessions = LoadAll());
        return sessions;
    }

    List<RelayedSession> LoadAll()
    {
        Dictionary<string, RelayedSession> sessions = [];
        Read("SELECT token, location, number, cloud_token, opening, named, done, sent_to FROM sessions ORDER BY id", row =>
            sessions.Add(row.GetString(0), new(row.GetString(0), row.GetString(1), row.GetInt32(2))
            {
                CloudToken = row.IsDBNull(3) ? null : row.GetString(3),
                MayBeOpened = row.GetBoolean(4),
                IsNamed = row.GetBoolean(5),
                IsDone = row.GetBoolean(6),
                SentTo = row.GetInt32(7),
            }));
        Read("SELECT token, first, last FROM known", row =>
            sessions[row.GetString(0)].Known.Add(row.GetInt32(1), row.GetInt32(2)));
        Read("SELECT token, count(*) FROM set_aside GROUP BY token", row =>
            sessions[row.GetString(0)].SetAside = row.GetInt32(1));
        return [.. sessions.Values];
    }

    public void Add(RelayedSession session) => Run(
        "INSERT INTO sessions (token, location, number, cloud_token, named, done, sent_to) "
        + "VALUES ($1, $2, $3, $4, $5, 0, $6)",
        session.Token, session.Location, session.Number, session.CloudToken, session.IsNamed, session.SentTo);

    public void KeepMayBeOpened(RelayedSession session) =>
        Run("UPDATE sessions SET opening = 1 WHERE token = $1", session.Token);

    public void KeepCloudToken(RelayedSession session) => Run(
        "UPDATE sessions SET cloud_token = $2, named = $3, sent_to = $4 WHERE token = $1",
        session.Token, session.CloudToken, session.IsNamed, session.SentTo);

    public void KeepSentTo(RelayedSession session) =>
        Run("UPDATE sessions SET sent_to = $2 WHERE token = $1", session.Token, session.SentTo);

    public void KeepDone(RelayedSession session) =>
        Run("UPDATE sessions SET done = 1 WHERE token = $1", session.Token);

    /// <summary>Keeps a range that took the place of the ones within it, and passings set aside with their items.</summary>
    public void KeepKnown(
        RelayedSession session, (int First, int Last) range, IEnumerable<(SetAsidePassing Passing, string Item)> setAside)
    {
        Try(() =>
        {
            using SqliteTransaction transaction = _file.BeginTransaction();
            Execute("DELETE FROM known WHERE token = $1 AND first BETWEEN $2 AND $3",
                session.Token, range.First, range.Last);
            Execute("INSERT INTO known VALUES ($1, $2, $3)", session.Token, range.First, range.Last);
            foreach ((SetAsidePassing passing, string item) in setAside)
            {
                Execute("INSERT OR REPLACE INTO set_aside VALUES ($1, $2, $3, $4, $5)",
                    session.Token, passing.Number, passing.Status, passing.Words, item);
            }

            transaction.Commit();
        });
    }

    public void Dispose() => _file.Dispose();

    void Prepare(string cloud)
    {
        // A second relay over the same file would send everything twice.
        Execute("PRAGMA locking_mode = EXCLUSIVE");
        Execute("PRAGMA synchronous = FULL");
        Execute("PRAGMA foreign_keys = ON");
        long version = Number("PRAGMA user_version");
        if (Number("SELECT count(*) FROM sqlite_schema") > 0 && Number("PRAGMA application_id") != ApplicationId)
            throw ToolException.BadInput($"{Path}: this SQLite file is not a relay's; give another.");
        if (version > Version)
            throw ToolException.BadInput($"{Path}: a newer version wrote this file ({version}, known is {Version}).");
        using SqliteTransaction transaction = _file.BeginTransaction();
        if (version == 0)
        {
            Execute(Tables);
            Execute("INSERT INTO relay VALUES ($1)", cloud);
            Execute($"PRAGMA application_id = {ApplicationId}");
            Execute($"PRAGMA user_version = {Version}");
        }
        else
        {
            Execute("UPDATE relay SET cloud = cloud"); // Takes the lock.
        }

        transaction.Commit();
        Read("SELECT cloud FROM relay", row =>
        {
            if (row.GetString(0) != cloud)
            {
                throw ToolException.BadInput(
                    $"{Path} says what was relayed to {row.GetString(0)}, not to {cloud}; give another file for that.");
            }
        });
    }

    long Number(string sql)
    {
        long number = 0;
        Read(sql, row => number = row.GetInt64(0));
        return number;
    }

    void Run(string sql, params object?[] values) => Try(() => Execute(sql, values));

    void Execute(string sql, params object?[] values)
    {
        using SqliteCommand command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    void Read(string sql, Action<SqliteDataReader> row)
    {
        using SqliteCommand command = Command(sql);
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
            row(reader);
    }

    [SuppressMessage("Security", "CA2100", Justification = "All texts are this file's.")]
    SqliteCommand Command(string sql, params object?[] values)
    {
        SqliteCommand command = _file.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"${i + 1}", values[i] ?? DBNull.Value);
        return command;
    }

    void Try(Action write)
    {
        try
        {
            write();
        }
        catch (SqliteException exception)
        {
            throw Failure(_file, exception);
        }
    }

    static ToolException Failure(SqliteConnection file, SqliteException exception) => exception.SqliteErrorCode is 5 or 6
        ? ToolException.BadInput($"{file.DataSource} is in use by another relay.", exception)
        : ToolException.BadInput(
            $"{file.DataSource} cannot be used: {exception.Message} Look after the disk and the file.", exception);
}
