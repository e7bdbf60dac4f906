using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace RufusIngest.Tests.Support;

/// <summary>The real tool as a process of its own, which can be killed. Its API key is in its environment.</summary>
sealed partial class ToolProcess : IDisposable
{
    const int Sigint = 2;

    readonly Process _process;
    readonly StringBuilder _said = new();

    ToolProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it wrote so far on both outputs.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    /// <summary>Ends with the process.</summary>
    public Task Exit { get; private init; } = Task.CompletedTask;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public int Id => _process.Id;

    /// <summary>Starts it.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="apiKey">Put into its environment.</param>
    /// <param name="args">The tool's own.</param>
    /// <param name="under">A command that starts it, with its arguments; empty: none.</param>
    public static ToolProcess Start(
        string folder, string apiKey, IEnumerable<string> args, params IEnumerable<string> under)
    {
        // A run started in the background hands its children a SIGINT that is ignored.
        string[] reset = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT"] : [];
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command =
            [.. reset, .. under, dotnet, Path.Combine(AppContext.BaseDirectory, "rufus-ingest.dll"), .. args];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RUFUS_API_KEY"] = apiKey;
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return new(process) { Exit = process.WaitForExitAsync() };
    }

    /// <summary>SIGKILL: nothing of it runs any more.</summary>
    public void Kill() => _process.Kill();

    /// <summary>What Ctrl-C sends.</summary>
    public void Interrupt() => Interrupt(_process.Id);

    /// <summary>Sends it to a process that this one started, such as the tool below a tracer.</summary>
    public static void Interrupt(int process) => Assert.Equal(0, Signal(process, Sigint));

    /// <summary>Kills it if it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_said)
            _said.AppendLine(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
