using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>
/// Sends batches of passings to the API: each session's in order and one at a time, sessions beside each other. A batch
/// is sent until the server says it has it; passings may arrive more than once, always with the same number and
/// content.
/// </summary>
/// <remarks>
/// For one run. All members but <see cref="RunAsync"/> and <see cref="TakeUndelivered"/> may be used from any thread at
/// any time. While it runs, its counters are observable on the meter <see cref="MeterName"/>.
/// </remarks>
public sealed class PassingsUploader
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "RufusIngest.Upload";

    readonly Lock _lock = new();
    readonly Dictionary<(string, int), SessionUpload> _byName = [];
    readonly List<SessionUpload> _sessions = [];
    readonly UploadTotals _totals = new();
    readonly UploadContext _context;
    CancellationTokenSource? _patience;
    bool _isInputOver;
    int _runs;
    volatile bool _hasEnded;

    /// <summary>Uses a client that stays the caller's.</summary>
    /// <param name="cloud">The client.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="time">Clock of delays and time-outs; null for the system's.</param>
    /// <param name="logger">Retries are warnings, stops are errors.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound of the options is not above zero.</exception>
    public PassingsUploader(
        RufusCloudClient cloud, UploadOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(cloud);
        options ??= new();
        options.Check();
        _context = new(cloud, options, time ?? TimeProvider.System, logger ?? NullLogger.Instance, _totals, OnStopped);
    }

    /// <summary>
    /// Called when a session stops, once a stop, on the session's own task, which waits for it; the others go on.
    /// <see cref="AttachSession"/> resumes it, also from here. What it throws is logged. Set it before the run.
    /// </summary>
    public Action<StoppedSession>? SessionStopped { get; set; }

    /// <summary>What was done so far.</summary>
    public UploadCounters Counters => _totals.Read();

    /// <summary>
    /// Gives a session the token to send with. Until then its batches wait. A later token replaces the earlier one from
    /// the next request on, and resumes the session when it is stopped.
    /// </summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="tokenSession">Token of an open session at the server.</param>
    /// <param name="session">Local session of the location.</param>
    public void AttachSession(string location, string tokenSession, int session = 1)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArgumentException.ThrowIfNullOrWhiteSpace(tokenSession);
        GetSession(location, session).Attach(tokenSession);
    }

    /// <summary>Number of the last passing the server has of a session: it has all up to it. 0: none yet.</summary>
    public int GetAcknowledgedNumber(string location, int session = 1)
    {
        lock (_lock)
            return _byName.TryGetValue((location, session), out SessionUpload? found) ? found.AcknowledgedNumber : 0;
    }

    /// <summary>
    /// Sends all batches of a channel; ends when the channel is complete and every batch is acknowledged. Batches taken
    /// from the channel are its own until they are acknowledged or taken back.
    /// </summary>
    /// <remarks>
    /// When a session is stopped at the end of the channel, or its queue is full so that the channel cannot be read any
    /// further, the sessions that have a token send what they hold, and the run ends with an exception. Batches still
    /// in the channel stay the caller's.
    /// </remarks>
    /// <param name="batches">The batches; read by nobody else.</param>
    /// <param name="cancellationToken">Ends the run as soon as no request reads a batch any more.</param>
    /// <exception cref="DeliveryStoppedException">Sessions are stopped and hold batches.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">It ran before.</exception>
    public async Task RunAsync(ChannelReader<PassingBatch> batches, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
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
            await DispatchAsync(batches, loops, run, patience.Token).ConfigureAwait(false);
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

    /// <summary>
    /// After the run has ended, for whatever reason: the batches that were never acknowledged, each session's in order.
    /// The last request's passings may be at the server all the same. The caller owns them and disposes them.
    /// </summary>
    /// <returns>Empty when all is delivered or was taken before.</returns>
    /// <exception cref="InvalidOperationException">It still runs.</exception>
    public IReadOnlyList<PassingBatch> TakeUndelivered()
    {
        if (!_hasEnded && Volatile.Read(ref _runs) > 0)
            throw new InvalidOperationException("The uploader still runs.");
        List<PassingBatch> batches = [];
        foreach (SessionUpload session in Sessions())
            session.TakeUndelivered(batches);
        return batches;
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
            if (!session.HasLoop)
            {
                session.HasLoop = true;
                loops.Add(RunLoopAsync(session, run, patience));
            }

            if (!await session.EnqueueAsync(batch, run.Token).ConfigureAwait(false))
                return;
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
            session.Complete();
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
            UploadLog.HandlerFailed(_context.Logger, e);
        }

        GiveUpIfStopped();
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
            "rufus.upload.batches", () => Counters.Batches, "{batch}", "Batches acknowledged");
        meter.CreateObservableCounter(
            "rufus.upload.passings", () => Counters.Passings, "{passing}", "Passings acknowledged");
        meter.CreateObservableCounter(
            "rufus.upload.duplicates", () => Counters.Duplicates, "{passing}", "Passings the server had already");
        meter.CreateObservableCounter(
            "rufus.upload.retries", () => Counters.Retries, "{request}", "Batches sent again");
        meter.CreateObservableCounter("rufus.upload.bytes", () => Counters.Bytes, "By", "Body bytes of all requests");
        meter.CreateObservableCounter(
            "rufus.upload.queue_full", () => Counters.QueueFull, "{time}", "Times the input waited for a full queue");
        meter.CreateObservableGauge(
            "rufus.upload.acknowledged_number",
            () => Sessions().Select(s => new Measurement<int>(
                s.AcknowledgedNumber, new("location", s.Location), new("session", s.Session))),
            description: "Number of the last passing the server has");
        return meter;
    }
}
