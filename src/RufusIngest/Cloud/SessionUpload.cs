using System.Text;
using Microsoft.Extensions.Logging;
using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>What all sessions of an uploader share.</summary>
sealed record UploadContext(
    RufusCloudClient Cloud, UploadOptions Options, TimeProvider Time, ILogger Logger, UploadTotals Totals,
    Action<StoppedSession> OnStopped, Action<DeliveryAlarm> OnAlarm);

/// <summary>
/// The shell around <see cref="Delivery"/> for one session: carries out what that decides, one request at a time. The
/// loop is one thread; token and stop may come from any.
/// </summary>
sealed class SessionUpload(string location, int session, UploadContext context)
{
    readonly Lock _lock = new();
    readonly PassingItems _items = new();
    TaskCompletionSource _maySend = NewSignal();
    TaskCompletionSource _stopSignal = NewSignal();
    StoppedSession? _stopped;
    StoppedSession? _lastStop;
    CloudToken? _token;
    CloudToken? _usedToken;
    string? _deviceId;
    PassingSource? _source;
    Delivery? _delivery;
    DeliveryEvent _outcome;
    MemoryStream? _compressed; // Used again and again, when bodies are compressed.
    int _sentUpTo;
    volatile int _acknowledgedNumber;

    public string Location => location;

    public int Session => session;

    public int AcknowledgedNumber => _acknowledgedNumber;

    /// <summary>Where its passings come from, once the dispatcher has seen one.</summary>
    public PassingSource? Source => _source;

    /// <summary>The report of the stop that left passings behind, once the run has ended.</summary>
    public StoppedSession? GaveUpOn { get; set; }

    /// <summary>The last report, as long as the session is stopped.</summary>
    public StoppedSession? Stopped
    {
        get
        {
            lock (_lock)
                return _stopped;
        }
    }

    /// <summary>Ends when the session stops, and has ended while it is stopped.</summary>
    public Task WhenStopped
    {
        get
        {
            lock (_lock)
                return _stopSignal.Task;
        }
    }

    /// <summary>Token in use; null: none yet.</summary>
    public string? Token
    {
        get
        {
            lock (_lock)
                return _token?.Text;
        }
    }

    /// <summary>Gives the token to send with, and resumes the session when it is stopped.</summary>
    public void Attach(string tokenSession, string? deviceId)
    {
        lock (_lock)
        {
            _source?.KeepToken(tokenSession);
            _token = new(tokenSession);
            _deviceId = deviceId ?? _deviceId;
            LiftStop();
        }
    }

    /// <summary>Goes on with the same token.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            if (_stopped is not null)
                LiftStop();
        }
    }

    /// <summary>Before the loop: where passings come from, and what is known of them from an earlier run.</summary>
    public void Begin(PassingSource source, string? keptToken, int acknowledgedNumber, int maybeSentUpTo, bool mayComeLate = false)
    {
        ulong seed = (ulong)context.Time.GetTimestamp() ^ NameHash(location, session);
        _delivery = new(context.Options, seed, maybeSentUpTo, mayComeLate, context.Cloud.MaxPassingsPerPost);
        _acknowledgedNumber = acknowledgedNumber;
        lock (_lock)
        {
            _source = source;
            if (_token is null && keptToken is not null)
            {
                _token = new(keptToken);
                _maySend.TrySetResult();
            }
            else if (_token is not null && _token.Text != keptToken)
            {
                source.KeepToken(_token.Text);
            }
        }
    }

    /// <summary>Sends what the source has, in order, until no more will come.</summary>
    /// <param name="patience">
    /// Cancelled when nobody will wait for a token or for an end of a stop any more: the loop ends there.
    /// </param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public async Task RunAsync(CancellationToken patience, CancellationToken cancellationToken)
    {
        using MemoryStream compressed = new();
        _compressed = compressed;
        while (await _source!.NextAsync(_items, cancellationToken).ConfigureAwait(false))
        {
            if (!await DeliverAsync(patience, cancellationToken).ConfigureAwait(false))
                return;
        }
    }

    async Task<bool> DeliverAsync(CancellationToken patience, CancellationToken cancellationToken)
    {
        if (!await MaySendAsync(patience, cancellationToken).ConfigureAwait(false))
            return false;
        _sentUpTo = _items.FirstNumber - 1;
        DeliveryEvent e = new(DeliveryEventKind.BatchReady) { First = _items.FirstNumber, Last = _items.LastNumber };
        while (true)
        {
            DeliveryAction action = Decide(e);
            switch (action.Kind)
            {
                case DeliveryActionKind.Send:
                    e = await PostAsync(action, cancellationToken).ConfigureAwait(false);
                    break;
                case DeliveryActionKind.Ask:
                    e = await AskAsync(action.First, action.Last, cancellationToken).ConfigureAwait(false);
                    break;
                case DeliveryActionKind.Open:
                    e = await OpenAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case DeliveryActionKind.Wait:
                    UploadLog.Retry(
                        context.Logger, location, session, FirstUnsent, _outcome.Status, _outcome.Words, action.Delay);
                    await Task.Delay(action.Delay, context.Time, cancellationToken).ConfigureAwait(false);
                    e = new(DeliveryEventKind.DelayElapsed);
                    break;
                case DeliveryActionKind.Stop:
                    Stop(action.Failure);
                    if (!await MaySendAsync(patience, cancellationToken).ConfigureAwait(false))
                    {
                        GaveUpOn = _lastStop;
                        return false;
                    }

                    e = new(DeliveryEventKind.Resumed) { IsNewSession = CurrentToken().Text != _usedToken?.Text };
                    break;
                default:
                    return true;
            }
        }
    }

    /// <summary>Within the batch; a store may hand out a lower one after a higher one.</summary>
    int FirstUnsent => _acknowledgedNumber >= _items.FirstNumber && _acknowledgedNumber < _items.LastNumber
        ? _acknowledgedNumber + 1
        : _items.FirstNumber;

    /// <summary>Asks what to do next, and passes on what became known.</summary>
    DeliveryAction Decide(in DeliveryEvent e)
    {
        _outcome = e;
        DeliveryAction action = _delivery!.On(e);
        if (action.Taken > 0)
            context.Totals.Acknowledged(action.Taken);
        if (action.IsMoved)
        {
            foreach (SetAsidePassing passing in action.SetAside ?? [])
            {
                context.Totals.SetAside();
                UploadLog.SetAside(
                    context.Logger, location, session, passing.Number, passing.Status, passing.Words,
                    Encoding.UTF8.GetString(_items.GetItem(passing.Number - _items.FirstNumber)));
            }

            _source!.Acknowledge(action.AcknowledgeTo, action.SetAside, _items);
            _acknowledgedNumber = action.AcknowledgeTo;
        }

        if (action.Alarm is { } alarm)
        {
            context.Totals.Alarmed(alarm, action.AlarmCount);
            context.OnAlarm(
                new(alarm, location, session, action.AlarmFirst, action.AlarmLast, action.AlarmCount));
        }

        return action;
    }

    /// <summary>
    /// One request. When it ends, by whatever way, nothing reads the items' memory any more: an answer can come, and a
    /// cancellation can be obeyed, while the handler still writes the body.
    /// </summary>
    async Task<DeliveryEvent> PostAsync(DeliveryAction piece, CancellationToken cancellationToken)
    {
        context.Totals.Posted();
        if (piece.First <= _sentUpTo)
            context.Totals.Retried();
        _sentUpTo = Math.Max(_sentUpTo, piece.Last);
        _usedToken = CurrentToken();
        ReadOnlyMemory<byte> items = _items.GetItems(
            piece.First - _items.FirstNumber, piece.Last - _items.FirstNumber + 1);
        long begin = context.Time.GetTimestamp();
        using CancellationTokenSource timeout = new(context.Options.RequestTimeout, context.Time);
        using var call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        using PassingsContent content = new(_usedToken.Prefix, items, piece.Compress ? _compressed : null);
        try
        {
            CloudAnswer answer = await context.Cloud.PostPassingsAsync(content, context.Time, call.Token)
                .ConfigureAwait(false);
            return ToEvent(answer, piece.Last - piece.First + 1, context.Time.GetElapsedTime(begin));
        }
        catch (Exception e) when (RufusCloudClient.IsNetworkFailure(e, cancellationToken))
        {
            await ReleaseAsync(call, content).ConfigureAwait(false);
            return new(content.HasBegun ? DeliveryEventKind.FailedMaybeSent : DeliveryEventKind.FailedBeforeSending)
            {
                Words = e is OperationCanceledException ? "no answer in time" : context.Cloud.Redact(e.Message),
                Elapsed = context.Time.GetElapsedTime(begin),
            };
        }
        finally
        {
            await ReleaseAsync(call, content).ConfigureAwait(false);
            if (content.HasBegun)
                context.Totals.Sent(content.Length);
        }
    }

    DeliveryEvent ToEvent(CloudAnswer answer, int count, TimeSpan elapsed)
    {
        DeliveryEvent e = UploadEvents.OfAnswer(answer, context.Cloud.Redact(answer.Description), elapsed);
        if (answer.IsSuccess && e.Duplicates > 0)
            context.Totals.HadAlready(Math.Min(e.Duplicates.Value, count));
        return e;
    }

    static async Task ReleaseAsync(CancellationTokenSource call, PassingsContent content)
    {
        await call.CancelAsync().ConfigureAwait(false);
        await content.CloseAsync().ConfigureAwait(false);
    }

    async Task<DeliveryEvent> AskAsync(int first, int last, CancellationToken cancellationToken)
    {
        context.Totals.Asked();
        string token = CurrentToken().Text;
        return await CallAsync(
            DeliveryEventKind.QuestionFailed,
            async call =>
            {
                List<CloudPassing> found = [];
                await foreach (CloudPassing passing in context.Cloud.GetSessionPassingsAsync(token, first, last, call)
                    .ConfigureAwait(false))
                {
                    found.Add(passing);
                    if (found.Count > UploadEvents.MostFound(first, last))
                        break;
                }

                return UploadEvents.OfFound(_items, first, last, found);
            },
            cancellationToken).ConfigureAwait(false);
    }

    async Task<DeliveryEvent> OpenAsync(CancellationToken cancellationToken)
    {
        string? deviceId;
        lock (_lock)
        {
            if (_token != _usedToken)
                return new(DeliveryEventKind.Opened); // The host was faster.
            deviceId = _deviceId;
        }

        if (deviceId is null)
        {
            string why = $"{_outcome.Words}; no device id to open another session with";
            return new(DeliveryEventKind.OpenFailed, 404) { Words = why };
        }

        return await CallAsync(
            DeliveryEventKind.OpenFailed,
            async call =>
            {
                string token = await context.Cloud.OpenSessionAsync(deviceId, location, call).ConfigureAwait(false);
                lock (_lock)
                {
                    if (_token == _usedToken)
                    {
                        _source!.KeepToken(token);
                        _token = new(token);
                    }
                }

                UploadLog.Opened(context.Logger, location, session, FirstUnsent);
                return new(DeliveryEventKind.Opened);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A call other than the POST of passings, within the same time limit.</summary>
    async Task<DeliveryEvent> CallAsync(
        DeliveryEventKind failed, Func<CancellationToken, Task<DeliveryEvent>> call,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(context.Options.RequestTimeout, context.Time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await call(limited.Token).ConfigureAwait(false);
        }
        catch (RufusCloudException e)
        {
            // An answer that was cut off is none, whatever its status.
            int status = e.Failure == RufusFailure.Unreachable ? 0 : e.Status;
            return new(failed, status) { RetryAfter = e.RetryAfter, Words = e.Description };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(failed) { Words = "no answer in time" };
        }
    }

    /// <summary>Reports, unless the host has attached another token while the refused request was under way.</summary>
    void Stop(RufusFailure failure)
    {
        StoppedSession report = new(location, session, failure, _outcome.Status, _outcome.Words, FirstUnsent);
        _lastStop = report;
        lock (_lock)
        {
            if (_token != _usedToken)
                return;
            _stopped = report;
            _maySend = NewSignal();
            _stopSignal.TrySetResult();
        }

        context.OnStopped(report);
    }

    void LiftStop()
    {
        if (_stopped is not null)
        {
            _stopped = null;
            _stopSignal = NewSignal();
        }

        _maySend.TrySetResult();
    }

    CloudToken CurrentToken()
    {
        lock (_lock)
            return _token!;
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

    /// <summary>A token and the body's bytes before the items. Two of the same text are two attachments.</summary>
    sealed class CloudToken(string text)
    {
        public string Text => text;

        public byte[] Prefix { get; } = PassingsContent.MakePrefix(text);
    }
}
