using System.CommandLine;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Tool.Cleaning;

/// <summary><c>clean</c>: what cleaning makes of captures and logs, and why.</summary>
static class CleanCommand
{
    public static Command Create(Terminal terminal)
    {
        FileArguments input = new("CLEAN");
        GateArguments gate = new();
        Option<string[]> policies = new("--policy")
        {
            Description = $"Which read of a burst gives the time of record: {CommonOptions.PolicyNames}. Several times: "
                + "compare them. Default: first.",
        };
        Option<string?> explain = new("--explain")
        {
            Description = "A chip or bib: its reads one by one with what became of each, and its bursts drawn.",
        };
        Option<bool> passings = new("--passings")
        {
            Description = "List the passings; '--passings false' leaves them out.",
            DefaultValueFactory = _ => true,
        };
        Option<bool> json = CommonOptions.Json(
            "A JSON object a line: passings, the summary last; with --explain one object.");
        Command command = new(
            "clean", "Show what cleaning makes of captures or logs: passings, and why other reads made none.");
        input.AddTo(command);
        command.Options.Add(policies);
        gate.AddTo(command);
        foreach (Option option in (Option[])[explain, passings, json])
            command.Options.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            string[] names = parsed.GetValue(policies) is { Length: > 0 } some ? some : ["first"];
            GateOptions[] gates =
                [.. names.Select(name => gate.Read(parsed, CommonOptions.ReadPolicy(name))).DistinctBy(one => one.Policy)];
            FileInput files = input.Read(parsed, terminal, cancellation);
            CleanWriter writer = new(terminal, parsed.GetValue(json), parsed.GetValue(passings));
            if (parsed.GetValue(explain) is not { } who)
                return Task.FromResult(Clean(terminal, writer, files, gates, cancellation));
            if (gates.Length > 1)
                throw ToolException.BadInput("--explain takes one --policy.");
            Explain(terminal, files, gates[0], who, parsed.GetValue(json), cancellation);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static int Clean(
        Terminal terminal, CleanWriter writer, FileInput files, GateOptions[] gates, CancellationToken cancellation)
    {
        PolicyComparison? comparison = gates.Length > 1 ? new PolicyComparison() : null;
        List<CleanResult> results = [];
        IReadOnlyList<RejectedFrame> rejected = [];
        foreach (GateOptions gate in gates)
        {
            CleanRun run = new(files, gate)
            {
                OnPassing = passing =>
                {
                    comparison?.Add(passing);
                    writer.WritePassing(passing, files.Chips);
                },
            };
            results.Add(new CleanResult(gate.Policy, run.Run(cancellation)));
            rejected = run.Rejected;
        }

        writer.WriteResults(results);
        if (comparison is not null)
            writer.WriteComparison(comparison.Rows([.. gates.Select(gate => gate.Policy)]));
        files.SayHints(terminal, results[0].Counters, rejected);
        if (results.All(result => result.IsBalanced))
            return ExitCode.Done;
        terminal.Say(
            "rufus-ingest: READS DO NOT ADD UP: some have neither passing nor reason, which is a fault of this program.");
        return ExitCode.CheckFailed;
    }

    static void Explain(
        Terminal terminal, FileInput files, GateOptions gate, string who, bool json, CancellationToken cancellation)
    {
        ChipStory story = ChipStory.Of(who, files.Chips);
        CleanRun run = new(files, gate) { OnRead = story.Add, OnPassing = story.Add, OnEvent = story.Add };
        IngestCounters counters = run.Run(cancellation);
        files.SayHints(terminal, counters, run.Rejected);
        story.RequireReads();
        StoryWriter writer = new(story, files.Chips, gate.Policy);
        if (json)
            writer.WriteJson(terminal.Output);
        else
            writer.WriteText(terminal.Output);
    }
}

/// <summary>What one policy came to.</summary>
sealed record CleanResult(PassingPolicy Policy, IngestCounters Counters)
{
    public long WithoutTime => Counters.Readers.Sum(reader => reader.WithoutTime);

    public long Signals => Counters.Readers.Sum(reader => reader.Signals);

    /// <summary>Each read is a passing, is suppressed for a reason, or has no time.</summary>
    public bool IsBalanced => Counters.Reads == Counters.Passings + Counters.Suppressed + WithoutTime;
}
