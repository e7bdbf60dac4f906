using RufusIngest.Cloud;

namespace RufusIngest.Tool.Relay;

/// <summary>
/// The devices of one serial number (one, and more when it was unbound and bound again), which are one at the cloud. Their
/// sessions are relayed one after the other, the oldest first: opening one at the cloud closes the device's last, which must
/// have all its passings by then.
/// </summary>
sealed class RelayLine(RelayLinks links, RelayOptions options, string name)
{
    readonly Lock _lock = new();
    readonly List<CloudDevice> _devices = [];
    readonly List<RelayedSession> _sessions = [];
    string? _cloudDevice;

    public string Name => name;

    /// <summary>How often it had an answer of the venue server.</summary>
    public int Looks { get; private set; }

    /// <summary>Has it relay a device's sessions too, if it does not yet.</summary>
    public void Add(CloudDevice device)
    {
        lock (_lock)
        {
            if (!_devices.Exists(known => known.DeviceId == device.DeviceId))
                _devices.Add(device);
        }
    }

    /// <summary>Has it relay a session also where no device lists it.</summary>
    public void Add(RelayedSession session)
    {
        if (!_sessions.Contains(session))
            _sessions.Add(session);
    }

    /// <summary>Relays what is there; following, goes on until it is cancelled.</summary>
    /// <exception cref="ToolException">It cannot go on.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await ListAsync(cancellation).ConfigureAwait(false);
            foreach (RelayedSession session in _sessions.Where(session => !session.IsDone)
                .OrderBy(session => session.Number).ToList())
            {
                // Otherwise the next one would close it at the cloud, and something is still to come.
                if (!await RelayAsync(session, cancellation).ConfigureAwait(false))
                    break;
            }

            if (!options.Follow)
                return;
            await Task.Delay(options.Every, links.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Meets the sessions that are new.</summary>
    public async Task ListAsync(CancellationToken cancellation)
    {
        CloudDevice[] devices;
        lock (_lock)
            devices = [.. _devices];
        List<CloudSession> listed = [];
        foreach (CloudDevice device in devices)
        {
            listed.AddRange(await links.AskVenueAsync(
                () => links.Venue.GetSessionsAsync(device.DeviceId, cancellation).ToListAsync(cancellation).AsTask(),
                cancellation).ConfigureAwait(false));
        }

        foreach (CloudSession session in listed.OrderBy(session => session.CreationDate)) // Stable, where there is none.
        {
            if (session.TokenSession.Length == 0)
                continue;
            RelayedSession met = links.Store.Meet(session.TokenSession, name);
            met.Alias = session.Alias;
            Add(met);
        }
    }

    /// <summary>Relays what a session has now, and closes it if it is closed at the venue server.</summary>
    /// <returns>Whether the next session may follow.</returns>
    async Task<bool> RelayAsync(RelayedSession session, CancellationToken cancellation)
    {
        if (session.Stopped is not null)
            return MayFollow(session.Stopped);

        // Before the passings: none can come to a session that was closed then.
        CloudSession now = await links.AskVenueAsync(
            () => links.Venue.GetSessionAsync(session.Token, cancellation), cancellation).ConfigureAwait(false);
        session.AtVenue = now.Passings;
        session.Alias ??= now.Alias;
        session.IsLookedAt = true;
        Looks++;
        bool isClosed = now.Active == false;
        try
        {
            await CatchUpAsync(session, now.Active != true || !options.Follow, cancellation).ConfigureAwait(false);
        }
        catch (SessionStoppedException exception)
        {
            return MayFollow(exception.Stopped);
        }

        if (isClosed && session.Left > session.Unsendable)
        {
            links.FailOnce(
                ExitCode.CheckFailed,
                $"{name}/{session.Number}: the venue server says it has {session.AtVenue} passings, and gives "
                + $"{session.Known.Count + session.Unsendable}: look there. It is looked at again at the next start.");
        }
        else if (isClosed)
        {
            await EndAsync(session, cancellation).ConfigureAwait(false);
        }

        // A server that does not say it: not open, but perhaps not closed either.
        return now.Active != true || session.CloudToken is null;
    }

    /// <summary>A session that is gone at the cloud cannot be closed there by the next one.</summary>
    static bool MayFollow(StoppedSession stopped) => stopped.Failure == RufusFailure.SessionGone;

    /// <summary>
    /// Relays what is not known yet: what follows the last number read, and all others where the venue server says that it
    /// has more than is known, for a lower number can come after a higher one.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="isFinal">Nobody will look again: also look where the server does not say how many it has.</param>
    /// <param name="cancellation">Ends it.</param>
    async Task CatchUpAsync(RelayedSession session, bool isFinal, CancellationToken cancellation)
    {
        await links.Store.DrainAsync(session, cancellation).ConfigureAwait(false); // Of a look that was broken off.
        if (session.IsComplete)
            return;
        int first = session.ReadTo ?? (int)Math.Min(int.MaxValue, session.Known.FirstMissing(1));
        session.ReadTo = await PassAsync(session, first, cancellation).ConfigureAwait(false);
        bool isMore = session.AtVenue > session.Known.Count + session.Unsendable && session.AtVenue != session.ReadWhole;
        if (first > 0 && (isMore || (isFinal && session.AtVenue is null)))
        {
            session.ReadTo = Math.Max(
                session.ReadTo.Value, await PassAsync(session, 0, cancellation).ConfigureAwait(false));
            session.ReadWhole = session.AtVenue;
        }
    }

    /// <summary>Relays what is not known of the numbers from one on, and waits until it is at the cloud.</summary>
    /// <returns>The number behind the last one.</returns>
    async Task<int> PassAsync(RelayedSession session, int first, CancellationToken cancellation)
    {
        long next = first;
        await links.AskVenueAsync(
            async () =>
            {
                int unsendable = 0;
                await foreach (CloudPassing passing in links.Venue.GetSessionPassingsAsync(
                    session.Token, next is 0 or > int.MaxValue ? null : (int)next, cancellationToken: cancellation)
                    .ConfigureAwait(false))
                {
                    if (passing is not { Number: >= 0 and < int.MaxValue and { } number, Timestamp: not null })
                        unsendable++;
                    else if (number >= next && !links.Store.Knows(session, number))
                        await AddAsync(session, passing, cancellation).ConfigureAwait(false);
                    next = Math.Max(next, (passing.Number ?? -1) + 1L);
                }

                session.Unsendable = unsendable;
                return true;
            },
            cancellation).ConfigureAwait(false);
        await links.Store.DrainAsync(session, cancellation).ConfigureAwait(false);
        return (int)Math.Min(next, int.MaxValue);
    }

    async Task AddAsync(RelayedSession session, CloudPassing passing, CancellationToken cancellation)
    {
        if (session.CloudToken is null)
        {
            string token = await links.AskCloudAsync(() => OpenAsync(session, cancellation), cancellation)
                .ConfigureAwait(false);
            links.Store.SetCloudToken(session, token);
        }

        await links.Store.AddAsync(session, passing, cancellation).ConfigureAwait(false);
    }

    async Task<string> OpenAsync(RelayedSession session, CancellationToken cancellation)
    {
        CloudDevice? device;
        lock (_lock)
            device = _devices.LastOrDefault();
        _cloudDevice ??= await links.Cloud.BindDeviceAsync(
            device?.Model ?? "RufusIngest", name, device?.Alias, device?.Firmware, device?.Type, cancellation)
            .ConfigureAwait(false);
        string alias = session.Alias ?? name;
        if (!options.ReplaceActive)
        {
            // One that was named goes on: whoever opened it still needs it.
            string[] own =
            [
                .. links.Store.Sessions.Where(known => !known.IsNamed).Select(known => known.CloudToken).OfType<string>(),
            ];
            await CloudSessions.RequireReplaceableAsync(
                null, links.Cloud, _cloudDevice, own, session.MayBeOpened ? alias : null, cancellation)
                .ConfigureAwait(false);
        }

        links.Store.SetMayBeOpened(session);
        return await links.Cloud.OpenSessionAsync(_cloudDevice, alias, cancellation).ConfigureAwait(false);
    }

    /// <summary>The session is closed at the venue server, and so it is at the cloud, unless somebody else opened it.</summary>
    async Task EndAsync(RelayedSession session, CancellationToken cancellation)
    {
        if (session is { CloudToken: { } token, IsNamed: false })
        {
            await links.AskCloudAsync(
                async () =>
                {
                    try
                    {
                        await links.Cloud.CloseSessionAsync(token, cancellation).ConfigureAwait(false);
                    }
                    catch (RufusCloudException exception) when (exception.Failure
                        is RufusFailure.NotFound or RufusFailure.SessionGone or RufusFailure.BadRequest)
                    {
                        // It is closed already, in one of the words that servers have for that.
                        if (exception.Failure == RufusFailure.BadRequest && await IsOpenAsync().ConfigureAwait(false))
                            throw;
                    }

                    return true;
                },
                cancellation).ConfigureAwait(false);
        }

        if (session.Unsendable == 0)
            links.Store.SetDone(session); // Otherwise each run tells of those again.

        async Task<bool> IsOpenAsync() =>
            (await links.Cloud.GetSessionAsync(session.CloudToken!, cancellation).ConfigureAwait(false)).Active == true;
    }
}
