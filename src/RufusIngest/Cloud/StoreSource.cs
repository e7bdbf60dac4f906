using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>Pulls from a store: only what is being sent is in memory, however much waits.</summary>
sealed class StoreSource(PassingStore store, StoredSession session, int mostPassings, Task inputEnd) : PassingSource
{
    int _cursor = session.AcknowledgedNumber;

    public override async ValueTask<bool> NextAsync(PassingItems into, CancellationToken cancellationToken)
    {
        while (true)
        {
            bool isOver = inputEnd.IsCompleted; // Before looking: what came until then is found.
            Task changed = store.Changed;
            if (store.ReadPassings(session.Location, session.Session, _cursor, mostPassings, into) > 0)
                return true;
            if (isOver)
                return false;
            await Task.WhenAny(changed, inputEnd).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override void Acknowledge(int number, IReadOnlyList<SetAsidePassing>? setAside, PassingItems items)
    {
        _cursor = number;
        store.Acknowledge(session.Location, session.Session, number, setAside ?? []);
    }

    public override void KeepToken(string token) => store.SetToken(session.Location, session.Session, token);
}
