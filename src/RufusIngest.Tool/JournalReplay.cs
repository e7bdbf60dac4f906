using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>Applies a journal's records without changing it, and shows how far it has come.</summary>
sealed class JournalReplay(Terminal terminal, SqliteJournal journal, bool quiet)
{
    const int RecordsPerLook = 4096;
    static readonly TimeSpan SayInterval = TimeSpan.FromSeconds(2);

    readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
    readonly IngestOutput _output = new(maxBatchPassings: 1000);
    TimeSpan _said;

    /// <summary>Called with every read.</summary>
    public ReadObserver? OnRead { get; init; }

    /// <summary>Called with every batch, which stays its caller's.</summary>
    public Action<PassingBatch>? OnBatch { get; init; }

    /// <summary>Called with every event.</summary>
    public Action<TimingEvent>? OnEvent { get; init; }

    public IngestCore? Core { get; private set; }

    public TimeSpan Elapsed => _clock.Elapsed;

    public static SqliteJournal Open(FileInfo file) =>
        SqliteJournal.Open(file.FullName, new SqliteJournalOptions { ReadOnly = true });

    public IngestCounters Run(CancellationToken cancellation)
    {
        Core = new IngestCore { ReadObserver = OnRead };
        Core.Replay(
            journal,
            _output,
            (in IngestRecord record) =>
            {
                Take();
                if (record.Sequence % RecordsPerLook == 0)
                    SayProgress(record.Sequence);
            },
            cancellation);
        _output.CloseBatches();
        Take();
        return Core.GetCounters();
    }

    void Take()
    {
        while (_output.TryTakeBatch(out PassingBatch batch))
        {
            using (batch)
                OnBatch?.Invoke(batch);
        }

        if (_output.Events.Count == 0)
            return;
        if (OnEvent is not null)
        {
            foreach (TimingEvent told in _output.Events)
                OnEvent(told);
        }

        _output.ClearEvents();
    }

    void SayProgress(long sequence)
    {
        if (quiet || _clock.Elapsed - _said < SayInterval)
            return;
        _said = _clock.Elapsed;
        terminal.Say($"record {sequence:N0} of {journal.LastSequence:N0}");
    }

}
