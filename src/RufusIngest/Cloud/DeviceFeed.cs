using System.Runtime.CompilerServices;

namespace RufusIngest.Cloud;

/// <summary>
/// The passings of a device as they arrive at the server, across its sessions, each once. Needs a key that may read. Not
/// thread-safe.
/// </summary>
/// <remarks>
/// The server's own feed jumps to the device's newest session as soon as there is one. Before following, this one reads
/// the old session to its end and the sessions that were opened and closed in between. Where the server has no feed, or
/// one that ignores the position or goes back, it reads the active session by number, or else the newest. A passing with
/// a lower number than one that was read before, stored later, is not seen: numbers are taken to arrive in order, as this
/// library sends them.
/// </remarks>
/// <param name="cloud">Asks the server.</param>
/// <param name="deviceId">The device.</param>
/// <param name="position">Where to go on; null: at the beginning of the session the server chooses.</param>
public sealed class DeviceFeed(RufusCloudClient cloud, string deviceId, FeedPosition? position = null)
{
    readonly HashSet<string> _left = [];
    bool _hasFeed = cloud.HasFeed;

    /// <summary>
    /// Where to go on after the passing that was given last: keep it once that is processed. Null: nothing was read yet.
    /// </summary>
    public FeedPosition? Position { get; private set; } = position;

    /// <summary>
    /// How often the feed went to another session without knowing all that lie between, because the server does not say of
    /// each session when it was opened.
    /// </summary>
    public int UncertainJumps { get; private set; }

    /// <summary>
    /// Reads what is new now, and ends; at the latest after <see cref="RufusCloudOptions.MaxPages"/> answers. After a
    /// failure call it again: it goes on after the last passing given.
    /// </summary>
    /// <exception cref="RufusCloudException">The server cannot be asked, or gives passings without number.</exception>
    public async IAsyncEnumerable<CloudPassing> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (int round = 0; round < cloud.MaxPages; round++)
        {
            FeedPage? page = _hasFeed ? await AskAsync(cancellationToken).ConfigureAwait(false) : null;
            string? session = page?.TokenSession ?? await FindNewestAsync(cancellationToken).ConfigureAwait(false);
            if (session is not null && Position is not null && session != Position.TokenSession)
            {
                await foreach (CloudPassing passing in LeaveAsync(session, cancellationToken).ConfigureAwait(false))
                    yield return passing;
            }

            Position = session is null || session == Position?.TokenSession ? Position : new(session, -1);
            bool isByNumber = page is null || !GoesOnAtPosition(page);
            if (Position is not null && (isByNumber || Position.Last < 0))
            {
                // Also a session's beginning: what the feed shows without a position is not documented.
                await foreach (CloudPassing passing in DrainAsync(cancellationToken).ConfigureAwait(false))
                    yield return passing;
            }

            if (isByNumber)
                yield break;
            int before = Position!.Last;
            foreach (CloudPassing passing in page!.Passings.OrderBy(passing => passing.Number))
            {
                if (Take(passing))
                    yield return passing;
            }

            if (Position.Last == before)
                yield break;
        }
    }

    /// <summary>Asks the feed; null when there is none, or no session.</summary>
    async Task<FeedPage?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            FeedPage page = await cloud.GetFeedPageAsync(deviceId, Position, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            if (!_left.Contains(page.TokenSession))
                return page;
            _hasFeed = false; // It goes back to a session that was read to its end.
            return null;
        }
        catch (RufusCloudException e) when (e.Failure == RufusFailure.NotFound)
        {
            return null;
        }
    }

    /// <summary>Without the feed: the active session, or the newest of those after the one that was read.</summary>
    async Task<string?> FindNewestAsync(CancellationToken cancellationToken)
    {
        CloudSession? active = await cloud.GetActiveSessionAsync(deviceId, cancellationToken).ConfigureAwait(false);
        if (active is not null)
        {
            _hasFeed = false; // The device has a session, so it was the feed that was not found.
            return active.TokenSession;
        }

        if (Position is null)
            return null;
        List<CloudSession> sessions = await ListAsync(cancellationToken).ConfigureAwait(false);
        DateTimeOffset? begin = sessions.Find(session => session.TokenSession == Position.TokenSession)?.CreationDate;
        return sessions.Where(session => session.CreationDate > begin).MaxBy(session => session.CreationDate)?.TokenSession;
    }

    async Task<List<CloudSession>> ListAsync(CancellationToken cancellationToken)
    {
        List<CloudSession> sessions = [];
        await foreach (CloudSession session in cloud.GetSessionsAsync(deviceId, cancellationToken).ConfigureAwait(false))
            sessions.Add(session);
        return sessions;
    }

    /// <summary>
    /// Whether a page begins right behind the position, by its own word and by its lowest number. A gap may be one of the
    /// numbers, or of the page; reading by number tells. The order of a page is not documented, so that one that is full may
    /// hold the end and not the beginning.
    /// </summary>
    bool GoesOnAtPosition(FeedPage page)
    {
        int last = Position!.Last;
        if (page.Passings.Count >= RufusCloudClient.PassingsPage)
            return false;
        if (last < 0 || page.Passings.Any(passing => passing.Number is null))
            return true; // The beginning is read by number in any case; what has no number is a failure.
        int lowest = page.Passings.Min(passing => passing.Number) ?? last + 1;
        bool heedsPosition = (page.ResumedFrom ?? last) == last && lowest > last;
        _hasFeed &= heedsPosition;
        return heedsPosition && lowest == last + 1;
    }

    /// <summary>Reads the rest of the session at the position, and the sessions between it and another one.</summary>
    async IAsyncEnumerable<CloudPassing> LeaveAsync(
        string next, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string old = Position!.TokenSession;
        await foreach (CloudPassing passing in DrainAsync(cancellationToken).ConfigureAwait(false))
            yield return passing;
        _left.Add(old);
        foreach (string between in await FindBetweenAsync(old, next, cancellationToken).ConfigureAwait(false))
        {
            Position = new(between, -1);
            await foreach (CloudPassing passing in DrainAsync(cancellationToken).ConfigureAwait(false))
                yield return passing;
            _left.Add(between);
        }
    }

    async Task<List<string>> FindBetweenAsync(string old, string next, CancellationToken cancellationToken)
    {
        List<CloudSession> sessions = await ListAsync(cancellationToken).ConfigureAwait(false);
        DateTimeOffset? begin = sessions.Find(session => session.TokenSession == old)?.CreationDate;
        DateTimeOffset? end = sessions.Find(session => session.TokenSession == next)?.CreationDate;
        if (begin is null || end is null)
        {
            UncertainJumps++;
            return [];
        }

        if (sessions.Exists(session => session.CreationDate is null))
            UncertainJumps++;

        return
        [
            .. sessions.Where(session => session.CreationDate >= begin && session.CreationDate <= end)
                .OrderBy(session => session.CreationDate).Select(session => session.TokenSession)
                .Where(token => token.Length > 0 && token != old && token != next),
        ];
    }

    /// <summary>
    /// The rest of the session at the position. In the order of numbers, which no page promises: a position stands for all
    /// numbers below it.
    /// </summary>
    async IAsyncEnumerable<CloudPassing> DrainAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FeedPosition at = Position!;
        List<CloudPassing> rest = [];
        await foreach (CloudPassing passing in cloud
            .GetSessionPassingsAsync(at.TokenSession, at.Last + 1, null, cancellationToken).ConfigureAwait(false))
            rest.Add(passing);
        foreach (CloudPassing passing in rest.OrderBy(passing => passing.Number))
        {
            if (Take(passing))
                yield return passing with { TokenSession = at.TokenSession, DeviceId = deviceId };
        }
    }

    /// <summary>Moves the position to a passing that is new.</summary>
    bool Take(CloudPassing passing)
    {
        int number = passing.Number ?? throw cloud.NoNumber(deviceId);
        if (number <= Position!.Last)
            return false;
        Position = Position with { Last = number };
        return true;
    }
}
