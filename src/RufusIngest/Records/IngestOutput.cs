using RufusIngest.Passings;

namespace RufusIngest.Records;

/// <summary>
/// What <see cref="IngestCore.Apply"/> fills: batches of passings and events. Reused from record to record, by one thread;
/// take what is in it before the next one.
/// </summary>
public sealed class IngestOutput
{
    readonly List<TimingEvent> _events = [];

    /// <summary>Makes an output with its own pool of batches.</summary>
    /// <param name="maxBatchPassings">Passings a batch holds at most.</param>
    /// <param name="keepBatches">Idle batches the pool keeps.</param>
    public IngestOutput(int maxBatchPassings = 500, int keepBatches = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBatchPassings, 1);
        Batcher = new PassingBatcher(PassingBatch.Policy.CreatePool(maxBatchPassings, keepBatches));
    }

    /// <summary>Events since <see cref="ClearEvents"/>.</summary>
    public IReadOnlyList<TimingEvent> Events => _events;

    internal PassingBatcher Batcher { get; }

    /// <summary>Forgets the events.</summary>
    public void ClearEvents() => _events.Clear();

    /// <summary>Closes the batches whose first passing is at least this old in host time; <see cref="long.MaxValue"/>: all.</summary>
    /// <param name="openedUntil">Host time, 100 ns ticks since 1970-01-01 UTC.</param>
    public void CloseBatches(long openedUntil = long.MaxValue) => Batcher.CloseOpenedUntil(openedUntil);

    /// <summary>Takes the next closed batch. The caller owns it and disposes it.</summary>
    public bool TryTakeBatch(out PassingBatch batch) => Batcher.TryTake(out batch);

    internal void Add(in TimingEvent timingEvent) => _events.Add(timingEvent);
}
