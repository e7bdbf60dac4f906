using System.Numerics;

namespace RufusIngest.Server;

/// <summary>
/// What looks into a server's file, on a connection of its own. Each member sees one instant of it, and copies what it
/// gives, so that no client keeps the log from being folded into the file. One thread at a time.
/// </summary>
sealed class SqliteVenueReader : IDisposable
{
    const int Mask = 3;
    const int FirstText = 4;

    /// <summary>
    /// What <see cref="Passing"/> reads of table p. The mask says by bits which texts there are: most have two, and each
    /// look at a column is a call out of .NET.
    /// </summary>
    public const string PassingColumns =
        "p.session, p.number, p.time_ms, (p.bib IS NOT NULL) + 2 * (p.chip IS NOT NULL) "
        + "+ 4 * (p.latitude IS NOT NULL) + 8 * (p.longitude IS NOT NULL) + 16 * (p.status IS NOT NULL) "
        + "+ 32 * (p.participant_id IS NOT NULL) + 64 * (p.timezone IS NOT NULL) + 128 * (p.gender IS NOT NULL), "
        + "p.bib, p.chip, p.latitude, p.longitude, p.status, p.participant_id, p.timezone, p.gender";

    const string DeviceColumns =
        "SELECT d.device_id, d.serial_number, d.model, d.type, d.alias, d.firmware, d.created_ms, d.written_ms, "
        + "(SELECT count(*) FROM sessions s WHERE s.device = d.id), "
        + "(SELECT coalesce(sum(s.passings), 0) FROM sessions s WHERE s.device = d.id) FROM devices d ";

    const string SessionColumns =
        "SELECT s.token, s.alias, s.created_ms, s.closed_ms, s.passings, s.first_ms, s.last_ms, s.id, d.device_id "
        + "FROM sessions s JOIN devices d ON d.id = s.device ";

    const string InRange = "p.number BETWEEN ?2 AND ?3 AND p.time_ms BETWEEN ?4 AND ?5 ";

    // Cross: in this order.
    static readonly string _ofDevice =
        "FROM sessions s CROSS JOIN spans b ON b.session = s.id CROSS JOIN passings p ON p.session = b.session "
        + $"AND p.number BETWEEN b.block * {SqliteVenueSchema.BlockNumbers} "
        + $"AND b.block * {SqliteVenueSchema.BlockNumbers} + {SqliteVenueSchema.BlockNumbers - 1} "
        + "WHERE s.device = ?1 AND b.last_ms >= ?2 AND b.first_ms <= ?3 AND p.time_ms BETWEEN ?2 AND ?3 ";

    readonly SqliteDatabase _database;
    readonly SqliteStatement _companies;
    readonly SqliteStatement _keys;
    readonly SqliteStatement _listedKeys;
    readonly SqliteStatement _devices;
    readonly SqliteStatement _deviceCount;
    readonly SqliteStatement _device;
    readonly SqliteStatement _deviceRow;
    readonly SqliteStatement _session;
    readonly SqliteStatement _sessions;
    readonly SqliteStatement _sessionCount;
    readonly SqliteStatement _newest;
    readonly SqliteStatement _isOfDevice;
    readonly SqliteStatement _byNumber;
    readonly SqliteStatement _byNumberCount;
    readonly SqliteStatement _byTime;
    readonly SqliteStatement _byTimeCount;

    public SqliteVenueReader(SqliteDatabase database)
    {
        _database = database;
        _companies = database.Prepare("SELECT name FROM companies ORDER BY id");
        _keys = database.Prepare("SELECT name, hash, access, company FROM keys ORDER BY created_ms, hash");
        _listedKeys = database.Prepare(
            "SELECT k.name, c.name, k.access, k.created_ms FROM keys k JOIN companies c ON c.id = k.company "
            + "ORDER BY k.created_ms, k.hash");
        _devices = database.Prepare(
            DeviceColumns + "WHERE d.company = ?1 AND d.unbound_ms IS NULL ORDER BY d.id LIMIT ?2 OFFSET ?3");
        _deviceCount = database.Prepare("SELECT count(*) FROM devices WHERE company = ?1 AND unbound_ms IS NULL");
        _device = database.Prepare(
            DeviceColumns + "WHERE d.device_id = ?2 AND d.company = ?1 AND d.unbound_ms IS NULL");
        _deviceRow = database.Prepare(
            "SELECT id FROM devices WHERE device_id = ?2 AND company = ?1 AND unbound_ms IS NULL");
        _session = database.Prepare(SessionColumns + "WHERE s.token = ?2 AND d.company = ?1");
        _sessions = database.Prepare(SessionColumns + "WHERE s.device = ?1 ORDER BY s.id LIMIT ?2 OFFSET ?3");
        _sessionCount = database.Prepare("SELECT count(*) FROM sessions WHERE device = ?1");
        _newest = database.Prepare(SessionColumns + "WHERE s.device = ?1 ORDER BY s.id DESC LIMIT 1");
        _isOfDevice = database.Prepare("SELECT 1 FROM sessions WHERE device = ?1 AND token = ?2");
        _byNumber = database.Prepare(
            $"SELECT {PassingColumns} FROM passings p WHERE p.session = ?1 AND {InRange} ORDER BY p.number LIMIT ?6 OFFSET ?7");
        _byNumberCount = database.Prepare($"SELECT count(*) FROM passings p WHERE p.session = ?1 AND {InRange}");
        _byTime = database.Prepare(
            $"SELECT {PassingColumns}, s.token FROM (SELECT p.session, p.number, p.time_ms "
            + $"{_ofDevice}ORDER BY p.time_ms, p.session, p.number LIMIT ?4 OFFSET ?5) k "
            + "JOIN passings p ON p.session = k.session AND p.number = k.number JOIN sessions s ON s.id = k.session "
            + "ORDER BY k.time_ms, k.session, k.number");
        _byTimeCount = database.Prepare($"SELECT count(*) {_ofDevice}");
    }

    public string[] Companies() => All(_companies, row => row.Text(0)!);

    public StoredKey[] Keys() => All(_keys, row =>
        new StoredKey(row.Text(0)!, row.Blob(1).ToArray(), (VenueAccess)row.Integer(2), (int)row.Integer(3)));

    public IReadOnlyList<KeptVenueKey> ListKeys() => All(_listedKeys, row => new KeptVenueKey(
        row.Text(0)!, row.Text(1)!, (VenueAccess)row.Integer(2),
        DateTimeOffset.FromUnixTimeMilliseconds(row.Integer(3))));

    public (DeviceState[] Page, int Total) Devices(int company, Paging paging) => Look(() => (
        All(_devices.Bind(1, company).Bind(2, paging.Limit).Bind(3, paging.Skip), Device),
        (int)Integer(_deviceCount.Bind(1, company))!.Value));

    public DeviceState? Device(int company, string deviceId) =>
        All(_device.Bind(1, company).Bind(2, deviceId), Device).SingleOrDefault();

    public SessionState? Session(int company, string token) => FindSession(company, token)?.State;

    public (SessionState[] Page, int Total) Sessions(int company, string deviceId, Paging paging) => Look(() =>
        DeviceRow(company, deviceId) is not { } device
            ? ([], 0)
            : (All(_sessions.Bind(1, device).Bind(2, paging.Limit).Bind(3, paging.Skip), row => Session(row).State),
                (int)Integer(_sessionCount.Bind(1, device))!.Value));

    public SessionState? ActiveSession(int company, string deviceId) => Look(() =>
        DeviceRow(company, deviceId) is { } device && Newest(device) is { State.Info.Active: true } newest
            ? newest.State
            : null);

    public PassingsPage? SessionPassings(int company, string token, PassingRange range, Paging paging) => Look(() =>
        FindSession(company, token) is { } session ? Page(session, range, paging) : null);

    public PassingsPage? DevicePassings(int company, string deviceId, PassingRange range, Paging paging) => Look(() =>
        DeviceRow(company, deviceId) is { } device ? Page(device, deviceId, range, paging) : null);

    public PassingsFeedPage? Feed(int company, string deviceId, FeedPosition position) => Look(() =>
    {
        if (DeviceRow(company, deviceId) is not { } device || Newest(device) is not { } newest)
            return null;
        var isOfDevice = Integer(_isOfDevice.Bind(1, device).Bind(2, position.Token)) is not null;
        var (range, paging, resumedFrom) = position.In(newest.State.Token, isOfDevice);
        return new PassingsFeedPage(
            deviceId, newest.State.Token, newest.State.Alias, resumedFrom, paging, Page(newest, range, paging));
    });

    /// <summary>The passing of a row of the table.</summary>
    public static StoredPassing Passing(SqliteStatement row, TextArena arena)
    {
        Span<int> lengths = stackalloc int[PassingText.Count];
        var total = 0;
        var mask = (int)row.Integer(Mask);
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            var i = BitOperations.TrailingZeroCount(rest);
            total += lengths[i] = row.Length(FirstText + i);
        }

        var stored = StoredPassing.Empty(row.Integer(1), row.Integer(2), total, arena, out var room);
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            var i = BitOperations.TrailingZeroCount(rest);
            if (lengths[i] > 0)
                row.Blob(FirstText + i).CopyTo(room);
            room = room[lengths[i]..];
            stored.SetLength(i, lengths[i]);
        }

        return stored;
    }

    public void Dispose() => _database.Dispose();

    PassingsPage Page(FoundSession session, PassingRange range, Paging paging)
    {
        var page = new PassingsPage(paging.Limit);
        try
        {
            _byNumber.Bind(1, session.Id).Bind(6, paging.Limit).Bind(7, paging.Skip);
            Bind(_byNumber, range);
            while (_byNumber.Step())
                page.Add(Passing(_byNumber, page.Arena), 0);
        }
        finally
        {
            _byNumber.Reset();
        }

        page.AddSession(session.State.Token, session.DeviceId);
        page.Total = range == PassingRange.All ? session.State.Info.Passings
            : page.EndsAt(paging) ?? (int)Integer(Bind(_byNumberCount.Bind(1, session.Id), range))!.Value;
        return page;

        static SqliteStatement Bind(SqliteStatement statement, PassingRange range) => statement
            .Bind(2, range.First).Bind(3, range.Last).Bind(4, range.FromMs).Bind(5, range.ToMs);
    }

    PassingsPage Page(long device, string deviceId, PassingRange range, Paging paging)
    {
        var page = new PassingsPage(paging.Limit);
        var sessions = new Dictionary<long, int>();
        try
        {
            _byTime.Bind(1, device).Bind(2, range.FromMs).Bind(3, range.ToMs);
            _byTime.Bind(4, paging.Limit).Bind(5, paging.Skip);
            while (_byTime.Step())
            {
                if (!sessions.TryGetValue(_byTime.Integer(0), out var session))
                {
                    sessions.Add(_byTime.Integer(0), session = sessions.Count);
                    page.AddSession(_byTime.Text(FirstText + PassingText.Count)!, deviceId);
                }

                page.Add(Passing(_byTime, page.Arena), session);
            }
        }
        finally
        {
            _byTime.Reset();
        }

        page.Total = page.EndsAt(paging)
            ?? (int)Integer(_byTimeCount.Bind(1, device).Bind(2, range.FromMs).Bind(3, range.ToMs))!.Value;
        return page;
    }

    static DeviceState Device(SqliteStatement row) => new(
        row.Text(0)!, new(row.Text(1)!, row.Text(2)!, row.Text(3), row.Text(4), row.Text(5)),
        row.Integer(6), row.Integer(7), (int)row.Integer(8), row.Integer(9));

    static FoundSession Session(SqliteStatement row) => new(
        row.Integer(7), row.Text(8)!, new(
            row.Text(0)!, row.Text(1), row.Integer(2),
            new(row.IsNull(3), (int)row.Integer(4), row.Integer(5), row.Integer(6))));

    FoundSession? FindSession(int company, string token) =>
        All(_session.Bind(1, company).Bind(2, token), Session).SingleOrDefault();

    FoundSession? Newest(long device) => All(_newest.Bind(1, device), Session).SingleOrDefault();

    long? DeviceRow(int company, string deviceId) => Integer(_deviceRow.Bind(1, company).Bind(2, deviceId));

    static long? Integer(SqliteStatement statement)
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

    static T[] All<T>(SqliteStatement statement, Func<SqliteStatement, T> read)
    {
        var rows = new List<T>();
        try
        {
            while (statement.Step())
                rows.Add(read(statement));
        }
        finally
        {
            statement.Reset();
        }

        return [.. rows];
    }

    /// <summary>All queries of the work see the same instant.</summary>
    T Look<T>(Func<T> work)
    {
        _database.Execute("BEGIN");
        try
        {
            return work();
        }
        finally
        {
            if (_database.IsInTransaction)
                _database.Execute("COMMIT");
        }
    }

    sealed record FoundSession(long Id, string DeviceId, SessionState State);
}
