using System.CommandLine;
using System.CommandLine.Parsing;
using RufusIngest.Cloud;
using RufusIngest.Records;
using RufusIngest.Server;
using RufusIngest.Tool.Api;
using RufusIngest.Tool.Cleaning;
using RufusIngest.Tool.Inspect;
using RufusIngest.Tool.Probe;
using RufusIngest.Tool.Relay;

namespace RufusIngest.Tool;

/// <summary>The command line as a whole: parses it, runs the command, turns failures into one line and an exit
/// code.</summary>
static class ToolCommand
{
    public static async Task<int> RunAsync(
        string[] args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        RootCommand root = new("Reader bytes in, RUFUS passings out.");
        root.Subcommands.Add(DemoCommand.Create(terminal));
        root.Subcommands.Add(IngestCommand.Create(terminal));
        root.Subcommands.Add(ReplayCommand.Create(terminal));
        root.Subcommands.Add(CleanCommand.Create(terminal));
        root.Subcommands.Add(InspectCommand.Create(terminal));
        root.Subcommands.Add(ProtocolsCommand.Create(terminal));
        root.Subcommands.Add(JournalCommand.Create(terminal));
        root.Subcommands.Add(DevicesCommand.Create(terminal));
        root.Subcommands.Add(SessionsCommand.Create(terminal));
        root.Subcommands.Add(PassingsCommand.Create(terminal));
        root.Subcommands.Add(EventsCommand.Create(terminal));
        root.Subcommands.Add(ProbeCommand.Create(terminal));
        root.Subcommands.Add(ServeCommand.Create(terminal));
        root.Subcommands.Add(RelayCommand.Create(terminal));
        System.CommandLine.ParseResult parsed = root.Parse(args);
        foreach (ParseError error in parsed.Errors)
            terminal.Say($"rufus-ingest: {error.Message}");
        if (parsed.Errors.Count > 0)
        {
            terminal.Say("rufus-ingest: --help tells what can be said.");
            return ExitCode.BadInput;
        }

        InvocationConfiguration configuration = new()
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            // Ctrl-C ends the reading; what was read still has to be sent, which has its own time limit.
            ProcessTerminationTimeout = TimeSpan.FromHours(1),
        };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (ToolException exception)
        {
            terminal.Say($"rufus-ingest: {exception.Message}");
            return exception.ExitCode;
        }
        catch (JournalException exception)
        {
            terminal.Say($"rufus-ingest: {exception.Message}");
            return exception.Problem switch
            {
                JournalProblem.Damaged or JournalProblem.Mismatch => ExitCode.CheckFailed,
                _ => ExitCode.BadInput,
            };
        }
        catch (VenueDataException exception)
        {
            terminal.Say($"rufus-ingest: {exception.Message}");
            return exception.MayHeal ? ExitCode.Unreachable : ExitCode.BadInput;
        }
        catch (RufusCloudException exception)
        {
            terminal.Say($"rufus-ingest: {exception.Message}{WhatToDo(exception.Failure)}");
            return exception.Failure == RufusFailure.Unreachable ? ExitCode.Unreachable : ExitCode.Refused;
        }
        catch (OperationCanceledException)
        {
            terminal.Say("rufus-ingest: stopped.");
            return ExitCode.Unexpected;
        }
        catch (Exception exception)
        {
            terminal.Say($"rufus-ingest: unexpected: {exception}");
            return ExitCode.Unexpected;
        }
    }

    /// <summary>A sentence behind a failure's own.</summary>
    public static string WhatToDo(RufusFailure failure) => failure switch
    {
        RufusFailure.KeyRefused => " Check the key, and that it may do this.",
        RufusFailure.PermissionMissing => " Give the key the access: READ to look, WRITE to change, the flag to unbind.",
        RufusFailure.NotFound => " Check the id.",
        RufusFailure.SessionGone => " Open another session, or name one that is active.",
        RufusFailure.TooLarge => " Send less at once.",
        RufusFailure.Throttled or RufusFailure.ServerFault or RufusFailure.Unreachable => " Try again later.",
        RufusFailure.AnswerNotUnderstood => " Check the address, and that no network's log-in page is in between.",
        _ => "",
    };
}
