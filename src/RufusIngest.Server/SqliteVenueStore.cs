using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Server;

/// <summary>
/// Keeps everything in one SQLite file (write-ahead log, <c>synchronous=FULL</c>). One thread writes: it takes all
/// writes that wait, commits them together, and only then are they answered. Nothing of the file is remembered outside
/// it.
/// </summary>
sealed partial class SqliteVenueStore : VenueStore
{
    /// <summary>Most passings of one commit, but for its last request; what waits beyond them is in the next.</summary>
    public const int MaxPassingsPerCommit = 50_000;

    /// <summary>Connections that read at once; a request beyond them waits.</summary>
    public const int MaxReaders = 4;

    readonly ILogger _logger;
    readonly VenueFileLock? _lock;
    readonly SqliteVenueWriter _writer;
    readonly SqliteStatement _begin;
    readonly SqliteStatement _commit;
    readonly SqliteStatement _rollback;
    readonly BlockingCollection<VenueWrite> _waiting = [];
    readonly ConcurrentBag<SqliteVenueReader> _readers = [];
    readonly SemaphoreSlim _mayRead = new(MaxReaders);
    readonly Thread _thread;
    bool _fails;
    bool _isDisposed;

    SqliteVenueStore(VenueFileLock? held, SqliteDatabase database, TimeProvider timeProvider, ILogger logger)
    {
        (_lock, _logger) = (held, logger);
        database.Execute("PRAGMA journal_mode = WAL");
        database.Execute("PRAGMA synchronous = FULL");
        database.Execute("PRAGMA fullfsync = ON"); // Only macOS needs and knows it.
        database.Execute("PRAGMA wal_autocheckpoint = 4096"); // Pages, 16 MiB.
        database.Execute("PRAGMA journal_size_limit = 67108864"); // Bytes that stay after a longer log was folded in.
        database.Execute("PRAGMA cache_size = -65536"); // KiB.
        SqliteVenueSchema.Require(database);

        // Makes durable what a server wrote that was killed before its sync: it is read now, and could be told.
        database.Execute("PRAGMA wal_checkpoint(PASSIVE)");
        _writer = new(database, timeProvider);
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _rollback = database.Prepare("ROLLBACK");
        _thread = new(Run) { Name = "RufusIngest.Server writer", IsBackground = true };
        _thread.Start();
    }

    string FilePath => _writer.Database.Path;

    /// <summary>Opens a file, or makes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="timeProvider">Its clock.</param>
    /// <param name="logger">Hears of failures.</param>
    /// <param name="isBeside">
    /// For a moment beside a server that may be using the file, which must be there; both wait for each other's commits.
    /// </param>
    /// <exception cref="VenueDataException">It cannot be used.</exception>
    public static SqliteVenueStore Open(
        string path, TimeProvider timeProvider, ILogger logger, bool isBeside = false)
    {
        path = Path.GetFullPath(path);
        var held = isBeside ? null : VenueFileLock.Take(path);
        SqliteDatabase? database = null;
        try
        {
            database = SqliteDatabase.Open(path, create: !isBeside);
            if (isBeside)
                SqliteVenueSchema.RequireCurrent(database);
            else
                SqliteVenueSchema.Check(database); // Before anything is changed in a file that is not ours.
            return new(held, database, timeProvider, logger);
        }
        catch
        {
            database?.Dispose();
            held?.Dispose();
            throw;
        }
    }

    public override ValueTask<int> CompanyAsync(string name) => WriteAsync(writer => writer.Company(name));

    public override ValueTask<string[]> CompaniesAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Companies(), cancellationToken);

    public override ValueTask<StoredKey[]> KeysAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Keys(), cancellationToken);

    public override ValueTask<bool> TryAddFirstKeyAsync(StoredKey key) =>
        WriteAsync(writer => writer.TryAddFirstKey(key));

    public override ValueTask<IReadOnlyList<KeptVenueKey>> ListKeysAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ListKeys(), cancellationToken);

    public override ValueTask<bool> TryAddKeyAsync(StoredKey key) => WriteAsync(writer => writer.TryAddKey(key));

    public override ValueTask<bool> RemoveKeyAsync(int company, string name) =>
        WriteAsync(writer => writer.RemoveKey(company, name));

    public override ValueTask<(string DeviceId, bool IsNew)> BindAsync(int company, DeviceDescription description) =>
        WriteAsync(writer => writer.Bind(company, description));

    public override ValueTask<bool> UnbindAsync(int company, string deviceId) =>
        WriteAsync(writer => writer.Unbind(company, deviceId));

    public override ValueTask<(DeviceState[] Page, int Total)> DevicesAsync(
        int company, Paging paging, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Devices(company, paging), cancellationToken);

    public override ValueTask<DeviceState?> FindDeviceAsync(
        int company, string deviceId, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Device(company, deviceId), cancellationToken);

    public override ValueTask<string?> OpenAsync(int company, string deviceId, string? alias) =>
        WriteAsync(writer => writer.Open(company, deviceId, alias));

    public override ValueTask<bool?> CloseAsync(int company, string token) =>
        WriteAsync(writer => writer.Close(company, token));

    public override ValueTask<SessionState?> FindSessionAsync(
        int company, string token, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Session(company, token), cancellationToken);

    public override ValueTask<(SessionState[] Page, int Total)> SessionsAsync(
        int company, string deviceId, Paging paging, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Sessions(company, deviceId, paging), cancellationToken);

    public override ValueTask<SessionState?> ActiveSessionAsync(
        int company, string deviceId, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ActiveSession(company, deviceId), cancellationToken);

    public override ValueTask<InsertResult> InsertAsync(int company, string token, PassingsBatch batch) =>
        WriteAsync(writer => writer.Insert(company, token, batch), batch.Count);

    public override ValueTask<PassingsPage?> SessionPassingsAsync(
        int company, string token, PassingRange range, Paging paging, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.SessionPassings(company, token, range, paging), cancellationToken);

    public override ValueTask<PassingsPage?> DevicePassingsAsync(
        int company, string deviceId, PassingRange range, Paging paging, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.DevicePassings(company, deviceId, range, paging), cancellationToken);

    public override ValueTask<PassingsFeedPage?> FeedAsync(
        int company, string deviceId, FeedPosition position, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.Feed(company, deviceId, position), cancellationToken);

    /// <summary>Commits what waits, ends the thread and folds the log into the file.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        _waiting.CompleteAdding();
        await Task.Run(_thread.Join).ConfigureAwait(false);
        for (var i = 0; i < MaxReaders; i++)
            await _mayRead.WaitAsync().ConfigureAwait(false);
        foreach (var reader in _readers)
            reader.Dispose();
        _mayRead.Dispose();
        _waiting.Dispose();
        _writer.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Has the writing thread do something, and ends when that is committed.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<SqliteVenueWriter, T> work, int passings = 0)
    {
        var write = new VenueWrite<T>(work, passings);
        try
        {
            _waiting.Add(write);
        }
        catch (InvalidOperationException)
        {
            throw Stopping();
        }

        return await write.Done.ConfigureAwait(false);
    }

    async ValueTask<T> ReadAsync<T>(Func<SqliteVenueReader, T> work, CancellationToken cancellationToken)
    {
        if (_isDisposed)
            throw Stopping();
        await _mayRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_readers.TryTake(out var reader))
                reader = NewReader();
            try
            {
                return work(reader);
            }
            finally
            {
                _readers.Add(reader);
            }
        }
        finally
        {
            _mayRead.Release();
        }
    }

    VenueDataException Stopping() =>
        new($"{FilePath}: the server is stopping.", "the server is stopping", mayHeal: true);

    SqliteVenueReader NewReader()
    {
        var database = SqliteDatabase.Open(FilePath, create: false);
        try
        {
            database.Execute("PRAGMA query_only = ON");
            database.Execute("PRAGMA cache_size = -16384"); // KiB.
            return new(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    void Run()
    {
        var group = new List<VenueWrite>();
        while (_waiting.TryTake(out var write, Timeout.Infinite))
        {
            var passings = 0;
            do
            {
                group.Add(write);
                passings += write.Passings;
            }
            while (passings < MaxPassingsPerCommit && _waiting.TryTake(out write));
            Commit(group);
            group.Clear();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the requests are told.")]
    void Commit(List<VenueWrite> group)
    {
        try
        {
            _begin.Run();
            foreach (var write in group)
                write.Run(_writer);
            _commit.Run();
        }
        catch (Exception failure)
        {
            failure = TryRollback() ?? failure;
            if (!_fails)
                LogFails(failure.Message);
            _fails = true;
            foreach (var write in group)
                write.Fail(failure);
            return;
        }

        if (_fails)
            LogHealed();
        _fails = false;
        foreach (var write in group)
            write.Complete();
    }

    VenueDataException? TryRollback()
    {
        try
        {
            if (_writer.Database.IsInTransaction)
                _rollback.Run();
            return null;
        }
        catch (VenueDataException failure)
        {
            return failure;
        }
    }

    [LoggerMessage(5, LogLevel.Error, "Nothing can be stored; requests are answered with 503 until it can: {Reason}")]
    partial void LogFails(string reason);

    [LoggerMessage(6, LogLevel.Warning, "Storing works again")]
    partial void LogHealed();
}
