using System.CommandLine;
using System.Security.Cryptography;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Server;
using RufusIngest.Simulators;

namespace RufusIngest.Tool;

/// <summary>What a demo is asked for.</summary>
sealed record DemoOptions
{
    public int Runners { get; init; } = 2_000;

    public ulong Seed { get; init; } = 1;

    /// <summary>Race time over real time; 0: as fast as it goes.</summary>
    public double Speed { get; init; }

    public bool Json { get; init; }

    /// <summary>Keeps the race, so that the demo can be killed and started again.</summary>
    public FileInfo? Journal { get; init; }

    /// <summary>Rules of the locations, so that a test can break them.</summary>
    public GateOptions? Gate { get; init; }
}

/// <summary><c>demo</c>: the main job with simulated readers and a venue server of its own, checked at the end.</summary>
static class DemoCommand
{
    static readonly TimeSpan FlushTime = TimeSpan.FromMinutes(2);

    public static Command Create(Terminal terminal)
    {
        Option<int> runners = new("--runners")
        {
            Description = "Runners of the race, 1 to 50,000.",
            DefaultValueFactory = _ => 2_000,
        };
        Option<ulong> seed = new("--seed")
        {
            Description = "The same seed plays the same race.",
            DefaultValueFactory = _ => 1UL,
        };
        Option<double> speed = new("--speed")
        {
            Description = "Race time over real time; 0: as fast as it goes.",
            DefaultValueFactory = _ => 600,
        };
        Option<FileInfo?> journal = CommonOptions.Journal();
        Option<bool> json = CommonOptions.Json("The result as one JSON object.");
        Command command = new("demo", "Play a race from simulated readers to a venue server, and check every crossing.")
        {
            runners, seed, speed, journal, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            terminal,
            new DemoOptions
            {
                Runners = parsed.GetValue(runners),
                Seed = parsed.GetValue(seed),
                Speed = parsed.GetValue(speed),
                Journal = parsed.GetValue(journal),
                Json = parsed.GetValue(json),
            },
            cancellation));
        return command;
    }

    public static async Task<int> RunAsync(Terminal terminal, DemoOptions options, CancellationToken cancellation)
    {
        if (options.Runners is < 1 or > 50_000)
            throw ToolException.BadInput($"--runners is {options.Runners}; it must be 1 to 50,000.");
        if (options.Speed is not (>= 0 and < 1e9))
            throw ToolException.BadInput($"--speed is {options.Speed}; it must be 0 or more.");
        Race race = Race.Generate(new RaceOptions { Runners = options.Runners, Seed = options.Seed });
        string key = "ror-" + RandomNumberGenerator.GetHexString(20, lowercase: true);
        VenueServer server = await VenueServer.StartAsync(
            new VenueServerOptions { Keys = [new VenueKey("demo", key, VenueAccess.ReadWrite)] }, cancellation)
            .ConfigureAwait(false);
        await using var _ = server.ConfigureAwait(false);
        RaceSimulation simulation = RaceSimulation.Start(
            race, new PlayOptions { Speed = options.Speed, CutAfterReads = Math.Max(1, race.ReadCount / 12) });
        await using var __ = simulation.ConfigureAwait(false);
        if (!options.Json)
        {
            terminal.Say(
                $"{options.Runners:N0} runners, seed {options.Seed}: {simulation.Readers.Count} simulated readers, "
                + $"each cut off once; venue server at {server.BaseAddress}");
        }

        RunReport report = await PlayAsync(terminal, options, race, simulation, server.BaseAddress, key, cancellation)
            .ConfigureAwait(false);
        if (options.Json)
            report.WriteJson(terminal.Output);
        else
            report.WriteTable(terminal.Console);
        return report.ExitCode;
    }

    static async Task<RunReport> PlayAsync(
        Terminal terminal, DemoOptions options, Race race, RaceSimulation simulation, Uri address, string key,
        CancellationToken cancellation)
    {
        ReaderSpec[] readers = [.. simulation.Readers.Select(reader => SpecOf(reader, options))];
        Dictionary<string, SimulatedReader> players =
            readers.Zip(simulation.Readers).ToDictionary(pair => pair.First.Name, pair => pair.Second);
        ChipTable chips = ChipTable.Create(
            race.Entries.Select(entry => KeyValuePair.Create(ChipCode.FromText(entry.Chip), entry.Bib)));
        using CloudConnection connection = CloudConnection.Open(address.ToString(), key);
        RufusCloudClient cloud = connection.Cloud;
        IngestSettings settings = LiveRun.SettingsOf(readers, chips, options.Gate);
        LiveOptions live = new()
        {
            Journal = options.Journal,
            UnsentFolder = Path.GetTempPath(),
            CloseSessions = true,
            Quiet = options.Json,
        };
        IReadOnlyDictionary<string, string> tokens =
            await CloudSessions.OpenAsync(terminal, cloud, readers, live, cancellation).ConfigureAwait(false);
        if (options.Journal is { Exists: true })
        {
            await DemoRestart.GiveBackAsync(connection.Http, key, options.Journal, tokens, cancellation)
                .ConfigureAwait(false);
        }

        LiveRun run = options.Journal is null
            ? LiveRun.Start(terminal, readers, settings, cloud, tokens, live)
            : await LiveRun.OpenAsync(
                terminal, [.. readers.Select(reader => reader with { Session = tokens[reader.Location] })], settings,
                cloud, live, cancellation).ConfigureAwait(false);
        await using var _ = run.ConfigureAwait(false);
        RunReport report = await run.RunAsync(
            name => players[name].Completion.IsCompleted, FlushTime, options.Json, cancellation)
            .ConfigureAwait(false);
        return report with { Check = await CheckAsync(race, cloud, tokens, cancellation).ConfigureAwait(false) };
    }

    static async Task<RaceCheck> CheckAsync(
        Race race, RufusCloudClient cloud, IReadOnlyDictionary<string, string> tokens, CancellationToken cancellation)
    {
        RaceCheck check = new(race.Crossings);
        foreach (var (location, token) in tokens)
        {
            await cloud.CloseSessionAsync(token, cancellation).ConfigureAwait(false);
            await foreach (CloudPassing passing in cloud.GetSessionPassingsAsync(
                token, cancellationToken: cancellation).ConfigureAwait(false))
                check.Add(location, passing);
        }

        return check;
    }

    static ReaderSpec SpecOf(SimulatedReader reader, DemoOptions options) => new()
    {
        Label = $"{reader.Name} ({options.Runners} runners, seed {options.Seed})",
        Protocol = reader.Protocol,
        Host = reader.EndPoint.Address.ToString(),
        Port = reader.EndPoint.Port,
        Location = reader.Location,
        Zone = new ZoneRules((int)reader.LocalOffset.TotalMinutes),
    };
}
