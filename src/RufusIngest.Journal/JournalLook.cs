using System.Globalization;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>What a check and a repair both do: hold the journal still and judge all that is in it.</summary>
sealed class JournalLook(string path)
{
    public FindingList Findings { get; } = new();

    public long Records { get; private set; }

    public long FirstSequence { get; private set; }

    public long LastSequence { get; private set; }

    public long Passings { get; private set; }

    public int Sessions { get; private set; }

    /// <summary>Keeps other processes from changing it meanwhile.</summary>
    /// <exception cref="JournalException">It is not there, or in use.</exception>
    public static IDisposable Hold(string path)
    {
        if (!File.Exists(path))
            throw new JournalException(JournalProblem.NotAJournal, $"{path}: there is no such file.");
        return JournalHolder.TryTakeToLook(path) ?? throw new JournalException(
            JournalProblem.Held,
            $"{path}: this journal is in use by another process; end it first, or copy the file and its -wal together.");
    }

    /// <summary>Goes through all of it.</summary>
    /// <param name="scan">The journal.</param>
    /// <param name="visitor">Also gets the records that can be trusted; may be null.</param>
    public void Judge(JournalScan scan, RecordHandler? visitor)
    {
        if (scan.Log is { } log)
            Judge(log);
        scan.ReadRecords(
            Findings,
            (in IngestRecord record) =>
            {
                Records++;
                FirstSequence = Records == 1 ? record.Sequence : FirstSequence;
                LastSequence = record.Sequence;
                visitor?.Invoke(record);
            });
        long named = scan.Sessions.Where(session => session.IsTrusted).Select(session => session.Id).DefaultIfEmpty().Max();
        long expected = 1;
        foreach (ScannedSession session in scan.Sessions)
        {
            for (; expected < Math.Min(session.Id, named); expected++)
                Findings.AddSession(null, 0, $"the row of session {expected} is missing, and none of its passings is kept");
            expected = session.Id + 1;
            scan.ReadPassings(session, Findings, null);
            Judge(session);
        }
    }

    public JournalReport ToReport(string? repaired) => new()
    {
        Path = path,
        RepairedPath = repaired,
        Findings = Findings.ToList(),
        Records = Records,
        FirstSequence = FirstSequence,
        LastSequence = LastSequence,
        Passings = Passings,
        Sessions = Sessions,
    };

    void Judge(ScannedSession session)
    {
        Passings += session.Kept;
        if (session.Location is null)
            Findings.AddSession(null, 0, $"the row of session {session.Id} is missing: its name, token and cursor are lost");
        else
            Sessions++;
        if (session.Location is not null && !session.IsTrusted)
        {
            string cursor = session.IsCursorProven
                ? string.Create(CultureInfo.InvariantCulture, $"its cursor {session.Acknowledged} is right all the same")
                : "its cursor is not proven";
            Findings.AddSession(
                session.Location,
                session.Number,
                $"the row of session {session.Name} is changed: its name and token are not proven, {cursor}");
        }
    }

    void Judge(WalLook log)
    {
        if (log.IsDamaged)
        {
            string where = log.IsHeaderDamaged ? "in its header" : $"at page {log.Committed + 1} or behind";
            Findings.Add(
                JournalFindingKind.WriteAheadLog,
                $"the write-ahead log is damaged {where}, with commits behind the damage: SQLite sees "
                + $"{log.Committed} of its {log.Marked} committed pages");
        }
        else if (log.HasUnfinished || log.IsHeaderDamaged)
        {
            Findings.Add(
                JournalFindingKind.UnfinishedCommit,
                "the write-ahead log ends in a commit that does not count: as it should be after a crash in the midst of "
                + "one; without a crash the last commit is damaged");
        }
    }
}
