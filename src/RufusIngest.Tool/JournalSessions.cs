using System.Collections.Concurrent;
using RufusIngest.Cloud;
using RufusIngest.Passings;

namespace RufusIngest.Tool;

/// <summary>
/// Gets each location's local session its token at the server: the one the journal keeps, the one that is named, or a new
/// one. A race begins without the server; what is asked for here comes when it can be reached.
/// </summary>
sealed class JournalSessions(
    Terminal terminal, RufusCloudClient cloud, PassingsUploader uploader, PassingStore journal, LiveOptions options)
{
    static readonly TimeSpan LongestQuestion = TimeSpan.FromSeconds(5);
    readonly Patience _patience = new(TimeProvider.System);

    /// <summary>Locations of which a request to open a session had no answer: it may be open.</summary>
    readonly ConcurrentDictionary<string, bool> _maybeOpened = new();

    /// <summary>
    /// A server that has more passings of a session than the journal: the journal lost its end, and its next numbers are
    /// taken. Unknown when it cannot be asked within some seconds; then the server's duplicates tell.
    /// </summary>
    public async Task RequireNotBehindAsync(CancellationToken cancellation)
    {
        if (await SessionChecks.FindAheadAsync(cloud, journal, LongestQuestion, cancellation).ConfigureAwait(false)
            is var (session, number))
        {
            throw new ToolException(
                ExitCode.CheckFailed,
                $"{session.Location}/{session.Session}: the server has passing {number}, and the journal ends at "
                + $"{session.LastNumber}: it lost its end. Repair it with 'journal repair --post', which fetches what the "
                + "server has.");
        }
    }

    /// <summary>Goes on until it is cancelled: sessions begin and end during the race.</summary>
    public Task AttachAsync(IReadOnlyList<ReaderSpec> readers, CancellationToken cancellation) =>
        Task.WhenAll(readers.GroupBy(reader => reader.Location).Select(location => AttachAllAsync(location, cancellation)));

    /// <summary>
    /// One session after the other, the oldest first: opening one at the server closes the device's last, which must have
    /// all its passings by then.
    /// </summary>
    async Task AttachAllAsync(IGrouping<string, ReaderSpec> location, CancellationToken cancellation)
    {
        int attached = 0;
        while (true)
        {
            Task changed = journal.Changed;
            StoredSession[] sessions = [.. journal.GetSessions().Where(session => session.Location == location.Key)];
            // Before the first passing of all: what is wrong with key or address shows at once.
            StoredSession? next = sessions.Length == 0
                ? new StoredSession { Location = location.Key, Session = 1 }
                : sessions.FirstOrDefault(session => !IsDone(session));
            if (next is not null && next.Session > attached)
            {
                attached = next.Session;
                await AttachPatientlyAsync(location, next, cancellation).ConfigureAwait(false);
            }
            else
            {
                await changed.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    static bool IsDone(StoredSession session) => session.IsClosed && session.AcknowledgedNumber == session.LastNumber;

    async Task AttachPatientlyAsync(
        IGrouping<string, ReaderSpec> location, StoredSession session, CancellationToken cancellation)
    {
        try
        {
            await _patience.AskAsync(
                async () =>
                {
                    await AttachAsync(location, session, cancellation).ConfigureAwait(false);
                    return true;
                },
                (exception, isFirst) =>
                {
                    if (exception is { Method: "POST", Path: "sessions" })
                        _maybeOpened[location.Key] = true;
                    if (isFirst)
                    {
                        terminal.Say(
                            $"{location.Key}: the server cannot be reached ({exception.Message}); trying on. Passings are "
                            + "kept.");
                    }
                },
                cancellation).ConfigureAwait(false);
        }
        catch (RufusCloudException exception)
        {
            terminal.Say(
                $"{location.Key}: NOTHING IS SENT: there is no session to send to ({exception.Message}). Passings stay in "
                + "the journal.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            terminal.Say($"{location.Key}: NOTHING IS SENT: {exception.Message} Passings stay in the journal.");
        }
    }

    async Task AttachAsync(IGrouping<string, ReaderSpec> location, StoredSession session, CancellationToken cancellation)
    {
        string? given = session.IsClosed ? null : CloudSessions.GivenSession(location);
        string? token = given ?? session.Token;
        string? device = null;
        if (token is null)
        {
            // A session of this race may be closed by its next one: all its passings are there by now.
            string[] own = [.. journal.GetSessions().Select(kept => kept.Token).OfType<string>()];
            (token, device) = await CloudSessions.OpenOneAsync(
                terminal, cloud, location, options, own, _maybeOpened.ContainsKey(location.Key), cancellation)
                .ConfigureAwait(false);
        }
        else
        {
            if (session.Token is null)
                await RequireUnusedAsync(location.Key, session, token, cancellation).ConfigureAwait(false);
            if (options.WhenSessionGone == SessionGonePolicy.OpenNew)
                device = await CloudSessions.DeviceOfAsync(cloud, location, cancellation).ConfigureAwait(false);
        }

        uploader.AttachSession(location.Key, token, session.Session, device);
    }

    /// <summary>
    /// A session that was never sent numbers from 1, whatever waits: another one's token, or one that has passings, would
    /// take its passings for repeats.
    /// </summary>
    async Task RequireUnusedAsync(string location, StoredSession session, string token, CancellationToken cancellation)
    {
        if (journal.GetSessions().FirstOrDefault(other => other != session && other.Token == token) is { } owner)
        {
            throw new ToolException(
                ExitCode.Refused,
                $"session {token} belongs to {owner.Location}/{owner.Session} of the journal; name another, or leave session= "
                + "out to open a new one.");
        }

        await CloudSessions.RequireEmptyAsync(cloud, location, token, cancellation).ConfigureAwait(false);
    }
}
