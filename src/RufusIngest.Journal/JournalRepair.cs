using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// Writes a new journal from all that can be trusted of a damaged one, which stays as it is. docs/journal.md says what
/// is kept and what becomes of numbers and cursors.
/// </summary>
public static class JournalRepair
{
    /// <summary>Repairs a journal that no process writes.</summary>
    /// <param name="path">The damaged journal. Nothing is written to it.</param>
    /// <param name="newPath">The journal to make; there must be none yet.</param>
    /// <param name="progress">Is told the number of records written, now and then; may be null.</param>
    /// <param name="protocols">Protocols that its settings may name; null: those of the library.</param>
    /// <param name="cancellation">Stops it; no new journal is left then.</param>
    /// <returns>What was wrong and what the repair did about it.</returns>
    /// <exception cref="JournalException">
    /// It is not there or in use, holds no settings that can be trusted, or the new one cannot be written.
    /// </exception>
    public static JournalReport Run(
        string path,
        string newPath,
        IProgress<long>? progress = null,
        IReadOnlyList<ReaderProtocol>? protocols = null,
        CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(newPath);
        path = Path.GetFullPath(path);
        newPath = Path.GetFullPath(newPath);
        using IDisposable held = JournalLook.Hold(path);
        if (File.Exists(newPath))
            throw new JournalException(JournalProblem.Held, $"{newPath}: this file is there already; name a new one.");
        string part = newPath + ".part";
        Remove(part);
        try
        {
            JournalReport report = Write(path, part, newPath, progress, protocols ?? ReaderProtocol.All, cancellation);
            File.Move(part, newPath);
            return report;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(JournalProblem.Unavailable, $"{path}: {e.Message}", e);
        }
        finally
        {
            Remove(part);
        }
    }

    static JournalReport Write(
        string path,
        string part,
        string newPath,
        IProgress<long>? progress,
        IReadOnlyList<ReaderProtocol> protocols,
        CancellationToken cancellation)
    {
        JournalLook look = new(path);
        using JournalScan scan = JournalScan.Open(path, cancellation);
        RepairedRecords plan = new(scan, look.Findings);
        look.Judge(scan, plan.Look);
        plan.Complete(protocols);
        if (plan.FirstSettings == 0)
        {
            throw new JournalException(
                JournalProblem.Damaged,
                $"{path}: no settings record can be trusted, so that no other record can be understood: nothing to repair.");
        }

        using SqliteJournal journal = SqliteJournal.Open(part);
        plan.Write(journal, progress);
        new RepairedSessions(scan, look.Findings, plan).Write(journal);
        return look.ToReport(newPath);
    }

    static void Remove(string part)
    {
        foreach (string end in (string[])["", "-wal", "-shm", "-lock"])
            File.Delete(part + end);
    }
}
