using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>
/// The pipeline, its journal and its uploader as a hosted service: they start and stop with the host. Feed it by
/// <see cref="Pipeline"/>. It opens no session at the server by itself: it sends to the token given or kept, and
/// without one passings wait.
/// </summary>
/// <remarks>
/// Thread-safe. Starts once. Services that feed it are added behind it, so that they start after it and stop before
/// it. When the pipeline fails, or without a journal the sending, the host does what its
/// <c>HostOptions.BackgroundServiceExceptionBehavior</c> says: stop, by default. When only the sending from a
/// journal fails, reading goes on and health is unhealthy.
/// </remarks>
[SuppressMessage("Design", "CA1003", Justification = "As the library's callbacks: the sender is always the service.")]
public sealed class RufusIngestService : BackgroundService, IAsyncDisposable
{
    static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    readonly IOptions<RufusIngestOptions> _options;
    readonly TimeProvider _time;
    readonly ILoggerFactory _loggers;
    IngestRun? _run;
    HostingMetrics? _metrics;
    volatile bool _hasStopped;

    internal RufusIngestService(IOptions<RufusIngestOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _loggers = loggers;
    }

    /// <summary>
    /// Guns, markers, clocks never set, sessions. On the pipeline's thread: return quickly. What it throws is logged.
    /// </summary>
    public event Action<TimingEvent>? TimingEventOccurred;

    /// <summary>
    /// The journal cannot be written, or, with null, can be again. Meanwhile nothing leaves. On the pipeline's thread:
    /// return quickly. What it throws is logged.
    /// </summary>
    public event Action<JournalException?>? JournalProblemChanged;

    /// <summary>
    /// The server refused a session, which is sent no more until <see cref="AttachSessionAsync"/> or
    /// <see cref="PassingsUploader.Resume"/>. On the session's sending task, which waits for it. What it throws is
    /// logged.
    /// </summary>
    public event Action<StoppedSession>? SessionStopped;

    /// <summary>
    /// The server said success, but not all may be well. On the session's sending task, which waits for it. What it
    /// throws is logged.
    /// </summary>
    public event Action<DeliveryAlarm>? Alarmed;

    /// <summary>The pipeline, to be fed by <see cref="IngestPipeline.ReadAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it.</exception>
    public IngestPipeline Pipeline => Run.Pipeline;

    /// <summary>The uploader; null with <see cref="RufusIngestOptions.Send"/> false.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it.</exception>
    public PassingsUploader? Uploader => Run.Uploader;

    /// <summary>
    /// The client, with the retries of reads; null with <see cref="RufusIngestOptions.Send"/> false. Of use until the
    /// service has stopped.
    /// </summary>
    /// <exception cref="InvalidOperationException">The host has not started it.</exception>
    public RufusCloudClient? Cloud => Run.Cloud;

    IngestRun Run => Volatile.Read(ref _run)
        ?? throw new InvalidOperationException("The host has not started the ingest service yet.");

    /// <summary>
    /// Opens a session of the location's device and sends to it. <b>The server closes the session the device has
    /// active.</b> Passings not acknowledged yet go to the new one; numbers go on. The journal keeps the token.
    /// </summary>
    /// <returns>The session's token.</returns>
    /// <exception cref="ArgumentException">There is no such location.</exception>
    /// <exception cref="InvalidOperationException">
    /// It has no <see cref="IngestLocationOptions.DeviceId"/>, an earlier local session is not sent to its end, or
    /// nothing is sent.
    /// </exception>
    /// <exception cref="RufusCloudException">The server did not do it, or did not say so.</exception>
    public Task<string> OpenCloudSessionAsync(string location, CancellationToken cancellation = default) =>
        Run.Sessions.OpenAsync(location, cancellation);

    /// <summary>
    /// Sends the location's current local session to an open session of the server, and resumes it when it is stopped.
    /// Unless another token was attached before, the server is asked whether it is empty. The journal keeps the token.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such location, or no token.</exception>
    /// <exception cref="InvalidOperationException">It has passings already, or nothing is sent.</exception>
    /// <exception cref="RufusCloudException">The server gave no answer, or knows no such session.</exception>
    public Task AttachSessionAsync(string location, string token, CancellationToken cancellation = default) =>
        Run.Sessions.AttachAsync(location, token, cancellation);

    /// <summary>
    /// Where each location's current local session stands, and earlier ones that are not sent to their end; after the
    /// stop, as it was left. With a journal it waits for a commit under way.
    /// </summary>
    /// <exception cref="InvalidOperationException">The host has not started it.</exception>
    public IReadOnlyList<LocationStatus> GetStatus() => Run.Sessions.GetStatus(Run.IsSending && !_hasStopped);

    /// <summary>
    /// After the stop of a run without a journal: the batches that were not acknowledged to their ends. The caller owns
    /// and disposes them.
    /// </summary>
    public IReadOnlyList<PassingBatch> TakeUnsent() => _run?.HandOutUnsent() ?? [];

    /// <summary>Opens the journal and what was read before, then pipeline and uploader.</summary>
    /// <exception cref="ArgumentException">Options do not fit to the journal; the message names what.</exception>
    /// <exception cref="JournalException">The journal cannot be used, or the server has more than it.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_run is not null)
            throw new InvalidOperationException("The ingest service has started already: AddRufusIngest was called twice.");
        IngestCallbacks callbacks = new(
            timingEvent => TimingEventOccurred?.Invoke(timingEvent),
            problem => JournalProblemChanged?.Invoke(problem),
            stopped => SessionStopped?.Invoke(stopped),
            alarm => Alarmed?.Invoke(alarm));
        RufusIngestOptions options = _options.Value;
        IngestRun run = await IngestRun.OpenAsync(options, callbacks, _time, _loggers, cancellationToken)
            .ConfigureAwait(false);
        Volatile.Write(ref _run, run);
        _metrics = new HostingMetrics(this);
        HostingLog.Started(
            _loggers.CreateLogger<RufusIngestService>(),
            options.JournalFile is { } file ? $" with the journal {file}" : " without a journal");
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Decides what is open, then sends until everything is acknowledged, no session that has passings can be sent
    /// to, or the host's time for stopping is over. What is left is logged; with a journal the next start goes on with it.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (_run is null || _hasStopped)
            return;
        try
        {
            await _run.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _hasStopped = true;
            _metrics?.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task broken = Run.Broken;
        using PeriodicTimer timer = new(LookInterval, _time);
        while (true)
        {
            Task tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            if (await Task.WhenAny(tick, broken).ConfigureAwait(false) == broken)
            {
                await broken.ConfigureAwait(false);
                return;
            }

            await tick.ConfigureAwait(false);
            _ = GetStatus(); // Notes when passings began to wait.
        }
    }

    /// <summary>What the health check says.</summary>
    internal IngestHealth GetHealth()
    {
        if (_run is null)
            return IngestHealth.Unhealthy("The ingest service has not started.");
        if (_hasStopped)
            return IngestHealth.Unhealthy("The ingest service has stopped.");
        return IngestHealth.Of(_run, _options.Value.DegradedAfter);
    }

    /// <summary>Stops at once; what was received is in the journal if there is one.</summary>
    public async ValueTask DisposeAsync()
    {
        base.Dispose();
        _hasStopped = true;
        _metrics?.Dispose();
        if (_run is not null)
            await _run.DisposeAsync().ConfigureAwait(false);
        foreach (PassingBatch batch in TakeUnsent())
            batch.Dispose();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public override void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        base.Dispose();
    }
}
