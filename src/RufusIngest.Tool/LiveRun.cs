using System.Diagnostics;
using RufusIngest.Cloud;
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
    static readonly TimeSpan ProgressIntervalWhenPiped = TimeSpan.FromSeconds(10);

    readonly Terminal _terminal;
    readonly IReadOnlyList<ReaderSpec> _readers;
    readonly IngestPipeline _pipeline;
    readonly PassingsUploader _uploader;
    readonly UnsentFile _unsent;
    readonly CancellationTokenSource _giveUp = new();
    readonly Stopwatch _clock = new();

    public LiveRun(
        Terminal terminal, IReadOnlyList<ReaderSpec> readers, IngestSettings settings, RufusCloudClient cloud,
        IReadOnlyDictionary<string, string> tokens, string unsentFolder)
    {
        _terminal = terminal;
        _readers = readers;
        _pipeline = new IngestPipeline(new IngestOptions { Settings = settings, OnEvent = SayEvent });
        _uploader = new PassingsUploader(cloud) { SessionStopped = SayStopped };
        foreach (var (location, token) in tokens)
            _uploader.AttachSession(location, token);
        _unsent = new UnsentFile(unsentFolder);
    }

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
        _clock.Start();
        Task delivery = DeliverAsync();
        using CancellationTokenSource progressEnd = new();
        Task progress = quiet ? Task.CompletedTask : ShowProgressAsync(progressEnd.Token);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            Task links = Task.WhenAll(_readers.Select(reader => new ReaderLink(reader, _terminal).RunAsync(
                _pipeline, () => isOver(reader.Name), reading.Token)));
            // Delivery ends first only when even the file cannot be written: then nothing would take what is read.
            if (await Task.WhenAny(links, delivery).ConfigureAwait(false) == delivery)
                await reading.CancelAsync().ConfigureAwait(false);
            else
                _giveUp.CancelAfter(flush);
            await Task.WhenAny(Task.WhenAll(links, _pipeline.CompleteAsync()), delivery).ConfigureAwait(false);
            await delivery.ConfigureAwait(false);
            await links.ConfigureAwait(false);
        }
        finally
        {
            await progressEnd.CancelAsync().ConfigureAwait(false);
            await progress.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Report();
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

    RunReport Report() => new()
    {
        Counters = _pipeline.GetCounters(),
        Upload = _uploader.Counters,
        Elapsed = _clock.Elapsed,
        NumbersTaken = _uploader.Counters.UnexpectedDuplicates,
        Unsent = _unsent.Count,
        UnsentFile = _unsent.Path,
    };

    async Task ShowProgressAsync(CancellationToken end)
    {
        if (!_terminal.ErrorConsole.Profile.Capabilities.Interactive || !_terminal.ErrorConsole.Profile.Out.IsTerminal)
        {
            using PeriodicTimer seldom = new(ProgressIntervalWhenPiped);
            while (await seldom.WaitForNextTickAsync(end).ConfigureAwait(false))
                _terminal.Say(ProgressLine());
            return;
        }

        await _terminal.ErrorConsole.Status().StartAsync(ProgressLine(), async status =>
        {
            using PeriodicTimer timer = new(ProgressInterval);
            while (await timer.WaitForNextTickAsync(end).ConfigureAwait(false))
                status.Status = ProgressLine();
        }).ConfigureAwait(false);
    }

    string ProgressLine()
    {
        IngestCounters counters = _pipeline.GetCounters();
        UploadCounters upload = _uploader.Counters;
        string retries = upload.Retries > 0 ? $", {upload.Retries:N0} retries" : "";
        return $"{_clock.Elapsed:mm\\:ss}  {counters.Reads:N0} reads, {counters.Suppressed:N0} suppressed, "
            + $"{counters.Passings:N0} passings, {upload.Passings:N0} sent{retries}";
    }

    void SayEvent(TimingEvent timingEvent)
    {
        string location = _pipeline.Settings.Locations[timingEvent.Location].Name;
        string? message = timingEvent.Kind switch
        {
            TimingEventKind.Gun => $"{location}: gun at {Times.Utc(timingEvent.Time)}.",
            TimingEventKind.Marker => $"{location}: marker at {Times.Utc(timingEvent.Time)}.",
            TimingEventKind.ClockAhead =>
                $"{location}: reader {_pipeline.Settings.Readers[timingEvent.Reader].Name} is far ahead "
                + $"({Times.Utc(timingEvent.Time)}): check its clock and zone.",
            _ => null,
        };
        if (message is not null)
            _terminal.Say(message);
    }

    void SayStopped(StoppedSession stopped) => _terminal.Say(
        $"{stopped.Location}: sending stopped at passing {stopped.FirstUnsentNumber}: the server answered "
        + $"{stopped.Status} {stopped.Description} ({stopped.Failure}).");

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync().ConfigureAwait(false);
        _giveUp.Dispose();
        _unsent.Dispose();
    }
}
