using System.CommandLine;
using System.Globalization;
using RufusIngest.Server;

namespace RufusIngest.Tool.Relay;

/// <summary><c>relay</c>: passings of a venue server go on to the cloud.</summary>
static class RelayCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string?> from = new("--from")
        {
            Description = "Base address of a venue server that runs, such as http://127.0.0.1:8080/v0/.",
        };
        KeyArguments fromKey = new("from-api-key", "RUFUS_VENUE_API_KEY");
        Option<FileInfo?> data = new("--data") { Description = "Data file of a venue server that does not run." };
        Option<string> company = new("--company")
        {
            Description = "Whose devices of the data file.",
            DefaultValueFactory = _ => VenueKey.DefaultCompany,
        };
        Option<FileInfo> state = new("--state")
        {
            Description = "File that keeps what is relayed, and where to; the same file again goes on where it was.",
            Required = true,
        };
        Option<string[]> named = new("--map")
        {
            Description = "VENUE=CLOUD, two tokens: this session goes to that one, which is open at the cloud already. May "
                + "be given several times; others get new sessions.",
        };
        Option<bool> follow = new("--follow") { Description = "Go on with what comes, until Ctrl-C." };
        Option<double> every = new("--every")
        {
            Description = "Seconds between two looks at the venue server, with --follow.",
            DefaultValueFactory = _ => 5,
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [{ Value: var text }]
                        && double.TryParse(text, CultureInfo.InvariantCulture, out double seconds)
                        && seconds is not (>= 0.1 and <= 3_600))
                        result.AddError("--every must be 0.1 to 3600.");
                },
            },
        };
        Option<bool> replace = CommonOptions.ReplaceActive();
        Option<bool> json = CommonOptions.Json("The result as one JSON object; no progress.");
        CloudArguments cloud = new();
        Command command = new(
            "relay",
            "Send a venue server's passings on to the cloud: same numbers, each session to one of its own, devices by their "
            + "serial numbers. Sessions closed there are closed. A second run sends only what is new.")
        {
            from, data, company, state, named, follow, every, replace, json,
        };
        fromKey.AddTo(command);
        cloud.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            RelayOptions options = new()
            {
                Follow = parsed.GetValue(follow),
                Every = TimeSpan.FromSeconds(parsed.GetValue(every)),
                ReplaceActive = parsed.GetValue(replace),
                Named = ReadNamed(parsed.GetValue(named) ?? []),
                Quiet = parsed.GetValue(json),
            };
            using CloudConnection to = cloud.Connect(parsed);
            VenueEnd venue = (parsed.GetValue(from), parsed.GetValue(data)) switch
            {
                ({ } address, null) => VenueEnd.Of(address, fromKey.Read(parsed)),
                (null, { } file) => await VenueEnd.OfAsync(file, parsed.GetValue(company)!, terminal, cancellation)
                    .ConfigureAwait(false),
                _ => throw ToolException.BadInput("give --from or --data, one of them."),
            };
            await using var _ = venue.ConfigureAwait(false);
            using var kept = RelayState.Open(parsed.GetValue(state)!.FullName, to.Http.BaseAddress!.ToString());
            RelayRun run = new(terminal, venue.Cloud, to.Cloud, kept, options);
            RelayReport report = await run.RunAsync(cancellation).ConfigureAwait(false);
            if (options.Quiet)
                report.WriteJson(terminal.Output);
            else
                report.WriteTable(terminal.Console);
            return run.ExitCode;
        });
        return command;
    }

    static Dictionary<string, string> ReadNamed(string[] pairs)
    {
        Dictionary<string, string> named = [];
        foreach (string pair in pairs)
        {
            if (pair.Split('=') is not [{ Length: > 0 } venue, { Length: > 0 } cloud])
                throw ToolException.BadInput($"--map is '{pair}'; write it as VENUE=CLOUD, the tokens of two sessions.");
            if (!named.TryAdd(venue, cloud))
                throw ToolException.BadInput($"--map names session {venue} twice.");
        }

        return named;
    }
}
