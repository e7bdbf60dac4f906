using System.CommandLine;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>
/// <c>journal prune</c>: removes whole journals that are done with: every session closed, every passing acknowledged or set
/// aside. An open journal is never cut.
/// </summary>
static class JournalPrune
{
    public static Command Create(Terminal terminal)
    {
        Argument<DirectoryInfo> folder = new("FOLDER") { Description = "Where the journals are." };
        Option<int> days = new("--days")
        {
            Description = "Keep those changed within so many days.",
            DefaultValueFactory = _ => 30,
        };
        Option<bool> dry = new("--dry-run") { Description = "Only say what would be removed." };
        Command command = new("prune", "Remove journals whose sessions are all closed and acknowledged.")
        {
            folder, days, dry,
        };
        command.SetAction((parsed, _) =>
        {
            DirectoryInfo where = parsed.GetValue(folder)!;
            if (!where.Exists)
                throw ToolException.BadInput($"there is no folder {where.FullName}.");
            DateTimeOffset limit = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(parsed.GetValue(days));
            foreach (FileInfo file in where.EnumerateFiles().OrderBy(file => file.Name))
            {
                if (WhyKept(file, limit) is not { } why)
                    continue;
                if (why.Length == 0 && !parsed.GetValue(dry))
                    Remove(file);
                terminal.Print($"{file.Name}: {(why.Length == 0 ? "removed" : $"kept, {why}")}");
            }

            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    /// <summary>Why a journal stays; empty: it need not. Null: it is no journal.</summary>
    static string? WhyKept(FileInfo file, DateTimeOffset limit)
    {
        if (file.Name.EndsWith("-wal", StringComparison.Ordinal) || file.Name.EndsWith("-shm", StringComparison.Ordinal)
            || file.Name.EndsWith("-lock", StringComparison.Ordinal))
            return null;
        try
        {
            using SqliteJournal look = SqliteJournal.Open(file.FullName, new SqliteJournalOptions { ReadOnly = true });
            IReadOnlyList<StoredSession> sessions = look.GetSessions();
            return sessions.Any(session => !session.IsClosed) ? "a session is open"
                : sessions.Any(session => session.AcknowledgedNumber < session.LastNumber) ? "passings are to be sent"
                : look.LastSequence > 0 && sessions.Count == 0 ? "it has records and no session yet"
                : file.LastWriteTimeUtc > limit ? "it is new"
                : IsHeld(file) ? "a process works with it"
                : "";
        }
        catch (JournalException problem)
        {
            return problem.Problem == JournalProblem.NotAJournal ? null : problem.Message;
        }
    }

    static bool IsHeld(FileInfo file)
    {
        try
        {
            SqliteJournal.Open(file.FullName).Dispose();
            return false;
        }
        catch (JournalException problem) when (problem.Problem == JournalProblem.Held)
        {
            return true;
        }
    }

    static void Remove(FileInfo file)
    {
        foreach (string end in new[] { "", "-wal", "-shm", "-lock" })
            File.Delete(file.FullName + end);
    }
}
