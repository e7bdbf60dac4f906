using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>What the service tells its subscribers.</summary>
sealed record IngestCallbacks(
    Action<TimingEvent> OnEvent, Action<JournalException?> OnJournalProblem, Action<StoppedSession> SessionStopped,
    Action<DeliveryAlarm> Alarmed);

/// <summary>One start to stop of the parts: journal, pipeline, uploader, client.</summary>
sealed class IngestRun : IAsyncDisposable
{
    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    readonly HttpClient? _http;
    readonly SqliteJournal? _journal;
    readonly ILogger _logger;
    readonly TaskCompletionSource _inputEnd = new();
    readonly CancellationTokenSource _giveUp = new();
    readonly CancellationTokenSource _attachEnd = new();
    readonly List<PassingBatch> _unsent = [];
    readonly Task _sending;
    readonly Task _attaching;
    int _disposed;

    IngestRun(
        RufusIngestOptions options, SqliteJournal? journal, IngestPipeline pipeline, HttpClient? http,
        RufusCloudClient? cloud, IngestCallbacks callbacks, TimeProvider time, ILoggerFactory loggers)
    {
        _journal = journal;
        _http = http;
        _logger = loggers.CreateLogger<RufusIngestService>();
        Pipeline = pipeline;
        Cloud = cloud;
        Uploader = cloud is null
            ? null
            : new(cloud, options.Upload.ToUpload(), time, loggers.CreateLogger<PassingsUploader>())
            {
                SessionStopped = callbacks.SessionStopped,
                Alarmed = callbacks.Alarmed,
            };
        Sessions = new(options, pipeline, Uploader, cloud, journal, time, _logger);
        if (Uploader is null)
        {
            _sending = _attaching = Task.CompletedTask;
            return;
        }

        Sessions.GiveDevices();
        _sending = journal is null
            ? Uploader.RunAsync(pipeline.Batches, _giveUp.Token)
            : SendFromJournalAsync(Uploader, journal);
        _attaching = Sessions.AttachGivenAsync(_attachEnd.Token);
    }

    public IngestPipeline Pipeline { get; }

    public PassingsUploader? Uploader { get; }

    public RufusCloudClient? Cloud { get; }

    public HostedSessions Sessions { get; }

    /// <summary>Why sending is over before the end; null: it is not. The journal goes on without it.</summary>
    public Exception? SendingFault { get; private set; }

    /// <summary>
    /// Ends with the exception when nothing can be taken in any more; ends without one at the end. Without a journal a
    /// run of the uploader that is over leaves nobody to take batches.
    /// </summary>
    public Task Broken => _journal is null && Uploader is not null ? _sending : Pipeline.Batches.Completion;

    public bool IsSending => Uploader is not null && SendingFault is null;

    public static async Task<IngestRun> OpenAsync(
        RufusIngestOptions options, IngestCallbacks callbacks, TimeProvider time, ILoggerFactory loggers,
        CancellationToken cancellation)
    {
        SqliteJournal? journal = options.JournalFile is { } file ? SqliteJournal.Open(file) : null;
        IngestPipeline? pipeline = null;
        HttpClient? http = null;
        try
        {
            IngestSettings settings = options.ToSettings();
            ILogger<IngestPipeline> logger = loggers.CreateLogger<IngestPipeline>();
            http = options.Send ? CreateHttp(options, time) : null;
            RufusCloudClient? cloud = http is null ? null : CreateCloud(options, http);
            IngestOptions Configured(IngestSettings chosen) => WithCallbacks(options.ToPipeline(chosen), callbacks);
            if (journal is null)
            {
                pipeline = new(Configured(settings), time, logger);
            }
            else
            {
                // The host's changes may give chips, so they come before what the journal keeps is added.
                settings = options.ToPipeline(settings).Settings.GoingOnFrom(journal.FindSettings());
                pipeline = await IngestPipeline
                    .OpenAsync(Configured(settings) with { Settings = settings }, journal, time, logger, cancellation)
                    .ConfigureAwait(false);
                if (cloud is not null)
                    await CloudChecks.RequireNotBehindAsync(cloud, journal, cancellation).ConfigureAwait(false);
            }

            return new(options, journal, pipeline, http, cloud, callbacks, time, loggers);
        }
        catch
        {
            if (pipeline is not null)
                await pipeline.DisposeAsync().ConfigureAwait(false);
            journal?.Dispose();
            http?.Dispose();
            throw;
        }
    }

    static HttpClient CreateHttp(RufusIngestOptions options, TimeProvider time)
    {
        HttpClient http = new(ReadResilience.CreateHandler(options.Reads, options.CreatePrimaryHandler?.Invoke(), time))
        {
            BaseAddress = options.BaseAddress,
        };
        // The upload has its own time-out; the client's would cut a longer one short.
        if (http.Timeout < options.Upload.RequestTimeout)
            http.Timeout = options.Upload.RequestTimeout;
        return http;
    }

    static RufusCloudClient CreateCloud(RufusIngestOptions options, HttpClient http) =>
        new(http, options.ApiKey!, options.ToCloud());

    static IngestOptions WithCallbacks(IngestOptions options, IngestCallbacks callbacks) => options with
    {
        OnEvent = options.OnEvent + callbacks.OnEvent,
        OnJournalProblem = options.OnJournalProblem + callbacks.OnJournalProblem,
    };

    async Task SendFromJournalAsync(PassingsUploader uploader, SqliteJournal journal)
    {
        try
        {
            await uploader.RunAsync(journal, _inputEnd.Task, _giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DeliveryStoppedException or OperationCanceledException)
        {
            // At the stop only; what is left is said there.
        }
        catch (Exception exception)
        {
            SendingFault = exception;
            HostingLog.SendingFailed(_logger, exception);
        }
    }

    /// <summary>
    /// Decides what is open, leaves the sessions open when there is a journal, and sends on for as long as it may.
    /// Fails never: what is wrong is logged.
    /// </summary>
    /// <param name="limit">Cancelled when there is no more time.</param>
    public async Task StopAsync(CancellationToken limit)
    {
        await _attachEnd.CancelAsync().ConfigureAwait(false);
        await _attaching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task end = _journal is null ? Pipeline.CompleteAsync() : Pipeline.PauseAsync();
        if (_journal is null && Uploader is not null && _sending.IsCompleted)
            _ = MakeRoomAsync(); // Nobody else takes what is decided now, and the end would wait for room.
        await end.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!end.IsCompleted)
            HostingLog.NotEnded(_logger, Pipeline.GetCounters().WaitingBytes);
        _inputEnd.TrySetResult();
        await FlushAsync(limit).ConfigureAwait(false);
        if (_journal is null)
            TakeUnsent();
        else
            SayWhatIsLeft();
        await DisposeAsync().ConfigureAwait(false);
    }

    async Task MakeRoomAsync()
    {
        try
        {
            await foreach (PassingBatch batch in Pipeline.Batches.ReadAllAsync(_giveUp.Token).ConfigureAwait(false))
            {
                lock (_unsent)
                    _unsent.Add(batch);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            // The stop goes on without it.
        }
    }

    /// <summary>Goes on sending while there is time and a session that can be sent to.</summary>
    async Task FlushAsync(CancellationToken limit)
    {
        while (Uploader is not null && !_sending.IsCompleted && !limit.IsCancellationRequested)
        {
            LocationStatus[] waiting = [.. Sessions.GetStatus(IsSending).Where(status => status.Waiting > 0)];
            if (waiting.Length > 0 && waiting.All(status => status.State != LocationState.Sending))
                break;
            await Task.WhenAny(_sending, Task.Delay(LookInterval, limit)).ConfigureAwait(false);
        }

        await _giveUp.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    void SayWhatIsLeft()
    {
        LocationStatus[] left = [.. Sessions.GetStatus(IsSending).Where(status => status.Waiting > 0)];
        foreach (LocationStatus status in left)
        {
            HostingLog.LeftInJournal(
                _logger, status.Location, status.Session, status.Waiting, status.LastNumber, status.State);
        }

        if (left.Length == 0)
            HostingLog.AllSent(_logger);
    }

    void TakeUnsent()
    {
        if (Uploader is null)
            return; // The batches are the host's.
        lock (_unsent)
        {
            _unsent.InsertRange(0, Uploader.TakeUndelivered());
            while (Pipeline.Batches.TryRead(out PassingBatch? batch))
                _unsent.Add(batch);
            foreach (PassingBatch batch in _unsent)
                HostingLog.Unsent(_logger, batch.Location, batch.Session, batch.FirstNumber, batch.LastNumber);
            if (_unsent.Count == 0)
                HostingLog.AllSent(_logger);
        }
    }

    /// <summary>What could not be sent without a journal; the caller's from here on.</summary>
    public IReadOnlyList<PassingBatch> HandOutUnsent()
    {
        lock (_unsent)
        {
            PassingBatch[] taken = [.. _unsent];
            _unsent.Clear();
            return taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _attachEnd.CancelAsync().ConfigureAwait(false);
        await _attaching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _giveUp.CancelAsync().ConfigureAwait(false);
        _inputEnd.TrySetResult();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Sessions.DisposeAsync().ConfigureAwait(false);
        await Pipeline.DisposeAsync().ConfigureAwait(false);
        _journal?.Dispose();
        _http?.Dispose();
        _giveUp.Dispose();
        _attachEnd.Dispose();
    }
}
