using System.Globalization;
using System.Text;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// The sessions of a repaired journal. As long as all records are there, a replay makes the lost passings again and only
/// what comes before the first of them is kept. Otherwise the new journal is rebased: what was kept counts as sent, no
/// number is given twice, and a number whose passing is lost holds a place.
/// </summary>
sealed class RepairedSessions(JournalScan scan, FindingList findings, RepairedRecords records)
{
    const int PassingsPerCommit = 1000;

    public void Write(SqliteJournal journal)
    {
        NameLost();
        List<ScannedSession> sessions =
            [.. scan.Sessions.Where(session => session.Location is not null).DistinctBy(session => session.Name)];
        journal.Commit(
            [],
            [],
            [.. sessions.Select(session => new SessionChange(session.Location!, session.Number, session.IsClosed))]);
        List<Kept> all = [.. sessions.Select(ReadKept)];
        bool rebase = records.HasGaps || all.Exists(kept => kept.Session.Rebased > kept.Prefix);
        foreach (Kept kept in all)
        {
            ScannedSession session = kept.Session;
            if (session.Token is not null)
                journal.SetToken(session.Location!, session.Number, session.Token);
            if (rebase)
                WriteRebased(journal, kept);
            else
                WritePrefix(journal, kept);
        }

        if (!rebase)
            return;
        journal.Rebase();
        findings.Add(
            JournalFindingKind.Repair,
            "the repaired journal is rebased: what was kept counts as sent under its number, and new passings are numbered "
            + "above");
    }

    /// <summary>Everything that can be trusted up to the first passing that cannot; a replay makes the others again.</summary>
    void WritePrefix(SqliteJournal journal, Kept kept)
    {
        ScannedSession session = kept.Session;
        Appender appender = new(journal, session);
        scan.ReadPassings(
            session,
            new FindingList(),
            (number, item) =>
            {
                if (number <= kept.Prefix)
                    appender.Add(item);
            });
        appender.Flush();
        if (session.Rebased > 0)
            journal.SetRebased(session.Location!, session.Number, session.Rebased);
        Acknowledge(journal, session, Math.Min(kept.Cursor, kept.Prefix), []);
    }

    /// <summary>
    /// Everything that can be trusted under its number. When one is lost that may not have been acknowledged, all that are
    /// not acknowledged up to it are set aside under their numbers, and what is known of them is numbered anew above:
    /// sent perhaps once more, but never lost.
    /// </summary>
    void WriteRebased(SqliteJournal journal, Kept kept)
    {
        ScannedSession session = kept.Session;
        Appender appender = new(journal, session);
        List<byte[]> moved = [];
        scan.ReadPassings(
            session,
            new FindingList(),
            (number, item) =>
            {
                appender.HoldPlacesUpTo(number - 1);
                if (number <= kept.Cursor || number > kept.LastLost)
                    appender.Add(item);
                else
                    moved.Add(item.ToArray());
            });
        appender.HoldPlacesUpTo(session.LastKnown);
        foreach (byte[] item in moved)
            appender.AddRenumbered(item);
        appender.Flush();
        List<SetAsidePassing> aside = [];
        for (int number = kept.Cursor + 1; number <= kept.LastLost; number++)
            aside.Add(new SetAsidePassing(number, 0, "lost when the journal was damaged; see the report of its repair"));
        if (aside.Count > 0)
        {
            findings.AddSession(
                session.Location,
                session.Number,
                $"numbers {kept.Cursor + 1} to {kept.LastLost} of {session.Name} are set aside; {moved.Count} passings of "
                + "them are known and get new numbers");
        }

        Acknowledge(journal, session, Math.Max(kept.Cursor, kept.LastLost), aside);
    }

    static void Acknowledge(SqliteJournal journal, ScannedSession session, int cursor, List<SetAsidePassing> aside)
    {
        List<SetAsidePassing> all =
        [
            .. session.SetAside
                .Where(passing => passing.Key <= cursor && !aside.Exists(later => later.Number == passing.Key))
                .Select(passing => new SetAsidePassing(passing.Key, passing.Value.Status, passing.Value.Words)),
            .. aside,
        ];
        if (cursor > 0)
            journal.Acknowledge(session.Location!, session.Number, cursor, all);
    }

    Kept ReadKept(ScannedSession session)
    {
        int prefix = 0;
        int next = 1;
        int lastLost = 0;
        scan.ReadPassings(
            session,
            new FindingList(),
            (number, _) =>
            {
                prefix = number == prefix + 1 ? number : prefix;
                lastLost = number > next ? number - 1 : lastLost;
                next = number + 1;
            });
        if (session.LastKnown >= next)
            lastLost = session.LastKnown;
        int cursor = session.IsTrusted || session.IsCursorProven ? session.Acknowledged : 0;
        return new Kept(session, prefix, lastLost, cursor);
    }

    /// <summary>Gives a session whose row is lost, or says a name that cannot be, its name back where only one fits.</summary>
    void NameLost()
    {
        HashSet<string> locations = [.. records.Settings!.Locations.Select(location => location.Name)];
        HashSet<(string, int)> taken = [.. scan.Sessions.Where(session => session.IsTrusted)
            .Select(session => (session.Location!, session.Number))];
        foreach (ScannedSession session in scan.Sessions.Where(session => !session.IsTrusted))
        {
            bool fits = session.Location is not null && session.Number > 0 && locations.Contains(session.Location)
                && taken.Add((session.Location, session.Number));
            if (fits)
                continue;
            (session.Location, session.Token, session.Acknowledged, session.IsCursorProven) = (null, null, 0, false);
            (string, int)[] candidates = Candidates(locations, taken);
            if (candidates.Length != 1)
            {
                findings.AddSession(
                    null, 0, $"{session.Name} cannot be told from others: its {session.Kept} kept passings are left out");
                continue;
            }

            (session.Location, session.Number) = candidates[0];
            taken.Add(candidates[0]);
            findings.AddSession(session.Location, session.Number, $"the lost session can only have been {session.Name}");
        }
    }

    /// <summary>Names that are missing between others; where there are none, the next ones.</summary>
    static (string, int)[] Candidates(HashSet<string> locations, HashSet<(string Location, int Number)> taken)
    {
        (string, int)[] next = [.. locations.Select(location => (location, FirstFree(location, taken)))];
        (string, int)[] between = [.. next.Where(name =>
            taken.Any(other => other.Location == name.Item1 && other.Number > name.Item2))];
        return between.Length > 0 ? between : next;
    }

    static int FirstFree(string location, HashSet<(string, int)> taken)
    {
        int number = 1;
        while (taken.Contains((location, number)))
            number++;
        return number;
    }

    /// <summary>What is left of a session's passings.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Prefix">All up to this number can be trusted.</param>
    /// <param name="LastLost">The highest number whose passing is lost; 0: none is.</param>
    /// <param name="Cursor">The cursor, or 0 when it cannot be trusted.</param>
    sealed record Kept(ScannedSession Session, int Prefix, int LastLost, int Cursor);

    /// <summary>Puts passings behind each other into the new journal.</summary>
    sealed class Appender
    {
        readonly SqliteJournal _journal;
        readonly ScannedSession _session;
        readonly PassingItems _items = new();

        public Appender(SqliteJournal journal, ScannedSession session)
        {
            (_journal, _session) = (journal, session);
            _items.Clear(1);
        }

        public void Add(ReadOnlySpan<byte> item)
        {
            if (_items.Count == PassingsPerCommit)
                Flush();
            _items.Add(item);
        }

        public void HoldPlacesUpTo(int number)
        {
            while (_items.LastNumber < number)
                Add(Encoding.UTF8.GetBytes(string.Create(
                    CultureInfo.InvariantCulture, $"{{\"num_passing\":{_items.LastNumber + 1}}}")));
        }

        public void AddRenumbered(ReadOnlySpan<byte> item)
        {
            // In a bib the quotes would be escaped: the first that fits is the name.
            ReadOnlySpan<byte> name = "\"num_passing\":"u8;
            int at = item.IndexOf(name) + name.Length;
            int end = at;
            while (end < item.Length && item[end] is >= (byte)'0' and <= (byte)'9')
                end++;
            byte[] number = Encoding.UTF8.GetBytes((_items.LastNumber + 1).ToString(CultureInfo.InvariantCulture));
            Add([.. item[..at], .. number, .. item[end..]]);
        }

        public void Flush()
        {
            if (_items.Count > 0)
                _journal.AppendKept(_session.Location!, _session.Number, _items);
            _items.Clear(_items.LastNumber + 1);
        }
    }
}
