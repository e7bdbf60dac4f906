using System.CommandLine;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Records;

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
        CloudArguments cloudArguments = new(post);
        Option<bool> replace = CommonOptions.ReplaceActive();
        Option<FileInfo?> bibs = CommonOptions.Bibs();
        Option<string?> policy = CommonOptions.Policy();
        Option<bool> wait = new("--wait-for-readers")
        {
            Description = "Start although a reader cannot be reached yet.",
        };
        Option<FileInfo?> journal = CommonOptions.Journal();
        Option<SessionGonePolicy> gone = new("--when-session-gone")
        {
            Description = "When the server knows the session no more: Hold, or OpenNew (with --journal).",
        };
        Option<int> timeout = new("--request-timeout")
        {
            Description = "Seconds until a request counts as unanswered and is asked about or sent again.",
            DefaultValueFactory = _ => 30,
        };
        Option<bool> compress = new("--compress") { Description = "Send bodies compressed (gzip)." };
        Option<int> flush = CommonOptions.FlushSeconds();
        Option<bool> json = CommonOptions.Json("The result as one JSON object; no progress.");
        Command command = new(
            "ingest",
            "Read timing readers and send their passings until Ctrl-C. A location without session=TOKEN opens a new "
            + "session, with a journal only the first time; that closes the one its device has active, so it is asked for.")
        {
            readers, bibs, policy, journal, replace, gone, timeout, compress, wait, flush, json,
        };
        cloudArguments.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            ReaderSpec[] specs = [.. parsed.GetValue(readers)!.Select(ReaderSpec.Parse)];
            if (specs.GroupBy(spec => spec.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw ToolException.BadInput($"reader {twice.Key} is named twice.");
            CloudSessions.RequireConsistent(specs);
            var chips = CommonOptions.ReadBibs(parsed.GetValue(bibs));
            GateOptions gate = new() { Policy = CommonOptions.ReadPolicy(parsed.GetValue(policy)) };
            bool quiet = parsed.GetValue(json);
            using CloudConnection connection = cloudArguments.Connect(parsed);
            if (!parsed.GetValue(wait))
            {
                foreach (ReaderSpec spec in specs)
                    await new ReaderLink(spec, terminal).ProbeAsync(cancellation).ConfigureAwait(false);
            }

            LiveOptions options = new()
            {
                Journal = parsed.GetValue(journal),
                UnsentFolder = Directory.GetCurrentDirectory(),
                WhenSessionGone = parsed.GetValue(gone),
                ReplaceActive = parsed.GetValue(replace),
                RequestTimeout = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(timeout), 1, 86_400)),
                Compress = parsed.GetValue(compress),
                Quiet = quiet,
            };
            LiveRun run = await StartAsync(
                terminal, specs, LiveRun.SettingsOf(specs, chips, gate), connection.Cloud, options, cancellation)
                .ConfigureAwait(false);
            await using var _ = run.ConfigureAwait(false);
            RunReport report = await run.RunAsync(
                _ => false, TimeSpan.FromSeconds(parsed.GetValue(flush)), quiet, cancellation).ConfigureAwait(false);
            return Finish(terminal, report, quiet);
        });
        return command;
    }

    static async Task<LiveRun> StartAsync(
        Terminal terminal, ReaderSpec[] specs, IngestSettings settings, RufusCloudClient cloud, LiveOptions options,
        CancellationToken cancellation)
    {
        if (options.Journal is not null)
            return await LiveRun.OpenAsync(terminal, specs, settings, cloud, options, cancellation).ConfigureAwait(false);
        IReadOnlyDictionary<string, string> tokens =
            await CloudSessions.OpenAsync(terminal, cloud, specs, options, cancellation).ConfigureAwait(false);
        return LiveRun.Start(terminal, specs, settings, cloud, tokens, options);
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
        if (report.ToSend > 0)
        {
            terminal.Say(
                $"rufus-ingest: {report.ToSend} passings are still to be sent; they are in {report.Journal} and go out at the "
                + "next start.");
        }

        if (report.SetAside > 0)
        {
            terminal.Say(
                $"rufus-ingest: the server did not take {report.SetAside} passings; they are in {report.Journal} with its "
                + "words.");
        }

        if (report.NumbersTaken > 0)
        {
            terminal.Say(
                $"rufus-ingest: the server already had passings under {report.NumbersTaken} of the numbers sent, and may "
                + "not have stored the new ones: use a new session and send the readers' logs again.");
        }

        return report.ExitCode;
    }
}
