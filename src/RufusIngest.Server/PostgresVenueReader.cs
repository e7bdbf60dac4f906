using Npgsql;

namespace RufusIngest.Server;

/// <summary>What looks into a server's tables, inside a transaction that sees one instant of them.</summary>
sealed class PostgresVenueReader(NpgsqlConnection connection, CancellationToken cancellationToken)
{
    /// <summary>A passing's columns in the order that <see cref="Passing"/> takes them.</summary>
    public const string PassingColumns =
        "p.session, p.number, p.time_ms, p.bib, p.chip, p.latitude, p.longitude, p.status, p.participant_id, "
        + "p.timezone, p.gender";

    const int FirstText = 3;

    const string DeviceColumns =
        "SELECT d.device_id, d.serial_number, d.model, d.type, d.alias, d.firmware, d.created_ms, d.written_ms, "
        + "(SELECT count(*) FROM sessions s WHERE s.device = d.id), "
        + "(SELECT coalesce(sum(s.passings), 0)::bigint FROM sessions s WHERE s.device = d.id) FROM devices d ";

    const string SessionColumns =
        "SELECT s.token, s.alias, s.created_ms, s.closed_ms IS NULL, s.passings, coalesce(s.first_ms, 0), "
        + "coalesce(s.last_ms, 0), s.id, d.device_id FROM sessions s JOIN devices d ON d.id = s.device ";

    const string InRange = "p.session = $1 AND p.number BETWEEN $2 AND $3 AND p.time_ms BETWEEN $4 AND $5";

    // OFFSET 0 keeps the planner from another order of joining, which it would choose by its guesses at a table that
    // grows from nothing within minutes.
    static readonly string _ofDevice =
        $"""
        FROM sessions s
        CROSS JOIN LATERAL (
            SELECT b.block FROM spans b
            WHERE b.session = s.id AND b.last_ms >= $2 AND b.first_ms <= $3 OFFSET 0) b
        CROSS JOIN LATERAL (
            SELECT * FROM passings p
            WHERE p.session = s.id AND p.number BETWEEN b.block * {PostgresVenueSchema.BlockNumbers}
                AND b.block * {PostgresVenueSchema.BlockNumbers} + {PostgresVenueSchema.BlockNumbers - 1}
                AND p.time_ms BETWEEN $2 AND $3 OFFSET 0) p
        WHERE s.device = $1
        """;

    readonly byte[] _texts = new byte[TextArena.ChunkBytes];

    public async Task<string[]> CompaniesAsync() =>
        [.. await ListAsync("SELECT name FROM companies ORDER BY id", row => row.GetString(0)).ConfigureAwait(false)];

    public async Task<StoredKey[]> KeysAsync() => [.. await ListAsync(
        "SELECT name, hash, access, company FROM keys ORDER BY created_ms, hash",
        row => new StoredKey(
            row.GetString(0), row.GetFieldValue<byte[]>(1), (VenueAccess)row.GetInt32(2), row.GetInt32(3)))
        .ConfigureAwait(false)];

    public async Task<IReadOnlyList<KeptVenueKey>> ListKeysAsync() => await ListAsync(
        "SELECT k.name, c.name, k.access, k.created_ms FROM keys k JOIN companies c ON c.id = k.company "
        + "ORDER BY k.created_ms, k.hash",
        row => new KeptVenueKey(
            row.GetString(0), row.GetString(1), (VenueAccess)row.GetInt32(2),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)))).ConfigureAwait(false);

    public async Task<(DeviceState[] Page, int Total)> DevicesAsync(int company, Paging paging)
    {
        var page = await ListAsync(
            DeviceColumns + "WHERE d.company = $1 AND d.unbound_ms IS NULL ORDER BY d.id LIMIT $2 OFFSET $3", Device,
            company, paging.Limit, paging.Skip).ConfigureAwait(false);
        var total = await NumberAsync(
            "SELECT count(*) FROM devices WHERE company = $1 AND unbound_ms IS NULL", company).ConfigureAwait(false);
        return ([.. page], (int)total!.Value);
    }

    public async Task<DeviceState?> DeviceAsync(int company, string deviceId) => (await ListAsync(
        DeviceColumns + "WHERE d.device_id = $2 AND d.company = $1 AND d.unbound_ms IS NULL", Device, company, deviceId)
        .ConfigureAwait(false)).SingleOrDefault();

    public async Task<SessionState?> SessionAsync(int company, string token) =>
        (await FindSessionAsync(company, token).ConfigureAwait(false))?.State;

    public async Task<(SessionState[] Page, int Total)> SessionsAsync(int company, string deviceId, Paging paging)
    {
        if (await DeviceRowAsync(company, deviceId).ConfigureAwait(false) is not { } device)
            return ([], 0);
        var page = await ListAsync(
            SessionColumns + "WHERE s.device = $1 ORDER BY s.id LIMIT $2 OFFSET $3", row => Session(row).State,
            device, paging.Limit, paging.Skip).ConfigureAwait(false);
        var total = await NumberAsync("SELECT count(*) FROM sessions WHERE device = $1", device).ConfigureAwait(false);
        return ([.. page], (int)total!.Value);
    }

    public async Task<SessionState?> ActiveSessionAsync(int company, string deviceId) =>
        await DeviceRowAsync(company, deviceId).ConfigureAwait(false) is { } device
            && await NewestAsync(device).ConfigureAwait(false) is { State.Info.Active: true } newest
            ? newest.State
            : null;

    public async Task<PassingsPage?> SessionPassingsAsync(
        int company, string token, PassingRange range, Paging paging) =>
        await FindSessionAsync(company, token).ConfigureAwait(false) is { } session
            ? await PageAsync(session, range, paging).ConfigureAwait(false)
            : null;

    public async Task<PassingsPage?> DevicePassingsAsync(
        int company, string deviceId, PassingRange range, Paging paging)
    {
        if (await DeviceRowAsync(company, deviceId).ConfigureAwait(false) is not { } device)
            return null;
        object[] bounds = [device, range.FromMs, range.ToMs];
        var page = new PassingsPage(paging.Limit);
        try
        {
            var sessions = new Dictionary<long, int>();
            await ReadAsync(
                $"SELECT {PassingColumns}, s.token {_ofDevice} "
                + "ORDER BY p.time_ms, p.session, p.number LIMIT $4 OFFSET $5",
                Add, [.. bounds, paging.Limit, paging.Skip]).ConfigureAwait(false);
            page.Total = page.EndsAt(paging) ?? (int)(await NumberAsync($"SELECT count(*) {_ofDevice}", bounds)
                .ConfigureAwait(false))!.Value;
            return page;

            void Add(NpgsqlDataReader row)
            {
                if (!sessions.TryGetValue(row.GetInt64(0), out var session))
                {
                    sessions.Add(row.GetInt64(0), session = sessions.Count);
                    page.AddSession(row.GetString(FirstText + PassingText.Count), deviceId);
                }

                page.Add(Passing(row, _texts, page.Arena), session);
            }
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    public async Task<PassingsFeedPage?> FeedAsync(int company, string deviceId, FeedPosition position)
    {
        if (await DeviceRowAsync(company, deviceId).ConfigureAwait(false) is not { } device
            || await NewestAsync(device).ConfigureAwait(false) is not { } newest)
        {
            return null;
        }

        var isOfDevice = PostgresCommands.CanBeOurs(position.Token) && await NumberAsync(
            "SELECT id FROM sessions WHERE device = $1 AND token = $2", device, position.Token)
            .ConfigureAwait(false) is not null;
        var (range, paging, resumedFrom) = position.In(newest.State.Token, isOfDevice);
        var page = await PageAsync(newest, range, paging).ConfigureAwait(false);
        return new(deviceId, newest.State.Token, newest.State.Alias, resumedFrom, paging, page);
    }

    /// <summary>The passing of a row of <see cref="PassingColumns"/>.</summary>
    public static StoredPassing Passing(NpgsqlDataReader row, byte[] texts, TextArena arena)
    {
        Span<int> lengths = stackalloc int[PassingText.Count];
        var total = 0;
        for (var i = 0; i < PassingText.Count; i++)
        {
            lengths[i] = row.IsDBNull(FirstText + i)
                ? -1
                : (int)row.GetBytes(FirstText + i, 0, texts, total, texts.Length - total);
            total += Math.Max(lengths[i], 0);
        }

        var stored = StoredPassing.Empty(row.GetInt64(1), row.GetInt64(2), total, arena, out var room);
        texts.AsSpan(0, total).CopyTo(room);
        for (var i = 0; i < PassingText.Count; i++)
        {
            if (lengths[i] >= 0)
                stored.SetLength(i, lengths[i]);
        }

        return stored;
    }

    async Task<PassingsPage> PageAsync(FoundSession session, PassingRange range, Paging paging)
    {
        object[] bounds = [session.Id, range.First, range.Last, range.FromMs, range.ToMs];
        var page = new PassingsPage(paging.Limit);
        try
        {
            page.AddSession(session.State.Token, session.DeviceId);
            await ReadAsync(
                $"SELECT {PassingColumns} FROM passings p WHERE {InRange} ORDER BY p.number LIMIT $6 OFFSET $7",
                row => page.Add(Passing(row, _texts, page.Arena), 0), [.. bounds, paging.Limit, paging.Skip])
                .ConfigureAwait(false);
            page.Total = range == PassingRange.All ? session.State.Info.Passings
                : page.EndsAt(paging) ?? (int)(await NumberAsync(
                    $"SELECT count(*) FROM passings p WHERE {InRange}", bounds).ConfigureAwait(false))!.Value;
            return page;
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    static DeviceState Device(NpgsqlDataReader row) => new(
        row.GetString(0), new(row.Sent(1)!, row.Sent(2)!, row.Sent(3), row.Sent(4), row.Sent(5)),
        row.GetInt64(6), row.GetInt64(7), (int)row.GetInt64(8), row.GetInt64(9));

    static FoundSession Session(NpgsqlDataReader row) => new(
        row.GetInt64(7), row.GetString(8), new(
            row.GetString(0), row.Sent(1), row.GetInt64(2),
            new(row.GetBoolean(3), (int)row.GetInt64(4), row.GetInt64(5), row.GetInt64(6))));

    async Task<FoundSession?> FindSessionAsync(int company, string token) =>
        (await ListAsync(SessionColumns + "WHERE s.token = $2 AND d.company = $1", Session, company, token)
            .ConfigureAwait(false)).SingleOrDefault();

    async Task<FoundSession?> NewestAsync(long device) =>
        (await ListAsync(SessionColumns + "WHERE s.device = $1 ORDER BY s.id DESC LIMIT 1", Session, device)
            .ConfigureAwait(false)).SingleOrDefault();

    ValueTask<long?> DeviceRowAsync(int company, string deviceId) => NumberAsync(
        "SELECT id FROM devices WHERE device_id = $2 AND company = $1 AND unbound_ms IS NULL", company, deviceId);

    ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<object?> values) =>
        connection.Command(sql, values).NumberAsync(cancellationToken);

    ValueTask<List<T>> ListAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params ReadOnlySpan<object?> values) =>
        connection.Command(sql, values).ListAsync(read, cancellationToken);

    Task ReadAsync(string sql, Action<NpgsqlDataReader> read, ReadOnlySpan<object?> values) =>
        connection.Command(sql, values).ReadAsync(read, cancellationToken);

    sealed record FoundSession(long Id, string DeviceId, SessionState State);
}
