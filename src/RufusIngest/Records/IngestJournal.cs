using RufusIngest.Passings;

namespace RufusIngest.Records;

/// <summary>Takes the records of a journal, one by one.</summary>
/// <param name="record">Valid during the call.</param>
public delegate void RecordHandler(in IngestRecord record);

/// <summary>A local session began or ended.</summary>
/// <param name="Location">Name of the location.</param>
/// <param name="Session">Its local session, from 1.</param>
/// <param name="IsClosed">It ended.</param>
public readonly record struct SessionChange(string Location, int Session, bool IsClosed);

/// <summary>
/// The durable log of an event: its records in order and the passings they made. A passing leaves only from here, so
/// that a number once seen outside never means another passing. The library comes without one; RufusIngest.Journal
/// is one in SQLite. Thread-safe, but records are committed by one pipeline.
/// </summary>
public abstract class IngestJournal : PassingStore, IDisposable
{
    /// <summary>Sequence of the last durable record; 0: there is none.</summary>
    public abstract long LastSequence { get; }

    /// <summary>Hands out all durable records in order, from the first.</summary>
    /// <param name="handler">Gets them.</param>
    /// <param name="cancellation">Stops between records.</param>
    /// <exception cref="JournalException">A record is damaged or missing; all before it were handed out.</exception>
    public abstract void Replay(RecordHandler handler, CancellationToken cancellation = default);

    /// <summary>
    /// Makes records, the passings they made and what became of sessions durable: all or nothing. Passings that are
    /// kept already are compared instead.
    /// </summary>
    /// <param name="blocks">Records that follow <see cref="LastSequence"/>; not kept.</param>
    /// <param name="batches">Passings, each session's in order; not kept.</param>
    /// <param name="sessions">Sessions that began or ended.</param>
    /// <exception cref="JournalException">
    /// Nothing of it is durable. When <see cref="JournalException.MayHeal"/>, the same call may succeed later.
    /// </exception>
    public abstract void Commit(
        IReadOnlyList<RecordBlock> blocks, IReadOnlyList<PassingBatch> batches, IReadOnlyList<SessionChange> sessions);

    /// <summary>Settings of the last settings record, or null while there is none. Reads the whole journal.</summary>
    /// <exception cref="JournalException">A record is damaged or missing.</exception>
    public IngestSettings? FindSettings()
    {
        IngestSettings? last = null;
        Replay((in IngestRecord record) =>
        {
            if (record.Kind == RecordKind.Settings)
                last = IngestSettings.FromUtf8Json(record.Payload);
        });
        return last;
    }

    /// <summary>Closes it. What was committed stays.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes it.</summary>
    /// <param name="disposing">Called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);
}
