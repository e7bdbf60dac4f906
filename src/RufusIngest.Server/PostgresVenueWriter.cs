using Npgsql;

namespace RufusIngest.Server;

/// <summary>
/// What changes a server's tables but for passings, inside a transaction that the caller makes. Whatever is done to a
/// device or its sessions is done under the lock of the device's row: so hosts take turns, and since nothing locks more
/// than one device but in the order of their numbers, none waits in a circle.
/// </summary>
sealed class PostgresVenueWriter(NpgsqlConnection connection, TimeProvider timeProvider)
{
    const string LockKeys = "LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE";

    long NowMs => timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task<int> CompanyAsync(string name)
    {
        for (; ; )
        {
            if (await NumberAsync("SELECT id::bigint FROM companies WHERE name = $1", name).ConfigureAwait(false)
                is { } known)
            {
                return (int)known;
            }

            await connection.ExecuteAsync("INSERT INTO companies (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
                .ConfigureAwait(false);
        }
    }

    public async Task<bool> TryAddFirstKeyAsync(StoredKey key)
    {
        await connection.ExecuteAsync(LockKeys).ConfigureAwait(false);
        return await connection.ExecuteAsync(
            "INSERT INTO keys SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM keys)",
            key.Hash, key.Company, key.Name, (int)key.Access, NowMs).ConfigureAwait(false) == 1;
    }

    public async Task<bool> TryAddKeyAsync(StoredKey key)
    {
        await connection.ExecuteAsync(LockKeys).ConfigureAwait(false);
        return await connection.ExecuteAsync(
            "INSERT INTO keys SELECT $1, $2, $3, $4, $5 "
            + $"WHERE (SELECT count(*) FROM keys WHERE company = $2) < {ApiKeys.MaxPerCompany} ON CONFLICT DO NOTHING",
            key.Hash, key.Company, key.Name, (int)key.Access, NowMs).ConfigureAwait(false) == 1;
    }

    public async Task<bool> RemoveKeyAsync(int company, string name) =>
        await connection.ExecuteAsync("DELETE FROM keys WHERE company = $1 AND name = $2", company, name)
            .ConfigureAwait(false) == 1;

    public async Task<(string DeviceId, bool IsNew)> BindAsync(int company, DeviceDescription description)
    {
        var made = Hex64.Next();
        var bound = await connection.Command(
            """
            INSERT INTO devices
                (company, device_id, serial_number, model, type, alias, firmware, created_ms, written_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
            ON CONFLICT (company, sha256(serial_number)) WHERE unbound_ms IS NULL
            DO UPDATE SET written_ms = greatest(devices.written_ms, excluded.written_ms)
            RETURNING device_id
            """,
            company, made, PostgresCommands.Bytes(description.SerialNumber),
            PostgresCommands.Bytes(description.Model), PostgresCommands.Bytes(description.Type),
            PostgresCommands.Bytes(description.Alias), PostgresCommands.Bytes(description.Firmware), NowMs)
            .ListAsync(row => row.GetString(0)).ConfigureAwait(false);
        return (bound[0], bound[0] == made);
    }

    public async Task<bool> UnbindAsync(int company, string deviceId)
    {
        if (await LockDeviceAsync(company, deviceId).ConfigureAwait(false) is not { } device)
            return false;
        var now = NowMs;
        await CloseOfDeviceAsync(device, now).ConfigureAwait(false);
        await connection.ExecuteAsync("UPDATE devices SET unbound_ms = $2 WHERE id = $1", device, now)
            .ConfigureAwait(false);
        return true;
    }

    public async Task<string?> OpenAsync(int company, string deviceId, string? alias)
    {
        if (await LockDeviceAsync(company, deviceId).ConfigureAwait(false) is not { } device)
            return null;
        var now = NowMs;
        var token = Hex64.Next();
        await CloseOfDeviceAsync(device, now).ConfigureAwait(false);
        await connection.ExecuteAsync(
            "INSERT INTO sessions (device, token, alias, created_ms) VALUES ($1, $2, $3, $4)",
            device, token, PostgresCommands.Bytes(alias), now).ConfigureAwait(false);
        await TouchAsync(device, now).ConfigureAwait(false);
        return token;
    }

    public async Task<bool?> CloseAsync(int company, string token)
    {
        if (await NumberAsync(
            """
            SELECT d.id FROM devices d WHERE d.company = $1 AND d.id = (SELECT device FROM sessions WHERE token = $2)
            FOR NO KEY UPDATE
            """,
            company, token).ConfigureAwait(false) is not { } device)
        {
            return null;
        }

        // A statement of its own: the one that waited for the lock saw what was before.
        var now = NowMs;
        var closes = await connection.ExecuteAsync(
            "UPDATE sessions SET closed_ms = $2 WHERE token = $1 AND closed_ms IS NULL", token, now)
            .ConfigureAwait(false) == 1;
        await TouchAsync(device, now).ConfigureAwait(false);
        return closes;
    }

    ValueTask<long?> LockDeviceAsync(int company, string deviceId) => NumberAsync(
        "SELECT id FROM devices WHERE device_id = $2 AND company = $1 AND unbound_ms IS NULL FOR NO KEY UPDATE",
        company, deviceId);

    ValueTask<int> CloseOfDeviceAsync(long device, long now) => connection.ExecuteAsync(
        "UPDATE sessions SET closed_ms = $2 WHERE device = $1 AND closed_ms IS NULL", device, now);

    ValueTask<int> TouchAsync(long device, long now) => connection.ExecuteAsync(
        "UPDATE devices SET written_ms = greatest(written_ms, $2) WHERE id = $1", device, now);

    ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<object?> values) =>
        connection.Command(sql, values).NumberAsync();
}
