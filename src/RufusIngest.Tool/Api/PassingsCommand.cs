using System.CommandLine;
using System.Text.Json;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary><c>passings</c>: the passings of a session or device, once or as they come, and inserting some by hand.</summary>
static class PassingsCommand
{
    public static Command Create(Terminal terminal)
    {
        ApiCommand command = new("passings", "List, follow and insert passings.");
        AddList(terminal, command);
        AddDevice(terminal, command);
        AddFollow(terminal, command);
        AddInsert(terminal, command);
        return command.Command;
    }

    static void AddList(Terminal terminal, ApiCommand command)
    {
        Argument<string> session = ApiCommand.Session();
        Option<int?> first = new("--first") { Description = "Lowest number wanted." };
        Option<int?> last = new("--last") { Description = "Highest number wanted." };
        command.AddList(
            terminal, "list", "The passings of a session, open or closed.", [session, first, last], Columns.Passings,
            "There are no passings, or no such session.",
            (cloud, parsed, cancellation) => cloud.GetSessionPassingsAsync(
                parsed.GetValue(session)!, parsed.GetValue(first), parsed.GetValue(last), cancellation));
    }

    static void AddDevice(Terminal terminal, ApiCommand command)
    {
        Argument<string> device = ApiCommand.Device();
        Option<DateTimeOffset?> from = ApiCommand.Time("--from", "Earliest time");
        Option<DateTimeOffset?> to = ApiCommand.Time("--to", "Latest time");
        command.AddList(
            terminal, "device", "The passings of a device by time, across its sessions.", [device, from, to],
            Columns.Passings, "There are no passings, or no such device.",
            (cloud, parsed, cancellation) => cloud.GetDevicePassingsAsync(
                parsed.GetValue(device)!, parsed.GetValue(from), parsed.GetValue(to), cancellation));
    }

    static void AddFollow(Terminal terminal, ApiCommand command)
    {
        Argument<string> device = ApiCommand.Device();
        Option<string?> session = new("--session") { Description = "Session to go on in, with --last." };
        Option<int> last = new("--last")
        {
            Description = "Last number that is known there; without one the whole session is shown.",
            DefaultValueFactory = _ => -1,
        };
        Option<int?> tail = new("--tail")
        {
            Description = "How many of the passings already there are shown first. Default 10; with --session all.",
        };
        Option<double> every = new("--every")
        {
            Description = "Seconds between two questions, 0.1 to 3600; anything else is 2.",
            DefaultValueFactory = _ => 2,
        };
        Option<bool> once = new("--once") { Description = "Show what is there, and end." };
        command.Add(
            "follow", "The passings of a device as they arrive at the server, until Ctrl-C.",
            [device, session, last, tail, every, once],
            (cloud, parsed, cancellation) =>
            {
                if (parsed.GetValue(session) is null && parsed.GetValue(last) >= 0)
                    throw ToolException.BadInput("--last is a number of a session: give --session too.");
                FeedPosition? position = parsed.GetValue(session) is { } token ? new(token, parsed.GetValue(last)) : null;
                PassingsFollower follower = new(
                    terminal, new DeviceFeed(cloud, parsed.GetValue(device)!, position), command.IsJson(parsed))
                {
                    Tail = parsed.GetValue(tail) ?? (position is null ? 10 : int.MaxValue),
                    Every = TimeSpan.FromSeconds(parsed.GetValue(every) is var seconds and >= 0.1 and <= 3600 ? seconds : 2),
                    Once = parsed.GetValue(once),
                };
                return follower.RunAsync(cancellation);
            });
    }

    static void AddInsert(Terminal terminal, ApiCommand command)
    {
        Argument<string> session = ApiCommand.Session();
        Argument<FileInfo> file = new("FILE")
        {
            Description = "Passings, a JSON object a line, by the API's names: num_passing, bib, timestamp, chip …",
        };
        Option<int> size = new("--batch") { Description = "Passings a request.", DefaultValueFactory = _ => 500 };
        command.Add(
            "insert", "Insert passings from a file. Repeating it is safe where the server keys on the number.",
            [session, file, size],
            async (cloud, parsed, cancellation) =>
            {
                int? inserted = 0;
                int? duplicates = 0;
                int sent = 0;
                foreach (CloudPassing[] batch in Read(parsed.GetValue(file)!).Chunk(Math.Max(1, parsed.GetValue(size))))
                {
                    InsertCounts counts;
                    try
                    {
                        counts = await cloud.InsertPassingsAsync(parsed.GetValue(session)!, batch, cancellation)
                            .ConfigureAwait(false);
                    }
                    catch (RufusCloudException) when (sent > 0)
                    {
                        terminal.Say($"{sent:N0} passings were sent before this failure:");
                        throw;
                    }

                    sent += batch.Length;
                    inserted += counts.Inserted; // What one answer leaves out is not known of all.
                    duplicates += counts.Duplicates;
                }

                terminal.Say(
                    $"{sent:N0} passings sent: {inserted?.ToString("N0") ?? "unknown how many"} inserted, "
                    + $"{duplicates?.ToString("N0") ?? "unknown how many"} were there already.");
                return ExitCode.Done;
            });
    }

    static List<CloudPassing> Read(FileInfo file)
    {
        if (!file.Exists)
            throw ToolException.BadInput($"there is no file {file.FullName}.");
        List<CloudPassing> passings = [];
        int line = 0;
        foreach (string text in File.ReadLines(file.FullName))
        {
            line++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(text);
                passings.Add(CloudPassing.Read(document.RootElement));
            }
            catch (JsonException exception)
            {
                throw ToolException.BadInput($"{file.FullName} line {line} is no JSON: {exception.Message}", exception);
            }

            if (passings[^1] is not { Number: >= 0, Bib: not null, Timestamp: not null })
                throw ToolException.BadInput($"{file.FullName} line {line} lacks num_passing, bib or timestamp.");
        }

        return passings;
    }
}
