using System.Diagnostics;
using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary>
/// The main job: readers are read and their passings sent until it is over; then what is left is decided and sent. What
/// cannot be sent goes into a file.
/// </summary>
sealed class LiveRun : IAsyncDisposable
{
    static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(0.2);

    readonly Terminal _terminal;
    readonly IReadOnlyList<ReaderSpec> _readers;
    readonly LiveOptions _options;
    readonly SqliteJournal? _journal;
    readonly IngestPipeline _pipeline;
    readonly PassingsUploader _uploader;
    readonly RufusCloudClient _cloud;
    readonly UnsentFile _unsent;
    readonly TaskCompletionSource _inputEnd = new();
    readonly CancellationTokenSource _giveUp = new();
    readonly Stopwatch _clock = Stopwatch.StartNew();
    readonly EventLines _events;
    long? _lostBytes;

    LiveRun(
        Terminal terminal, IReadOnlyList<ReaderSpec> readers, RufusCloudClient cloud, LiveOptions options,
        SqliteJournal? journal, Func<LiveRun, IngestPipeline> open)
    {
        _terminal = terminal;
        _readers = readers;
        _cloud = cloud;
        _options = options;
        _journal = journal;
        _uploader = new PassingsUploader(cloud, options.ToUpload()) { SessionStopped = SayStopped, Alarmed = SayAlarm };
        _unsent = new UnsentFile(options.UnsentFolder);
        _events = new EventLines(terminal.Say, () => _clock.Elapsed);
        _pipeline = open(this);
    }

    /// <summary>Begins a run without a journal.</summary>
    public static LiveRun Start(
        Terminal terminal, IReadOnlyList<ReaderSpec> readers, IngestSettings settings, RufusCloudClient cloud,
        IReadOnlyDictionary<string, string> tokens, LiveOptions options)
    {
        LiveRun run = new(terminal, readers, cloud, options, null, run => new IngestPipeline(run.PipelineOptions(settings)));
        foreach (var (location, token) in tokens)
            run._uploader.AttachSession(location, token);
        return run;
    }

    /// <summary>Begins a run with a journal, or goes on with one.</summary>
    public static async Task<LiveRun> OpenAsync(
        Terminal terminal, IReadOnlyList<ReaderSpec> readers, IngestSettings settings, RufusCloudClient cloud,
        LiveOptions options, CancellationToken cancellation)
    {
        SqliteJournal journal = SqliteJournal.Open(options.Journal!.FullName);
        try
        {
            if (journal.LastSequence > 0 && !options.Quiet)
                terminal.Say($"{options.Journal.Name}: going on behind record {journal.LastSequence:N0}.");
            IngestSettings joined = settings.GoingOnFrom(journal.FindSettings());
            // Recovery takes long only for a long race, and nothing can be done meanwhile.
            LiveRun run = new(terminal, readers, cloud, options, journal, run =>
                IngestPipeline.OpenAsync(run.PipelineOptions(joined), journal, cancellation: cancellation)
                    .GetAwaiter().GetResult());
            return await CheckedAsync(run, cancellation).ConfigureAwait(false);
        }
        catch (ArgumentException exception)
        {
            journal.Dispose();
            throw ToolException.BadInput($"{options.Journal.FullName}: {exception.Message}", exception);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Ends the run again when the server has more than the journal.</summary>
    static async Task<LiveRun> CheckedAsync(LiveRun run, CancellationToken cancellation)
    {
        try
        {
            await run.Sessions().RequireNotBehindAsync(cancellation).ConfigureAwait(false);
            return run;
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    JournalSessions Sessions() => new(_terminal, _cloud, _uploader, _journal!, _options);

    IngestOptions PipelineOptions(IngestSettings settings) =>
        new() { Settings = settings, OnEvent = SayEvent, OnJournalProblem = SayProblem };

    public static IngestSettings SettingsOf(IReadOnlyList<ReaderSpec> readers, ChipTable chips, GateOptions? gate) => new()
    {
        Locations =
        [
            .. readers.Select(reader => reader.Location).Distinct()
                .Select(name => new LocationSettings { Name = name, Gate = gate ?? new GateOptions() }),
        ],
        Readers = [.. readers.Select(reader => reader.ToSettings())],
        Chips = chips,
    };

    /// <summary>Runs it.</summary>
    /// <param name="isOver">Tells by reader name whether it will send no more.</param>
    /// <param name="flush">How long to go on sending at the end.</param>
    /// <param name="quiet">No progress.</param>
    /// <param name="cancellation">Ends the reading, not the sending of what was read.</param>
    public async Task<RunReport> RunAsync(
        Func<string, bool> isOver, TimeSpan flush, bool quiet, CancellationToken cancellation)
    {
        using CancellationTokenSource progressEnd = new();
        Task progress = quiet ? Task.CompletedTask : _terminal.ShowProgressAsync(ProgressLine, progressEnd.Token);
        using CancellationTokenSource attachEnd = new();
        Task attaching = _journal is null
            ? Task.CompletedTask
            : Sessions().AttachAsync(_readers, attachEnd.Token);
        Task delivery = _journal is null ? DeliverAsync() : DeliverFromJournalAsync();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            Task links = Task.WhenAll(_readers.Select(reader => new ReaderLink(reader, _terminal).RunAsync(
                _pipeline, () => isOver(reader.Name), reading.Token)));
            // Without a journal delivery ends first only when even the file cannot be written, with one when the pipeline
            // fails: then nothing would take what is read.
            Task broken = _journal is null ? delivery : _pipeline.Batches.Completion;
            if (await Task.WhenAny(links, broken).ConfigureAwait(false) == broken)
                await reading.CancelAsync().ConfigureAwait(false);
            else
                _giveUp.CancelAfter(flush);
            Task end = EndPipelineAsync();
            if (_journal is not null)
                await end.ConfigureAwait(false);
            await Task.WhenAny(Task.WhenAll(links, end), delivery).ConfigureAwait(false);
            await delivery.ConfigureAwait(false);
            await links.ConfigureAwait(false);
        }
        finally
        {
            // After a failure nothing may go on behind the journal's back.
            await _giveUp.CancelAsync().ConfigureAwait(false);
            _inputEnd.TrySetResult();
            await delivery.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await attachEnd.CancelAsync().ConfigureAwait(false);
            await attaching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await progressEnd.CancelAsync().ConfigureAwait(false);
            await progress.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Report();
    }

    async Task EndPipelineAsync()
    {
        try
        {
            Task end = _options.CloseSessions || _journal is null ? _pipeline.CompleteAsync() : _pipeline.PauseAsync();
            while (!end.IsCompleted && !(_giveUp.IsCancellationRequested && _pipeline.GetCounters().IsJournalFailing))
                await Task.WhenAny(end, Task.Delay(ProgressInterval)).ConfigureAwait(false);
            if (end.IsCompleted)
            {
                await end.ConfigureAwait(false);
                return;
            }

            _lostBytes = _pipeline.GetCounters().WaitingBytes;
            _terminal.Say(
                $"THE JOURNAL COULD NOT BE WRITTEN up to the end: some {_lostBytes:N0} bytes of reads are lost here; send the "
                + "readers' logs again.");
        }
        finally
        {
            _inputEnd.TrySetResult();
        }
    }

    /// <summary>Sends what the journal holds. What is left stays there for the next start.</summary>
    async Task DeliverFromJournalAsync()
    {
        try
        {
            await _uploader.RunAsync(_journal!, _inputEnd.Task, _giveUp.Token).ConfigureAwait(false);
        }
        catch (DeliveryStoppedException)
        {
            _terminal.Say("Sending stopped; what is left stays in the journal.");
        }
        catch (OperationCanceledException)
        {
            _terminal.Say("The time for sending is over; what is left stays in the journal.");
        }
        catch (JournalException exception)
        {
            _terminal.Say($"SENDING HAS ENDED: {exception.Message} Reading goes on, and everything is kept.");
        }

        await _inputEnd.Task.ConfigureAwait(false);
    }

    /// <summary>Sends; when sending has to be given up, writes down what is left and whatever still comes.</summary>
    async Task DeliverAsync()
    {
        try
        {
            await _uploader.RunAsync(_pipeline.Batches, _giveUp.Token).ConfigureAwait(false);
            return;
        }
        catch (DeliveryStoppedException)
        {
            _terminal.Say("Passings are written to a file from here on; reading goes on.");
        }
        catch (OperationCanceledException)
        {
            _terminal.Say("The time for sending is over; what is left is written to a file.");
        }
        catch (Exception exception)
        {
            _terminal.Say($"Sending failed ({exception.Message}); passings are written to a file from here on.");
        }

        foreach (PassingBatch batch in _uploader.TakeUndelivered())
        {
            using (batch)
                _unsent.Write(batch);
        }

        await foreach (PassingBatch batch in _pipeline.Batches.ReadAllAsync().ConfigureAwait(false))
        {
            using (batch)
                _unsent.Write(batch);
        }
    }

    RunReport Report()
    {
        IReadOnlyList<StoredSession> sessions = _journal?.GetSessions() ?? [];
        return new RunReport
        {
            Counters = _pipeline.GetCounters(),
            Upload = _uploader.Counters,
            Elapsed = _clock.Elapsed,
            NumbersTaken = _uploader.Counters.UnexpectedDuplicates,
            Unsent = _unsent.Count,
            UnsentFile = _unsent.Path,
            Journal = _journal?.Path,
            ToSend = sessions.Sum(session => session.LastNumber - session.AcknowledgedNumber),
            SetAside = sessions.Sum(session => session.SetAside),
            LostBytes = _lostBytes,
        };
    }

    string ProgressLine()
    {
        IngestCounters counters = _pipeline.GetCounters();
        UploadCounters upload = _uploader.Counters;
        string retries = upload.Retries > 0 ? $", {upload.Retries:N0} retries" : "";
        string problem = counters.IsJournalFailing ? $", JOURNAL NOT WRITTEN, {counters.WaitingBytes:N0} bytes wait" : "";
        return $"{_clock.Elapsed:mm\\:ss}  {counters.Reads:N0} reads, {counters.Suppressed:N0} suppressed, "
            + $"{counters.Passings:N0} passings, {upload.Passings:N0} sent{retries}{problem}";
    }

    void SayEvent(TimingEvent told) => _events.Say(told, _pipeline.Settings);

    void SayProblem(JournalException? problem) => _terminal.Say(problem is null
        ? "The journal is written again."
        : $"THE JOURNAL CANNOT BE WRITTEN, and nothing is sent: {problem.Message} Reads wait in memory; trying on.");

    void SayAlarm(DeliveryAlarm alarm) => _terminal.Say($"ALARM: {alarm}");

    void SayStopped(StoppedSession stopped) => _terminal.Say(
        $"{stopped.Location}: sending stopped at passing {stopped.FirstUnsentNumber}: the server answered "
        + $"{stopped.Status} {stopped.Description} ({stopped.Failure}).");

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync().ConfigureAwait(false);
        _journal?.Dispose();
        _giveUp.Dispose();
        _unsent.Dispose();
    }
}
