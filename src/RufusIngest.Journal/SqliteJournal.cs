using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>The journal of an event in one SQLite file. Thread-safe.</summary>
public sealed class SqliteJournal : IngestJournal
{
    /// <inheritdoc/>
    public override long LastSequence => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Replay(RecordHandler handler, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Commit(
        IReadOnlyList<RecordBlock> blocks, IReadOnlyList<PassingBatch> batches,
        IReadOnlyList<SessionChange> sessions) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override IReadOnlyList<StoredSession> GetSessions() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetToken(string location, int session, string token) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
