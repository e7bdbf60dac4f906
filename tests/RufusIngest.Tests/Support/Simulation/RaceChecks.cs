using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The rules of a simulated race. It remembers what every number meant when it was first seen outside, and holds
/// against that what leaves, what is kept after a crash, what is acknowledged and what the server has in the end.
/// </summary>
sealed class RaceChecks(SimulatedRace race) : IDisposable
{
    readonly Dictionary<(string Location, int Session, int Number), RacePassing> _left = [];
    readonly Dictionary<(string Location, int Session), int> _acknowledged = [];
    readonly PassingItems _items = new();
    SimulatedDisk? _probe;

    /// <summary>Passings leave the host, whether they get anywhere or not.</summary>
    public void Left(string location, int session, ReadOnlySpan<byte> body)
    {
        List<(int Number, RacePassing Passing)> passings = RacePassing.Of(RaceServer.Parse(body));
        foreach ((int number, RacePassing passing) in passings)
        {
            if (!_left.TryAdd((location, session, number), passing) && _left[(location, session, number)] != passing)
                race.Fail($"number {number} of {location}/{session} leaves with {passing} after another one");
        }

        race.Counts.Posts++;
        if (race.Plan.Random.NextDouble() < race.ProbeShare)
            IsDurable(location, session, passings);
    }

    /// <summary>After a start: what left at any time is kept under its number.</summary>
    public void HoldsAllThatLeft(PassingStore store)
    {
        foreach (var session in _left.GroupBy(entry => (entry.Key.Location, entry.Key.Session)))
        {
            Dictionary<int, RacePassing> kept = Read(store, session.Key.Location, session.Key.Session);
            foreach (var ((location, local, number), passing) in session)
            {
                if (kept.GetValueOrDefault(number) != passing)
                    race.Fail($"number {number} of {location}/{local} left as {passing}, and is not kept as that");
            }
        }
    }

    public void CursorAtStart(StoredSession stored)
    {
        int known = _acknowledged.GetValueOrDefault((stored.Location, stored.Session));
        if (stored.AcknowledgedNumber > known || stored.AcknowledgedNumber > stored.LastNumber)
            race.Fail($"the cursor of {stored.Location}/{stored.Session} starts at {stored.AcknowledgedNumber}");
    }

    /// <summary>Before the cursor moves: the server has each passing that it passes, or refuses it.</summary>
    public void MayAcknowledge(string location, int session, int cursor, DeliveryAction action, PassingItems items)
    {
        if (action.AcknowledgeTo <= cursor || action.AcknowledgeTo > items.LastNumber)
            race.Fail($"the cursor of {location}/{session} goes from {cursor} to {action.AcknowledgeTo}");
        int from = cursor + 1 - items.FirstNumber;
        int to = action.AcknowledgeTo - items.FirstNumber + 1;
        foreach ((int number, RacePassing passing) in RacePassing.Of(items.GetItems(from, to)))
        {
            bool isSetAside = action.SetAside?.Any(aside => aside.Number == number) == true;
            race.Counts.SetAside += isSetAside ? 1 : 0;
            if (isSetAside != (passing.Chip == race.Plan.RefusedChip))
                race.Fail($"number {number} of {location}/{session} is set aside: {isSetAside}");
            bool isStored = race.Server.Stored.TryGetValue((location, session, number), out RacePassing stored)
                && stored == passing;
            if (isStored == isSetAside)
                race.Fail($"number {number} of {location}/{session} is acknowledged, at the server: {isStored}");
        }

        _acknowledged[(location, session)] = Math.Max(
            action.AcknowledgeTo, _acknowledged.GetValueOrDefault((location, session)));
    }

    /// <summary>All is delivered: the server has exactly the passings of a race in which nothing went wrong.</summary>
    public void AtEnd(PassingStore store)
    {
        List<string>[] expected = RaceReference.Items(race.Plan);
        for (int location = 0; location < race.Plan.Locations; location++)
        {
            string name = RacePlan.LocationName(location);
            List<string> kept = [];
            foreach (StoredSession session in store.GetSessions().Where(session => session.Location == name))
                kept.AddRange(AtEnd(store, session));
            string difference = Difference(expected[location], kept);
            if (race.Plan.NumbersAreFixed && !kept.SequenceEqual(expected[location]))
                race.Fail($"{name} has not the items of an uninterrupted race: {difference}");
            if (!WithoutNumbers(kept).SequenceEqual(WithoutNumbers(expected[location])))
                race.Fail($"{name} has other passings than an uninterrupted race: {difference}");
        }
    }

    public void Dispose() => _probe?.Dispose();

    List<string> AtEnd(PassingStore store, StoredSession session)
    {
        string name = $"{session.Location}/{session.Session}";
        if (session.AcknowledgedNumber != session.LastNumber || !session.IsClosed)
        {
            race.Fail(
                $"{name} ends at {session.AcknowledgedNumber} of {session.LastNumber}, closed: {session.IsClosed}");
        }

        Dictionary<int, RacePassing> kept = Read(store, session.Location, session.Session);
        int refused = kept.Values.Count(passing => passing.Chip == race.Plan.RefusedChip);
        int stored = race.Server.Stored.Keys.Count(
            key => key.Location == session.Location && key.Session == session.Session);
        if (kept.Count != session.LastNumber || session.SetAside != refused || stored != kept.Count - refused)
            race.Fail($"{name} keeps {kept.Count}, set aside {session.SetAside}, server has {stored}");
        foreach (var (number, passing) in kept)
        {
            if (passing.Chip != race.Plan.RefusedChip
                && race.Server.Stored.GetValueOrDefault((session.Location, session.Session, number)) != passing)
                race.Fail($"the server does not have {passing} under number {number} of {name}");
        }

        race.Counts.Passings += kept.Count;
        return StageRun.Items(store, session.Location, session.Session);
    }

    /// <summary>A crash at this moment that loses all that was not synced would keep these passings.</summary>
    void IsDurable(string location, int session, List<(int Number, RacePassing Passing)> passings)
    {
        race.Counts.Probes++;
        _probe ??= new SimulatedDisk(0);
        _probe.Restore(race.Host.Disk.TakeSnapshot());
        _probe.Crash(CrashKeeps.Nothing);
        using SqliteJournal journal = SqliteJournal.Open(
            "race.db", new SqliteJournalOptions { Vfs = _probe.VfsName, CheckpointInline = true });
        int first = passings[0].Number;
        journal.ReadPassings(location, session, first - 1, passings.Count, _items);
        Dictionary<int, RacePassing> kept = _items.Count == 0
            ? []
            : RacePassing.Of(_items.GetItems(0, _items.Count))
                .ToDictionary(entry => entry.Number, entry => entry.Passing);
        foreach ((int number, RacePassing passing) in passings)
        {
            if (kept.GetValueOrDefault(number) != passing)
                race.Fail($"number {number} of {location}/{session} leaves as {passing} and is not durable");
        }
    }

    Dictionary<int, RacePassing> Read(PassingStore store, string location, int session)
    {
        Dictionary<int, RacePassing> passings = [];
        while (store.ReadPassings(location, session, passings.Count, 1_000, _items) > 0)
        {
            foreach ((int number, RacePassing passing) in RacePassing.Of(_items.GetItems(0, _items.Count)))
                passings.Add(number, passing);
        }

        return passings;
    }

    static IEnumerable<string> WithoutNumbers(List<string> items) =>
        items.Select(item => item[item.IndexOf("\"timestamp\"", StringComparison.Ordinal)..])
            .Order(StringComparer.Ordinal);

    static string Difference(List<string> expected, List<string> kept) =>
        $"expected {expected.Count}, kept {kept.Count}; missing {expected.Except(kept).FirstOrDefault()}; "
        + $"more {kept.Except(expected).FirstOrDefault()}";
}
