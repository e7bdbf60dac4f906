using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using RufusIngest.Cloud;
using RufusIngest.Passings;

namespace RufusIngest.Tool.Relay;

/// <summary>Relays all devices beside each other, from what the state file says on.</summary>
sealed class RelayRun
{
    static readonly TimeSpan _trialInterval = TimeSpan.FromMinutes(1);

    readonly Terminal _terminal;
    readonly RelayOptions _options;
    readonly RelayStore _store;
    readonly RelayLinks _links;
    readonly PassingsUploader _uploader;
    readonly Dictionary<string, RelayLine> _lines = []; // By serial number.
    readonly ConcurrentDictionary<string, bool> _told = new(); // By FailOnce.
    readonly Stopwatch _clock = Stopwatch.StartNew();
    bool _wasEnded;
    bool _listingFails;

    public RelayRun(
        Terminal terminal, RufusCloudClient venue, RufusCloudClient cloud, RelayState state, RelayOptions options,
        TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        _terminal = terminal;
        _options = options;
        _store = new(state) { SetAside = SaySetAside };
        _links = new(terminal, venue, cloud, _store, options.Follow, time) { FailOnce = FailOnce };
        _uploader = new(cloud, time: time) { SessionStopped = OnStopped, Alarmed = OnAlarm };
    }

    /// <summary>Of the run, once it has ended.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Runs it to its end, or until somebody ends it.</summary>
    public async Task<RelayReport> RunAsync(CancellationToken cancellation)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using CancellationTokenSource progressEnd = new();
        Task progress = _options.Quiet ? Task.CompletedTask : _terminal.ShowProgressAsync(ProgressLine, progressEnd.Token);
        TaskCompletionSource inputEnd = new();
        try
        {
            await PrepareAsync(failed.Token).ConfigureAwait(false);
            Task upload = _uploader.RunAsync(_store, inputEnd.Task, failed.Token);
            Task lines = RunLinesAsync(failed.Token);
            Task moving = _options.Follow ? TryStoppedAsync(failed.Token) : WatchAsync(failed.Token);
            if (await Task.WhenAny(upload, lines, moving).ConfigureAwait(false) != lines)
                await failed.CancelAsync().ConfigureAwait(false);
            await lines.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            inputEnd.TrySetResult();
            await Task.WhenAny(upload, moving).ConfigureAwait(false);
            await failed.CancelAsync().ConfigureAwait(false);
            await moving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await upload.ConfigureAwait(false);
            await lines.ConfigureAwait(false);
        }
        catch (DeliveryStoppedException)
        {
            // Was said when it happened.
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested)
        {
            // What is not relayed goes at the next start. Following is ended in no other way.
            _wasEnded = !_options.Follow;
        }
        finally
        {
            await progressEnd.CancelAsync().ConfigureAwait(false);
            await progress.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Report();
    }

    RelayReport Report()
    {
        IReadOnlyList<RelayedSession> sessions = _store.Sessions;
        bool isLeft = sessions.Any(session => session.Left > 0 || (!session.IsDone && !session.IsLookedAt));
        if (ExitCode == Tool.ExitCode.Done && (_wasEnded || isLeft))
            ExitCode = Tool.ExitCode.Refused;
        return new(sessions, _uploader.Counters, _clock.Elapsed, _wasEnded);
    }

    /// <summary>
    /// Finds out where everything is, before anything is sent: what devices list, what is known from earlier runs and what
    /// somebody named, of which some may belong to devices that are not listed any more.
    /// </summary>
    async Task PrepareAsync(CancellationToken cancellation)
    {
        await ListDevicesAsync(cancellation).ConfigureAwait(false);
        foreach (RelayLine line in _lines.Values)
            await line.ListAsync(cancellation).ConfigureAwait(false);
        foreach ((string token, string cloudToken) in _options.Named)
        {
            RelayedSession? session = _store.Sessions.FirstOrDefault(known => known.Token == token);
            if (session is null)
            {
                await _links.AskVenueAsync(() => _links.Venue.GetSessionAsync(token, cancellation), cancellation)
                    .ConfigureAwait(false);
                session = _store.Meet(token, token);
            }

            if (session.CloudToken is { } earlier && earlier != cloudToken)
            {
                _terminal.Say(
                    $"session {token} goes to {cloudToken} from here on; {session.Known.Count:N0} passings are in {earlier}.");
            }

            _store.Name(session, cloudToken);
        }

        foreach (RelayedSession session in _store.Sessions.Where(session => !session.IsDone))
            LineOf(session.Location).Add(session);
        if (_lines.Count == 0)
        {
            Fail(
                Tool.ExitCode.Refused, "the venue server lists no device; a key sees those of its own company only.");
        }

        if (!_options.Follow && _store.GetSessions() is [{ Token: { } any }, ..])
            await RequireCloudAsync(any, cancellation).ConfigureAwait(false);
    }

    /// <summary>The delivery would wait for a cloud that cannot be reached; whatever this one answers, it is there.</summary>
    Task<bool> RequireCloudAsync(string token, CancellationToken cancellation) => _links.AskCloudAsync(
        async () =>
        {
            try
            {
                await _links.Cloud.GetSessionAsync(token, cancellation).ConfigureAwait(false);
            }
            catch (RufusCloudException exception) when (!exception.MayHeal)
            {
                // The delivery finds out what that means.
            }

            return true;
        },
        cancellation);

    /// <summary>Ends when nothing has moved for too long.</summary>
    async Task WatchAsync(CancellationToken cancellation)
    {
        for (long? seen = null; ;)
        {
            long now = _store.Sessions.Sum(session => session.Known.Count) + _lines.Values.Sum(line => line.Looks);
            if (now == seen)
            {
                Fail(
                    Tool.ExitCode.Unreachable,
                    $"nothing has moved for {_options.Patience.TotalMinutes:0} minutes; what is left goes at the next start.");
                return;
            }

            seen = now;
            await Task.Delay(_options.Patience, _links.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Following, a key or a permission may be mended while it runs; a session that is gone stays so.</summary>
    async Task TryStoppedAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(_trialInterval, _links.Time, cancellation).ConfigureAwait(false);
            foreach (RelayedSession session in _store.Sessions)
            {
                if (session.Stopped is not { Failure: not RufusFailure.SessionGone })
                    continue;
                _store.SetStopped(session, null);
                _uploader.Resume(session.Location, session.Number);
            }
        }
    }

    async Task RunLinesAsync(CancellationToken cancellation)
    {
        List<(RelayLine Line, Task Task)> tasks = [];
        try
        {
            do
            {
                foreach (RelayLine line in _lines.Values.Where(line => !tasks.Exists(begun => begun.Line == line)))
                    tasks.Add((line, RunLineAsync(line, cancellation)));
                if (!_options.Follow)
                    break;
                await Task.Delay(_options.Every, _links.Time, cancellation).ConfigureAwait(false);
                await ListNewDevicesAsync(cancellation).ConfigureAwait(false);
            }
            while (tasks.Count == 0 || tasks.Exists(begun => !begun.Task.IsCompleted));
        }
        finally
        {
            await Task.WhenAll(tasks.Select(begun => begun.Task)).ConfigureAwait(false);
        }
    }

    /// <summary>As long as the venue server refuses to list them, those that are known go on.</summary>
    async Task ListNewDevicesAsync(CancellationToken cancellation)
    {
        try
        {
            await ListDevicesAsync(cancellation).ConfigureAwait(false);
            _listingFails = false;
        }
        catch (ToolException exception)
        {
            if (!_listingFails)
                Fail(exception.ExitCode, $"NEW DEVICES ARE NOT SEEN: {exception.Message}");
            _listingFails = true;
        }
    }

    async Task ListDevicesAsync(CancellationToken cancellation)
    {
        List<CloudDevice> devices = await _links.AskVenueAsync(
            () => _links.Venue.GetDevicesAsync(cancellation).ToListAsync(cancellation).AsTask(), cancellation)
            .ConfigureAwait(false);
        foreach (CloudDevice device in devices)
            LineOf(string.IsNullOrEmpty(device.SerialNumber) ? device.DeviceId : device.SerialNumber).Add(device);
    }

    RelayLine LineOf(string name)
    {
        if (!_lines.TryGetValue(name, out RelayLine? line))
            _lines.Add(name, line = new(_links, _options, name));
        return line;
    }

    /// <summary>One line. What ends it is told and ends no other; its later sessions wait for the next start.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, it is told, and the other lines go on.")]
    async Task RunLineAsync(RelayLine line, CancellationToken cancellation)
    {
        await Task.Yield();
        try
        {
            await line.RunAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Everything ends.
        }
        catch (ToolException exception)
        {
            Fail(exception.ExitCode, $"{line.Name}: NOT RELAYED: {exception.Message}");
        }
        catch (Exception exception)
        {
            Fail(Tool.ExitCode.Unexpected, $"{line.Name}: NOT RELAYED: unexpected: {exception}");
        }
    }

    void OnStopped(StoppedSession stopped)
    {
        string advice = stopped.Failure == RufusFailure.SessionGone ? "Name another with --map, which gets what is left."
            : _options.Follow ? "It is tried again every minute."
            : "Start again when that is mended.";
        FailOnce(
            Tool.ExitCode.Refused,
            $"{stopped.Location}/{stopped.Session}: stopped at passing {stopped.FirstUnsentNumber}: the cloud answered "
            + $"{stopped.Status} {stopped.Description} ({stopped.Failure}). {advice}");
        _store.SetStopped(_store.Find(stopped.Location, stopped.Session), stopped);
    }

    void OnAlarm(DeliveryAlarm alarm) => Fail(Tool.ExitCode.Refused, $"ALARM: {alarm}");

    void SaySetAside(RelayedSession session, SetAsidePassing passing) => Fail(
        Tool.ExitCode.Refused,
        $"{session.Location}/{session.Number}: the cloud does not take passing {passing.Number}: {passing.Status} "
        + $"{passing.Words}. It is kept in the state file.");

    void Fail(int exitCode, string message)
    {
        ExitCode = exitCode;
        _terminal.Say(message);
    }

    /// <summary>For what is looked at again and again.</summary>
    void FailOnce(int exitCode, string message)
    {
        ExitCode = exitCode;
        if (_told.TryAdd(message, true))
            _terminal.Say(message);
    }

    string ProgressLine()
    {
        IReadOnlyList<RelayedSession> sessions = _store.Sessions;
        UploadCounters upload = _uploader.Counters;
        string retries = upload.Retries > 0 ? $", {upload.Retries:N0} retries" : "";
        return $"{_clock.Elapsed:mm\\:ss}  {sessions.Count:N0} sessions, {sessions.Sum(session => session.Known.Count):N0} of "
            + $"{sessions.Sum(session => session.Known.Count + session.Left):N0} passings at the cloud, "
            + $"{upload.Passings / Math.Max(1, _clock.Elapsed.TotalSeconds):N0}/s{retries}";
    }
}
