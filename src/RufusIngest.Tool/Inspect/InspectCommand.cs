using System.CommandLine;
using System.Diagnostics;
using RufusIngest.Readers;

namespace RufusIngest.Tool.Inspect;

/// <summary><c>inspect</c>: which protocol files are of, and what is in them.</summary>
static class InspectCommand
{
    static readonly TimeSpan SayInterval = TimeSpan.FromSeconds(2);

    public static Command Create(Terminal terminal)
    {
        Argument<FileInfo[]> files = new("FILE")
        {
            Description = "Captures or logs: a reader's bytes, the same as hex text, or packets (pcap, pcapng).",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> protocol = new("--protocol") { Description = "Take the bytes for this protocol's." };
        Option<bool> json = CommonOptions.Json("A JSON object a file.");
        Command command = new(
            "inspect",
            "Find out which protocol files are of, and show what is in them: reads, chips, times, rejects. "
            + $"Ends with {ExitCode.CheckFailed} when one of them is not certain.")
        {
            files, protocol, json,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => Run(
                terminal,
                parsed.GetValue(files)!,
                parsed.GetValue(protocol) is { } name ? ReaderSpec.FindProtocol(name) : null,
                parsed.GetValue(json),
                cancellation),
            cancellation));
        return command;
    }

    static int Run(
        Terminal terminal, FileInfo[] files, ReaderProtocol? protocol, bool json, CancellationToken cancellation)
    {
        FileArguments.RequireFiles(files);
        InspectWriter writer = new(terminal);
        bool isCertain = true;
        foreach (FileInfo file in files)
        {
            FileReport report = FileReport.Of(file, protocol, Progress(terminal, file), cancellation);
            isCertain &= report.IsCertain;
            if (json)
                InspectJson.Write(terminal.Output, report);
            else
                writer.Write(report);
        }

        return isCertain ? ExitCode.Done : ExitCode.CheckFailed;
    }

    static Action<long> Progress(Terminal terminal, FileInfo file)
    {
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan said = default;
        return bytes =>
        {
            if (clock.Elapsed - said < SayInterval)
                return;
            said = clock.Elapsed;
            terminal.Say($"{file.Name}: {bytes:N0} bytes");
        };
    }
}
