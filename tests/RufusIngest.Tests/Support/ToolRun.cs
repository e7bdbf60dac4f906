using System.Text.Json;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Support;

/// <summary>One run of the tool inside the test's process, with what it wrote.</summary>
sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public static Task<ToolRun> Of(params string[] args) => Of(TestContext.Current.CancellationToken, args);

    public static async Task<ToolRun> Of(CancellationToken cancellation, params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await ToolCommand.RunAsync(args, new Terminal(output, error), cancellation);
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    /// <summary>The JSON objects it wrote, one a line.</summary>
    public IReadOnlyList<JsonElement> Lines =>
        [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
}
