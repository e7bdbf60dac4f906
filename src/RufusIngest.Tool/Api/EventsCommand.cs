using System.CommandLine;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary><c>events</c>: the events of the account, and their participants where one knows the path.</summary>
static class EventsCommand
{
    const string ParticipantsPath = "events/{event_token}/participants";

    public static Command Create(Terminal terminal)
    {
        ApiCommand command = new("events", "List events and their participants.");
        Option<string> listPath = ApiCommand.ListPath(new RufusCloudOptions().EventsPath);
        command.AddList(
            terminal, "list", "The events of the account.", [listPath], Columns.Events, "There are no events.",
            (cloud, _, cancellation) => cloud.GetEventsAsync(cancellation),
            parsed => new() { EventsPath = parsed.GetValue(listPath)! });
        Argument<string> token = new("EVENT") { Description = "Its token." };
        (Option<string> path, Option<string[]> members) = ApiCommand.Route(ParticipantsPath);
        command.AddList(
            terminal, "participants", "The participants of an event. The API does not document where.",
            [token, path, members], Columns.Participants, "There are no participants, or no such event.",
            (cloud, parsed, cancellation) => cloud.GetParticipantsAsync(parsed.GetValue(token)!, cancellation),
            parsed => new() { ParticipantsRoute = ToRoute(parsed) });
        Option<string?> bib = new("--bib") { Description = "Bib." };
        Option<string?> chip = new("--chip") { Description = "Chip code." };
        Option<string[]> others = new("--set") { Description = "Another member, NAME=VALUE. May be given several times." };
        command.Add(
            "add-participant", "Create a participant, for good: the API changes none. It does not document where.",
            [token, path, members, bib, chip, others],
            async (cloud, parsed, cancellation) =>
            {
                await cloud.CreateParticipantAsync(
                    parsed.GetValue(token)!,
                    new()
                    {
                        Bib = parsed.GetValue(bib),
                        Chip = parsed.GetValue(chip),
                        Others = ApiCommand.Pairs("--set", parsed.GetValue(others)),
                    },
                    cancellation).ConfigureAwait(false);
                terminal.Say("created.");
                return ExitCode.Done;
            },
            parsed => new() { CreateParticipantRoute = ToRoute(parsed) });
        return command.Command;

        CloudRoute ToRoute(System.CommandLine.ParseResult parsed) =>
            ApiCommand.ToRoute(parsed.GetValue(path)!, "POST", parsed.GetValue(members));
    }
}
