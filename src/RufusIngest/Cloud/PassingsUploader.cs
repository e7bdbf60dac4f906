using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>
/// Sends passings to the API: each session's in order and one request at a time, sessions beside each other. A passing
/// is sent until the server says that it has it or refuses it alone; it may arrive more than once, always with the same
/// number and content. What follows on what is tabled in docs/delivery.md.
/// </summary>
/// <remarks>
/// For one run. All members but the runs and <see cref="TakeUndelivered"/> may be used from any thread at any time.
/// While it runs, its counters are observable on the meter <see cref="MeterName"/>.
/// </remarks>
public sealed class PassingsUploader
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "RufusIngest.Upload";

    readonly Lock _lock = new();
    readonly Dictionary<(string, int), SessionUpload> _byName = [];
    readonly List<SessionUpload> _sessions = [];
    readonly List<SetAsideItem> _setAside = [];
    readonly UploadTotals _totals = new();
    readonly UploadContext _context;
    CancellationTokenSource? _patience;
    PassingBatch? _behindQueue;
    bool _isInputOver;
    int _runs;
    volatile bool _hasEnded;

    /// <summary>Uses a client that stays the caller's.</summary>
    /// <param name="cloud">The client.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="time">Clock of delays and time-outs; null for the system's.</param>
    /// <param name="logger">Retries are warnings; stops, alarms and passings set aside are errors.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound of the options is not above zero.</exception>
    public PassingsUploader(
        RufusCloudClient cloud, UploadOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(cloud);
        options ??= new();
        options.Check();
        _context = new(cloud, options, time ?? TimeProvider.System, logger ?? NullLogger.Instance, _totals, OnStopped,
            OnAlarm);
    }

    /// <summary>
    /// Called when a session stops, once a stop, on the session's own task, which waits for it; the others go on.
    /// <see cref="AttachSession"/> and <see cref="Resume"/> resume it, also from here. What it throws is logged. Set it
    /// before the run.
    /// </summary>
    public Action<StoppedSession>? SessionStopped { get; set; }

    /// <summary>
    /// Called when the server says success but its counts or its passings are not those sent, on the session's own
    /// task, which waits for it. What it throws is logged. Set it before the run.
    /// </summary>
    public Action<DeliveryAlarm>? Alarmed { get; set; }

    /// <summary>What was done so far.</summary>
    public UploadCounters Counters => _totals.Read();

    /// <summary>
    /// Gives a session the token to send with. Until then its passings wait. A later token replaces the earlier one
    /// from the next request on, and resumes the session when it is stopped. A store keeps it for the next run.
    /// </summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="tokenSession">Token of an open session at the server.</param>
    /// <param name="session">Local session of the location.</param>
    /// <param name="deviceId">
    /// Device of the session at the server, for <see cref="SessionGonePolicy.OpenNew"/>; null: as given before, or
    /// none.
    /// </param>
    public void AttachSession(string location, string tokenSession, int session = 1, string? deviceId = null)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArgumentException.ThrowIfNullOrWhiteSpace(tokenSession);
        GetSession(location, session).Attach(tokenSession, deviceId);
    }

    /// <summary>Lets a stopped session go on with the token it has. Does nothing to one that is not stopped.</summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="session">Local session of the location.</param>
    public void Resume(string location, int session = 1)
    {
        ArgumentNullException.ThrowIfNull(location);
        GetSession(location, session).Resume();
    }

    /// <summary>
    /// The token a session is sent with, which is a new one after <see cref="SessionGonePolicy.OpenNew"/> has opened a
    /// session; null: none yet.
    /// </summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="session">Local session of the location.</param>
    public string? GetToken(string location, int session = 1)
    {
        lock (_lock)
            return _byName.TryGetValue((location, session), out SessionUpload? found) ? found.Token : null;
    }

    /// <summary>Why a session is stopped; null: it is not.</summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="session">Local session of the location.</param>
    public StoppedSession? GetStopped(string location, int session = 1)
    {
        lock (_lock)
            return _byName.TryGetValue((location, session), out SessionUpload? found) ? found.Stopped : null;
    }

    /// <summary>All numbers of a session up to this one are acknowledged or set aside. 0: none yet.</summary>
    public int GetAcknowledgedNumber(string location, int session = 1)
    {
        lock (_lock)
            return _byName.TryGetValue((location, session), out SessionUpload? found) ? found.AcknowledgedNumber : 0;
    }

    /// <summary>As the overload that can be cancelled.</summary>
    /// <exception cref="DeliveryStoppedException">Sessions are stopped and hold batches.</exception>
    /// <exception cref="InvalidOperationException">It ran before.</exception>
    public Task RunAsync(ChannelReader<PassingBatch> batches) => RunAsync(batches, CancellationToken.None);

    /// <summary>
    /// Sends all batches of a channel; ends when the channel is complete and every batch is acknowledged or set aside.
    /// Batches taken from the channel are its own until then or until they are taken back.
    /// </summary>
    /// <remarks>
    /// When a session is stopped at the end of the channel, or its queue is full so that the channel cannot be read any
    /// further, the sessions that have a token send what they hold, and the run ends with an exception. Batches still
    /// in the channel stay the caller's.
    /// </remarks>
    /// <param name="batches">The batches; read by nobody else.</param>
    /// <param name="cancellationToken">Ends the run as soon as no request reads a passing any more.</param>
    /// <exception cref="DeliveryStoppedException">Sessions are stopped and hold batches.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">It ran before.</exception>
    public Task RunAsync(ChannelReader<PassingBatch> batches, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return RunAsync(
            (loops, run, patience) => DispatchAsync(batches, loops, run, patience), cancellationToken);
    }

    /// <summary>
    /// Sends all passings of a store, each session's from its cursor, with the tokens it keeps. Ends when the input has
    /// ended and every passing is acknowledged or set aside. What is not sent yet stays in the store, not in memory,
    /// and a stopped session holds up no other.
    /// </summary>
    /// <remarks>
    /// When sessions are stopped after the input's end, those that have a token send what they have, and the run ends
    /// with an exception. A session without a token is waited for as long as none is stopped.
    /// </remarks>
    /// <param name="store">Where the passings are; acknowledged by nobody else. It stays the caller's.</param>
    /// <param name="inputEnd">Ends, in whatever way, when no passing will be added.</param>
    /// <param name="cancellationToken">Ends the run as soon as no request reads a passing any more.</param>
    /// <exception cref="DeliveryStoppedException">Sessions are stopped; their passings stay in the store.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">It ran before.</exception>
    public Task RunAsync(PassingStore store, Task inputEnd, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(inputEnd);
        return RunAsync(
            (loops, run, patience) => DispatchAsync(store, inputEnd, loops, run, patience), cancellationToken);
    }

    /// <summary>
    /// After a run on a channel has ended, for whatever reason: the batches that were not acknowledged to their ends,
    /// each session's in order. Passings of the first batch may have been acknowledged (see
    /// <see cref="GetAcknowledgedNumber"/>), and the last request's may be at the server all the same. The caller owns
    /// the batches and disposes them. After a run on a store it is empty: the passings are in the store.
    /// </summary>
    /// <returns>Empty when all is delivered or was taken before.</returns>
    /// <exception cref="InvalidOperationException">It still runs.</exception>
    public IReadOnlyList<PassingBatch> TakeUndelivered()
    {
        if (!_hasEnded && Volatile.Read(ref _runs) > 0)
            throw new InvalidOperationException("The uploader still runs.");
        List<PassingBatch> batches = [];
        foreach (SessionUpload session in Sessions())
            (session.Source as BatchSource)?.TakeUndelivered(batches);
        if (_behindQueue is not null)
            batches.Add(_behindQueue);
        _behindQueue = null;
        return batches;
    }

    /// <summary>
    /// The passings of a channel that were set aside since this was last called, in the order of their sessions'
    /// numbers; they are in memory until then. A store keeps them itself.
    /// </summary>
    public IReadOnlyList<SetAsideItem> TakeSetAside()
    {
        lock (_lock)
        {
            SetAsideItem[] taken = [.. _setAside];
            _setAside.Clear();
            return taken;
        }
    }

    async Task RunAsync(
        Func<List<Task>, CancellationTokenSource, CancellationToken, Task> dispatch,
        CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _runs) > 1)
            throw new InvalidOperationException("An uploader runs once.");
        using Meter meter = MakeMeter();
        using var run = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        lock (_lock)
            _patience = patience;
        List<Task> loops = [];
        try
        {
            await dispatch(loops, run, patience.Token).ConfigureAwait(false);
            EndInput();
            await Task.WhenAll(loops).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.WhenAll(loops).ConfigureAwait(false); // A loop failed and cancelled the others: say how.
        }
        finally
        {
            lock (_lock)
                _patience = null;
            await run.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _hasEnded = true;
        }

        StoppedSession[] stopped = [.. Sessions().Select(s => s.GaveUpOn).OfType<StoppedSession>()];
        if (stopped.Length > 0)
            throw new DeliveryStoppedException(stopped);
    }

    async Task DispatchAsync(
        ChannelReader<PassingBatch> batches, List<Task> loops, CancellationTokenSource run, CancellationToken patience)
    {
        await foreach (PassingBatch batch in batches.ReadAllAsync(run.Token).ConfigureAwait(false))
        {
            if (batch.Count == 0)
            {
                batch.Dispose();
                continue;
            }

            SessionUpload session = GetSession(batch.Location, batch.Session);
            if (session.Source is not BatchSource source)
            {
                source = new(batch.Location, batch.Session, _context.Options, KeepSetAside);
                session.Begin(source, keptToken: null, acknowledgedNumber: 0, maybeSentUpTo: 0);
                loops.Add(RunLoopAsync(session, run, patience));
            }

            if (!source.TryAdd(batch)
                && !await AddWhenRoomAsync(session, source, batch, run.Token).ConfigureAwait(false))
                return;
        }
    }

    /// <summary>Waits while a session's queue is full. False: it is full and the session stopped.</summary>
    async Task<bool> AddWhenRoomAsync(
        SessionUpload session, BatchSource source, PassingBatch batch, CancellationToken cancellationToken)
    {
        _behindQueue = batch;
        _totals.QueueWasFull();
        while (!source.TryAdd(batch))
        {
            Task whenStopped = session.WhenStopped;
            if (session.Stopped is { } stopped)
            {
                session.GaveUpOn = stopped;
                return false;
            }

            Task room = source.WaitForRoomAsync(cancellationToken);
            await (await Task.WhenAny(room, whenStopped).ConfigureAwait(false)).ConfigureAwait(false);
        }

        _behindQueue = null;
        return true;
    }

    /// <summary>A loop for each session of the store, as they come.</summary>
    async Task DispatchAsync(
        PassingStore store, Task inputEnd, List<Task> loops, CancellationTokenSource run, CancellationToken patience)
    {
        bool isStart = true; // What is there now may have been sent by an earlier run; what comes later is not.
        while (true)
        {
            bool isOver = inputEnd.IsCompleted;
            Task changed = store.Changed;
            foreach (StoredSession stored in store.GetSessions())
            {
                SessionUpload session = GetSession(stored.Location, stored.Session);
                if (session.Source is not null)
                    continue;
                StoreSource source = new(store, stored, _context.Options.MaxPassingsPerPost, inputEnd);
                session.Begin(
                    source, stored.Token, stored.AcknowledgedNumber, isStart ? stored.LastNumber : 0, stored.MayComeLate);
                loops.Add(RunLoopAsync(session, run, patience));
            }

            if (isOver)
                return;
            isStart = false;
            await Task.WhenAny(changed, inputEnd).WaitAsync(run.Token).ConfigureAwait(false);
        }
    }

    static async Task RunLoopAsync(SessionUpload session, CancellationTokenSource run, CancellationToken patience)
    {
        try
        {
            await session.RunAsync(patience, run.Token).ConfigureAwait(false);
        }
        catch
        {
            await run.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    void EndInput()
    {
        foreach (SessionUpload session in Sessions())
            (session.Source as BatchSource)?.Complete();
        lock (_lock)
            _isInputOver = true;
        GiveUpIfStopped();
    }

    void OnStopped(StoppedSession report)
    {
        UploadLog.Stopped(
            _context.Logger, report.Location, report.Session, report.FirstUnsentNumber, report.Failure, report.Status,
            report.Description);
        try
        {
            SessionStopped?.Invoke(report);
        }
        catch (Exception e)
        {
            UploadLog.HandlerFailed(_context.Logger, nameof(SessionStopped), e);
        }

        GiveUpIfStopped();
    }

    void OnAlarm(DeliveryAlarm alarm)
    {
        if (alarm.Kind == DeliveryAlarmKind.NumberTaken)
        {
            UploadLog.NumberTaken(
                _context.Logger, alarm.Location, alarm.Session, alarm.Count, alarm.FirstNumber, alarm.LastNumber);
        }
        else
        {
            UploadLog.WrongCounts(
                _context.Logger, alarm.Location, alarm.Session, alarm.FirstNumber, alarm.LastNumber, alarm.Count);
        }

        try
        {
            Alarmed?.Invoke(alarm);
        }
        catch (Exception e)
        {
            UploadLog.HandlerFailed(_context.Logger, nameof(Alarmed), e);
        }
    }

    void KeepSetAside(SetAsideItem item)
    {
        lock (_lock)
            _setAside.Add(item);
    }

    /// <summary>Once no input can follow, a stopped session ends the run: nothing waits for a token any more.</summary>
    void GiveUpIfStopped()
    {
        lock (_lock)
        {
            if (_isInputOver && _sessions.Exists(s => s.Stopped is not null))
                _patience?.CancelAsync();
        }
    }

    SessionUpload GetSession(string location, int session)
    {
        lock (_lock)
        {
            if (!_byName.TryGetValue((location, session), out SessionUpload? found))
            {
                found = new(location, session, _context);
                _byName.Add((location, session), found);
                _sessions.Add(found);
            }

            return found;
        }
    }

    SessionUpload[] Sessions()
    {
        lock (_lock)
            return [.. _sessions];
    }

    Meter MakeMeter()
    {
        Meter meter = new(MeterName);
        meter.CreateObservableCounter(
            "rufus.upload.batches", () => Counters.Batches, "{batch}", "Answers that acknowledged passings");
        meter.CreateObservableCounter(
            "rufus.upload.passings", () => Counters.Passings, "{passing}", "Passings acknowledged");
        meter.CreateObservableCounter(
            "rufus.upload.duplicates", () => Counters.Duplicates, "{passing}", "Passings the server had already");
        meter.CreateObservableCounter(
            "rufus.upload.requests", () => Counters.Requests, "{request}", "Requests that sent passings");
        meter.CreateObservableCounter(
            "rufus.upload.retries", () => Counters.Retries, "{request}", "Requests that sent passings again");
        meter.CreateObservableCounter("rufus.upload.bytes", () => Counters.Bytes, "By", "Body bytes of all requests");
        meter.CreateObservableCounter(
            "rufus.upload.queue_full", () => Counters.QueueFull, "{time}", "Times the input waited for a full queue");
        meter.CreateObservableCounter(
            "rufus.upload.numbers_taken", () => Counters.UnexpectedDuplicates, "{passing}",
            "Passings whose number the server had for another or from another sender");
        meter.CreateObservableCounter(
            "rufus.upload.wrong_counts", () => Counters.WrongCounts, "{answer}",
            "Answers with counts that do not add up");
        meter.CreateObservableCounter(
            "rufus.upload.set_aside", () => Counters.SetAside, "{passing}", "Passings the server does not take");
        meter.CreateObservableCounter(
            "rufus.upload.questions", () => Counters.Questions, "{request}", "Questions what the server has");
        meter.CreateObservableGauge(
            "rufus.upload.acknowledged_number",
            () => Sessions().Select(s => new Measurement<int>(
                s.AcknowledgedNumber, new("location", s.Location), new("session", s.Session))),
            description: "All passings up to it are acknowledged or set aside");
        return meter;
    }
}
