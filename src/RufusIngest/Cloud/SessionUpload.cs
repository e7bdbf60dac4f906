using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>What all sessions of an uploader share.</summary>
sealed record UploadContext(
    RufusCloudClient Cloud, UploadOptions Options, TimeProvider Time, ILogger Logger, UploadTotals Totals,
    Action<StoppedSession> OnStopped);

/// <summary>
/// The shell around <see cref="Delivery"/> for one session: its queue, its token and one request at a time. The loop
/// and the dispatcher are one thread each; token and stop may come from any.
/// </summary>
sealed class SessionUpload
{
    readonly Lock _lock = new();
    readonly UploadContext _context;
    readonly Channel<PassingBatch> _queue;
    readonly Delivery _delivery;
    TaskCompletionSource _maySend = NewSignal();
    TaskCompletionSource _stopSignal = NewSignal();
    StoppedSession? _stopped;
    StoppedSession? _lastStop;
    byte[] _prefix = [];
    PassingBatch? _head;
    PassingBatch? _behindQueue;
    DeliveryEvent _outcome;
    string? _words; // The server's or the network's on the last request, without the key.
    volatile int _acknowledgedNumber;

    public SessionUpload(string location, int session, UploadContext context)
    {
        Location = location;
        Session = session;
        _context = context;
        _queue = Channel.CreateBounded<PassingBatch>(
            new BoundedChannelOptions(context.Options.MaxQueuedBatches) { SingleReader = true, SingleWriter = true });
        _delivery = new(context.Options, (ulong)context.Time.GetTimestamp() ^ NameHash(location, session));
    }

    public string Location { get; }

    public int Session { get; }

    public int AcknowledgedNumber => _acknowledgedNumber;

    /// <summary>Whether its loop was started. For the dispatcher only.</summary>
    public bool HasLoop { get; set; }

    /// <summary>The report of the stop that left batches behind, once the run has ended.</summary>
    public StoppedSession? GaveUpOn { get; private set; }

    /// <summary>The last report, as long as the session is stopped.</summary>
    public StoppedSession? Stopped
    {
        get
        {
            lock (_lock)
                return _stopped;
        }
    }

    /// <summary>Gives the token to send with, and resumes the session when it is stopped.</summary>
    public void Attach(string tokenSession)
    {
        byte[] prefix = PassingsContent.MakePrefix(tokenSession);
        lock (_lock)
        {
            _prefix = prefix;
            if (_stopped is not null)
            {
                _stopped = null;
                _stopSignal = NewSignal();
            }

            _maySend.TrySetResult();
        }
    }

    /// <summary>Queues a batch; waits while the queue is full. False: it is full and the session stopped.</summary>
    public async ValueTask<bool> EnqueueAsync(PassingBatch batch, CancellationToken cancellationToken)
    {
        if (_queue.Writer.TryWrite(batch))
            return true;
        _behindQueue = batch;
        _context.Totals.QueueWasFull();
        while (!_queue.Writer.TryWrite(batch))
        {
            Task stopped;
            lock (_lock)
            {
                if (_stopped is not null)
                {
                    GaveUpOn = _stopped;
                    return false;
                }

                stopped = _stopSignal.Task;
            }

            Task space = _queue.Writer.WaitToWriteAsync(cancellationToken).AsTask();
            await (await Task.WhenAny(space, stopped).ConfigureAwait(false)).ConfigureAwait(false);
        }

        _behindQueue = null;
        return true;
    }

    /// <summary>No batch will follow.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Sends what is queued, in order, until the queue is complete and empty.</summary>
    /// <param name="patience">
    /// Cancelled when nobody will wait for a token or for an end of a stop any more: the loop ends there, with its
    /// batches.
    /// </param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public async Task RunAsync(CancellationToken patience, CancellationToken cancellationToken)
    {
        while (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_queue.Reader.TryRead(out _head))
            {
                if (!await DeliverHeadAsync(patience, cancellationToken).ConfigureAwait(false))
                    return;
            }
        }
    }

    /// <summary>The batches not acknowledged, in order, once the loop has ended.</summary>
    public void TakeUndelivered(List<PassingBatch> into)
    {
        if (_head is not null)
            into.Add(_head);
        while (_queue.Reader.TryRead(out PassingBatch? batch))
            into.Add(batch);
        if (_behindQueue is not null)
            into.Add(_behindQueue);
        _head = _behindQueue = null;
    }

    async Task<bool> DeliverHeadAsync(CancellationToken patience, CancellationToken cancellationToken)
    {
        if (!await MaySendAsync(patience, cancellationToken).ConfigureAwait(false))
            return false;
        int sends = 0;
        DeliveryAction action = _delivery.On(new(DeliveryEventKind.BatchReady));
        while (true)
        {
            switch (action.Kind)
            {
                case DeliveryActionKind.Send:
                    if (sends++ > 0)
                        _context.Totals.Retried();
                    byte[] prefix = CurrentPrefix();
                    _outcome = await PostAsync(_head!, prefix, cancellationToken).ConfigureAwait(false);
                    action = _delivery.On(_outcome);
                    if (action.Kind == DeliveryActionKind.Stop)
                        Stop(prefix);
                    break;
                case DeliveryActionKind.Wait:
                    UploadLog.Retry(
                        _context.Logger, Location, Session, _head!.FirstNumber, _outcome.Status, _words, action.Delay);
                    await Task.Delay(action.Delay, _context.Time, cancellationToken).ConfigureAwait(false);
                    action = _delivery.On(new(DeliveryEventKind.DelayElapsed));
                    break;
                case DeliveryActionKind.Stop:
                    if (!await MaySendAsync(patience, cancellationToken).ConfigureAwait(false))
                    {
                        GaveUpOn = _lastStop;
                        return false;
                    }

                    action = _delivery.On(new(DeliveryEventKind.Resumed));
                    break;
                default:
                    Acknowledge(isFirstSend: sends == 1);
                    return true;
            }
        }
    }

    /// <summary>
    /// One request. When it ends, by whatever way, nothing reads the batch's memory any more: an answer can come, and a
    /// cancellation can be obeyed, while the handler still writes the body.
    /// </summary>
    async Task<DeliveryEvent> PostAsync(PassingBatch batch, byte[] prefix, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(_context.Options.RequestTimeout, _context.Time);
        using var call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        using PassingsContent content = new(prefix, batch.Items);
        try
        {
            CloudAnswer answer = await _context.Cloud.PostPassingsAsync(content, _context.Time, call.Token)
                .ConfigureAwait(false);
            _words = _context.Cloud.Redact(answer.Description);
            if (answer is { IsSuccess: true, Broken: JsonException or InvalidOperationException })
            {
                // Success in words the API does not speak: a log-in page of the hall's network, not the server.
                return new(DeliveryEventKind.FailedMaybeSent, answer.Status);
            }

            return new(
                DeliveryEventKind.Answered,
                answer.Status,
                answer.RetryAfter,
                CloudAnswer.Integer(answer.Root, "inserted_count"),
                CloudAnswer.Integer(answer.Root, "duplicate_count"));
        }
        catch (Exception e) when (RufusCloudClient.IsNetworkFailure(e, cancellationToken))
        {
            await ReleaseAsync(call, content).ConfigureAwait(false);
            _words = e is OperationCanceledException ? "no answer in time" : _context.Cloud.Redact(e.Message);
            return new(
                content.HasBegun ? DeliveryEventKind.FailedMaybeSent : DeliveryEventKind.FailedBeforeSending);
        }
        finally
        {
            await ReleaseAsync(call, content).ConfigureAwait(false);
            if (content.HasBegun)
                _context.Totals.Sent(content.Length);
        }
    }

    static async Task ReleaseAsync(CancellationTokenSource call, PassingsContent content)
    {
        await call.CancelAsync().ConfigureAwait(false);
        await content.CloseAsync().ConfigureAwait(false);
    }

    void Acknowledge(bool isFirstSend)
    {
        PassingBatch batch = _head!;
        _head = null;
        int duplicates = Math.Clamp(_outcome.Duplicates ?? 0, 0, batch.Count);
        _context.Totals.Acknowledged(batch.Count, duplicates);
        if (isFirstSend && duplicates > 0)
        {
            _context.Totals.NumbersTaken(duplicates);
            UploadLog.NumbersTaken(_context.Logger, Location, Session, duplicates, batch.FirstNumber);
        }

        _acknowledgedNumber = batch.LastNumber;
        batch.Dispose();
    }

    /// <summary>Reports, unless the host has attached another token while the refused request was under way.</summary>
    void Stop(byte[] sentPrefix)
    {
        bool isGone = _outcome.Status == 404
            || string.Equals(_words, "Session not found or closed", StringComparison.OrdinalIgnoreCase);
        RufusFailure failure = isGone ? RufusFailure.SessionGone : RufusCloudException.Classify(_outcome.Status);
        StoppedSession report = new(Location, Session, failure, _outcome.Status, _words, _head!.FirstNumber);
        _lastStop = report;
        lock (_lock)
        {
            if (_prefix != sentPrefix)
                return;
            _stopped = report;
            _maySend = NewSignal();
            _stopSignal.TrySetResult();
        }

        _context.OnStopped(report);
    }

    byte[] CurrentPrefix()
    {
        lock (_lock)
            return _prefix;
    }

    /// <summary>Waits for a token, or for the end of a stop. False: nobody will wait any longer.</summary>
    async Task<bool> MaySendAsync(CancellationToken patience, CancellationToken cancellationToken)
    {
        Task signal;
        lock (_lock)
            signal = _maySend.Task;
        try
        {
            await signal.WaitAsync(patience).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>FNV-1a: sessions of one process differ, and the same one is the same again.</summary>
    static ulong NameHash(string location, int session)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in location)
            hash = (hash ^ c) * 1099511628211;
        return (hash ^ (uint)session) * 1099511628211;
    }
}
