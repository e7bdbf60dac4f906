using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest;

/// <summary>
/// The door: bytes of readers in, batches of numbered passings out. Give it a <see cref="PipeReader"/> for each
/// connection and take <see cref="Batches"/>, or let a PassingsUploader take them. With a journal, opened by
/// <see cref="OpenAsync"/>, passings go there and are taken from there.
/// </summary>
/// <remarks>
/// Thread-safe. Inside, one task applies the records of all connections in one order. Everything waits rather than
/// drops: when nobody takes batches, connections are read no further.
/// </remarks>
public sealed class IngestPipeline : IAsyncDisposable
{
    readonly IngestOptions _options;
    readonly IngestCore _core;
    readonly IngestOutput _output;
    readonly IngestJournal? _journal;
    readonly IngestStage _stage;
    readonly Queue<PassingBatch> _leaving = new();
    readonly Sequencer _sequencer;
    readonly Channel<PassingBatch> _batches;
    readonly ILogger _logger;
    readonly TimeProvider _time;
    readonly CancellationTokenSource _stop = new();
    readonly CancellationToken _stopped;
    readonly CancellationTokenSource _hurry = new();
    readonly ConcurrentDictionary<int, (PipeReader Source, long Since)> _beingRead = new();
    readonly SemaphoreSlim _settingsLock = new(1, 1);
    readonly IngestMetrics _metrics;
    readonly Task _run;
    readonly ITimer _ticks;
    readonly Action<RecordBlock> _giveBack;
    IngestSettings _settings;
    long _batchWaits;
    long _commits;
    long _failedCommits;
    volatile bool _isJournalFailing;
    volatile bool _isLive;
    int _completing;
    int _disposed;

    static readonly TimeSpan FirstRetryDelay = TimeSpan.FromSeconds(0.1);
    static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(2);

    /// <summary>Starts a pipeline without a journal.</summary>
    /// <param name="options">Settings and bounds.</param>
    /// <param name="time">The clock that stamps what arrives; the system's by default.</param>
    /// <param name="logger">Where it says what goes wrong.</param>
    /// <exception cref="ArgumentException">Options do not fit together; the message names the one.</exception>
    public IngestPipeline(IngestOptions options, TimeProvider? time = null, ILogger<IngestPipeline>? logger = null)
        : this(options, null, time, logger, CancellationToken.None)
    {
    }

    IngestPipeline(
        IngestOptions options, IngestJournal? journal, TimeProvider? time, ILogger<IngestPipeline>? logger,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _journal = journal;
        _stopped = _stop.Token;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<IngestPipeline>.Instance;
        _core = new IngestCore(options.Protocols) { ReadObserver = Guarded(options.OnRead) };
        _output = new IngestOutput(options.MaxBatchPassings, options.MaxWaitingBatches + 64);
        _stage = new IngestStage(_core, _output, journal);
        _sequencer = new Sequencer(options.ChunkSize, options.MaxWaitingBytes, _time);
        _giveBack = _sequencer.Return;
        _batches = Channel.CreateBounded<PassingBatch>(
            new BoundedChannelOptions(options.MaxWaitingBatches) { SingleWriter = true });
        if (journal is not null)
            _stage.Recover(cancellation);
        _settings = options.Settings;
        _stage.GoOn(_settings, _sequencer);
        _isLive = true;
        _metrics = new IngestMetrics(this);
        _run = Task.Run(RunAsync, CancellationToken.None);
        _ticks = _time.CreateTimer(_ => _sequencer.Tick(), null, options.TickInterval, options.TickInterval);
    }

    /// <summary>
    /// Starts a pipeline with a journal: applies its records again, then goes on where they end. Passings go into the
    /// journal and nowhere else; give it to a PassingsUploader, or read them from it.
    /// </summary>
    /// <param name="options">
    /// Settings and bounds. Locations and readers that the journal knows stay first and as they are; new ones follow.
    /// </param>
    /// <param name="journal">Stays the caller's; used by no other pipeline.</param>
    /// <param name="time">The clock that stamps what arrives; the system's by default.</param>
    /// <param name="logger">Where it says what goes wrong.</param>
    /// <param name="cancellation">Stops before the pipeline has started.</param>
    /// <exception cref="ArgumentException">Options do not fit together or to the journal; the message names
    /// what.</exception>
    /// <exception cref="JournalException">
    /// The journal is damaged, or gives other passings than those it keeps: nothing may be sent.
    /// </exception>
    public static Task<IngestPipeline> OpenAsync(
        IngestOptions options, IngestJournal journal, TimeProvider? time = null,
        ILogger<IngestPipeline>? logger = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return Task.Run(() => new IngestPipeline(options, journal, time, logger, cancellation), cancellation);
    }

    /// <summary>
    /// The batches, in order a location. Whoever takes one disposes it. Ends after <see cref="CompleteAsync"/>, or with
    /// the exception that stopped the pipeline. With a journal it stays empty.
    /// </summary>
    public ChannelReader<PassingBatch> Batches => _batches.Reader;

    /// <summary>Settings in force.</summary>
    public IngestSettings Settings => Volatile.Read(ref _settings);

    /// <summary>A snapshot of all counters.</summary>
    public IngestCounters GetCounters() => _core.GetCounters() with
    {
        ChunkWaits = _sequencer.Waits,
        WaitingBytes = _sequencer.WaitingBytes + _stage.Bytes,
        BatchWaits = Volatile.Read(ref _batchWaits),
        Commits = Volatile.Read(ref _commits),
        FailedCommits = Volatile.Read(ref _failedCommits),
        IsJournalFailing = _isJournalFailing,
    };

    /// <summary>The last frames a reader sent that were rejected, oldest first.</summary>
    /// <exception cref="ArgumentException">There is no such reader.</exception>
    public IReadOnlyList<RejectedFrame> GetRejected(string reader) => _core.GetRejected(IndexOfReader(reader));

    /// <summary>
    /// Reads one connection of a reader to its end. Call again for the next connection of the same reader; one at a
    /// time. The pipe is completed at the end. A connection whose framing is lost
    /// (<see cref="RejectReason.FramingLost"/>) has ended too: nothing behind it could be read.
    /// </summary>
    /// <param name="reader">Name of the reader in the settings.</param>
    /// <param name="source">The connection.</param>
    /// <param name="recorded">
    /// The bytes come from a file: nobody knows when they arrived, so no time is checked against arrival.
    /// </param>
    /// <param name="cancellation">Stops reading; what was read stays.</param>
    /// <exception cref="ArgumentException">There is no such reader.</exception>
    /// <exception cref="InvalidOperationException">The reader is being read already.</exception>
    /// <exception cref="IOException">The connection broke; what was read stays.</exception>
    public async Task ReadAsync(
        string reader, PipeReader source, bool recorded = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        int index = IndexOfReader(reader);
        if (!_beingRead.TryAdd(index, (source, Now(recorded))))
            throw new InvalidOperationException($"Reader '{reader}' is being read already; one connection at a time.");
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopped);
        try
        {
            await _sequencer.WriteAsync(RecordKind.Connected, index, Now(recorded), default, linked.Token)
                .ConfigureAwait(false);
            await CopyAsync(index, source, recorded, linked.Token).ConfigureAwait(false);
        }
        finally
        {
            await source.CompleteAsync().ConfigureAwait(false);
            await TryWriteAsync(RecordKind.Disconnected, index, Now(recorded)).ConfigureAwait(false);
            _beingRead.TryRemove(index, out _);
        }
    }

    async Task CopyAsync(int index, PipeReader source, bool recorded, CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellation).ConfigureAwait(false);
            // What has been taken from the connection is kept, even when the caller wants no more.
            await _sequencer.WriteChunksAsync(index, Now(recorded), result.Buffer, _stopped).ConfigureAwait(false);
            source.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted || result.IsCanceled)
                return;
        }
    }

    /// <summary>Enters a passing by hand: numbered like the others, never taken for a repeat.</summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="bib">The bib.</param>
    /// <param name="time">Time of record.</param>
    /// <param name="cancellation">Stops waiting for room.</param>
    /// <exception cref="ArgumentException">There is no such location, or the bib is empty or too long.</exception>
    public ValueTask AddManualAsync(
        string location, string bib, DateTimeOffset time, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(bib);
        if (System.Text.Encoding.UTF8.GetByteCount(bib) > ChipTable.MaxBibLength)
            throw new ArgumentException($"The bib is longer than {ChipTable.MaxBibLength} bytes.", nameof(bib));
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(
            new ManualPassing(bib, EpochTime.FromUtc(time)), SettingsJson.Default.ManualPassing);
        return _sequencer.WriteAsync(
            RecordKind.ManualPassing, IndexOfLocation(location), _sequencer.Now, payload, cancellation);
    }

    /// <summary>
    /// Replaces the chip-to-bib table from here on, as a record: a list imported during the race. What was numbered
    /// stays; a passing that would have another bib now is told as <see cref="TimingEventKind.PassingCorrected"/>.
    /// </summary>
    public Task SetChipsAsync(ChipTable chips, CancellationToken cancellation = default) =>
        ChangeSettingsAsync(settings => settings with { Chips = chips }, cancellation);

    /// <summary>Adds a location; its numbering starts with its first passing.</summary>
    public Task AddLocationAsync(LocationSettings location, CancellationToken cancellation = default) =>
        ChangeSettingsAsync(settings => settings with { Locations = [.. settings.Locations, location] }, cancellation);

    /// <summary>
    /// Gives the location of this name another gate and filter from here on. What was numbered stays; open bursts are
    /// decided first when the gate changes.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such location, or it cannot be.</exception>
    public Task SetLocationAsync(LocationSettings location, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(location);
        int index = IndexOfLocation(location.Name);
        return ChangeSettingsAsync(
            settings => settings with
            {
                Locations = [.. settings.Locations.Take(index), location, .. settings.Locations.Skip(index + 1)],
            },
            cancellation);
    }

    /// <summary>Adds a reader, which may then be read.</summary>
    public Task AddReaderAsync(ReaderSettings reader, CancellationToken cancellation = default) =>
        ChangeSettingsAsync(settings => settings with { Readers = [.. settings.Readers, reader] }, cancellation);

    /// <summary>Ends the location's local session, if one is open, and begins the next, numbered from 1.</summary>
    public ValueTask OpenSessionAsync(string location, CancellationToken cancellation = default) =>
        _sequencer.WriteAsync(
            RecordKind.SessionOpened, IndexOfLocation(location), _sequencer.Now, default, cancellation);

    /// <summary>
    /// Ends: decides all open bursts, closes the sessions and hands out the last batches. Call it when all
    /// <see cref="ReadAsync"/> calls have returned. Returns when the last batch is in <see cref="Batches"/> or the
    /// journal.
    /// </summary>
    public Task CompleteAsync() => EndAsync(RecordKind.SessionClosed);

    /// <summary>
    /// Ends as <see cref="CompleteAsync"/> does, but leaves the sessions open: a pipeline opened later with the same
    /// journal goes on in them.
    /// </summary>
    public Task PauseAsync() => EndAsync(RecordKind.Paused);

    async Task EndAsync(RecordKind ending)
    {
        if (Interlocked.Exchange(ref _completing, 1) == 0)
        {
            await _ticks.DisposeAsync().ConfigureAwait(false);
            await _hurry.CancelAsync().ConfigureAwait(false);
            for (int i = 0; i < Settings.Locations.Count; i++)
                await TryWriteAsync(ending, i, _sequencer.Now).ConfigureAwait(false);
            _sequencer.Complete();
        }

        await _run.ConfigureAwait(false);
    }

    /// <summary>
    /// Stops at once; with a journal that can be written, when what was received is in it. After
    /// <see cref="CompleteAsync"/> nothing is left to stop.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _ticks.DisposeAsync().ConfigureAwait(false);
        await _hurry.CancelAsync().ConfigureAwait(false);
        _sequencer.Complete();
        while (_journal is not null && !_isJournalFailing && !_run.IsCompleted)
            await Task.WhenAny(_run, Task.Delay(10, CancellationToken.None)).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _metrics.Dispose();
        _stop.Dispose();
        _hurry.Dispose();
        _settingsLock.Dispose();
    }

    async Task ChangeSettingsAsync(Func<IngestSettings, IngestSettings> change, CancellationToken cancellation)
    {
        await _settingsLock.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            IngestSettings changed = change(_settings);
            changed.Validate(_options.Protocols);
            await WriteSettingsAsync(changed, cancellation).ConfigureAwait(false);
            Volatile.Write(ref _settings, changed);
        }
        finally
        {
            _settingsLock.Release();
        }
    }

    ValueTask WriteSettingsAsync(IngestSettings settings, CancellationToken cancellation) =>
        _sequencer.WriteAsync(RecordKind.Settings, 0, _sequencer.Now, settings.ToUtf8Json(), cancellation);

    async Task RunAsync()
    {
        try
        {
            while (await _sequencer.WaitToTakeAsync().ConfigureAwait(false))
            {
                _stopped.ThrowIfCancellationRequested();
                long start = _time.GetTimestamp();
                ApplyWaiting();
                await CommitAsync().ConfigureAwait(false);
                await HandOutAsync().ConfigureAwait(false);
                if (_journal is not null)
                    await WaitForCompanyAsync(start).ConfigureAwait(false);
            }

            _stopped.ThrowIfCancellationRequested();
            _stage.CloseBatches();
            await CommitAsync().ConfigureAwait(false);
            await HandOutAsync().ConfigureAwait(false);
            _batches.Writer.Complete();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _batches.Writer.TryComplete();
        }
        catch (Exception exception)
        {
            _logger.LogError(exception, "The pipeline stopped: a record could not be applied or kept.");
            _sequencer.Complete();
            if (exception is JournalException problem)
                TellProblem(problem);
            _batches.Writer.TryComplete(exception);
            await _stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Applies what waits, up to a commit's size; without a journal a block at a time.</summary>
    void ApplyWaiting()
    {
        do
        {
            if (!_sequencer.TryTake(out RecordBlock block))
                return;
            // While earlier ones wait, batches grow instead: an outage is bridged by few full ones.
            long batchAge = _batches.Reader.Count == 0 ? _options.BatchAge.Ticks : long.MaxValue / 2;
            _stage.Apply(block, batchAge);
        }
        while (_journal is not null && _stage.Bytes < _options.MaxCommitBytes);
    }

    /// <summary>Makes durable what was applied, however long the disk refuses. Nothing leaves before.</summary>
    async ValueTask CommitAsync()
    {
        TimeSpan delay = FirstRetryDelay;
        while (_journal is not null)
        {
            try
            {
                _stage.Commit();
                break;
            }
            catch (JournalException problem) when (problem.MayHeal)
            {
                Volatile.Write(ref _failedCommits, _failedCommits + 1);
                TellProblem(problem);
            }

            await Task.Delay(delay, _time, _stopped).ConfigureAwait(false);
            delay = delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay;
        }

        if (_journal is not null)
        {
            Volatile.Write(ref _commits, _commits + 1);
            TellProblem(null);
        }

        _stage.TakeBlocks(_giveBack);
    }

    /// <summary>Lets what arrives soon share a commit.</summary>
    async ValueTask WaitForCompanyAsync(long start)
    {
        TimeSpan left = _options.CommitAge - _time.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, _time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async ValueTask HandOutAsync()
    {
        if (_stage.Events.Count > 0)
        {
            foreach (TimingEvent timingEvent in _stage.Events)
            {
                if (timingEvent is { Kind: TimingEventKind.FramingLost, Time: not 0 })
                    EndConnection(timingEvent);
                Tell(timingEvent);
            }

            _stage.ClearEvents();
        }

        _stage.TakeBatches(_leaving);
        while (_leaving.TryDequeue(out PassingBatch? batch))
        {
            if (_batches.Writer.TryWrite(batch))
                continue;
            Volatile.Write(ref _batchWaits, _batchWaits + 1);
            await _batches.Writer.WriteAsync(batch, _stopped).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends the connection that can no longer be read, so that whoever connects does so again; not a later one. Files
    /// are read to their end.
    /// </summary>
    void EndConnection(in TimingEvent lost)
    {
        try
        {
            if (_beingRead.TryGetValue(lost.Reader, out (PipeReader Source, long Since) reading) && reading.Since <= lost.Time)
                reading.Source.CancelPendingRead();
        }
        catch (Exception exception)
        {
            _logger.LogError(exception, "A connection whose framing is lost could not be ended.");
        }
    }

    void TellProblem(JournalException? problem)
    {
        if (problem is not null)
            _logger.LogError("The journal cannot be written ({Problem}): {Message}", problem.Problem, problem.Message);
        else if (_isJournalFailing)
            _logger.LogInformation("The journal is written again.");
        if (_isJournalFailing == (problem is not null))
            return;
        _isJournalFailing = problem is not null;
        try
        {
            _options.OnJournalProblem?.Invoke(problem);
        }
        catch (Exception exception)
        {
            _logger.LogError(exception, "OnJournalProblem failed; the pipeline goes on.");
        }
    }

    void Tell(in TimingEvent timingEvent)
    {
        try
        {
            _options.OnEvent?.Invoke(timingEvent);
        }
        catch (Exception exception)
        {
            _logger.LogError(exception, "OnEvent failed on {Kind}; the pipeline goes on.", timingEvent.Kind);
        }
    }

    ReadObserver? Guarded(ReadObserver? observer) => observer is null
        ? null
        : (int reader, in ChipRead read, long time, in ReadFate fate) =>
        {
            if (!_isLive)
                return; // Told before the journal was opened again.
            try
            {
                observer(reader, read, time, fate);
            }
            catch (Exception exception)
            {
                _logger.LogError(exception, "OnRead failed; the pipeline goes on.");
            }
        };

    /// <summary>Appends a record that nobody misses once the pipeline has stopped.</summary>
    async ValueTask TryWriteAsync(RecordKind kind, int index, long receivedAt)
    {
        try
        {
            await _sequencer.WriteAsync(kind, index, receivedAt, default, _stopped).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or InvalidOperationException)
        {
            _logger.LogDebug("{Kind} came after the pipeline had stopped.", kind);
        }
    }

    long Now(bool recorded) => recorded ? 0 : _sequencer.Now;

    int IndexOfReader(string name) =>
        IndexOf(Settings.Readers, reader => reader.Name == name) is var index and >= 0
            ? index
            : throw new ArgumentException(
                $"There is no reader '{name}'; there are: {string.Join(", ", Settings.Readers.Select(r => r.Name))}.");

    int IndexOfLocation(string name) =>
        IndexOf(Settings.Locations, location => location.Name == name) is var index and >= 0
            ? index
            : throw new ArgumentException(
                $"There is no location '{name}'; there are: {string.Join(", ", Settings.Locations.Select(l => l.Name))}.");

    static int IndexOf<T>(IReadOnlyList<T> list, Func<T, bool> match)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (match(list[i]))
                return i;
        }

        return -1;
    }
}
