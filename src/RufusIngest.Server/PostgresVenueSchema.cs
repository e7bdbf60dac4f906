using Npgsql;

namespace RufusIngest.Server;

/// <summary>
/// The tables in PostgreSQL, version by version. docs/server.md describes them for who reads them otherwise.
/// </summary>
static class PostgresVenueSchema
{
    /// <summary>"RUFV": one server at a time makes or changes the tables of a database.</summary>
    const long AdvisoryLock = 0x52554656;

    /// <summary>
    /// Numbers of one row of <c>spans</c>: the earliest and latest time of the passings in each block, so that a range
    /// of time is found without an index by time.
    /// </summary>
    public const int BlockNumbers = 1_024;

    /// <summary>
    /// Step n leads from version n to n + 1. A step that was ever released never changes. The order "C" does not change
    /// with the system's library, which would break an index. A serial number may be longer than an index takes.
    /// </summary>
    static readonly string[] _steps =
    [
        """
        CREATE TABLE companies (
            id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE keys (
            hash bytea PRIMARY KEY, company integer NOT NULL REFERENCES companies, name text COLLATE "C" NOT NULL,
            access integer NOT NULL, created_ms bigint NOT NULL, UNIQUE (company, name));
        CREATE TABLE devices (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company integer NOT NULL REFERENCES companies,
            device_id text COLLATE "C" NOT NULL UNIQUE, serial_number bytea NOT NULL, model bytea NOT NULL, type bytea,
            alias bytea, firmware bytea, created_ms bigint NOT NULL, written_ms bigint NOT NULL, unbound_ms bigint);
        CREATE UNIQUE INDEX devices_bound ON devices (company, sha256(serial_number)) WHERE unbound_ms IS NULL;
        CREATE TABLE sessions (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device bigint NOT NULL REFERENCES devices,
            token text COLLATE "C" NOT NULL UNIQUE, alias bytea, created_ms bigint NOT NULL, closed_ms bigint,
            passings bigint NOT NULL DEFAULT 0, first_ms bigint, last_ms bigint);
        CREATE INDEX sessions_device ON sessions (device, id);
        CREATE UNIQUE INDEX sessions_active ON sessions (device) WHERE closed_ms IS NULL;
        CREATE TABLE passings (
            session bigint NOT NULL, number bigint NOT NULL, time_ms bigint NOT NULL, bib bytea, chip bytea,
            latitude bytea, longitude bytea, status bytea, participant_id bytea, timezone bytea, gender bytea,
            PRIMARY KEY (session, number));
        CREATE TABLE spans (
            session bigint NOT NULL, block bigint NOT NULL, first_ms bigint NOT NULL, last_ms bigint NOT NULL,
            PRIMARY KEY (session, block));
        """,
    ];

    /// <summary>Makes the tables in an empty schema, or brings those of an older version up to this one.</summary>
    /// <exception cref="VenueDataException">It holds other tables, or those of a newer version.</exception>
    public static Task RequireAsync(PostgresDatabase database) => RequireAsync(database, _steps);

    /// <summary>The same to the version that the steps lead to.</summary>
    public static async Task RequireAsync(PostgresDatabase database, string[] steps)
    {
        while (await database.WriteAsync(connection => StepAsync(database, connection, steps)).ConfigureAwait(false)
            < steps.Length)
        {
        }
    }

    /// <summary>Takes the next step, if there is one; the version that it leads to.</summary>
    static async Task<int> StepAsync(PostgresDatabase database, NpgsqlConnection connection, string[] steps)
    {
        await connection.ExecutePatientlyAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock})").ConfigureAwait(false);
        var version = await VersionAsync(database, connection).ConfigureAwait(false);
        if (version > steps.Length)
        {
            throw database.Refusal(
                $"its tables are of version {version}, and this program knows versions up to {steps.Length}: "
                + "use the program that wrote them, or a newer one.");
        }

        if (version == steps.Length)
            return version;
        await connection.ExecutePatientlyAsync(steps[version]).ConfigureAwait(false);
        await connection.ExecutePatientlyAsync(version == 0
            ? """
              CREATE TABLE venue_schema (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL);
              INSERT INTO venue_schema (version) VALUES (1)
              """
            : $"UPDATE venue_schema SET version = {version + 1}").ConfigureAwait(false);
        return version + 1;
    }

    /// <summary>0: there is no table at all.</summary>
    static async Task<int> VersionAsync(PostgresDatabase database, NpgsqlConnection connection)
    {
        var isOurs = await connection.Command(
            """
            SELECT count(*) FROM pg_attribute
            WHERE attrelid = to_regclass('venue_schema') AND attname IN ('one', 'version')
            """).NumberAsync().ConfigureAwait(false) == 2;
        if (isOurs && await connection.Command("SELECT version::bigint FROM venue_schema").NumberAsync()
            .ConfigureAwait(false) is { } version)
        {
            return (int)version;
        }

        var tables = await connection.Command(
            """
            SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            """).NumberAsync().ConfigureAwait(false);
        return tables == 0 ? 0 : throw database.Refusal(
            "the schema holds tables that are not a venue server's: name an empty one by Search Path.");
    }
}
