namespace RufusIngest.Server;

/// <summary>
/// What changes a server's file, on its writing connection and inside a transaction that the caller makes. One thread.
/// </summary>
sealed class SqliteVenueWriter : IDisposable
{
    const int FirstText = 4;

    readonly TimeProvider _timeProvider;
    readonly SqliteStatement _company;
    readonly SqliteStatement _addCompany;
    readonly SqliteStatement _addFirstKey;
    readonly SqliteStatement _addKey;
    readonly SqliteStatement _removeKey;
    readonly SqliteStatement _bound;
    readonly SqliteStatement _bind;
    readonly SqliteStatement _touch;
    readonly SqliteStatement _device;
    readonly SqliteStatement _unbind;
    readonly SqliteStatement _closeOfDevice;
    readonly SqliteStatement _open;
    readonly SqliteStatement _session;
    readonly SqliteStatement _close;
    readonly SqliteStatement _count;
    readonly SqliteStatement _insert;
    readonly SqliteStatement _span;
    readonly SqliteStatement _stored;
    readonly TextArena _arena = new();
    int _boundTexts; // Bit by text: what the insert statement has bound to something.

    public SqliteVenueWriter(SqliteDatabase database, TimeProvider timeProvider)
    {
        (Database, _timeProvider) = (database, timeProvider);
        _company = database.Prepare("SELECT id FROM companies WHERE name = ?1");
        _addCompany = database.Prepare("INSERT INTO companies (name) VALUES (?1)");
        _addFirstKey = database.Prepare(
            "INSERT INTO keys SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM keys)");
        _addKey = database.Prepare(
            "INSERT INTO keys SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM keys WHERE hash = ?1 "
            + "OR (company = ?2 AND name = ?3)) AND (SELECT count(*) FROM keys WHERE company = ?2) < "
            + ApiKeys.MaxPerCompany);
        _removeKey = database.Prepare("DELETE FROM keys WHERE company = ?1 AND name = ?2");
        _bound = database.Prepare(
            "SELECT id, device_id FROM devices WHERE company = ?1 AND serial_number = ?2 AND unbound_ms IS NULL");
        _bind = database.Prepare(
            "INSERT INTO devices "
            + "(company, device_id, serial_number, model, type, alias, firmware, created_ms, written_ms) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)");
        _touch = database.Prepare("UPDATE devices SET written_ms = max(written_ms, ?2) WHERE id = ?1");
        _device = database.Prepare(
            "SELECT id FROM devices WHERE device_id = ?2 AND company = ?1 AND unbound_ms IS NULL");
        _unbind = database.Prepare("UPDATE devices SET unbound_ms = ?2 WHERE id = ?1");
        _closeOfDevice = database.Prepare("UPDATE sessions SET closed_ms = ?2 WHERE device = ?1 AND closed_ms IS NULL");
        _open = database.Prepare("INSERT INTO sessions (device, token, alias, created_ms) VALUES (?1, ?2, ?3, ?4)");
        _session = database.Prepare(
            "SELECT s.id, s.closed_ms, s.passings, s.first_ms, s.last_ms, d.id, d.device_id FROM sessions s "
            + "JOIN devices d ON d.id = s.device WHERE s.token = ?2 AND d.company = ?1");
        _close = database.Prepare("UPDATE sessions SET closed_ms = ?2 WHERE id = ?1");
        _count = database.Prepare("UPDATE sessions SET passings = ?2, first_ms = ?3, last_ms = ?4 WHERE id = ?1");
        _insert = database.Prepare(
            "INSERT INTO passings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING");
        _span = database.Prepare(
            "INSERT INTO spans VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE "
            + "SET first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)");
        _stored = database.Prepare($"SELECT {SqliteVenueReader.PassingColumns} FROM passings p WHERE p.session = ?1 AND p.number = ?2");
    }

    public SqliteDatabase Database { get; }

    long NowMs => _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    public int Company(string name)
    {
        if (Id(_company.Bind(1, name)) is { } known)
            return (int)known;
        _addCompany.Bind(1, name).Run();
        return (int)Id(_company)!.Value;
    }

    public bool TryAddFirstKey(StoredKey key) => TryAdd(_addFirstKey, key);

    public bool TryAddKey(StoredKey key) => TryAdd(_addKey, key);

    public bool RemoveKey(int company, string name)
    {
        _removeKey.Bind(1, company).Bind(2, name).Run();
        return Database.Changes > 0;
    }

    bool TryAdd(SqliteStatement add, StoredKey key)
    {
        add.Bind(1, key.Hash).Bind(2, key.Company).Bind(3, key.Name).Bind(4, (long)key.Access).Bind(5, NowMs).Run();
        return Database.Changes == 1;
    }

    public (string DeviceId, bool IsNew) Bind(int company, DeviceDescription description)
    {
        var now = NowMs;
        try
        {
            if (_bound.Bind(1, company).Bind(2, description.SerialNumber).Step())
            {
                _touch.Bind(1, _bound.Integer(0)).Bind(2, now).Run();
                return (_bound.Text(1)!, false);
            }
        }
        finally
        {
            _bound.Reset();
        }

        var deviceId = Hex64.Next();
        _bind.Bind(1, company).Bind(2, deviceId).Bind(3, description.SerialNumber).Bind(4, description.Model)
            .Bind(5, description.Type).Bind(6, description.Alias).Bind(7, description.Firmware).Bind(8, now).Run();
        return (deviceId, true);
    }

    public bool Unbind(int company, string deviceId)
    {
        if (Id(_device.Bind(1, company).Bind(2, deviceId)) is not { } device)
            return false;
        var now = NowMs;
        _closeOfDevice.Bind(1, device).Bind(2, now).Run();
        _unbind.Bind(1, device).Bind(2, now).Run();
        return true;
    }

    public string? Open(int company, string deviceId, string? alias)
    {
        if (Id(_device.Bind(1, company).Bind(2, deviceId)) is not { } device)
            return null;
        var now = NowMs;
        var token = Hex64.Next();
        _closeOfDevice.Bind(1, device).Bind(2, now).Run();
        _open.Bind(1, device).Bind(2, token).Bind(3, alias).Bind(4, now).Run();
        _touch.Bind(1, device).Bind(2, now).Run();
        return token;
    }

    public bool? Close(int company, string token)
    {
        if (Find(company, token) is not { } session)
            return null;
        var now = NowMs;
        if (session.IsActive)
            _close.Bind(1, session.Id).Bind(2, now).Run();
        _touch.Bind(1, session.Device).Bind(2, now).Run();
        return session.IsActive;
    }

    public InsertResult Insert(int company, string token, PassingsBatch batch)
    {
        if (Find(company, token) is not { } session)
            return new(InsertStatus.Unknown);
        if (!session.IsActive)
            return new(InsertStatus.Closed);
        ReadOnlySpan<byte> body = batch.Body.Bytes;
        var (inserted, conflicts) = (0, 0);
        var all = new BlockTimes(0, session.FirstMs, session.LastMs);
        var block = BlockTimes.Empty(-1);
        _insert.Bind(1, session.Id);
        for (var i = 0; i < batch.Count; i++)
        {
            ref readonly var passing = ref batch[i];
            if (TryInsert(passing, body))
            {
                inserted++;
                all = all.With(passing.TimeMs);
                var itsBlock = passing.Number / SqliteVenueSchema.BlockNumbers;
                if (itsBlock != block.Block)
                {
                    Write(session.Id, block);
                    block = BlockTimes.Empty(itsBlock);
                }

                block = block.With(passing.TimeMs);
            }
            else if (!IsStored(session, passing, i, batch, conflicts))
            {
                conflicts++;
            }
        }

        Write(session.Id, block);
        if (inserted > 0)
            _count.Bind(1, session.Id).Bind(2, session.Passings + inserted).Bind(3, all.First).Bind(4, all.Last).Run();
        _touch.Bind(1, session.Device).Bind(2, NowMs).Run();
        return new(InsertStatus.Stored, inserted, batch.Count - inserted, conflicts);
    }

    public void Dispose() => Database.Dispose();

    bool TryInsert(in ParsedPassing passing, ReadOnlySpan<byte> body)
    {
        _insert.Bind(2, passing.Number).Bind(3, passing.TimeMs);
        for (var i = 0; i < PassingText.Count; i++)
        {
            var text = passing.Texts[i];
            if (!text.IsNull)
            {
                _insert.Bind(FirstText + i, text.In(body));
                _boundTexts |= 1 << i;
            }
            else if ((_boundTexts & (1 << i)) != 0)
            {
                _insert.BindNull(FirstText + i);
                _boundTexts &= ~(1 << i);
            }
        }

        _insert.Run();
        return Database.Changes == 1;
    }

    void Write(long session, in BlockTimes block)
    {
        if (block.Block >= 0)
            _span.Bind(1, session).Bind(2, block.Block).Bind(3, block.First).Bind(4, block.Last).Run();
    }

    /// <summary>
    /// Holds a passing against what is stored under its number; the first few that differ go to the batch.
    /// </summary>
    bool IsStored(in SessionRow session, in ParsedPassing passing, int row, PassingsBatch batch, int conflicts)
    {
        try
        {
            _arena.Clear();
            _stored.Bind(1, session.Id).Bind(2, passing.Number).Step();
            var stored = SqliteVenueReader.Passing(_stored, _arena);
            var isSame = stored.Same(passing, batch.Body.Bytes, _arena.Chunks);
            if (!isSame && conflicts < PassingsBatch.MaxLoggedConflicts)
                batch.AddConflict(row, session.DeviceId, stored, _arena.Chunks);
            return isSame;
        }
        finally
        {
            _stored.Reset();
        }
    }

    SessionRow? Find(int company, string token)
    {
        try
        {
            if (!_session.Bind(1, company).Bind(2, token).Step())
                return null;
            return new(
                _session.Integer(0), _session.IsNull(1), _session.Integer(2),
                _session.IsNull(3) ? long.MaxValue : _session.Integer(3),
                _session.IsNull(4) ? long.MinValue : _session.Integer(4), _session.Integer(5), _session.Text(6)!);
        }
        finally
        {
            _session.Reset();
        }
    }

    static long? Id(SqliteStatement statement)
    {
        try
        {
            return statement.Step() ? statement.Integer(0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>The times of the passings in a block.</summary>
    readonly record struct BlockTimes(long Block, long First, long Last)
    {
        public static BlockTimes Empty(long block) => new(block, long.MaxValue, long.MinValue);

        public BlockTimes With(long timeMs) => new(Block, Math.Min(First, timeMs), Math.Max(Last, timeMs));
    }

    readonly record struct SessionRow(
        long Id, bool IsActive, long Passings, long FirstMs, long LastMs, long Device, string DeviceId);
}
