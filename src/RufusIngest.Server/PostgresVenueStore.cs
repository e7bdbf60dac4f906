using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Server;

/// <summary>
/// Keeps everything in a PostgreSQL database, which several servers may share. One task inserts passings: it takes all
/// inserts that wait, commits them together, and only then are they answered. Everything else is a transaction of its
/// own. Nothing of the database is remembered outside it.
/// </summary>
sealed partial class PostgresVenueStore : VenueStore
{
    /// <summary>Most passings of one commit, but for its last request; what waits beyond them is in the next.</summary>
    public const int MaxPassingsPerCommit = 50_000;

    readonly PostgresDatabase _database;
    readonly TimeProvider _timeProvider;
    readonly ILogger _logger;
    readonly Channel<PostgresInsert> _waiting =
        Channel.CreateUnbounded<PostgresInsert>(new() { SingleReader = true });

    readonly SemaphoreSlim _mayRead;
    readonly Task _inserting;
    int _fails;
    bool _isDisposed;

    PostgresVenueStore(PostgresDatabase database, TimeProvider timeProvider, ILogger logger)
    {
        (_database, _timeProvider, _logger) = (database, timeProvider, logger);
        _mayRead = new(Math.Max(1, database.Connections - PostgresDatabase.WriteConnections));
        if (!database.Syncs)
            LogDoesNotSync();
        _inserting = Task.Run(InsertAsync);
    }

    /// <summary>Connects, and makes the tables or brings them up to date.</summary>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    /// <exception cref="VenueDataException">The database cannot be used.</exception>
    public static async Task<PostgresVenueStore> OpenAsync(
        string connectionString, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        var database = await PostgresDatabase.OpenAsync(connectionString, cancellationToken).ConfigureAwait(false);
        try
        {
            await PostgresVenueSchema.RequireAsync(database).ConfigureAwait(false);
            return new(database, timeProvider, logger);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override ValueTask<int> CompanyAsync(string name) => WriteAsync(writer => writer.CompanyAsync(name));

    public override ValueTask<string[]> CompaniesAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.CompaniesAsync(), cancellationToken);

    public override ValueTask<StoredKey[]> KeysAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.KeysAsync(), cancellationToken);

    public override ValueTask<IReadOnlyList<KeptVenueKey>> ListKeysAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ListKeysAsync(), cancellationToken);

    public override ValueTask<bool> TryAddFirstKeyAsync(StoredKey key) =>
        WriteAsync(writer => writer.TryAddFirstKeyAsync(key));

    /// <summary>
    /// Keeps a key; false when the company has as many as it may have, or the key or the name in the company is taken.
    /// </summary>
    public override ValueTask<bool> TryAddKeyAsync(StoredKey key) => WriteAsync(writer => writer.TryAddKeyAsync(key));

    /// <summary>Forgets a key; false when there is none of this name.</summary>
    public override ValueTask<bool> RemoveKeyAsync(int company, string name) =>
        WriteAsync(writer => writer.RemoveKeyAsync(company, name));

    public override ValueTask<(string DeviceId, bool IsNew)> BindAsync(int company, DeviceDescription description) =>
        WriteAsync(writer => writer.BindAsync(company, description));

    public override ValueTask<bool> UnbindAsync(int company, string deviceId) => PostgresCommands.CanBeOurs(deviceId)
        ? WriteAsync(writer => writer.UnbindAsync(company, deviceId))
        : new(false);

    public override ValueTask<(DeviceState[] Page, int Total)> DevicesAsync(
        int company, Paging paging, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.DevicesAsync(company, paging), cancellationToken);

    public override ValueTask<DeviceState?> FindDeviceAsync(
        int company, string deviceId, CancellationToken cancellationToken) => PostgresCommands.CanBeOurs(deviceId)
        ? ReadAsync(reader => reader.DeviceAsync(company, deviceId), cancellationToken)
        : new((DeviceState?)null);

    public override ValueTask<string?> OpenAsync(int company, string deviceId, string? alias) =>
        PostgresCommands.CanBeOurs(deviceId)
            ? WriteAsync(writer => writer.OpenAsync(company, deviceId, alias))
            : new((string?)null);

    public override ValueTask<bool?> CloseAsync(int company, string token) => PostgresCommands.CanBeOurs(token)
        ? WriteAsync(writer => writer.CloseAsync(company, token))
        : new((bool?)null);

    public override ValueTask<SessionState?> FindSessionAsync(
        int company, string token, CancellationToken cancellationToken) => PostgresCommands.CanBeOurs(token)
        ? ReadAsync(reader => reader.SessionAsync(company, token), cancellationToken)
        : new((SessionState?)null);

    public override ValueTask<(SessionState[] Page, int Total)> SessionsAsync(
        int company, string deviceId, Paging paging, CancellationToken cancellationToken) =>
        PostgresCommands.CanBeOurs(deviceId)
            ? ReadAsync(reader => reader.SessionsAsync(company, deviceId, paging), cancellationToken)
            : new(([], 0));

    public override ValueTask<SessionState?> ActiveSessionAsync(
        int company, string deviceId, CancellationToken cancellationToken) => PostgresCommands.CanBeOurs(deviceId)
        ? ReadAsync(reader => reader.ActiveSessionAsync(company, deviceId), cancellationToken)
        : new((SessionState?)null);

    public override async ValueTask<InsertResult> InsertAsync(int company, string token, PassingsBatch batch)
    {
        var insert = new PostgresInsert(company, token, batch);
        return _waiting.Writer.TryWrite(insert)
            ? await insert.Done.ConfigureAwait(false)
            : throw _database.Stopping();
    }

    public override ValueTask<PassingsPage?> SessionPassingsAsync(
        int company, string token, PassingRange range, Paging paging, CancellationToken cancellationToken) =>
        PostgresCommands.CanBeOurs(token)
            ? ReadAsync(reader => reader.SessionPassingsAsync(company, token, range, paging), cancellationToken)
            : new((PassingsPage?)null);

    public override ValueTask<PassingsPage?> DevicePassingsAsync(
        int company, string deviceId, PassingRange range, Paging paging, CancellationToken cancellationToken) =>
        PostgresCommands.CanBeOurs(deviceId)
            ? ReadAsync(reader => reader.DevicePassingsAsync(company, deviceId, range, paging), cancellationToken)
            : new((PassingsPage?)null);

    public override ValueTask<PassingsFeedPage?> FeedAsync(
        int company, string deviceId, FeedPosition position, CancellationToken cancellationToken) =>
        PostgresCommands.CanBeOurs(deviceId)
            ? ReadAsync(reader => reader.FeedAsync(company, deviceId, position), cancellationToken)
            : new((PassingsFeedPage?)null);

    /// <summary>Commits what waits, and closes the connections.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        _waiting.Writer.Complete();
        await _inserting.ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
        _mayRead.Dispose();
    }

    async ValueTask<T> WriteAsync<T>(Func<PostgresVenueWriter, Task<T>> work)
    {
        try
        {
            var result = await _database.WriteAsync(connection => work(new(connection, _timeProvider)))
                .ConfigureAwait(false);
            Heals();
            return result;
        }
        catch (VenueDataException failure)
        {
            Fails(failure);
            throw;
        }
    }

    /// <summary>Reads never take the connections that inserts and other writes need.</summary>
    async ValueTask<T> ReadAsync<T>(
        Func<PostgresVenueReader, Task<T>> work, CancellationToken cancellationToken)
    {
        await _mayRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _database.ReadAsync(
                connection => work(new(connection, cancellationToken)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _mayRead.Release();
        }
    }

    async Task InsertAsync()
    {
        var reader = _waiting.Reader;
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            List<PostgresInsert> group = [];
            for (var passings = 0; passings < MaxPassingsPerCommit && reader.TryRead(out var insert);)
            {
                group.Add(insert);
                passings += insert.Batch.Count;
            }

            await CommitAsync(group).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the requests are told.")]
    async Task CommitAsync(List<PostgresInsert> group)
    {
        try
        {
            var inserts = new PostgresInsertGroup(group);
            await _database.WriteAsync(async connection =>
            {
                await inserts.RunAsync(connection, _timeProvider.GetUtcNow().ToUnixTimeMilliseconds())
                    .ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }
        catch (VenueDataException failure) when (failure.Words == PostgresDatabase.Busy
            && group.GroupBy(insert => (insert.Company, insert.Token)).ToList() is { Count: > 1 } sessions)
        {
            // One device's row may be held by a host that is gone: the others need not wait for that.
            foreach (var session in sessions)
                await CommitAsync([.. session]).ConfigureAwait(false);
            return;
        }
        catch (Exception failure)
        {
            Fails(failure);
            foreach (var insert in group)
                insert.Fail(failure);
            return;
        }

        Heals();
        foreach (var insert in group)
            insert.Complete();
    }

    void Fails(Exception failure)
    {
        if (Interlocked.Exchange(ref _fails, 1) == 0)
            LogFails(failure.Message);
    }

    void Heals()
    {
        if (_fails != 0 && Interlocked.Exchange(ref _fails, 0) == 1)
            LogHealed();
    }

    [LoggerMessage(5, LogLevel.Error, "Nothing can be stored; requests are answered with 503 until it can: {Reason}")]
    partial void LogFails(string reason);

    [LoggerMessage(6, LogLevel.Warning, "Storing works again")]
    partial void LogHealed();

    [LoggerMessage(7, LogLevel.Warning, "The database's fsync is off: a power cut can lose what was answered")]
    partial void LogDoesNotSync();
}
