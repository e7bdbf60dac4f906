using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary>Where the tool writes: results to one side, everything about the run to the other.</summary>
sealed class Terminal
{
    const int WidthWhenPiped = 120;

    readonly Lock _lock = new();

    public Terminal(TextWriter output, TextWriter error)
    {
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

    static IAnsiConsole Create(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = WidthWhenPiped;
        return console;
    }
}
