using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class DurabilityTraceTests
{
    [Fact]
    public async Task Each_post_of_the_tool_comes_after_a_sync_of_what_it_posts()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        if (await ToolTrace.FindObstacleAsync(cancellation) is { } obstacle)
            Assert.Skip($"Not checked that posts come after syncs: {obstacle}.");
        string folder = Directory.CreateTempSubdirectory("trace-").FullName;
        string trace = Path.Combine(folder, "trace");
        await using TestVenue venue = await TestVenue.StartAsync();
        await using LogReader reader = new(
            RaceLog.Write(seed: 5, crossings: 400, reader: 1), new LogPace(512, TimeSpan.FromMilliseconds(40)));
        using (ToolProcess tool = ToolTrace.Start(
            folder, trace, TestVenue.ReadWriteKey,
            "ingest", "--wait-for-readers", "--reader", $"ipico=tcp://{reader.EndPoint}",
            "--post", venue.Server.BaseAddress.ToString(), "--journal", Path.Combine(folder, "race.journal")))
        {
            Task played = reader.UntilAsync(() => reader.TimesPlayedOut > 0, cancellation);
            if (await Task.WhenAny(played, tool.Exit) == played)
                ToolTrace.Interrupt(tool);
            await tool.Exit.WaitAsync(cancellation);
            Assert.True(tool.ExitCode == 0, tool.Said);
        }

        DurabilityReport report = DurabilityCheck.Run(SystemTrace.Parse(File.ReadLines(trace)));
        Assert.Empty(report.Violations);
        Assert.Equal((400, 400), (report.Passings, (int)venue.Server.Counters.Inserted));
        Assert.True(report.Posts > 10, $"{report.Posts} posts.");
        // Some lie on two pages of the log, and are not found.
        Assert.True(report.Traced >= 360, $"{report.Traced} of 400 passings were found in the log.");
        Directory.Delete(folder, recursive: true);
    }
}
