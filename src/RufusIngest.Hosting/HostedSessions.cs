using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>
/// Which session of the server each local session is sent to, and how far. Thread-safe. Opens one only when it is asked
/// to: that closes the one the device has active.
/// </summary>
sealed class HostedSessions(
    RufusIngestOptions options, IngestPipeline pipeline, PassingsUploader? uploader, RufusCloudClient? cloud,
    PassingStore? journal, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60);
    static readonly TimeSpan LongestChange = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<string, string> _problems = new();
    readonly WaitingTimes _waiting = new(time);

    /// <summary>One change of a session at a time: two openings at once would close each other's.</summary>
    readonly SemaphoreSlim _change = new(1, 1);
    volatile bool _hasEnded;

    /// <summary>Before the run: a session that goes on knows its device, to open another one if it may.</summary>
    public void GiveDevices()
    {
        foreach (IngestLocationOptions location in options.Locations)
        {
            int session = CurrentSession(location.Name);
            if (location.DeviceId is not null && TokenOf(location.Name, session) is { } kept)
                uploader!.AttachSession(location.Name, kept, session, location.DeviceId);
        }
    }

    /// <summary>Attaches the tokens that the options give, as soon as the server can be asked about them.</summary>
    public Task AttachGivenAsync(CancellationToken cancellation) => Task.WhenAll(
        options.Locations.Where(location => location.Token is not null)
            .Select(location => AttachGivenAsync(location, cancellation)));

    async Task AttachGivenAsync(IngestLocationOptions location, CancellationToken cancellation)
    {
        int session = CurrentSession(location.Name);
        if (TokenOf(location.Name, session) is { } kept)
        {
            if (kept != location.Token)
                HostingLog.OtherTokenKept(logger, location.Name, session);
            return;
        }

        if (Sessions(location.Name).Any(other => other.Token == location.Token))
        {
            Hold(location.Name, "the Token of the options belongs to an earlier local session; attach another one");
            return;
        }

        for (TimeSpan delay = FirstDelay; ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                await AttachAsync(location.Name, location.Token!, cancellation).ConfigureAwait(false);
                return;
            }
            catch (RufusCloudException exception)
            {
                // Its message names the path, and so the token.
                Hold(location.Name, $"{exception.Failure}, status {exception.Status} {exception.Description}".TrimEnd());
                if (!exception.MayHeal)
                    return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Hold(location.Name, exception.Message);
                return;
            }

            await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Attaches a token; one for numbers that begin at 1 is asked about first.</summary>
    public Task AttachAsync(string location, string token, CancellationToken cancellation)
    {
        RequireSending(location);
        ArgumentException.ThrowIfNullOrWhiteSpace(token);
        return ChangeAsync(
            async () =>
            {
                int current = CurrentSession(location);
                if (TokenOf(location, current) is null)
                    await CloudChecks.RequireEmptyAsync(cloud!, location, token, cancellation).ConfigureAwait(false);
                Attach(location, current, token);
                return token;
            },
            cancellation);
    }

    /// <summary>Opens a session of the location's device and attaches it.</summary>
    public Task<string> OpenAsync(string location, CancellationToken cancellation)
    {
        RequireSending(location);
        string device = DeviceOf(location) ?? throw new InvalidOperationException(
            $"{location} has no DeviceId in the options to open a session of.");
        return ChangeAsync(
            async () =>
            {
                int current = CurrentSession(location);
                RequireSentBefore(location, current);
                string token = await cloud!.OpenSessionAsync(device, location, cancellation).ConfigureAwait(false);
                HostingLog.Opened(logger, location, current);
                Attach(location, current, token);
                return token;
            },
            cancellation);
    }

    /// <summary>
    /// Lets no further change begin, and waits for one under way, though not for ever: a session that was opened must be
    /// kept before the journal is closed.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _hasEnded = true;
        if (await _change.WaitAsync(LongestChange).ConfigureAwait(false))
            _change.Dispose();
    }

    async Task<string> ChangeAsync(Func<Task<string>> change, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_hasEnded, this);
        await _change.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_hasEnded, this);
            return await change().ConfigureAwait(false);
        }
        finally
        {
            _change.Release();
        }
    }

    void RequireSentBefore(string location, int current)
    {
        StoredSession? earlier = Sessions(location).FirstOrDefault(
            other => other.Session < current && other.Token is not null && other.AcknowledgedNumber < other.LastNumber);
        if (earlier is not null)
        {
            throw new InvalidOperationException(
                $"{location}/{earlier.Session} has {earlier.LastNumber - earlier.AcknowledgedNumber} passings still to "
                + "be sent; opening another session would close theirs.");
        }
    }

    void Attach(string location, int session, string token)
    {
        // Kept even before the first passing, so that the next start needs no other session.
        journal?.SetToken(location, session, token);
        uploader!.AttachSession(location, token, session, DeviceOf(location));
        _problems.TryRemove(location, out _);
    }

    /// <summary>
    /// Each location's current local session, and earlier ones that are not sent to their end; looks at the clock.
    /// </summary>
    public IReadOnlyList<LocationStatus> GetStatus(bool isSending)
    {
        // One look at the journal for all of it: each waits for a commit under way.
        ILookup<string, StoredSession> byLocation =
            (journal?.GetSessions() ?? []).ToLookup(session => session.Location);
        List<LocationStatus> all = [];
        foreach (string location in pipeline.Settings.Locations.Select(settings => settings.Name))
        {
            bool isWanted = options.Locations.Any(wanted => wanted.Name == location);
            StoredSession[] sessions = [.. byLocation[location]];
            int current = CurrentSession(location, sessions);
            foreach (StoredSession stored in sessions)
            {
                if (stored.Session < current && stored.AcknowledgedNumber < stored.LastNumber)
                    all.Add(StatusOf(stored, isSending));
            }

            StoredSession now = sessions.FirstOrDefault(stored => stored.Session == current) ?? new()
            {
                Location = location,
                Session = current,
                LastNumber = journal is null ? CountersOf(location)?.LastNumber ?? 0 : 0,
                AcknowledgedNumber = uploader?.GetAcknowledgedNumber(location, current) ?? 0,
            };
            if (isWanted || now.LastNumber > now.AcknowledgedNumber)
                all.Add(StatusOf(now, isSending));
        }

        return all;
    }

    LocationStatus StatusOf(StoredSession stored, bool isSending)
    {
        (string location, int session) = (stored.Location, stored.Session);
        TimeSpan oldest = _waiting.Observe(location, session, stored.LastNumber, stored.AcknowledgedNumber);
        StoppedSession? stopped = uploader?.GetStopped(location, session);
        LocationState state = !isSending ? LocationState.Off
            : stopped is not null ? LocationState.Stopped
            : (uploader?.GetToken(location, session) ?? stored.Token) is null ? LocationState.NoSession
            : LocationState.Sending;
        string? problem = state switch
        {
            LocationState.Stopped => $"{stopped!.Failure}, status {stopped.Status} {stopped.Description}".TrimEnd(),
            LocationState.NoSession => _problems.GetValueOrDefault(location),
            _ => null,
        };
        return new(location, session, state, problem, stored.LastNumber, stored.AcknowledgedNumber, oldest);
    }

    /// <summary>The local session that the location's next passing belongs to.</summary>
    int CurrentSession(string location) => CurrentSession(location, Sessions(location));

    int CurrentSession(string location, IEnumerable<StoredSession> sessions)
    {
        if (journal is not null)
            return sessions.LastOrDefault() is { } last ? last.Session + (last.IsClosed ? 1 : 0) : 1;
        return Math.Max(1, CountersOf(location)?.Session ?? 1);
    }

    /// <summary>Null: the pipeline has not come to its settings yet.</summary>
    LocationCounters? CountersOf(string location) =>
        pipeline.GetCounters().Locations.FirstOrDefault(counters => counters.Name == location);

    IEnumerable<StoredSession> Sessions(string location) =>
        journal?.GetSessions().Where(session => session.Location == location) ?? [];

    string? TokenOf(string location, int session) =>
        uploader?.GetToken(location, session)
        ?? Sessions(location).FirstOrDefault(stored => stored.Session == session)?.Token;

    string? DeviceOf(string location) =>
        options.Locations.FirstOrDefault(known => known.Name == location)?.DeviceId;

    void Hold(string location, string problem)
    {
        if (!_problems.TryGetValue(location, out string? before) || before != problem)
            HostingLog.Held(logger, location, problem);
        _problems[location] = problem;
    }

    void RequireSending(string location)
    {
        if (cloud is null)
            throw new InvalidOperationException($"{RufusIngestOptions.SectionName}:Send is false: nothing is sent.");
        if (pipeline.Settings.Locations.All(known => known.Name != location))
            throw new ArgumentException($"There is no location '{location}'.", nameof(location));
    }

}
