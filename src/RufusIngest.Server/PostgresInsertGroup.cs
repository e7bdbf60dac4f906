using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace RufusIngest.Server;

/// <summary>A request's passings that wait for their commit, and whoever waits for that.</summary>
sealed class PostgresInsert(int company, string token, PassingsBatch batch)
{
    // Whoever commits must not run what follows an answer.
    readonly TaskCompletionSource<InsertResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Company => company;

    public string Token => token;

    public PassingsBatch Batch => batch;

    public InsertResult Result { get; set; }

    public Task<InsertResult> Done => _done.Task;

    public void Complete() => _done.SetResult(Result);

    public void Fail(Exception failure) => _done.SetException(failure);
}

/// <summary>
/// Inserts that are committed together. Under the locks of their devices nobody else writes passings of their sessions:
/// so what is stored under their numbers is asked for first, and the new ones are then copied in, which is several
/// times faster than inserting them one by one. One group, which may be run again after a failure.
/// </summary>
sealed class PostgresInsertGroup(List<PostgresInsert> inserts)
{
    const string Lock =
        """
        SELECT d.id FROM devices d WHERE d.id IN (
            SELECT s.device FROM unnest($1, $2) k(company, token) JOIN sessions s ON s.token = k.token
            JOIN devices o ON o.id = s.device AND o.company = k.company)
        ORDER BY d.id FOR NO KEY UPDATE
        """;

    // A statement of its own: one that waited for a lock saw what was before.
    const string Find =
        """
        SELECT d.company, s.token, s.id, d.id, d.device_id, s.closed_ms IS NULL, s.passings, s.first_ms, s.last_ms,
            (SELECT max(p.number) FROM passings p WHERE p.session = s.id)
        FROM unnest($1, $2) k(company, token) JOIN sessions s ON s.token = k.token
        JOIN devices d ON d.id = s.device AND d.company = k.company
        """;

    const string Stored =
        $"""
        SELECT {PostgresVenueReader.PassingColumns} FROM unnest($1, $2) k(session, number)
        JOIN passings p ON p.session = k.session AND p.number = k.number
        """;

    const string Copy =
        "COPY passings (session, number, time_ms, bib, chip, latitude, longitude, status, participant_id, timezone, "
        + "gender) FROM STDIN (FORMAT BINARY)";

    const string Count =
        """
        UPDATE sessions s SET passings = k.passings, first_ms = k.first_ms, last_ms = k.last_ms
        FROM unnest($1, $2, $3, $4) k(id, passings, first_ms, last_ms) WHERE s.id = k.id
        """;

    const string Spread =
        """
        INSERT INTO spans SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (session, block) DO UPDATE SET
        first_ms = least(spans.first_ms, excluded.first_ms), last_ms = greatest(spans.last_ms, excluded.last_ms)
        """;

    const string Touch = "UPDATE devices SET written_ms = greatest(written_ms, $2) WHERE id = ANY($1)";

    readonly Dictionary<(int Company, string Token), InsertSession> _sessions = [];
    readonly Dictionary<(long Session, long Block), Times> _blocks = [];
    readonly TextArena _arena = new();

    /// <summary>Does all of it but the commit, and leaves each insert its result.</summary>
    public async Task RunAsync(NpgsqlConnection connection, long nowMs)
    {
        _sessions.Clear();
        _blocks.Clear();
        _arena.Clear();
        await FindAsync(connection).ConfigureAwait(false);
        if (_sessions.Values.Any(session => session.IsActive))
            await FindStoredAsync(connection).ConfigureAwait(false);
        foreach (var insert in inserts)
            insert.Result = Take(insert);
        if (_sessions.Values.Any(session => session.Fresh.Count > 0))
            await CopyAsync(connection).ConfigureAwait(false);
        await CountAsync(connection, nowMs).ConfigureAwait(false);
    }

    async Task FindAsync(NpgsqlConnection connection)
    {
        var keys = inserts.Select(insert => (insert.Company, insert.Token))
            .Where(key => PostgresCommands.CanBeOurs(key.Token)).Distinct().ToArray();
        var companies = Array.ConvertAll(keys, key => key.Company);
        var tokens = Array.ConvertAll(keys, key => key.Token);
        var batch = new NpgsqlBatch(connection);
        await using var _ = batch.ConfigureAwait(false);
        batch.Command(Lock, companies, tokens);
        batch.Command(Find, companies, tokens);
        var row = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        await using var __ = row.ConfigureAwait(false);
        await row.NextResultAsync().ConfigureAwait(false);
        while (await row.ReadAsync().ConfigureAwait(false))
            _sessions[(row.GetInt32(0), row.GetString(1))] = InsertSession.Of(row);
    }

    /// <summary>Finds the stored passings whose numbers the inserts have as well.</summary>
    async Task FindStoredAsync(NpgsqlConnection connection)
    {
        List<long> sessions = [];
        List<long> numbers = [];
        foreach (var insert in inserts)
        {
            if (!_sessions.TryGetValue((insert.Company, insert.Token), out var session) || !session.IsActive)
                continue;
            for (var i = 0; i < insert.Batch.Count; i++)
            {
                if (insert.Batch[i].Number > session.LastNumber)
                    continue;
                sessions.Add(session.Id);
                numbers.Add(insert.Batch[i].Number);
            }
        }

        if (numbers.Count == 0)
            return;
        var byId = _sessions.Values.ToDictionary(session => session.Id);
        var texts = new byte[TextArena.ChunkBytes];
        await connection.Command(Stored, sessions.ToArray(), numbers.ToArray()).ReadAsync(
            row => byId[row.GetInt64(0)].Stored[row.GetInt64(1)] = PostgresVenueReader.Passing(row, texts, _arena))
            .ConfigureAwait(false);
    }

    /// <summary>Tells the new passings of an insert from those that are stored, or come earlier in the group.</summary>
    InsertResult Take(PostgresInsert insert)
    {
        var batch = insert.Batch;
        batch.Conflicts.Clear();
        if (!_sessions.TryGetValue((insert.Company, insert.Token), out var session))
            return new(InsertStatus.Unknown);
        if (!session.IsActive)
            return new(InsertStatus.Closed);
        ReadOnlySpan<byte> body = batch.Body.Bytes;
        var (before, conflicts) = (session.Fresh.Count, 0);
        for (var i = 0; i < batch.Count; i++)
        {
            ref readonly var passing = ref batch[i];
            if (session.IsFree(passing.Number, _arena, out var stored))
            {
                session.Add(batch, i);
                Widen(session.Id, passing);
            }
            else if (!stored.Same(passing, body, _arena.Chunks) && conflicts++ < PassingsBatch.MaxLoggedConflicts)
            {
                batch.AddConflict(i, session.DeviceId, stored, _arena.Chunks);
            }
        }

        var inserted = session.Fresh.Count - before;
        return new(InsertStatus.Stored, inserted, batch.Count - inserted, conflicts);
    }

    void Widen(long session, in ParsedPassing passing)
    {
        var key = (session, passing.Number / PostgresVenueSchema.BlockNumbers);
        ref var times = ref CollectionsMarshal.GetValueRefOrAddDefault(_blocks, key, out var exists);
        times = (exists ? times : Times.None).With(passing.TimeMs);
    }

    async Task CopyAsync(NpgsqlConnection connection)
    {
        var import = await connection.BeginBinaryImportAsync(Copy).ConfigureAwait(false);
        await using var _ = import.ConfigureAwait(false);
        foreach (var session in _sessions.Values)
            Write(import, session);
        await import.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Not asynchronous: a value goes to a buffer, which the socket takes at once but for a stall.</summary>
    static void Write(NpgsqlBinaryImporter import, InsertSession session)
    {
        foreach (var (batch, row) in session.Fresh)
        {
            var body = batch.Body.Memory;
            ref readonly var passing = ref batch[row];
            import.StartRow();
            import.Write(session.Id, NpgsqlDbType.Bigint);
            import.Write(passing.Number, NpgsqlDbType.Bigint);
            import.Write(passing.TimeMs, NpgsqlDbType.Bigint);
            for (var i = 0; i < PassingText.Count; i++)
            {
                var text = passing.Texts[i];
                if (text.IsNull)
                    import.WriteNull();
                else
                    import.Write(text.Of(body), NpgsqlDbType.Bytea);
            }
        }
    }

    async Task CountAsync(NpgsqlConnection connection, long nowMs)
    {
        InsertSession[] active = [.. _sessions.Values.Where(session => session.IsActive)];
        if (active.Length == 0)
            return;
        InsertSession[] grown = [.. active.Where(session => session.Fresh.Count > 0)];
        var batch = new NpgsqlBatch(connection);
        await using var _ = batch.ConfigureAwait(false);
        if (grown.Length > 0)
        {
            batch.Command(
                Count,
                Array.ConvertAll(grown, session => session.Id),
                Array.ConvertAll(grown, session => session.Passings + session.Fresh.Count),
                Array.ConvertAll(grown, session => session.Times.First),
                Array.ConvertAll(grown, session => session.Times.Last));
            batch.Command(
                Spread,
                _blocks.Keys.Select(key => key.Session).ToArray(),
                _blocks.Keys.Select(key => key.Block).ToArray(),
                _blocks.Values.Select(times => times.First).ToArray(),
                _blocks.Values.Select(times => times.Last).ToArray());
        }

        batch.Command(Touch, Array.ConvertAll(active, session => session.Device), nowMs);
        await batch.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    readonly record struct Times(long First, long Last)
    {
        public static Times None { get; } = new(long.MaxValue, long.MinValue);

        public Times With(long timeMs) => new(Math.Min(First, timeMs), Math.Max(Last, timeMs));
    }

    /// <summary>A session that the group inserts into, as it is stored, and what is new in it.</summary>
    sealed class InsertSession
    {
        readonly Dictionary<long, int> _fresh = [];

        public required long Id { get; init; }

        public required long Device { get; init; }

        public required string DeviceId { get; init; }

        public required bool IsActive { get; init; }

        public required long Passings { get; init; }

        /// <summary>The greatest that is stored; -1: none is.</summary>
        public required long LastNumber { get; init; }

        /// <summary>Of all passings, the new ones too.</summary>
        public required Times Times { get; set; }

        /// <summary>By number: those stored that the group's inserts have as well.</summary>
        public Dictionary<long, StoredPassing> Stored { get; } = [];

        public List<(PassingsBatch Batch, int Row)> Fresh { get; } = [];

        public static InsertSession Of(NpgsqlDataReader row) => new()
        {
            Id = row.GetInt64(2),
            Device = row.GetInt64(3),
            DeviceId = row.GetString(4),
            IsActive = row.GetBoolean(5),
            Passings = row.GetInt64(6),
            Times = row.IsDBNull(7) ? Times.None : new(row.GetInt64(7), row.GetInt64(8)),
            LastNumber = row.IsDBNull(9) ? -1 : row.GetInt64(9),
        };

        /// <summary>Whether no passing has the number; otherwise which one.</summary>
        public bool IsFree(long number, TextArena arena, out StoredPassing taken)
        {
            if (Stored.TryGetValue(number, out taken))
                return false;
            if (!_fresh.TryGetValue(number, out var at))
                return true;
            var (batch, row) = Fresh[at];
            taken = StoredPassing.Copy(batch[row], batch.Body.Bytes, arena);
            return false;
        }

        public void Add(PassingsBatch batch, int row)
        {
            _fresh.Add(batch[row].Number, Fresh.Count);
            Fresh.Add((batch, row));
            Times = Times.With(batch[row].TimeMs);
        }
    }
}
