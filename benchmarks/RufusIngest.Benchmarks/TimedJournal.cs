using System.Diagnostics;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Benchmarks;

/// <summary>A journal that notes what each commit wrote and took, and when it ended.</summary>
sealed class TimedJournal(IngestJournal inner) : IngestJournal
{
    public List<(int Bytes, int Chunks, double Milliseconds, long End)> Commits { get; } = [];

    public override long LastSequence => inner.LastSequence;

    public override void Replay(RecordHandler handler, CancellationToken cancellation = default) =>
        inner.Replay(handler, cancellation);

    public override void Commit(
        IReadOnlyList<RecordBlock> blocks, IReadOnlyList<PassingBatch> batches, IReadOnlyList<SessionChange> sessions)
    {
        int bytes = batches.Sum(batch => batch.Items.Length);
        int chunks = 0;
        foreach (RecordBlock block in blocks)
        {
            bytes += block.Data.Length;
            int offset = 0;
            while (RecordBlock.TryRead(block.Data, ref offset, 0, out IngestRecord record))
                chunks += record.Kind == RecordKind.Chunk ? 1 : 0;
        }

        long start = Stopwatch.GetTimestamp();
        inner.Commit(blocks, batches, sessions);
        long end = Stopwatch.GetTimestamp();
        Commits.Add((bytes, chunks, Stopwatch.GetElapsedTime(start, end).TotalMilliseconds, end));
    }

    public override IReadOnlyList<StoredSession> GetSessions() => inner.GetSessions();

    public override int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into) =>
        inner.ReadPassings(location, session, afterNumber, most, into);

    public override void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside) =>
        inner.Acknowledge(location, session, number, setAside);

    public override void SetToken(string location, int session, string token) =>
        inner.SetToken(location, session, token);

    protected override void Dispose(bool disposing) => inner.Dispose();
}
