namespace RufusIngest.Server;

/// <summary>
/// The file's tables, version by version. docs/server.md describes them for who reads them otherwise.
/// </summary>
static class SqliteVenueSchema
{
    /// <summary>"RUFV": tells a server's file from other SQLite files.</summary>
    const int ApplicationId = 0x52554656;

    /// <summary>
    /// Numbers of one row of <c>spans</c>: the earliest and latest time of the passings in each block, so that a range
    /// of time is found without an index by time, which would halve the speed of inserting.
    /// </summary>
    public const int BlockNumbers = 1_024;

    /// <summary>Step n leads from version n to n + 1. A step that was ever released never changes.</summary>
    static readonly string[] _steps =
    [
        """
        CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE keys (
            hash BLOB PRIMARY KEY, company INTEGER NOT NULL REFERENCES companies, name TEXT NOT NULL,
            access INTEGER NOT NULL, created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE devices (
            id INTEGER PRIMARY KEY, company INTEGER NOT NULL REFERENCES companies, device_id TEXT NOT NULL UNIQUE,
            serial_number TEXT NOT NULL, model TEXT NOT NULL, type TEXT, alias TEXT, firmware TEXT,
            created_ms INTEGER NOT NULL, written_ms INTEGER NOT NULL, unbound_ms INTEGER) STRICT;
        CREATE UNIQUE INDEX devices_bound ON devices (company, serial_number) WHERE unbound_ms IS NULL;
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices, token TEXT NOT NULL UNIQUE, alias TEXT,
            created_ms INTEGER NOT NULL, closed_ms INTEGER, passings INTEGER NOT NULL DEFAULT 0,
            first_ms INTEGER, last_ms INTEGER) STRICT;
        CREATE INDEX sessions_device ON sessions (device);
        CREATE UNIQUE INDEX sessions_active ON sessions (device) WHERE closed_ms IS NULL;
        CREATE TABLE passings (
            session INTEGER NOT NULL, number INTEGER NOT NULL, time_ms INTEGER NOT NULL, bib BLOB, chip BLOB,
            latitude BLOB, longitude BLOB, status BLOB, participant_id BLOB, timezone BLOB, gender BLOB,
            PRIMARY KEY (session, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE spans (
            session INTEGER NOT NULL, block INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
            PRIMARY KEY (session, block)) STRICT, WITHOUT ROWID;
        """,
    ];

    /// <summary>Makes the tables in an empty file, or brings those of an older version up to this one.</summary>
    /// <exception cref="VenueDataException">It is another kind of file, or of a newer version.</exception>
    public static void Require(SqliteDatabase database) => Require(database, _steps);

    /// <summary>The same to the version that the steps lead to.</summary>
    public static void Require(SqliteDatabase database, ReadOnlySpan<string> steps)
    {
        Check(database, steps.Length);
        for (var version = (int)database.Number("PRAGMA user_version"); version < steps.Length; version++)
        {
            database.Execute("BEGIN IMMEDIATE");
            try
            {
                database.Execute(steps[version]);
                database.Execute($"PRAGMA application_id = {ApplicationId}");
                database.Execute($"PRAGMA user_version = {version + 1}");
                database.Execute("COMMIT");
            }
            catch (VenueDataException)
            {
                if (database.IsInTransaction)
                    database.Execute("ROLLBACK");
                throw;
            }
        }
    }

    /// <summary>Refuses another version: a server that is using the file would not know the new tables.</summary>
    public static void RequireCurrent(SqliteDatabase database)
    {
        Check(database);
        if (database.Number("PRAGMA user_version") is var version && version < _steps.Length)
        {
            throw new VenueDataException(
                $"{database.Path}: this file is of version {version}; start a server of this program once, which brings it to "
                + $"{_steps.Length}.");
        }
    }

    /// <summary>Refuses a file that is not a server's, or newer than this version. An empty one passes.</summary>
    public static void Check(SqliteDatabase database) => Check(database, _steps.Length);

    static void Check(SqliteDatabase database, int newest)
    {
        var version = database.Number("PRAGMA user_version");
        var isEmpty = version == 0 && database.Number("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isEmpty && database.Number("PRAGMA application_id") != ApplicationId)
            throw new VenueDataException($"{database.Path}: this SQLite file is not a venue server's; give another.");
        if (version > newest)
        {
            throw new VenueDataException(
                $"{database.Path}: this file is of version {version}, and this program knows versions up to {newest}: "
                + "use the program that wrote it, or a newer one.");
        }
    }
}
