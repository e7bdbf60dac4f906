using RufusIngest.Cloud;

namespace RufusIngest.Tool.Relay;

/// <summary>
/// One device of the venue server, whose sessions are relayed one after the other, the oldest first: opening one at the
/// cloud closes the device's last, which must have all its passings by then.
/// </summary>
sealed class RelayLine(RelayLinks links, CloudDevice device, RelayOptions options)
{
    string? _cloudDevice;

    public string Name => device.SerialNumber ?? device.DeviceId;

    /// <summary>The line is only for this one, whose device is not listed; null: all of the device.</summary>
    public string? OnlySession { get; init; }

    /// <summary>Relays what is there; following, goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            List<CloudSession> sessions = await AskSessionsAsync(cancellation).ConfigureAwait(false);
            for (int i = 0; i < sessions.Count; i++)
                await RelayAsync(sessions[i], i == sessions.Count - 1, cancellation).ConfigureAwait(false);
            if (!options.Follow)
                return;
            await Task.Delay(options.Every, links.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Its sessions, the oldest first.</summary>
    public Task<List<CloudSession>> AskSessionsAsync(CancellationToken cancellation) =>
        links.AskVenueAsync(() => ListAsync(cancellation), cancellation);

    async Task<List<CloudSession>> ListAsync(CancellationToken cancellation)
    {
        if (OnlySession is { } token)
            return [await links.Venue.GetSessionAsync(token, cancellation).ConfigureAwait(false)];
        List<CloudSession> sessions = [];
        await foreach (CloudSession session in links.Venue.GetSessionsAsync(device.DeviceId, cancellation)
            .ConfigureAwait(false))
            sessions.Add(session);
        return [.. sessions.OrderBy(session => session.CreationDate)]; // Stable, where the server says no date.
    }

    /// <summary>To its end when it is closed; an open one as far as it is, or following, until it is closed.</summary>
    async Task RelayAsync(CloudSession listed, bool isNewest, CancellationToken cancellation)
    {
        string token = listed.TokenSession;
        RelayedSession session = links.Store.Meet(token, Name, options.Named.GetValueOrDefault(token));
        session.Alias = listed.Alias;
        for (int? readFrom = null; !session.IsDone;)
        {
            // Before the passings: none can come to a session that was closed then.
            CloudSession now = await links.AskVenueAsync(
                () => links.Venue.GetSessionAsync(token, cancellation), cancellation).ConfigureAwait(false);
            session.AtVenue = now.Passings;
            bool isOpen = now.Active ?? isNewest;
            readFrom = await CatchUpAsync(session, readFrom, !isOpen || !options.Follow, cancellation)
                .ConfigureAwait(false);
            if (!isOpen)
                await EndAsync(session, cancellation).ConfigureAwait(false);
            else if (!options.Follow)
                return;
            else
                await Task.Delay(options.Every, links.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Relays what is not known yet: what follows the last number read, and all others where the venue server says that it
    /// has more than is known, for a lower number can come after a higher one.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="readFrom">Where reading stopped in this run; null: nowhere yet.</param>
    /// <param name="isFinal">Nobody will look again: also look where the server does not say how many it has.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Where reading stopped.</returns>
    async Task<int?> CatchUpAsync(
        RelayedSession session, int? readFrom, bool isFinal, CancellationToken cancellation)
    {
        if (session.IsComplete)
            return readFrom;
        int first = readFrom ?? (int)Math.Min(int.MaxValue, session.Known.FirstMissing(1));
        int next = await PassAsync(session, first, cancellation).ConfigureAwait(false);
        if (first > 0 && (session.AtVenue > session.Known.Count + session.Unsendable || (isFinal && session.AtVenue is null)))
            next = Math.Max(next, await PassAsync(session, 0, cancellation).ConfigureAwait(false));
        return next;
    }

    /// <summary>Relays what is not known of the numbers from one on, and waits until it is at the cloud.</summary>
    async Task<int> PassAsync(RelayedSession session, int first, CancellationToken cancellation)
    {
        long next = first;
        int unsendable = 0;
        await links.AskVenueAsync(
            async () =>
            {
                unsendable = 0;
                await foreach (CloudPassing passing in links.Venue.GetSessionPassingsAsync(
                    session.Token, next is 0 or > int.MaxValue ? null : (int)next, cancellationToken: cancellation)
                    .ConfigureAwait(false))
                {
                    if (passing is not { Number: >= 0 and { } number, Timestamp: not null })
                        unsendable++;
                    else if (number >= next && !links.Store.Knows(session, number))
                        await AddAsync(session, passing, cancellation).ConfigureAwait(false);
                    next = Math.Max(next, (passing.Number ?? -1) + 1L);
                }

                return true;
            },
            cancellation).ConfigureAwait(false);
        session.Unsendable = unsendable;
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
        _cloudDevice ??= await links.Cloud.BindDeviceAsync(
            device.Model ?? "RufusIngest", Name, device.Alias, device.Firmware, device.Type, cancellation)
            .ConfigureAwait(false);
        string alias = session.Alias ?? Name;
        if (!options.ReplaceActive)
        {
            string[] own = [.. links.Store.Sessions.Select(known => known.CloudToken).OfType<string>()];
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
                    catch (RufusCloudException exception) when (exception.Failure == RufusFailure.NotFound)
                    {
                        // It is closed, or gone: nothing is to be done.
                    }

                    return true;
                },
                cancellation).ConfigureAwait(false);
        }

        if (session.AtVenue is null || session.IsComplete)
            links.Store.SetDone(session);
        else
            throw new ToolException(
                ExitCode.CheckFailed,
                $"session {session.Token}: the venue server says it has {session.AtVenue} passings, and gives "
                + $"{session.Known.Count + session.Unsendable}.");
    }
}
