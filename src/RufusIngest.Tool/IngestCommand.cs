using System.CommandLine;

namespace RufusIngest.Tool;

/// <summary><c>ingest</c>: the main job live.</summary>
static class IngestCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string[]> readers = new("--reader")
        {
            Description = $"A reader to read, {ReaderSpec.Syntax}. May be given several times.",
            Required = true,
        };
        Option<string?> post = CommonOptions.Post();
        post.Required = true;
        Option<string?> apiKey = CommonOptions.ApiKey();
        Option<FileInfo?> bibs = CommonOptions.Bibs();
        Option<bool> wait = new("--wait-for-readers")
        {
            Description = "Start although a reader cannot be reached yet.",
        };
        Option<int> flush = CommonOptions.FlushSeconds();
        Option<bool> json = CommonOptions.Json("The result as one JSON object; no progress.");
        Command command = new(
            "ingest",
            "Read timing readers and send their passings until Ctrl-C. A location without session=TOKEN opens a new "
            + "session, which closes the one its device has active.")
        {
            readers, post, apiKey, bibs, wait, flush, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            ReaderSpec[] specs = [.. parsed.GetValue(readers)!.Select(ReaderSpec.Parse)];
            if (specs.GroupBy(spec => spec.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw ToolException.BadInput($"reader {twice.Key} is named twice.");
            var chips = CommonOptions.ReadBibs(parsed.GetValue(bibs));
            bool quiet = parsed.GetValue(json);
            var (http, cloud) = CommonOptions.Connect(parsed.GetValue(post)!, parsed.GetValue(apiKey));
            using (http)
            {
                if (!parsed.GetValue(wait))
                {
                    foreach (ReaderSpec spec in specs)
                        await new ReaderLink(spec, terminal).ProbeAsync(cancellation).ConfigureAwait(false);
                }

                var tokens = await CloudSessions.OpenAsync(terminal, cloud, specs, quiet, cancellation)
                    .ConfigureAwait(false);
                LiveRun run = new(
                    terminal, specs, LiveRun.SettingsOf(specs, chips, null), cloud, tokens,
                    Directory.GetCurrentDirectory());
                await using var _ = run.ConfigureAwait(false);
                RunReport report = await run.RunAsync(
                    _ => false, TimeSpan.FromSeconds(parsed.GetValue(flush)), quiet, cancellation)
                    .ConfigureAwait(false);
                return Finish(terminal, report, quiet);
            }
        });
        return command;
    }

    /// <summary>Shows the result; what could not be sent is said last, because it needs somebody.</summary>
    public static int Finish(Terminal terminal, RunReport report, bool json)
    {
        if (json)
            report.WriteJson(terminal.Output);
        else
            report.WriteTable(terminal.Console);
        if (report.Unsent > 0)
            terminal.Say($"rufus-ingest: {report.Unsent} passings were not sent; they are in {report.UnsentFile}.");
        if (report.NumbersTaken > 0)
        {
            terminal.Say(
                $"rufus-ingest: the server already had passings under {report.NumbersTaken} of the numbers sent, and may "
                + "not have stored the new ones: use a new session and send the readers' logs again.");
        }

        return report.ExitCode;
    }
}
