using System.Collections.Concurrent;

namespace RufusIngest.Server;

/// <summary>Keeps everything in memory, for as long as the process lives. No member waits.</summary>
sealed class MemoryVenueStore(TimeProvider timeProvider) : VenueStore
{
    readonly Lock _gate = new();
    readonly List<Company> _companies = [];
    readonly ConcurrentDictionary<string, (int Company, TimingSession Session)> _sessions = new();

    long NowMs => timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    public override ValueTask<int> CompanyAsync(string name)
    {
        lock (_gate)
        {
            var company = _companies.FindIndex(known => known.Name == name);
            if (company < 0)
            {
                company = _companies.Count;
                _companies.Add(new(name));
            }

            return new(company);
        }
    }

    public override ValueTask<string[]> CompaniesAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. _companies.Select(company => company.Name)]);
    }

    public override ValueTask<StoredKey[]> KeysAsync(CancellationToken cancellationToken) => new([]);

    /// <summary>A key that the next start forgets would be of no use.</summary>
    public override ValueTask<bool> TryAddFirstKeyAsync(StoredKey key) => new(false);

    public override ValueTask<IReadOnlyList<KeptVenueKey>> ListKeysAsync(CancellationToken cancellationToken) => new([]);

    public override ValueTask<bool> TryAddKeyAsync(StoredKey key) => new(false);

    public override ValueTask<bool> RemoveKeyAsync(int company, string name) => new(false);

    public override ValueTask<(string DeviceId, bool IsNew)> BindAsync(int company, DeviceDescription description)
    {
        lock (_gate)
        {
            var own = _companies[company];
            if (own.BySerial.TryGetValue(description.SerialNumber, out var bound))
            {
                bound.Touch(NowMs);
                return new((bound.Id, false));
            }

            var device = new Device(Hex64.Next(), description, NowMs);
            own.BySerial.Add(description.SerialNumber, device);
            own.ById.Add(device.Id, device);
            return new((device.Id, true));
        }
    }

    public override ValueTask<bool> UnbindAsync(int company, string deviceId)
    {
        lock (_gate)
        {
            var own = _companies[company];
            if (!own.ById.Remove(deviceId, out var device))
                return new(false);
            own.BySerial.Remove(device.Description.SerialNumber);
            foreach (var session in device.Sessions)
                session.Close();
            return new(true);
        }
    }

    public override ValueTask<(DeviceState[] Page, int Total)> DevicesAsync(
        int company, Paging paging, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var devices = _companies[company].ById;
            var page = new DeviceState[Math.Clamp(devices.Count - paging.Skip, 0, paging.Limit)];
            for (var i = 0; i < page.Length; i++)
                page[i] = devices.GetAt((int)paging.Skip + i).Value.State();
            return new((page, devices.Count));
        }
    }

    public override ValueTask<DeviceState?> FindDeviceAsync(
        int company, string deviceId, CancellationToken cancellationToken) => new(Find(company, deviceId)?.State());

    public override ValueTask<string?> OpenAsync(int company, string deviceId, string? alias)
    {
        lock (_gate)
        {
            if (!_companies[company].ById.TryGetValue(deviceId, out var device))
                return new((string?)null);
            var session = new TimingSession(Hex64.Next(), deviceId, alias, NowMs);
            device.Newest?.Close();
            device.Add(session);
            _sessions[session.Token] = (company, session);
            return new(session.Token);
        }
    }

    public override ValueTask<bool?> CloseAsync(int company, string token)
    {
        if (FindSession(company, token) is not { } session)
            return new((bool?)null);
        session.Touch(NowMs);
        return new(session.Close());
    }

    public override ValueTask<SessionState?> FindSessionAsync(
        int company, string token, CancellationToken cancellationToken) => new(FindSession(company, token)?.State());

    public override ValueTask<(SessionState[] Page, int Total)> SessionsAsync(
        int company, string deviceId, Paging paging, CancellationToken cancellationToken)
    {
        var sessions = Find(company, deviceId)?.Sessions ?? [];
        var page = new SessionState[Math.Clamp(sessions.Length - paging.Skip, 0, paging.Limit)];
        for (var i = 0; i < page.Length; i++)
            page[i] = sessions[(int)paging.Skip + i].State();
        return new((page, sessions.Length));
    }

    public override ValueTask<SessionState?> ActiveSessionAsync(
        int company, string deviceId, CancellationToken cancellationToken) =>
        new(Find(company, deviceId)?.Newest?.State() is { Info.Active: true } active ? active : null);

    public override ValueTask<InsertResult> InsertAsync(int company, string token, PassingsBatch batch)
    {
        if (FindSession(company, token) is not { } session)
            return new(new InsertResult(InsertStatus.Unknown));
        var result = session.Insert(batch);
        if (result.Status == InsertStatus.Stored)
            session.Touch(NowMs);
        return new(result);
    }

    public override ValueTask<PassingsPage?> SessionPassingsAsync(
        int company, string token, PassingRange range, Paging paging, CancellationToken cancellationToken) =>
        new(FindSession(company, token) is { } session ? PassingsPage.Of(session, range, paging) : null);

    public override ValueTask<PassingsPage?> DevicePassingsAsync(
        int company, string deviceId, PassingRange range, Paging paging, CancellationToken cancellationToken) =>
        new(Find(company, deviceId) is { } device ? PassingsPage.Of(device.Sessions, range, paging) : null);

    public override ValueTask<PassingsFeedPage?> FeedAsync(
        int company, string deviceId, FeedPosition position, CancellationToken cancellationToken)
    {
        if (Find(company, deviceId)?.Sessions is not [.., var newest] sessions)
            return new((PassingsFeedPage?)null);
        var isOfDevice = sessions.Any(session => session.Token == position.Token);
        var (range, paging, resumedFrom) = position.In(newest.Token, isOfDevice);
        return new(new PassingsFeedPage(
            deviceId, newest.Token, newest.Alias, resumedFrom, paging, PassingsPage.Of(newest, range, paging)));
    }

    public override ValueTask DisposeAsync() => default;

    Device? Find(int company, string deviceId)
    {
        lock (_gate)
            return _companies[company].ById.GetValueOrDefault(deviceId);
    }

    TimingSession? FindSession(int company, string token) =>
        _sessions.TryGetValue(token, out var found) && found.Company == company ? found.Session : null;

    sealed class Company(string name)
    {
        public string Name => name;

        public Dictionary<string, Device> BySerial { get; } = [];

        public OrderedDictionary<string, Device> ById { get; } = [];
    }
}
