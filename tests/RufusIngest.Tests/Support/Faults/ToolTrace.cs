using System.ComponentModel;
using System.Diagnostics;

namespace RufusIngest.Tests.Support;

/// <summary>The real tool under <c>strace</c>.</summary>
static class ToolTrace
{
    const string Calls = "openat,fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,close";

    // Longer than any body or page of a small race: the check looks for passings in both.
    const string StringLength = "200000";

    /// <summary>Why there can be no trace here, or null.</summary>
    public static async Task<string?> FindObstacleAsync(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
            return "strace is a tool of Linux";
        try
        {
            using Process strace = Process.Start(new ProcessStartInfo("strace", ["-f", "-o", "/dev/null", "true"])
            {
                RedirectStandardError = true,
            })!;
            string error = await strace.StandardError.ReadToEndAsync(cancellation);
            await strace.WaitForExitAsync(cancellation);
            return strace.ExitCode == 0 ? null : $"strace may not trace here: {error.Trim()}";
        }
        catch (Win32Exception)
        {
            return "strace is not installed";
        }
    }

    /// <summary>Starts the tool; its trace goes into a file.</summary>
    public static ToolProcess Start(string folder, string traceFile, string apiKey, params IEnumerable<string> args) =>
        ToolProcess.Start(
            folder, apiKey, args,
            "strace", "-f", "-y", "-s", StringLength, "--seccomp-bpf", "-e", $"trace={Calls}", "-o", traceFile);

    /// <summary>Sends Ctrl-C to the tool itself.</summary>
    public static void Interrupt(ToolProcess strace)
    {
        string children = File.ReadAllText($"/proc/{strace.Id}/task/{strace.Id}/children");
        ToolProcess.Interrupt(int.Parse(children.Split(' ')[0]));
    }
}
