using System.Text.Json;
using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary>Where the tool writes: results to one side, everything about the run to the other.</summary>
sealed class Terminal
{
    // An id has 64 characters, and nobody reads across a pipe.
    const int WidthWhenPiped = 240;

    static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(0.2);
    static readonly TimeSpan ProgressIntervalWhenPiped = TimeSpan.FromSeconds(10);

    readonly Lock _lock = new();
    readonly TextReader? _input;

    /// <summary>Somewhere to write, and somebody to ask when there is an input.</summary>
    public Terminal(TextWriter output, TextWriter error, TextReader? input = null)
    {
        _input = input;
        Output = output;
        Error = error;
        Console = Create(output);
        ErrorConsole = Create(error);
    }

    /// <summary>Plain results: JSON lines, reads.</summary>
    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>Tables; plain text when piped.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Progress and remarks.</summary>
    public IAnsiConsole ErrorConsole { get; }

    /// <summary>A remark about the run, on one line.</summary>
    public void Say(string message)
    {
        lock (_lock)
            Error.WriteLine(message);
    }

    /// <summary>A result, on one line.</summary>
    public void Print(string line)
    {
        lock (_lock)
            Output.WriteLine(line);
    }

    /// <summary>An id alone on its line, for scripts and people; or as a JSON object.</summary>
    public void PrintId(bool json, string member, string id) => Print(json
        ? $"{{{JsonSerializer.Serialize(member)}:{JsonSerializer.Serialize(id)}}}"
        : id);

    /// <summary>Asks, and takes only a clear yes for one; null when there is nobody to ask.</summary>
    public bool? Ask(string question)
    {
        if (_input is null)
            return null;
        lock (_lock)
        {
            Error.Write($"{question} [y/N] ");
            return _input.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
        }
    }

    /// <summary>Shows how a run goes until it is cancelled: a line that changes, or one now and then when piped.</summary>
    public async Task ShowProgressAsync(Func<string> line, CancellationToken end)
    {
        if (!ErrorConsole.Profile.Capabilities.Interactive || !ErrorConsole.Profile.Out.IsTerminal)
        {
            using PeriodicTimer seldom = new(ProgressIntervalWhenPiped);
            while (await seldom.WaitForNextTickAsync(end).ConfigureAwait(false))
                Say(line());
            return;
        }

        await ErrorConsole.Status().StartAsync(line(), async status =>
        {
            using PeriodicTimer timer = new(ProgressInterval);
            while (await timer.WaitForNextTickAsync(end).ConfigureAwait(false))
                status.Status = line();
        }).ConfigureAwait(false);
    }

    static IAnsiConsole Create(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = WidthWhenPiped;
        return console;
    }
}
