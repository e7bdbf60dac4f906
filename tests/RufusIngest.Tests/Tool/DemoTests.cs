using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

public sealed class DemoTests
{
    static async Task<(int ExitCode, JsonElement Result)> Play(DemoOptions options)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await DemoCommand.RunAsync(
            new Terminal(output, error), options with { Json = true }, TestContext.Current.CancellationToken);
        return (code, JsonDocument.Parse(output.ToString()).RootElement);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public async Task Every_crossing_of_a_race_is_stored_once_though_each_reader_is_cut_off(ulong seed)
    {
        var (code, result) = await Play(new DemoOptions { Runners = 300, Seed = seed });
        Assert.Equal(0, result.GetProperty("missing").GetInt32());
        Assert.Equal(0, result.GetProperty("duplicated").GetInt32());
        Assert.Equal(result.GetProperty("crossings").GetInt32(), result.GetProperty("stored").GetInt32());
        Assert.InRange(result.GetProperty("crossings").GetInt32(), 900, 1_000);
        Assert.Equal(3, result.GetProperty("rejects").GetProperty("Truncated").GetInt32());
        Assert.Equal(ExitCode.Done, code);
    }

    [Fact]
    public async Task A_gate_without_dead_time_and_gap_is_found_out_by_its_duplicates()
    {
        GateOptions broken = new() { DeadTime = TimeSpan.Zero, BurstGap = TimeSpan.Zero, ReorderDelay = TimeSpan.Zero };
        var (code, result) = await Play(new DemoOptions { Runners = 50, Gate = broken });
        Assert.True(result.GetProperty("duplicated").GetInt32() > 0);
        Assert.Equal(ExitCode.CheckFailed, code);
    }

    [Fact]
    public async Task A_gate_that_swallows_laps_is_found_out_by_the_missing()
    {
        GateOptions broken = new() { DeadTime = TimeSpan.FromHours(12) };
        var (code, result) = await Play(new DemoOptions { Runners = 100, Gate = broken });
        Assert.True(result.GetProperty("missing").GetInt32() > 0);
        Assert.Equal(0, result.GetProperty("duplicated").GetInt32());
        Assert.Equal(ExitCode.CheckFailed, code);
    }

    [Fact]
    public async Task It_ends_with_a_table_that_says_what_is_missing_and_duplicated()
    {
        ToolRun run = await ToolRun.Of("demo", "--runners", "20", "--speed", "0");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Matches(@"missing +0 ", run.Output);
        Assert.Matches(@"duplicated +0 ", run.Output);
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.DoesNotContain("ror-", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--runners", "0")]
    [InlineData("--runners", "many")]
    [InlineData("--speed", "-1")]
    [InlineData("--sped", "1")]
    public async Task What_cannot_be_played_is_said(string option, string value)
    {
        ToolRun run = await ToolRun.Of("demo", option, value);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.StartsWith("rufus-ingest: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }
}
