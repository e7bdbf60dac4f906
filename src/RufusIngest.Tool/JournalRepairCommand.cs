using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary>
/// <c>journal repair</c>: a new journal from all that can be trusted of a damaged one, and from what the server has of it.
/// </summary>
static class JournalRepairCommand
{
    const int ItemsPerRow = 500;

    public static Command Create(Terminal terminal)
    {
        Argument<FileInfo> file = new("FILE") { Description = "The damaged journal. It stays as it is." };
        Option<FileInfo> output = new("--out") { Description = "The journal to make.", Required = true };
        Option<string?> post = CommonOptions.Post();
        post.Description = "Base address of the API, to fetch what the server has and the journal lost.";
        CloudArguments cloud = new(post);
        Command command = new(
            "repair",
            "Make a new journal from what can be trusted of a damaged one. With --post, also from the server's passings: "
            + "needed when the journal lost its end.")
        {
            file, output,
        };
        cloud.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            FileInfo target = parsed.GetValue(output)!;
            JournalReport report = JournalRepair.Run(
                parsed.GetValue(file)!.FullName, target.FullName, cancellation: cancellation);
            WriteFindings(terminal.Console, report);
            using SqliteJournal journal = SqliteJournal.Open(target.FullName);
            if (parsed.GetValue(post) is not null)
            {
                using CloudConnection connection = cloud.Connect(parsed);
                await FetchAsync(terminal, connection.Cloud, journal, cancellation).ConfigureAwait(false);
            }

            // What is kept was sent, or may have been: numbers go on above it, whatever the records give now.
            journal.Rebase();
            terminal.Print(
                $"{target.FullName}: {report.Records:N0} records, {journal.GetSessions().Sum(s => s.LastNumber):N0} passings in "
                + $"{report.Sessions} sessions.");
            return ExitCode.Done;
        });
        return command;
    }

    public static void WriteFindings(IAnsiConsole console, JournalReport report)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("Finding");
        table.AddColumn("What");
        foreach (JournalFinding finding in report.Findings)
            table.AddRow(finding.Kind.ToString(), Markup.Escape(finding.Words));
        if (report.Findings.Count > 0)
            console.Write(table);
    }

    static async Task FetchAsync(
        Terminal terminal, RufusCloudClient cloud, SqliteJournal journal, CancellationToken cancellation)
    {
        foreach (StoredSession session in journal.GetSessions())
        {
            if (session.Token is null)
                continue;
            SortedDictionary<int, CloudPassing> found = [];
            await foreach (CloudPassing passing in cloud.GetSessionPassingsAsync(
                session.Token, first: session.LastNumber + 1, cancellationToken: cancellation).ConfigureAwait(false))
            {
                if (passing.Number is { } number && number > session.LastNumber)
                    found[number] = passing;
            }

            if (found.Count == 0)
                continue;
            Keep(journal, session, found);
            terminal.Say($"{session.Location}/{session.Session}: {found.Count} passings fetched from the server.");
        }
    }

    /// <summary>Keeps them; a number between that the server does not have was lost with the damage, and stays empty.</summary>
    static void Keep(SqliteJournal journal, StoredSession session, SortedDictionary<int, CloudPassing> found)
    {
        PassingItems items = new();
        items.Clear(session.LastNumber + 1);
        int last = found.Keys.Last();
        for (int number = session.LastNumber + 1; number <= last; number++)
        {
            items.Add(Item(number, found.GetValueOrDefault(number)));
            if (items.Count < ItemsPerRow && number < last)
                continue;
            journal.AppendSent(session.Location, session.Session, items);
            items.Clear(number + 1);
        }
    }

    static byte[] Item(int number, CloudPassing? passing)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            if (passing is not null)
                writer.WriteString("bib", passing.Bib ?? "");
            writer.WriteNumber("num_passing", number);
            if (passing?.Timestamp is { } time)
            {
                writer.WriteString(
                    "timestamp", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            }

            if (passing?.Chip is { } chip)
                writer.WriteString("chip", chip);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
