using System.Collections.Concurrent;
using System.Diagnostics;
using RufusIngest.Cloud;
using RufusIngest.Passings;

namespace RufusIngest.Tool.Relay;

/// <summary>Relays all devices beside each other, from what the state file says on.</summary>
sealed class RelayRun
{
    readonly Terminal _terminal;
    readonly RelayOptions _options;
    readonly RelayStore _store;
    readonly RelayLinks _links;
    readonly PassingsUploader _uploader;
    readonly ConcurrentDictionary<string, CancellationTokenSource> _stops = new(); // Of the lines, by location.
    readonly Stopwatch _clock = Stopwatch.StartNew();
    bool _wasEnded;

    public RelayRun(
        Terminal terminal, RufusCloudClient venue, RufusCloudClient cloud, RelayState state, RelayOptions options,
        TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        _terminal = terminal;
        _options = options;
        _store = new(state) { SetAside = SaySetAside };
        _links = new(terminal, venue, cloud, _store, options.Follow, time);
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
            List<RelayLine> unlisted = await MeetNamedAsync(failed.Token).ConfigureAwait(false);
            Task upload = _uploader.RunAsync(_store, inputEnd.Task, failed.Token);
            Task lines = RunLinesAsync(unlisted, failed.Token);
            if (await Task.WhenAny(upload, lines).ConfigureAwait(false) == upload)
                await failed.CancelAsync().ConfigureAwait(false);
            await lines.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            inputEnd.TrySetResult();
            await upload.ConfigureAwait(false);
            await lines.ConfigureAwait(false);
        }
        catch (DeliveryStoppedException)
        {
            // Was said when it happened.
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is not relayed goes at the next start. Following is ended in no other way.
            _wasEnded = !_options.Follow;
        }
        finally
        {
            await progressEnd.CancelAsync().ConfigureAwait(false);
            await progress.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        IReadOnlyList<RelayedSession> sessions = _store.Sessions;
        if (ExitCode == Tool.ExitCode.Done && (_wasEnded || sessions.Any(session => session.Unsendable > 0)))
            ExitCode = Tool.ExitCode.Refused;
        return new(sessions, _uploader.Counters, _clock.Elapsed, _wasEnded);
    }

    /// <summary>
    /// Sessions that somebody named have to be there, and are met before anything is sent: they may have been sent to
    /// before. One of a device that the venue server does not list any more is relayed by itself.
    /// </summary>
    async Task<List<RelayLine>> MeetNamedAsync(CancellationToken cancellation)
    {
        List<RelayLine> unlisted = [];
        if (_options.Named.Count == 0)
            return unlisted;
        Dictionary<string, string> locations = [];
        foreach (RelayLine line in await ListLinesAsync(cancellation).ConfigureAwait(false))
        {
            foreach (CloudSession session in await line.AskSessionsAsync(cancellation).ConfigureAwait(false))
                locations.Add(session.TokenSession, line.Name);
        }

        foreach ((string token, string cloudToken) in _options.Named)
        {
            if (!locations.ContainsKey(token))
            {
                await _links.AskVenueAsync(() => _links.Venue.GetSessionAsync(token, cancellation), cancellation)
                    .ConfigureAwait(false);
                unlisted.Add(new(_links, new() { DeviceId = token }, _options) { OnlySession = token });
            }

            _store.Meet(token, locations.GetValueOrDefault(token, token), cloudToken);
        }

        return unlisted;
    }

    async Task RunLinesAsync(List<RelayLine> unlisted, CancellationToken cancellation)
    {
        Dictionary<string, Task> tasks = [];
        do
        {
            foreach (RelayLine line in (RelayLine[])[.. await ListLinesAsync(cancellation).ConfigureAwait(false), .. unlisted])
            {
                if (!tasks.ContainsKey(line.Name))
                    tasks.Add(line.Name, RunLineAsync(line, cancellation));
            }

            if (_options.Follow)
                await Task.Delay(_options.Every, _links.Time, cancellation).ConfigureAwait(false);
        }
        while (_options.Follow);
        await Task.WhenAll(tasks.Values).ConfigureAwait(false);
    }

    Task<List<RelayLine>> ListLinesAsync(CancellationToken cancellation) => _links.AskVenueAsync(
        async () =>
        {
            List<RelayLine> lines = [];
            await foreach (CloudDevice device in _links.Venue.GetDevicesAsync(cancellation).ConfigureAwait(false))
                lines.Add(new(_links, device, _options));
            return lines;
        },
        cancellation);

    /// <summary>One line. What ends it is told and ends no other; its later sessions wait for the next start.</summary>
    async Task RunLineAsync(RelayLine line, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _stops[line.Name] = stop;
        try
        {
            await line.RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The cloud refuses; was said when it happened.
        }
        catch (ToolException exception)
        {
            Fail(exception.ExitCode, $"{line.Name}: NOT RELAYED: {exception.Message}");
        }
        catch (RufusCloudException exception)
        {
            Fail(Tool.ExitCode.Refused, $"{line.Name}: NOT RELAYED: {exception.Message}");
        }
        finally
        {
            _stops.TryRemove(line.Name, out _);
        }
    }

    void OnStopped(StoppedSession stopped)
    {
        Fail(
            Tool.ExitCode.Refused,
            $"{stopped.Location}/{stopped.Session}: stopped at passing {stopped.FirstUnsentNumber}: the cloud answered "
            + $"{stopped.Status} {stopped.Description} ({stopped.Failure}). Start again when that is mended.");
        if (_stops.TryGetValue(stopped.Location, out CancellationTokenSource? stop))
            stop.Cancel();
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

    string ProgressLine()
    {
        IReadOnlyList<RelayedSession> sessions = _store.Sessions;
        UploadCounters upload = _uploader.Counters;
        string retries = upload.Retries > 0 ? $", {upload.Retries:N0} retries" : "";
        return $"{_clock.Elapsed:mm\\:ss}  {sessions.Count:N0} sessions, {sessions.Sum(session => session.Known.Count):N0} of "
            + $"{sessions.Sum(session => Math.Max(session.AtVenue ?? 0, session.Known.Count)):N0} passings at the cloud, "
            + $"{upload.Passings / Math.Max(1, _clock.Elapsed.TotalSeconds):N0}/s{retries}";
    }
}
