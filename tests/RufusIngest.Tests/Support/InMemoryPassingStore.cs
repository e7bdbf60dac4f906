using System.Text;
using RufusIngest.Passings;
using Xunit;

namespace RufusIngest.Tests.Support;

/// <summary>
/// A store that survives everything but the test, and holds whoever uses it to the rules: the cursor only grows, and no
/// number is set aside twice.
/// </summary>
sealed class InMemoryPassingStore : PassingStore
{
    readonly Lock _lock = new();
    readonly List<Kept> _sessions = [];

    /// <summary>Thrown by the next call that moves a cursor.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Most passings read in one call.</summary>
    public int LargestRead { get; private set; }

    public override IReadOnlyList<StoredSession> GetSessions()
    {
        lock (_lock)
            return [.. _sessions.Select(kept => kept.Session)];
    }

    public override int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into)
    {
        lock (_lock)
        {
            into.Clear(afterNumber + 1);
            foreach (byte[] item in Find(location, session)!.Items.Skip(afterNumber).Take(most))
                into.Add(item);
            LargestRead = Math.Max(LargestRead, into.Count);
            return into.Count;
        }
    }

    public override void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside)
    {
        lock (_lock)
        {
            if (Fault is not null)
                throw Fault;
            Kept kept = Find(location, session)!;
            int cursor = kept.Session.AcknowledgedNumber;
            Assert.InRange(number, cursor + 1, kept.Items.Count);
            Assert.All(setAside, aside => Assert.InRange(aside.Number, cursor + 1, number));
            Assert.Equal(setAside.Select(aside => aside.Number).Order().Distinct(), setAside.Select(a => a.Number));
            kept.SetAside.AddRange(setAside);
            kept.Session = kept.Session with { AcknowledgedNumber = number, SetAside = kept.SetAside.Count };
        }
    }

    public override void SetToken(string location, int session, string token)
    {
        lock (_lock)
        {
            Kept kept = Find(location, session)!;
            kept.Session = kept.Session with { Token = token };
        }
    }

    public StoredSession Session(string location, int session = 1)
    {
        lock (_lock)
            return Find(location, session)!.Session;
    }

    public SetAsidePassing[] SetAside(string location, int session = 1)
    {
        lock (_lock)
            return [.. Find(location, session)!.SetAside];
    }

    /// <summary>Adds passings as <see cref="TestVenue.Passing"/> makes them; none: only the session.</summary>
    public void Add(string location, int count, int session = 1, string? token = null)
    {
        int first;
        lock (_lock)
            first = (Find(location, session)?.Items.Count ?? 0) + 1;
        AddItems(
            location, session, token, Enumerable.Range(first, count).Select(number => TestVenue.Passing(number)));
    }

    public void AddItems(string location, int session, string? token, IEnumerable<string> items)
    {
        lock (_lock)
        {
            if (Find(location, session) is not { } kept)
                _sessions.Add(kept = new(new() { Location = location, Session = session, Token = token }));
            kept.Items.AddRange(items.Select(Encoding.UTF8.GetBytes));
            kept.Session = kept.Session with { LastNumber = kept.Items.Count };
        }

        SignalChanged();
    }

    Kept? Find(string location, int session) =>
        _sessions.Find(kept => kept.Session.Location == location && kept.Session.Session == session);

    sealed class Kept(StoredSession session)
    {
        public StoredSession Session { get; set; } = session;

        public List<byte[]> Items { get; } = [];

        public List<SetAsidePassing> SetAside { get; } = [];
    }
}
