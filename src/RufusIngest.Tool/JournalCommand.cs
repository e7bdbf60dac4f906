using System.CommandLine;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary><c>journal</c>: looks into journals, and takes what they hold elsewhere. Only rebase and close change one.</summary>
static class JournalCommand
{
    public static Command Create(Terminal terminal)
    {
        Command command = new("journal", "Look into a journal, replay, verify and export it.");
        command.Subcommands.Add(Info(terminal));
        command.Subcommands.Add(Replay(terminal));
        command.Subcommands.Add(Verify(terminal));
        command.Subcommands.Add(Export(terminal));
        command.Subcommands.Add(Index(terminal));
        command.Subcommands.Add(JournalRepairCommand.Create(terminal));
        command.Subcommands.Add(Rebase(terminal));
        command.Subcommands.Add(Close(terminal));
        command.Subcommands.Add(JournalPrune.Create(terminal));
        return command;
    }

    static Argument<FileInfo> File() => new("FILE") { Description = "The journal." };

    static Option<FileInfo?> Out(string description) => new("--out") { Description = description };

    static Command Info(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Option<bool> json = CommonOptions.Json("One JSON object.");
        Command command = new("info", "Records, readers and sessions, and what is still to be sent.") { file, json };
        command.SetAction((parsed, cancellation) =>
        {
            FileInfo path = parsed.GetValue(file)!;
            using SqliteJournal journal = JournalReplay.Open(path);
            JournalInfo info = new(path, journal, cancellation);
            if (parsed.GetValue(json))
                info.WriteJson(terminal.Output);
            else
                info.WriteTable(terminal.Console);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Replay(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Option<FileInfo?> output = Out("Write the passings to a file, a JSON object a line.");
        Option<bool> json = CommonOptions.Json("The result as one JSON object.");
        Command command = new("replay", "Apply all records again at full speed. Nothing is sent or changed.")
        {
            file, output, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            using SqliteJournal journal = JournalReplay.Open(parsed.GetValue(file)!);
            using FileStream? items = Create(parsed.GetValue(output));
            JournalReplay replay = new(terminal, journal, parsed.GetValue(json)) { OnBatch = batch => Write(items, batch) };
            RunReport report = new() { Counters = replay.Run(cancellation), Elapsed = replay.Elapsed };
            if (parsed.GetValue(json))
                report.WriteJson(terminal.Output);
            else
                report.WriteTable(terminal.Console);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Verify(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Command command = new(
            "verify", "Check every record, and hold a replay against what was kept and sent. Shows the first difference.")
        {
            file,
        };
        command.SetAction((parsed, cancellation) =>
        {
            RequireSound(terminal, parsed.GetValue(file)!, cancellation);
            using SqliteJournal journal = JournalReplay.Open(parsed.GetValue(file)!);
            long kept = 0;
            long fresh = 0;
            JournalReplay replay = new(terminal, journal, quiet: false)
            {
                OnBatch = batch =>
                {
                    int same = journal.Compare(batch);
                    kept += same;
                    fresh += batch.Count - same;
                },
            };
            replay.Run(cancellation);
            long expected = journal.GetSessions().Sum(session => (long)session.LastNumber - session.RebasedNumber);
            if (kept < expected)
            {
                throw new ToolException(
                    ExitCode.CheckFailed,
                    $"the journal keeps {expected - kept} passings that its records do not give: sent by another version, or "
                    + "records are missing.");
            }

            terminal.Print(
                $"{journal.LastSequence:N0} records are as they were written; {kept:N0} passings are as they were kept"
                + (fresh > 0 ? $", {fresh:N0} more will be kept at the next start." : "."));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Export(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Option<FileInfo?> output = Out("File to write; without it the passings go to the terminal.");
        Option<string> format = new("--format")
        {
            Description = "csv or jsonl.",
            DefaultValueFactory = _ => "csv",
        };
        format.AcceptOnlyFromAmong("csv", "jsonl");
        Command command = new("export", "The passings with what is known of each.") { file, format, output };
        command.SetAction((parsed, cancellation) =>
        {
            using SqliteJournal journal = JournalReplay.Open(parsed.GetValue(file)!);
            using FileStream? target = Create(parsed.GetValue(output));
            using StreamWriter? writer = target is null ? null : new StreamWriter(target);
            JournalExport export = new(
                writer ?? terminal.Output, parsed.GetValue(format) == "csv", journal.GetSessions());
            export.WriteHead();
            new JournalReplay(terminal, journal, quiet: writer is null) { OnBatch = export.Write }.Run(cancellation);
            if (writer is not null)
                terminal.Say($"{export.Count:N0} passings written to {parsed.GetValue(output)!.FullName}.");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Index(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Option<FileInfo?> output = Out("SQLite file to make; by default FILE.index.");
        Command command = new(
            "index", "Reads, suppressed reads with reasons, passings and events in a SQLite file that can be deleted.")
        {
            file, output,
        };
        command.SetAction((parsed, cancellation) =>
        {
            FileInfo path = parsed.GetValue(file)!;
            FileInfo target = parsed.GetValue(output) ?? new FileInfo(path.FullName + ".index");
            if (target.FullName == path.FullName)
                throw ToolException.BadInput("--out names the journal itself.");
            using SqliteJournal journal = JournalReplay.Open(path);
            Remove(target);
            JournalReplay? replay = null;
            using JournalIndex index = new(target, () => replay!.Core!.Settings!, journal.GetSessions());
            replay = new JournalReplay(terminal, journal, quiet: false)
            {
                OnRead = index.Add,
                OnBatch = index.Add,
                OnEvent = index.Add,
            };
            replay.Run(cancellation);
            index.Complete();
            terminal.Print($"{index.Reads:N0} reads and {index.Passings:N0} passings in {target.FullName}.");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Rebase(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Command command = new(
            "rebase",
            "When this version makes other passings of the records than the one that sent them: what was sent stays, and "
            + "only passings that match none of it are numbered, above.")
        {
            file,
        };
        command.SetAction((parsed, _) =>
        {
            using SqliteJournal journal = OpenToWrite(parsed.GetValue(file)!);
            journal.Rebase();
            foreach (StoredSession session in journal.GetSessions())
                terminal.Print($"{session.Location}/{session.Session}: numbers go on from {session.LastNumber + 1}.");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Close(Terminal terminal)
    {
        Argument<FileInfo> file = File();
        Command command = new("close", "End the journal's sessions: the race is over. Nothing is sent.") { file };
        command.SetAction(async (parsed, cancellation) =>
        {
            using SqliteJournal journal = OpenToWrite(parsed.GetValue(file)!);
            IngestSettings settings = journal.FindSettings()
                ?? throw ToolException.BadInput("the journal is empty.");
            IngestPipeline pipeline = await IngestPipeline.OpenAsync(
                new IngestOptions { Settings = settings }, journal, cancellation: cancellation).ConfigureAwait(false);
            await using (pipeline.ConfigureAwait(false))
                await pipeline.CompleteAsync().ConfigureAwait(false);
            int open = journal.GetSessions().Sum(session => session.LastNumber - session.AcknowledgedNumber);
            terminal.Print($"{journal.GetSessions().Count} sessions are closed; {open:N0} passings are to be sent.");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Shows all damage, and ends there. A journal in use is checked by its replay alone.</summary>
    static void RequireSound(Terminal terminal, FileInfo file, CancellationToken cancellation)
    {
        JournalReport report;
        try
        {
            report = JournalCheck.Run(file.FullName, cancellation);
        }
        catch (JournalException problem) when (problem.Problem == JournalProblem.Held)
        {
            return;
        }

        JournalRepairCommand.WriteFindings(terminal.Console, report);
        if (!report.IsSound)
        {
            throw new ToolException(
                ExitCode.CheckFailed,
                $"{file.FullName} is damaged; {report.Records:N0} records and {report.Passings:N0} passings can be trusted. "
                + "Copy it away, then use 'journal repair'.");
        }
    }

    static SqliteJournal OpenToWrite(FileInfo file) => file.Exists
        ? SqliteJournal.Open(file.FullName)
        : throw ToolException.BadInput($"there is no file {file.FullName}.");

    static void Write(FileStream? file, PassingBatch batch)
    {
        for (int i = 0; i < batch.Count && file is not null; i++)
        {
            file.Write(batch.GetItem(i));
            file.Write("\n"u8);
        }
    }

    static FileStream? Create(FileInfo? file)
    {
        try
        {
            return file?.Open(FileMode.Create, FileAccess.Write, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file!.FullName} cannot be written: {exception.Message}", exception);
        }
    }

    static void Remove(FileInfo file)
    {
        try
        {
            file.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file.FullName} cannot be replaced: {exception.Message}", exception);
        }
    }
}
