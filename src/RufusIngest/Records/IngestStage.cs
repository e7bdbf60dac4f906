using RufusIngest.Passings;

namespace RufusIngest.Records;

/// <summary>
/// What the one consumer does with waiting records: number, apply, make durable, hand out, in this order. Synchronous,
/// without a clock; what goes on around it only waits. One thread.
/// </summary>
sealed class IngestStage(IngestCore core, IngestOutput output, IngestJournal? journal)
{
    const int BatchesPerComparison = 64;

    readonly List<RecordBlock> _blocks = [];
    readonly List<PassingBatch> _batches = [];
    readonly List<TimingEvent> _events = [];
    readonly List<SessionChange> _sessions = [];
    readonly SortedSet<int> _connected = [];
    long _sequence;

    /// <summary>Bytes of the records applied since the last commit.</summary>
    public long Bytes { get; private set; }

    /// <summary>Events that may be told: their records are durable.</summary>
    public IReadOnlyList<TimingEvent> Events => _events;

    /// <summary>Applies a block. The stage keeps it until <see cref="TakeBlocks"/>.</summary>
    /// <param name="block">Records that follow the last ones.</param>
    /// <param name="batchAge">A batch is closed when its first passing is this much older than a record; ticks.</param>
    public void Apply(RecordBlock block, long batchAge)
    {
        block.FirstSequence = _sequence + 1;
        _blocks.Add(block);
        Bytes += block.Data.Length;
        int offset = 0;
        while (RecordBlock.TryRead(block.Data, ref offset, _sequence + 1, out IngestRecord record))
        {
            core.Apply(record, output);
            Note(record);
            // What ends a session and its last passings belong into one commit.
            if (record.Kind is RecordKind.SessionClosed or RecordKind.SessionOpened or RecordKind.Paused)
                output.CloseBatches();
            else if (record.ReceivedAt != 0)
                output.CloseBatches(record.ReceivedAt - batchAge);
        }

        TakeBatches();
    }

    /// <summary>Closes all batches; those that hold passings stay in the stage.</summary>
    public void CloseBatches()
    {
        output.CloseBatches();
        TakeBatches();
    }

    /// <summary>Makes durable what was applied. Without a journal it does nothing.</summary>
    /// <exception cref="JournalException">It is not durable; call again when that may heal.</exception>
    public void Commit()
    {
        if (journal is null)
            return;
        if (_blocks.Count > 0 || _batches.Count > 0 || _sessions.Count > 0)
            journal.Commit(_blocks, _batches, _sessions);
        foreach (PassingBatch batch in _batches)
            batch.Dispose();
        _batches.Clear();
        _sessions.Clear();
    }

    /// <summary>Gives the blocks back, after the commit.</summary>
    public void TakeBlocks(Action<RecordBlock> giveBack)
    {
        foreach (RecordBlock block in _blocks)
            giveBack(block);
        _blocks.Clear();
        Bytes = 0;
    }

    /// <summary>Takes the batches to be handed out; none with a journal, which holds them.</summary>
    public void TakeBatches(Queue<PassingBatch> into)
    {
        foreach (PassingBatch batch in _batches)
            into.Enqueue(batch);
        _batches.Clear();
    }

    public void ClearEvents() => _events.Clear();

    /// <summary>
    /// Applies the journal's records again. Passings that are kept are compared; those whose commit was cut off by the
    /// crash are kept now. Events were told before and are not told again.
    /// </summary>
    /// <exception cref="JournalException">
    /// The journal is damaged, or gives other passings than those that are kept.
    /// </exception>
    public void Recover(CancellationToken cancellation)
    {
        core.Replay(
            journal!,
            output,
            (in IngestRecord record) =>
            {
                Note(record);
                _events.Clear();
                TakeBatches();
                if (_batches.Count >= BatchesPerComparison)
                    Commit();
            },
            cancellation);
        CloseBatches();
        Commit();
    }

    /// <summary>
    /// The first records of a run: connections that the last run left open have ended, and settings that differ from
    /// those in force hold from here on.
    /// </summary>
    /// <param name="settings">Must continue those in force.</param>
    /// <param name="sequencer">An empty one; it takes at least two blocks, so this does not wait.</param>
    public void GoOn(IngestSettings settings, Sequencer sequencer)
    {
        core.RequireContinuation(settings);
        foreach (int reader in _connected)
            WriteFirst(RecordKind.Disconnected, reader, default);
        byte[] json = settings.ToUtf8Json();
        if (core.Settings is null || !json.AsSpan().SequenceEqual(core.Settings.ToUtf8Json()))
            WriteFirst(RecordKind.Settings, 0, json);

        void WriteFirst(RecordKind kind, int index, ReadOnlySpan<byte> payload) =>
            sequencer.WriteAsync(kind, index, sequencer.Now, payload, CancellationToken.None)
                .AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Remembers what a record that was applied has brought.</summary>
    void Note(in IngestRecord record)
    {
        _sequence = record.Sequence;
        if (record.Kind == RecordKind.Connected)
            _connected.Add(record.Index);
        else if (record.Kind == RecordKind.Disconnected)
            _connected.Remove(record.Index);
        if (output.Events.Count > 0)
            TakeEvents();
    }

    void TakeEvents()
    {
        foreach (TimingEvent told in output.Events)
        {
            _events.Add(told);
            if (journal is not null && told.Kind is TimingEventKind.SessionOpened or TimingEventKind.SessionClosed)
            {
                _sessions.Add(new SessionChange(
                    core.Settings!.Locations[told.Location].Name,
                    told.Number,
                    told.Kind == TimingEventKind.SessionClosed));
            }
        }

        output.ClearEvents();
    }

    void TakeBatches()
    {
        while (output.TryTakeBatch(out PassingBatch batch))
            _batches.Add(batch);
    }
}
