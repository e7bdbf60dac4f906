using System.Data;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Npgsql;

namespace RufusIngest.Server;

/// <summary>
/// The connections to one PostgreSQL database, and what its failures mean. Every member may be called from any thread.
/// A password never leaves the connection string.
/// </summary>
sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>Connections of a server, unless the connection string says otherwise; work beyond them waits.</summary>
    public const int MaxConnections = 10;

    /// <summary>Of those, connections that reading leaves free.</summary>
    public const int WriteConnections = 2;

    /// <summary>What clients are told of a lock that another holds, and of what takes too long.</summary>
    public const string Busy = "the database is busy";

    /// <summary>How often a transaction is tried that others were in the way of.</summary>
    const int MaxTries = 4;

    const int ConnectSeconds = 5;
    const int CommandSeconds = 15;

    // A server's default may be to commit without waiting for the disk. And a host that lost its power in the middle
    // of a transaction must not keep a device's lock for the hours that TCP waits.
    const string Prepare = """
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
        SET idle_in_transaction_session_timeout = '20s'; SET lock_timeout = '3s';
        SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3
        """;

    readonly NpgsqlDataSource _source;
    readonly string _place;
    volatile bool _isDisposed;

    PostgresDatabase(NpgsqlConnectionStringBuilder settings)
    {
        (_place, Connections) = (PlaceOf(settings), settings.MaxPoolSize);
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false)); // All types here are built in.
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        builder.UsePhysicalConnectionInitializer(
            connection => connection.Execute(Prepare),
            connection => connection.ExecuteAsync(Prepare).AsTask());
        _source = builder.Build();
    }

    /// <summary>Most at once.</summary>
    public int Connections { get; }

    /// <summary>Whether the database waits for its disk at a commit.</summary>
    public bool Syncs { get; private set; }

    /// <summary>Connects, and stays in the schema that is the first of the search path.</summary>
    /// <exception cref="VenueDataException">It cannot be reached, or lets nobody in.</exception>
    public static async Task<PostgresDatabase> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var settings = Parse(connectionString);
        var first = new PostgresDatabase(settings);
        await using var _ = first.ConfigureAwait(false);
        var found = await first.ReadAsync(
            async connection => await connection.Command("SELECT current_schema(), current_setting('fsync')")
                .ListAsync(row => (Schema: row.TextOrNull(0), Syncs: row.GetString(1) == "on"), cancellationToken)
                .ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        if (found[0].Schema is not { } schema)
        {
            throw first.Refusal(
                "no schema of the search path is there: make it with CREATE SCHEMA, or name another by Search Path.");
        }

        settings.SearchPath = $"\"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return new(settings) { Syncs = found[0].Syncs };
    }

    /// <exception cref="ArgumentException">It cannot be read, or names no host. Nothing of it is repeated.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException
            or OverflowException or NotSupportedException or KeyNotFoundException)
        {
            settings = [];
        }

        if (string.IsNullOrEmpty(settings.Host))
        {
            throw new ArgumentException(
                "The PostgreSQL connection string cannot be read, or names no host: write it like "
                + "'Host=db.local;Database=venue;Username=timing'.", nameof(connectionString));
        }

        settings.PersistSecurityInfo = settings.IncludeErrorDetail = settings.LogParameters = settings.Enlist = false;
        settings.NoResetOnClose = true; // What a connection was prepared with stays.
        if (!settings.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = Math.Max(MaxConnections, settings.MinPoolSize);
        if (!settings.ShouldSerialize("Timeout"))
            settings.Timeout = ConnectSeconds;
        if (!settings.ShouldSerialize("Command Timeout"))
            settings.CommandTimeout = CommandSeconds;
        if (!settings.ShouldSerialize("Application Name"))
            settings.ApplicationName = "rufus-ingest";
        return settings;
    }

    /// <summary>Where it is, for people: without user and password.</summary>
    public static string PlaceOf(NpgsqlConnectionStringBuilder settings) =>
        $"PostgreSQL at {settings.Host}:{settings.Port}, database {settings.Database ?? "of the user's name"}";

    public VenueDataException Refusal(string message) => new($"{_place}: {message}");

    /// <summary>
    /// Does something in a transaction, and ends when that is committed. It may be done more than once, when others
    /// were in its way or the connection broke before the commit.
    /// </summary>
    /// <exception cref="VenueDataException">It is not committed, or nobody knows.</exception>
    public async ValueTask<T> WriteAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await CommitAsync(work).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsFailure(exception))
            {
                if (!MayTryAgain(exception, tries))
                    throw Failure(exception);
            }
        }
    }

    /// <summary>Looks at one instant of the database.</summary>
    /// <exception cref="VenueDataException">It cannot be read.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await LookAsync(work, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsFailure(exception))
            {
                if (!MayTryAgain(exception, tries))
                    throw Failure(exception);
            }
        }
    }

    public VenueDataException Stopping() =>
        new($"{_place}: the server is stopping.", "the server is stopping", mayHeal: true);

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return _source.DisposeAsync();
    }

    async Task<T> CommitAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        var connection = await _source.OpenConnectionAsync().ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted).ConfigureAwait(false);
        await using var __ = transaction.ConfigureAwait(false);
        var result = await work(connection).ConfigureAwait(false);
        try
        {
            await transaction.CommitAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception) && !IsInTheWay(exception))
        {
            throw Failure(exception); // It may be committed: to do it again would tell it wrong.
        }

        return result;
    }

    async Task<T> LookAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken)
            .ConfigureAwait(false);
        await using var __ = transaction.ConfigureAwait(false);
        return await work(connection).ConfigureAwait(false);
    }

    static bool IsFailure(Exception exception) => exception is NpgsqlException or ObjectDisposedException
        or TimeoutException or SocketException or (IOException and not VenueDataException);

    static bool IsInTheWay(Exception exception) => exception is PostgresException
    {
        SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
    };

    /// <summary>
    /// Others were in the way, or the connection broke: after the database started again, those that were open are all
    /// broken, and the first to break has the others replaced.
    /// </summary>
    static bool MayTryAgain(Exception exception, int tries) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown } =>
            tries == 1,
        PostgresException => IsInTheWay(exception) && tries < MaxTries,
        IOException or NpgsqlException { InnerException: IOException } => tries == 1,
        _ => false,
    };

    [SuppressMessage("Maintainability", "CA1508", Justification = "It is written by another thread.")]
    VenueDataException Failure(Exception exception)
    {
        if (_isDisposed)
            return Stopping();
        var (words, advice, mayHeal) = Meaning(exception);
        var (said, code) = exception switch
        {
            PostgresException error => (error.MessageText, $" (SQLSTATE {error.SqlState})"),
            _ => ((exception.InnerException ?? exception).Message, ""),
        };
        return new($"{_place}: {said}{code}: {advice}.", words, mayHeal);
    }

    /// <summary>What clients are told, what whoever runs the server can do, and whether waiting can help.</summary>
    static (string Words, string Advice, bool MayHeal) Meaning(Exception exception)
    {
        const string Reach = "the database cannot be reached";
        const string Refuses = "the database refuses";
        if (exception is not PostgresException error)
        {
            return exception is not NpgsqlException { IsTransient: false }
                ? (Reach, "look whether it runs and whether the network lets this machine reach it", true)
                : ("the database lets nobody in",
                    "give what it asks for in the connection string, the password in PGPASSWORD or a passfile", false);
        }

        return (error.SqlState[..2], error.SqlState) switch
        {
            ("08", _) or (_, "57P01" or "57P02" or "57P03" or "57P05" or "25P03") =>
                (Reach, "look whether it runs", true),
            (_, PostgresErrorCodes.DiskFull) => ("the database's disk is full", "make room on its disk", true),
            (_, PostgresErrorCodes.TooManyConnections) =>
                ("the database has too many connections", "raise max_connections, or lower Maximum Pool Size", true),
            ("53" or "58", _) => (Busy, "look after its memory and disk", true),
            ("40" or "55", _) or (_, PostgresErrorCodes.QueryCanceled) =>
                (Busy, "look what else keeps it busy or holds locks", true),
            (_, PostgresErrorCodes.ReadOnlySqlTransaction) =>
                ("the database is read-only", "give the address of the primary", true),
            ("28", _) => (Reach, "check user and password (PGPASSWORD or a passfile) and its pg_hba.conf", false),
            (_, PostgresErrorCodes.InvalidCatalogName) => (Reach, "make it with createdb, or name another", false),
            (_, PostgresErrorCodes.InsufficientPrivilege) =>
                (Refuses, "let the user make and use tables in its schema", false),
            ("XX", _) => (Refuses, "look into its log, and go on with a backup", false),
            _ => (Refuses, "look whether its tables are as this program made them", false),
        };
    }
}
