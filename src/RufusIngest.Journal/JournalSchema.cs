using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// The file's tables, version 1. docs/journal.md describes them for who reads a journal with other programs.
/// </summary>
static class JournalSchema
{
    /// <summary>"RUFJ": tells a journal from other SQLite files.</summary>
    const int ApplicationId = 0x5255464A;

    const int Version = 1;

    const string Tables = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
        CREATE TABLE records (
            first INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL, checks BLOB NOT NULL,
            chain INTEGER NOT NULL);
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY, location TEXT NOT NULL, session INTEGER NOT NULL, token TEXT,
            acknowledged INTEGER NOT NULL, hash INTEGER NOT NULL, rebased INTEGER NOT NULL, closed INTEGER NOT NULL,
            sum INTEGER NOT NULL, UNIQUE (location, session));
        CREATE TABLE passings (
            id INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL, hash INTEGER NOT NULL);
        CREATE TABLE set_aside (id INTEGER PRIMARY KEY, status INTEGER NOT NULL, words TEXT);
        """;

    /// <summary>Makes the tables in an empty file, or checks that they are there.</summary>
    /// <exception cref="JournalException">It is another kind of file, or of another version.</exception>
    public static void Require(SqliteDatabase database, bool readOnly)
    {
        long application = database.Number("PRAGMA application_id");
        long version = database.Number("PRAGMA user_version");
        if (application == ApplicationId && version == Version)
            return;
        if (application == ApplicationId && version > 0)
        {
            throw new JournalException(
                JournalProblem.NotAJournal,
                $"{database.Path}: this journal is of version {version}, and this program knows version {Version}: use "
                + "the program that wrote it.");
        }

        if (readOnly || database.Number("SELECT count(*) FROM sqlite_schema") > 0)
            throw new JournalException(JournalProblem.NotAJournal, $"{database.Path}: this file is not a journal.");
        database.Execute("BEGIN IMMEDIATE");
        try
        {
            database.Execute(Tables);
            database.Execute($"PRAGMA application_id = {ApplicationId}");
            database.Execute($"PRAGMA user_version = {Version}");
            database.Execute("COMMIT");
        }
        catch (JournalException)
        {
            if (database.IsInTransaction)
                database.Execute("ROLLBACK");
            throw;
        }
    }
}
