using System.Text.Json;

namespace RufusIngest.Server;

/// <summary>What the page shows beside the arrivals, read from the store for each request.</summary>
sealed class PageData(VenueStore store, LiveFeed live)
{
    /// <summary>Devices shown: those written to last.</summary>
    public const int MaxDevices = 100;

    /// <summary>Sessions shown of each device: those opened last.</summary>
    public const int MaxSessions = 20;

    // As many devices may have passings among the last that are shown.
    const int MaxRecentDevices = 8;

    /// <summary>Devices, sessions and arrivals by minute; the newest first.</summary>
    public async Task WriteStateAsync(
        Utf8JsonWriter json, int company, bool signedIn, CancellationToken cancellationToken)
    {
        var (devices, total) = await DevicesAsync(company, MaxDevices, cancellationToken).ConfigureAwait(false);
        var sessions = new List<(DeviceState Device, SessionState Session)>();
        var active = new Dictionary<string, SessionState>();
        foreach (var device in devices)
        {
            foreach (var session in await SessionsAsync(company, device, cancellationToken).ConfigureAwait(false))
            {
                sessions.Add((device, session));
                if (session.Info.Active)
                    active[device.Id] = session;
            }
        }

        sessions.Sort((a, b) => b.Session.CreatedMs.CompareTo(a.Session.CreatedMs));
        json.WriteStartObject();
        json.WriteBoolean("signed_in"u8, signedIn);
        json.WriteNumber("devices_total"u8, total);
        json.WriteNumber("passings"u8, devices.Sum(device => device.Passings));
        json.WriteStartArray("devices"u8);
        foreach (var device in devices)
            WriteDevice(json, device, active.GetValueOrDefault(device.Id));
        json.WriteEndArray();
        json.WriteStartArray("sessions"u8);
        foreach (var (device, session) in sessions)
            WriteSession(json, device, session);
        json.WriteEndArray();
        WriteArrivals(json, company);
        json.WriteEndObject();
    }

    /// <summary>The last passings, by their times, of the devices written to last: the latest at the end.</summary>
    public async Task<LivePassing[]> RecentAsync(int company, CancellationToken cancellationToken)
    {
        var passings = new List<LivePassing>();
        var (devices, _) = await DevicesAsync(company, MaxRecentDevices, cancellationToken).ConfigureAwait(false);
        foreach (var device in devices)
        {
            var sessions = await SessionsAsync(company, device, cancellationToken).ConfigureAwait(false);
            if (sessions is not [.., { Info.Passings: > 0 } newest])
                continue;
            foreach (var paging in LastPages(newest.Info.Passings, CompanyFeed.Kept))
            {
                using var page = await store.SessionPassingsAsync(
                    company, newest.Token, PassingRange.All, paging, cancellationToken).ConfigureAwait(false);
                if (page is not null)
                    Add(passings, newest.Token, page);
            }
        }

        return [.. passings.OrderBy(passing => passing.TimeMs).TakeLast(CompanyFeed.Kept)];
    }

    public static void Write(Utf8JsonWriter json, IEnumerable<LivePassing> passings)
    {
        json.WriteStartArray();
        foreach (var passing in passings)
        {
            json.WriteStartObject();
            json.WriteString("session"u8, passing.Token);
            json.WriteString("number"u8, $"{passing.Number}"); // Beyond what a script's numbers hold.
            json.WriteNumber("time"u8, passing.TimeMs);
            json.WriteString("bib"u8, passing.Bib);
            json.WriteString("chip"u8, passing.Chip);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>
    /// The pages, of one or two, that hold the last of a listing: at least <paramref name="limit"/> of them.
    /// </summary>
    static IEnumerable<Paging> LastPages(int total, int limit)
    {
        var last = (total + limit - 1) / limit;
        if (last > 1)
            yield return new(last - 1, limit);
        if (last > 0)
            yield return new(last, limit);
    }

    static void Add(List<LivePassing> passings, string token, PassingsPage page)
    {
        for (var row = 0; row < page.Count; row++)
        {
            ref readonly var passing = ref page[row];
            var texts = passing.Texts(page.Chunks(row), out var bytes);
            passings.Add(LivePassing.Of(token, passing.Number, passing.TimeMs, texts, bytes));
        }
    }

    async Task<(DeviceState[] Devices, int Total)> DevicesAsync(
        int company, int wanted, CancellationToken cancellationToken)
    {
        var (all, total) = await store.DevicesAsync(company, new(1, QueryReader.MaxPage), cancellationToken)
            .ConfigureAwait(false);
        return ([.. all.OrderByDescending(device => device.WrittenMs).Take(wanted)], total);
    }

    async Task<SessionState[]> SessionsAsync(int company, DeviceState device, CancellationToken cancellationToken)
    {
        var sessions = new List<SessionState>();
        foreach (var paging in LastPages(device.Sessions, MaxSessions))
        {
            var (page, _) = await store.SessionsAsync(company, device.Id, paging, cancellationToken)
                .ConfigureAwait(false);
            sessions.AddRange(page);
        }

        return [.. sessions.TakeLast(MaxSessions)];
    }

    void WriteArrivals(Utf8JsonWriter json, int company)
    {
        var (minutes, lastMs) = live.Arrivals(company);
        json.WriteNumber("last_minute"u8, lastMs);
        json.WriteStartArray("minutes"u8);
        foreach (var count in minutes)
            json.WriteNumberValue(count);
        json.WriteEndArray();
    }

    static void WriteDevice(Utf8JsonWriter json, DeviceState device, SessionState? active)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, Name(device));
        json.WriteString("model"u8, device.Description.Model);
        json.WriteString("serial_number"u8, device.Description.SerialNumber);
        json.WriteNumber("last_contact"u8, device.WrittenMs);
        json.WriteNumber("passings"u8, device.Passings);
        json.WriteString("active_session"u8, active is null ? null : Name(active));
        json.WriteEndObject();
    }

    static void WriteSession(Utf8JsonWriter json, DeviceState device, SessionState session)
    {
        var info = session.Info;
        json.WriteStartObject();
        json.WriteString("token"u8, session.Token);
        json.WriteString("name"u8, Name(session));
        json.WriteString("device"u8, Name(device));
        json.WriteNumber("opened"u8, session.CreatedMs);
        json.WriteBoolean("active"u8, info.Active);
        json.WriteNumber("passings"u8, info.Passings);
        if (info.Passings > 0)
        {
            json.WriteNumber("first"u8, info.FirstMs);
            json.WriteNumber("last"u8, info.LastMs);
        }

        json.WriteEndObject();
    }

    static string Name(DeviceState device) =>
        string.IsNullOrWhiteSpace(device.Description.Alias)
            ? device.Description.SerialNumber : device.Description.Alias;

    static string Name(SessionState session) =>
        string.IsNullOrWhiteSpace(session.Alias) ? session.Token[..8] : session.Alias;
}
