using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Hosting;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Hosting;

public sealed class HealthTests : IDisposable
{
    readonly TempFolder _folder = new();
    readonly ScriptedCloud _cloud = HostedIngest.NewCloud();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_unhealthy_before_the_start_and_after_the_stop_and_healthy_between()
    {
        await using HostedIngest ingest = new(Configure);
        Assert.Equal(HealthStatus.Unhealthy, (await ingest.CheckHealthAsync()).Status);
        await ingest.StartAsync();
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        await ingest.AddAsync(1);
        while (ingest.Finish.Waiting > 0)
            await Task.Yield();
        HealthReportEntry health = await ingest.CheckHealthAsync();
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Equal((0, 1L), (health.Data["waiting"], health.Data["acknowledged"]));
        Assert.Equal("Sending, 1 of 1", health.Data["Finish/1"]);
        await ingest.StopAsync();
        Assert.Equal("The ingest service has stopped.", (await ingest.CheckHealthAsync()).Description);
    }

    [Fact]
    public async Task It_is_degraded_while_a_location_has_no_session()
    {
        await using HostedIngest ingest = await HostedIngest.StartAsync(Configure);
        await ingest.AddAsync(1);
        HealthReportEntry health = await ingest.CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Equal("Finish/1: no session to send to; 1 passings wait.", health.Description);
    }

    [Fact]
    public async Task It_is_degraded_while_a_session_is_stopped()
    {
        _cloud.Otherwise = _ => ScriptedCloud.Answer(403, "{}");
        await using HostedIngest ingest = await HostedIngest.StartAsync(Configure);
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        await ingest.AddAsync(1);
        while (ingest.Finish.State != LocationState.Stopped)
            await Task.Yield();
        HealthReportEntry health = await ingest.CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Equal("Finish/1: sending is stopped (KeyRefused, status 403); 1 passings wait.", health.Description);
    }

    [Fact]
    public async Task It_is_degraded_while_a_passing_waits_too_long()
    {
        _cloud.Then(200, HostedIngest.EmptySession).ThenNeverAnswer();
        await using HostedIngest ingest = await HostedIngest.StartAsync(options =>
        {
            Configure(options);
            options.DegradedAfter = TimeSpan.FromTicks(1);
        });
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        await ingest.AddAsync(1);
        HealthReportEntry health = await ingest.CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.StartsWith("Finish/1: 1 passings wait, the oldest for ", health.Description);
        await ingest.StopAsync(noTime: true);
    }

    [Fact]
    public async Task It_is_unhealthy_while_the_journal_cannot_be_written()
    {
        await using HostedIngest ingest = new(Configure);
        TaskCompletionSource failing = new();
        TaskCompletionSource healed = new();
        ingest.Service.JournalProblemChanged +=
            problem => (problem is null ? healed : failing).TrySetResult();
        await ingest.StartAsync();
        using SqliteConnection other = new($"Data Source={_folder.File("race.journal")};Pooling=False");
        other.Open();
        using SqliteCommand command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        await ingest.Service.Pipeline.AddManualAsync("Finish", "1", DateTimeOffset.UnixEpoch.AddDays(20_000), Cancelled);
        await failing.Task.WaitAsync(Cancelled);
        HealthReportEntry health = await ingest.CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.StartsWith("The journal cannot be written; ", health.Description);
        command.CommandText = "ROLLBACK";
        command.ExecuteNonQuery();
        await healed.Task.WaitAsync(Cancelled);
        Assert.Equal(HealthStatus.Degraded, (await ingest.CheckHealthAsync()).Status); // No session.
    }

    [Fact]
    public void The_oldest_waiting_passing_is_the_one_that_was_seen_first_and_is_not_acknowledged()
    {
        FakeTimeProvider time = new();
        WaitingTimes waiting = new(time);
        Assert.Equal(0, Observe(last: 5, acknowledged: 5));
        Assert.Equal(0, Observe(last: 7, acknowledged: 5));
        Assert.Equal(10, Later(10, last: 7, acknowledged: 6));
        Assert.Equal(20, Later(10, last: 9, acknowledged: 6));
        Assert.Equal(5, Later(5, last: 9, acknowledged: 8));
        Assert.Equal(0, Later(5, last: 9, acknowledged: 9));
        Assert.Equal(0, Later(5, last: 10, acknowledged: 9));
        Assert.Equal(0, waiting.Observe("Start", 1, 3, 0).TotalSeconds);

        double Later(int seconds, int last, int acknowledged)
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            return Observe(last, acknowledged);
        }

        double Observe(int last, int acknowledged) => waiting.Observe("Finish", 1, last, acknowledged).TotalSeconds;
    }

    void Configure(RufusIngestOptions options)
    {
        options.BaseAddress = new("https://cloud.test/v0");
        options.JournalFile = _folder.File("race.journal");
        options.UsePrimaryHandler(() => _cloud);
    }
}
