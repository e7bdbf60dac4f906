using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// The journal of an event in one SQLite file (write-ahead log, <c>synchronous=FULL</c>): what is committed survives a
/// power cut, as far as the disk keeps its word. Thread-safe; one process at a time may write.
/// </summary>
public sealed class SqliteJournal : IngestJournal
{
    readonly Lock _writing = new();
    readonly Lock _reading = new();
    readonly SqliteJournalOptions _options;
    readonly JournalHolder? _holder;
    readonly SqliteDatabase _writer;
    readonly SqliteDatabase _reader;
    readonly RecordTable _records;
    readonly SessionTable _sessions;
    readonly SqliteStatement _begin;
    readonly SqliteStatement _commit;
    readonly SqliteStatement _rollback;
    readonly RecordReader _recordReader;
    readonly PassingTable _passingReader;
    Task _checkpoint = Task.CompletedTask;
    long _written;
    long _writtenAtCheckpoint;
    long _writtenAtReset;
    bool _isDisposed;

    SqliteJournal(string path, SqliteJournalOptions options, JournalHolder? holder)
    {
        Path = path;
        _options = options;
        _holder = holder;
        _writer = SqliteDatabase.Open(path, options.ReadOnly, options.Vfs);
        try
        {
            if (!options.ReadOnly)
            {
                _writer.Execute("PRAGMA journal_mode = WAL");
                _writer.Execute("PRAGMA synchronous = FULL");
                _writer.Execute("PRAGMA fullfsync = ON"); // Only macOS needs and knows it.
                _writer.Execute("PRAGMA wal_autocheckpoint = 0");
            }

            JournalSchema.Require(_writer, options.ReadOnly);
            _begin = _writer.Prepare("BEGIN IMMEDIATE");
            _commit = _writer.Prepare("COMMIT");
            _rollback = _writer.Prepare("ROLLBACK");
            _records = new RecordTable(_writer);
            _sessions = new SessionTable(_writer, new PassingTable(_writer));
            // Also makes durable what a process wrote that was killed before its sync: it is read now, and could leave.
            if (!options.ReadOnly)
                Write(() => _writer.Execute($"REPLACE INTO meta VALUES ('holder', '{Quoted(JournalHolder.Self)}')"));
            _reader = SqliteDatabase.Open(path, options.ReadOnly, options.Vfs);
            _recordReader = new RecordReader(_reader);
            _passingReader = new PassingTable(_reader);
        }
        catch
        {
            _reader?.Dispose();
            _writer.Dispose();
            throw;
        }
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public override long LastSequence
    {
        get
        {
            lock (_writing)
                return _records.LastSequence;
        }
    }

    /// <summary>Opens a journal, or begins one where there is no file yet.</summary>
    /// <param name="path">The file. Beside it live its write-ahead log (-wal, -shm) and a lock (-lock).</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="JournalException">It cannot be used; the message says why and what to do.</exception>
    public static SqliteJournal Open(string path, SqliteJournalOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        if (options.Vfs is not null)
            return new SqliteJournal(path, options, null);
        path = System.IO.Path.GetFullPath(path);
        if (options.ReadOnly)
        {
            return File.Exists(path)
                ? new SqliteJournal(path, options, null)
                : throw new JournalException(JournalProblem.NotAJournal, $"{path}: there is no such file.");
        }

        JournalHolder holder = Hold(path);
        try
        {
            RequireLog(path);
            return new SqliteJournal(path, options, holder);
        }
        catch
        {
            holder.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Replay(RecordHandler handler, CancellationToken cancellation = default)
    {
        lock (_reading)
            _recordReader.Replay(handler, cancellation);
    }

    /// <inheritdoc/>
    public override void Commit(
        IReadOnlyList<RecordBlock> blocks, IReadOnlyList<PassingBatch> batches, IReadOnlyList<SessionChange> sessions)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(sessions);
        lock (_writing)
        {
            bool isNews = blocks.Count > 0;
            foreach (PassingBatch batch in batches)
                isNews |= _sessions.Compare(batch) < batch.Count;
            foreach (SessionChange change in sessions)
                isNews |= _sessions.Changes(change);
            if (!isNews)
                return;
            Write(() =>
            {
                foreach (RecordBlock block in blocks)
                    _written += _records.Append(block);
                foreach (SessionChange change in sessions)
                    _sessions.Apply(change);
                foreach (PassingBatch batch in batches)
                    _written += _sessions.Append(batch);
            });
        }

        if (batches.Count > 0 || sessions.Count > 0)
            SignalChanged();
    }

    /// <summary>Holds passings that a replay made against those that are kept under their numbers. Writes nothing.</summary>
    /// <returns>How many of them are kept; the others would be new.</returns>
    /// <exception cref="JournalException">One differs (<see cref="JournalProblem.Mismatch"/>); the message shows both.</exception>
    public int Compare(PassingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_writing)
            return _sessions.Compare(batch);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StoredSession> GetSessions()
    {
        lock (_writing)
        {
            if (_options.ReadOnly)
                _sessions.Load();
            return _sessions.ToList();
        }
    }

    /// <inheritdoc/>
    public override int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Clear(afterNumber + 1);
        long id;
        lock (_writing)
        {
            id = _sessions.IdOf(location, session);
        }

        if (id == 0)
            return 0;
        lock (_reading)
            return _passingReader.Read(id, $"{location}/{session}", afterNumber, most, into);
    }

    /// <inheritdoc/>
    public override void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside)
    {
        lock (_writing)
        {
            _sessions.Acknowledge(location, session, number, setAside);
            TryWritePending();
        }

        SignalChanged();
    }

    /// <inheritdoc/>
    public override void SetToken(string location, int session, string token)
    {
        lock (_writing)
        {
            _sessions.SetToken(location, session, token);
            TryWritePending();
        }

        SignalChanged();
    }

    /// <summary>
    /// From here on what is kept counts as sent, as it is and under its number. The next replay gives numbers only to
    /// passings that match none of it, above the last kept one. For the day when another version makes other passings of
    /// the same records, or records were lost; nothing does it unasked.
    /// </summary>
    /// <exception cref="JournalException">It could not be written.</exception>
    public void Rebase()
    {
        lock (_writing)
            Write(_sessions.Rebase);
    }

    /// <summary>
    /// Keeps passings that a server has and the journal lost, behind those that it still has, as acknowledged ones.
    /// <see cref="Rebase"/> afterwards.
    /// </summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="session">Its local session.</param>
    /// <param name="items">Passings that follow the last kept one.</param>
    /// <exception cref="ArgumentException">They do not follow it.</exception>
    /// <exception cref="JournalException">They could not be written.</exception>
    public void AppendSent(string location, int session, PassingItems items)
    {
        ArgumentNullException.ThrowIfNull(items);
        lock (_writing)
        {
            AppendKept(location, session, items);
            Acknowledge(location, session, items.LastNumber, []);
        }
    }

    /// <summary>Keeps passings of another journal, behind those that are kept.</summary>
    internal void AppendKept(string location, int session, PassingItems items)
    {
        lock (_writing)
            Write(() => _sessions.AppendSent(location, session, items));
    }

    /// <summary>Up to this number a session was rebased in another journal.</summary>
    internal void SetRebased(string location, int session, int number)
    {
        lock (_writing)
            Write(() => _sessions.SetRebased(location, session, number));
    }

    /// <summary>The passings that were set aside in a session, with the server's words.</summary>
    public IReadOnlyList<SetAsidePassing> GetSetAside(string location, int session)
    {
        lock (_writing)
            return _sessions.GetSetAside(location, session);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        lock (_writing)
        {
            if (_isDisposed)
                return;
            if (!_options.ReadOnly)
                TryWritePending();
            _isDisposed = true;
        }

        _checkpoint.GetAwaiter().GetResult();
        lock (_reading)
            _reader.Dispose();
        lock (_writing)
            _writer.Dispose();
        _holder?.Dispose();
    }

    /// <summary>
    /// SQLite silently forgets all commits from a damaged place of the log on, whose numbers would then be given again.
    /// </summary>
    static void RequireLog(string path)
    {
        try
        {
            if (WalLook.Read(path + "-wal", pageSize: 4096) is { IsDamaged: true })
            {
                throw new JournalException(
                    JournalProblem.Damaged,
                    $"{path}: its write-ahead log is damaged, with commits behind the damage. Copy the file and its -wal "
                    + "away, then repair the journal.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(JournalProblem.Unavailable, $"{path}-wal: {e.Message}", e);
        }
    }

    static JournalHolder Hold(string path)
    {
        try
        {
            return JournalHolder.TryTake(path) ?? throw new JournalException(
                JournalProblem.Held, $"{path}: this journal is in use by {HolderOf(path)}; end it, or use another file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(JournalProblem.ReadOnly, $"{path}: {e.Message}", e);
        }
    }

    /// <summary>Who works with a journal, as it wrote into it.</summary>
    static string HolderOf(string path)
    {
        try
        {
            using SqliteDatabase database = SqliteDatabase.Open(path, readOnly: true, vfs: null);
            SqliteStatement holder = database.Prepare("SELECT value FROM meta WHERE key = 'holder'");
            return holder.Step() ? holder.Text(0) ?? "another process" : "another process";
        }
        catch (JournalException)
        {
            return "another process";
        }
    }

    /// <summary>Writes what waits of cursors and tokens; when it fails, it waits on.</summary>
    void TryWritePending()
    {
        try
        {
            Write(() => { });
        }
        catch (JournalException problem) when (problem.MayHeal)
        {
            // Held in memory until the next change can be written. The pipeline's own commits make the failure loud.
        }
    }

    /// <summary>One transaction: what is asked for, and what waits of cursors and tokens.</summary>
    void Write(Action work)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _begin.Run();
        try
        {
            work();
            _sessions.WritePending();
            _commit.Run();
        }
        catch
        {
            _records.Revert();
            _sessions.Revert();
            if (_writer.IsInTransaction)
                _rollback.Run();
            throw;
        }

        _records.Accept();
        _sessions.Accept();
        CheckpointWhenDue();
    }

    /// <summary>
    /// Copies the log beside the commits; when these go on all the time, so that it never gets to the log's end, a commit
    /// waits for the rest, and the log begins anew.
    /// </summary>
    void CheckpointWhenDue()
    {
        bool isLate = _written - _writtenAtReset > _options.CheckpointBytes * 8;
        if (!isLate && _written - _writtenAtCheckpoint < _options.CheckpointBytes)
            return;
        if (isLate || _options.CheckpointInline)
        {
            _checkpoint.GetAwaiter().GetResult();
            _writtenAtCheckpoint = _written;
            if (TryCheckpoint(_writer))
                _writtenAtReset = _written;
        }
        else if (_checkpoint.IsCompleted)
        {
            _writtenAtCheckpoint = _written;
            _checkpoint = Task.Run(() =>
            {
                // While a replay reads, the log waits: its commits must not wait for the replay.
                if (!_reading.TryEnter())
                    return;
                try
                {
                    TryCheckpoint(_reader);
                }
                finally
                {
                    _reading.Exit();
                }
            });
        }
    }

    static bool TryCheckpoint(SqliteDatabase database)
    {
        try
        {
            return database.Checkpoint();
        }
        catch (JournalException)
        {
            return false; // The log keeps everything; the next one tries again.
        }
    }

    static string Quoted(string text) => text.Replace("'", "''", StringComparison.Ordinal);
}
