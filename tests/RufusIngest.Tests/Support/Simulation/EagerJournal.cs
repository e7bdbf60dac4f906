using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>The broken double of a journal: hands out passings though their commit has failed.</summary>
sealed class EagerJournal(IngestJournal inner) : IngestJournal
{
    readonly Dictionary<(string, int), List<byte[]>> _early = [];

    public override long LastSequence => inner.LastSequence;

    public override void Replay(RecordHandler handler, CancellationToken cancellation = default) =>
        inner.Replay(handler, cancellation);

    public override void Commit(
        IReadOnlyList<RecordBlock> blocks, IReadOnlyList<PassingBatch> batches, IReadOnlyList<SessionChange> sessions)
    {
        foreach (PassingBatch batch in batches)
        {
            if (!_early.TryGetValue((batch.Location, batch.Session), out List<byte[]>? items))
                _early[(batch.Location, batch.Session)] = items = [];
            for (int i = items.Count + 1 - batch.FirstNumber; i < batch.Count; i++)
                items.Add(batch.GetItem(i).ToArray());
        }

        SignalChanged();
        inner.Commit(blocks, batches, sessions);
    }

    public override IReadOnlyList<StoredSession> GetSessions() => inner.GetSessions();

    public override int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into)
    {
        int count = inner.ReadPassings(location, session, afterNumber, most, into);
        if (count > 0 || !_early.TryGetValue((location, session), out List<byte[]>? items))
            return count;
        into.Clear(afterNumber + 1);
        foreach (byte[] item in items.Skip(afterNumber).Take(most))
            into.Add(item);
        return into.Count;
    }

    public override void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside) =>
        inner.Acknowledge(location, session, number, setAside);

    public override void SetToken(string location, int session, string token) =>
        inner.SetToken(location, session, token);

    protected override void Dispose(bool disposing) => inner.Dispose();
}
