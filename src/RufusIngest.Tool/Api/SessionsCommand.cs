using System.CommandLine;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary><c>sessions</c>: the timing sessions of a device.</summary>
static class SessionsCommand
{
    public static Command Create(Terminal terminal)
    {
        ApiCommand command = new("sessions", "List, open and close timing sessions.");
        Argument<string> device = ApiCommand.Device();
        Argument<string> session = ApiCommand.Session();
        command.AddList(
            terminal, "list", "The sessions of a device.", [device], Columns.Sessions,
            "There are no sessions, or no such device.",
            (cloud, parsed, cancellation) => cloud.GetSessionsAsync(parsed.GetValue(device)!, cancellation));
        command.Add("active", "The session of a device that takes passings.", [device], async (cloud, parsed, cancellation) =>
        {
            string id = parsed.GetValue(device)!;
            CloudSession active = await cloud.GetActiveSessionAsync(id, cancellation).ConfigureAwait(false)
                ?? throw new ToolException(ExitCode.Refused, $"device {id} has no active session, or does not exist.");
            new Listing<CloudSession>(terminal, Columns.Sessions, command.IsJson(parsed)).WriteOne(active);
            return ExitCode.Done;
        });
        command.Add("show", "One session.", [session], async (cloud, parsed, cancellation) =>
        {
            CloudSession found = await cloud.GetSessionAsync(parsed.GetValue(session)!, cancellation)
                .ConfigureAwait(false);
            new Listing<CloudSession>(terminal, Columns.Sessions, command.IsJson(parsed)).WriteOne(found);
            return ExitCode.Done;
        });
        AddOpen(terminal, command);
        command.Add(
            "close", "Close a session for good: it takes no more passings, and nothing reopens it.", [session],
            async (cloud, parsed, cancellation) =>
            {
                string token = parsed.GetValue(session)!;
                await cloud.CloseSessionAsync(token, cancellation).ConfigureAwait(false);
                terminal.Say($"session {token} is closed.");
                return ExitCode.Done;
            });
        return command.Command;
    }

    static void AddOpen(Terminal terminal, ApiCommand command)
    {
        Argument<string> device = ApiCommand.Device();
        Option<string?> alias = new("--alias") { Description = "Display name." };
        Option<bool> replace = CommonOptions.ReplaceActive();
        command.Add(
            "open", "Open a session of a device, which closes the one it has active. Prints its token.",
            [device, alias, replace],
            async (cloud, parsed, cancellation) =>
            {
                string id = parsed.GetValue(device)!;
                if (!parsed.GetValue(replace))
                {
                    await CloudSessions.RequireReplaceableAsync(terminal.Ask, cloud, id, [], null, cancellation)
                        .ConfigureAwait(false);
                }

                string token = await cloud.OpenSessionAsync(id, parsed.GetValue(alias), cancellation)
                    .ConfigureAwait(false);
                terminal.PrintId(command.IsJson(parsed), "token_session", token);
                return ExitCode.Done;
            });
    }
}
