namespace RufusIngest.Tool;

/// <summary>Exit codes, as the README documents them.</summary>
static class ExitCode
{
    public const int Done = 0;

    /// <summary>Something nobody foresaw.</summary>
    public const int Unexpected = 1;

    /// <summary>The command line or a file it names is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>
    /// A check failed: the demo's passings are missing or there twice, a journal is damaged or gives other passings
    /// than it sent, reads of a capture do not add up, a file's protocol is not certain.
    /// </summary>
    public const int CheckFailed = 3;

    /// <summary>A reader, the server or its data cannot be reached or used now; the same command may work
    /// later.</summary>
    public const int Unreachable = 4;

    /// <summary>The server refused: key, session or passings; or passings were left unsent.</summary>
    public const int Refused = 5;
}

/// <summary>An end with one clear line and an exit code.</summary>
sealed class ToolException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    public static ToolException BadInput(string message, Exception? inner = null) =>
        new(Tool.ExitCode.BadInput, message, inner);
}
