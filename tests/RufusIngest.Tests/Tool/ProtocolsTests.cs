using RufusIngest.Readers;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

public sealed class ProtocolsTests : IDisposable
{
    readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task They_are_listed_with_the_devices_that_speak_them()
    {
        ToolRun table = await ToolRun.Of("protocols");
        Assert.Equal(ExitCode.Done, table.ExitCode);
        Assert.All(ReaderProtocol.All, protocol => Assert.Matches($@"(?m)^ +{protocol.Name} ", table.Output));
        ToolRun json = await ToolRun.Of("protocols", "--json");
        Assert.Equal(
            ReaderProtocol.All.Select(protocol => protocol.Name),
            Assert.Single(json.Lines).EnumerateArray().Select(item => item.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_file_of_columns_is_replayed_by_their_names()
    {
        File.WriteAllText(_file, "bib;when;mat\n17;2026-05-17 09:41:00,25;Finish\n18;soon;Finish\n");
        ToolRun run = await ToolRun.Of("replay", _file, "--protocol", "csv:chip;time;point", "--reads", "--json");
        var read = run.Lines[0].GetProperty("read");
        Assert.Equal(
            ("17", "2026-05-17T09:41:00.250Z", "Finish"),
            (read.GetProperty("chip").GetString(), read.GetProperty("utc").GetString(), read.GetProperty("point").GetString()));
        Assert.Contains("BadTime", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("clean")]
    public async Task What_was_rejected_is_said_with_an_example(string command)
    {
        File.WriteAllText(_file, "chip;time\n17;17.05.2026 09:41:00\n18;soon\n");
        ToolRun run = await ToolRun.Of(command, _file, "--protocol", "csv:chip;time");
        Assert.Contains(
            "Rejected: BadTime 2; for example at byte 10, BadTime: 17;17.05.2026 09:41:00", run.Error, StringComparison.Ordinal);
        Assert.Contains("No reads: is it csv:chip;time?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_that_does_not_exist_is_explained()
    {
        ToolRun run = await ToolRun.Of("replay", _file, "--protocol", "csv:chip,tiem");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("there is no column 'tiem'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_counted_time_and_a_day_beyond_the_first_are_shown_as_they_were_said()
    {
        File.WriteAllText(_file, "chip,time\n17,09:41:00\n");
        ToolRun run = await ToolRun.Of("replay", _file, "--protocol", "csv", "--reads", "--session-date", "2026-05-17");
        Assert.Contains("Chip   09:41:00.000             2026-05-17T09:41:00.000Z", run.Output, StringComparison.Ordinal);
    }
}
