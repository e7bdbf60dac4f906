using System.Globalization;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// Tells everything that is wrong with a journal. It works on a copy, in the system's folder for temporary files, of
/// the file and its write-ahead log, so that both stay byte by byte as they are: SQLite throws away what it does not
/// understand of a log as soon as it opens one.
/// </summary>
public static class JournalCheck
{
    /// <summary>Checks a journal that no process writes.</summary>
    /// <param name="path">The journal.</param>
    /// <param name="cancellation">Stops between pages.</param>
    /// <exception cref="JournalException">It is not there, in use, or cannot be copied; damage is no exception.</exception>
    public static JournalReport Run(string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        using IDisposable held = JournalLook.Hold(path);
        DirectoryInfo? folder = null;
        try
        {
            folder = Directory.CreateTempSubdirectory("rufus-journal-");
            return Run(path, Copy(path, folder.FullName), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(JournalProblem.Unavailable, $"{path}: {e.Message}", e);
        }
        finally
        {
            folder?.Delete(recursive: true);
        }
    }

    static JournalReport Run(string path, string copy, CancellationToken cancellation)
    {
        JournalLook look = new(path);
        if (!SqlitePages.HasMagic(copy))
            look.Findings.Add(JournalFindingKind.NotReadable, "the file is not readable as SQLite");
        using (JournalScan scan = JournalScan.Open(copy, cancellation))
            look.Judge(scan, null);
        if (!look.Findings.Has(JournalFindingKind.NotReadable))
        {
            AskSqlite(copy, path, look.Findings);
            ReadAsUsual(copy, path, look, cancellation);
        }

        return look.ToReport(repaired: null);
    }

    static string Copy(string path, string folder)
    {
        string copy = Path.Combine(folder, "copy");
        foreach (string end in (string[])["", "-wal"])
        {
            if (!File.Exists(path + end))
                continue;
            File.Copy(path + end, copy + end);
            File.SetAttributes(copy + end, FileAttributes.Normal);
        }

        return copy;
    }

    static void AskSqlite(string copy, string path, FindingList findings)
    {
        try
        {
            using SqliteDatabase database = SqliteDatabase.Open(copy, readOnly: false, vfs: null);
            SqliteStatement rows = database.Prepare("PRAGMA integrity_check(20)");
            while (rows.Step())
            {
                if (rows.Text(0) is { } words && words != "ok")
                    findings.Add(JournalFindingKind.Structure, $"SQLite says: {words}");
            }
        }
        catch (JournalException e)
        {
            findings.Add(JournalFindingKind.Structure, Words(e, copy, path));
        }
    }

    /// <summary>What ingest would do: the last word on whether the journal can be used.</summary>
    static void ReadAsUsual(string copy, string path, JournalLook look, CancellationToken cancellation)
    {
        long seen = 0;
        try
        {
            using SqliteJournal journal = SqliteJournal.Open(copy); // To write: what then fails is damage too.
            journal.Replay((in IngestRecord record) => seen = record.Sequence, cancellation);
            PassingItems items = new();
            foreach (StoredSession session in journal.GetSessions())
            {
                cancellation.ThrowIfCancellationRequested();
                int number = 0;
                while (journal.ReadPassings(session.Location, session.Session, number, 1000, items) > 0)
                    number = items.LastNumber;
            }
        }
        catch (JournalException e)
        {
            if (!look.Findings.HasDamage)
                look.Findings.Add(JournalFindingKind.Structure, Words(e, copy, path));
            return;
        }

        if (seen < look.LastSequence && !look.Findings.HasDamage)
        {
            look.Findings.Add(
                JournalFindingKind.Structure,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"SQLite reads records up to {seen}, and the file holds them up to {look.LastSequence}"));
        }
    }

    static string Words(JournalException e, string copy, string path) =>
        e.Message.Replace(copy + ": ", "", StringComparison.Ordinal).Replace(copy, path, StringComparison.Ordinal);
}
