using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RufusIngest.Cloud;
using RufusIngest.Hosting;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Hosting;

public sealed class RufusIngestServiceTests : IDisposable
{
    readonly TempFolder _folder = new();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    string Journal => _folder.File("race.journal");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_host_that_stops_and_starts_again_goes_on_with_the_numbers_and_stores_none_twice()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string device = await venue.BindAsync();
        string token;
        await using (HostedIngest first = await HostedIngest.StartAsync(To(venue, device)))
        {
            Assert.Equal(LocationState.NoSession, first.Finish.State);
            token = await first.Service.OpenCloudSessionAsync("Finish", Cancelled);
            await first.ReadAsync(HostedIngest.FirstLine);
            await first.StopAsync();
            Assert.Equal(1, venue.Server.Counters.Inserted);
        }

        NotedRequests noted = new();
        await using (HostedIngest second = await HostedIngest.StartAsync(
            To(venue, device) + (options => options.UsePrimaryHandler(() => noted))))
        {
            Assert.Equal((LocationState.Sending, 1), (second.Finish.State, second.Finish.LastNumber));
            await second.ReadAsync(HostedIngest.FirstLine + HostedIngest.SecondLine);
            await second.StopAsync();
            Assert.Contains(second.Logs.Lines, line => Holds(line.Text, "everything is acknowledged"));
        }

        Assert.Equal((2L, 0L), (venue.Server.Counters.Inserted, venue.Server.Counters.Duplicates));
        Assert.Single(noted.Seen, request => request.StartsWith("POST", StringComparison.Ordinal));
        Assert.Contains(noted.Seen, request => request.EndsWith("/passings/session/" + token, StringComparison.Ordinal));
        Assert.True(JournalCheck.Run(Journal, Cancelled).Findings.Count == 0);
    }

    [Fact]
    public async Task A_session_opened_before_the_first_passing_is_kept_for_the_next_start()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string device = await venue.BindAsync();
        await using (HostedIngest first = await HostedIngest.StartAsync(To(venue, device)))
        {
            await first.Service.OpenCloudSessionAsync("Finish", Cancelled);
            await first.StopAsync();
        }

        await using HostedIngest second = await HostedIngest.StartAsync(To(venue, device));
        Assert.Equal(LocationState.Sending, second.Finish.State);
        await second.ReadAsync(HostedIngest.FirstLine);
        await second.StopAsync();
        Assert.Equal(1, venue.Server.Counters.Inserted);
        Assert.True(JournalCheck.Run(Journal, Cancelled).Findings.Count == 0);
    }

    [Fact]
    public async Task Without_a_token_nothing_is_asked_of_the_server_and_passings_wait()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud();
        await using HostedIngest ingest = await HostedIngest.StartAsync(To(cloud));
        await ingest.AddAsync(1);
        await ingest.StopAsync();
        Assert.Empty(cloud.Requests);
        Assert.Contains(ingest.Logs.Lines, line => line.Level == LogLevel.Warning
            && Holds(line.Text, "Finish/1: 1 passings up to 1 are not acknowledged (NoSession)"));
    }

    [Fact]
    public async Task A_token_of_the_options_is_sent_to_when_its_session_is_empty()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string token = await venue.OpenAsync();
        await using HostedIngest ingest = await HostedIngest.StartAsync(
            To(venue, null) + (options => options.Locations[0].Token = token));
        await ingest.AddAsync(1);
        while (ingest.Finish.Waiting > 0)
            await Task.Yield();
        await ingest.StopAsync();
        Assert.Equal(1, venue.Server.Counters.Inserted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_of_a_session_that_has_passings_is_not_sent_to(bool hasJournal)
    {
        ScriptedCloud cloud = HostedIngest.NewCloud().Then(200, """{"result":{"token_session":"T","passings":12}}""");
        await using HostedIngest ingest = await HostedIngest.StartAsync(To(cloud) + (options =>
        {
            options.JournalFile = hasJournal ? options.JournalFile : null;
            options.Locations[0].Token = "T";
        }));
        while (ingest.Finish.Problem is null)
            await Task.Yield();
        Assert.Equal(LocationState.NoSession, ingest.Finish.State);
        Assert.Contains("has 12 passings already", ingest.Finish.Problem, StringComparison.Ordinal);
        await ingest.AddAsync(1);
        await ingest.StopAsync();
        Assert.Equal("GET", Assert.Single(cloud.Requests).Method);
    }

    [Fact]
    public async Task A_token_of_the_options_waits_for_a_server_that_cannot_be_reached_and_reading_goes_on()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud().ThenFail(new HttpRequestException("no route"))
            .Then(200, HostedIngest.EmptySession);
        await using HostedIngest ingest = await HostedIngest.StartAsync(To(cloud) + (options =>
        {
            options.Locations[0].Token = "T";
            options.Reads.MaxAttempts = 1;
        }));
        await ingest.AddAsync(1);
        while (ingest.Finish.Waiting > 0)
            await Task.Delay(10, Cancelled);
        Assert.Equal(["GET", "GET", "POST"], cloud.Requests.Select(request => request.Method));
    }

    [Fact]
    public async Task The_token_that_the_journal_keeps_goes_before_that_of_the_options()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud();
        await using (HostedIngest first = await HostedIngest.StartAsync(To(cloud)))
        {
            await first.Service.AttachSessionAsync("Finish", "kept", Cancelled);
            await first.StopAsync();
        }

        await using HostedIngest second = await HostedIngest.StartAsync(
            To(cloud) + (options => options.Locations[0].Token = "given"));
        await second.AddAsync(1);
        await second.StopAsync();
        Assert.Equal("kept", Assert.Single(cloud.Requests, request => request.Method == "POST").Token);
        Assert.Contains(second.Logs.Lines, line => line.Text.Contains("keeps another token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_session_that_the_server_refuses_is_told_and_goes_on_with_another_token()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud().Then(404)
            .Then(404, """{"description":"Session not found or closed"}""");
        await using HostedIngest ingest = new(To(cloud) + (options => options.Upload.CanRead = false));
        TaskCompletionSource<StoppedSession> told = new();
        ingest.Service.SessionStopped += told.SetResult;
        await ingest.StartAsync();
        await Assert.ThrowsAsync<RufusCloudException>(() => ingest.Service.AttachSessionAsync("Finish", "X", Cancelled));
        ingest.Service.Uploader!.AttachSession("Finish", "A");
        await ingest.AddAsync(1);
        Assert.Equal("Finish", (await told.Task.WaitAsync(Cancelled)).Location);
        Assert.Equal(LocationState.Stopped, ingest.Finish.State);
        await ingest.Service.AttachSessionAsync("Finish", "B", Cancelled);
        while (ingest.Finish.Waiting > 0)
            await Task.Yield();
        Assert.Equal(["A", "B"], cloud.Requests.Where(seen => seen.Method == "POST").Select(seen => seen.Token));
    }

    [Fact]
    public async Task Events_of_pipeline_and_delivery_are_told()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud().Then(200, HostedIngest.EmptySession)
            .Then(200, """{"inserted_count":0,"duplicate_count":1}""");
        await using HostedIngest ingest = new(To(cloud) + (options => options.Upload.CanRead = false));
        TaskCompletionSource<TimingEvent> begun = new();
        TaskCompletionSource<DeliveryAlarm> alarmed = new();
        ingest.Service.TimingEventOccurred += begun.SetResult;
        ingest.Service.Alarmed += alarmed.SetResult;
        await ingest.StartAsync();
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        await ingest.AddAsync(1);
        Assert.Equal(TimingEventKind.SessionOpened, (await begun.Task.WaitAsync(Cancelled)).Kind);
        Assert.Equal(DeliveryAlarmKind.NumberTaken, (await alarmed.Task.WaitAsync(Cancelled)).Kind);
    }

    [Fact]
    public async Task A_stop_without_time_leaves_the_rest_in_the_journal()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud().Then(200, HostedIngest.EmptySession).ThenNeverAnswer();
        await using (HostedIngest first = await HostedIngest.StartAsync(To(cloud)))
        {
            await first.Service.AttachSessionAsync("Finish", "T", Cancelled);
            await first.AddAsync(1);
            await cloud.NextAsync(Cancelled);
            await cloud.NextAsync(Cancelled);
            await first.StopAsync(noTime: true);
            Assert.Contains(first.Logs.Lines, line => Holds(line.Text, "are not acknowledged (Sending)"));
        }

        await using HostedIngest second = await HostedIngest.StartAsync(To(cloud) + (o => o.Upload.CanRead = false));
        while (second.Finish.Waiting > 0)
            await Task.Yield();
        Assert.Equal((1, 1), (second.Finish.LastNumber, cloud.Requests[^1].FirstNumber));
    }

    [Fact]
    public async Task Without_a_journal_what_is_not_sent_is_handed_out_and_said()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud();
        await using HostedIngest ingest = await HostedIngest.StartAsync(
            To(cloud) + (options => options.JournalFile = null));
        await ingest.AddAsync(1);
        await ingest.StopAsync();
        using PassingBatch batch = Assert.Single(ingest.Service.TakeUnsent());
        Assert.Equal(("Finish", 1, 1), (batch.Location, batch.FirstNumber, batch.Count));
        Assert.Contains(ingest.Logs.Lines, line => line.Level == LogLevel.Critical
            && line.Text.StartsWith("Finish/1: passings 1 to 1 are not acknowledged", StringComparison.Ordinal));
        Assert.Empty(ingest.Service.TakeUnsent());
    }

    [Fact]
    public async Task Without_a_journal_a_sending_that_cannot_go_on_stops_the_host()
    {
        ScriptedCloud cloud = new() { Otherwise = request => ScriptedCloud.Answer(request.Method == "GET" ? 403 : 401) };
        await using HostedIngest ingest = await HostedIngest.StartAsync(To(cloud) + (options =>
        {
            options.JournalFile = null;
            options.Upload.MaxQueuedBatches = 1;
            options.ConfigurePipeline(pipeline => pipeline with { MaxBatchPassings = 1 });
        }));
        TaskCompletionSource stopping = new();
        ingest.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        for (int i = 1; i <= 10; i++)
            await ingest.AddAsync(i);
        await stopping.Task.WaitAsync(Cancelled);
        Assert.Contains("failed", (await ingest.CheckHealthAsync()).Description, StringComparison.Ordinal);
        await ingest.StopAsync();
        IReadOnlyList<PassingBatch> unsent = ingest.Service.TakeUnsent();
        Assert.Equal(Enumerable.Range(1, 10), unsent.Select(batch => batch.FirstNumber));
        foreach (PassingBatch batch in unsent)
            batch.Dispose();
    }

    [Fact]
    public async Task A_journal_that_is_behind_the_server_is_not_gone_on_with()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud();
        await using (HostedIngest first = await HostedIngest.StartAsync(To(cloud)))
        {
            await first.Service.AttachSessionAsync("Finish", "T", Cancelled);
            await first.AddAsync(1);
            await first.StopAsync();
        }

        cloud.Otherwise = _ => ScriptedCloud.Answer(
            200, """{"result":[{"num_passing":2,"bib":"1","timestamp":"2026-05-03T09:00:00.000Z"}]}""");
        await using HostedIngest second = new(To(cloud));
        var problem = await Assert.ThrowsAsync<JournalException>(second.StartAsync);
        Assert.Contains("the server has passing 2, and the journal ends at 1", problem.Message, StringComparison.Ordinal);
        using SqliteJournal free = SqliteJournal.Open(Journal); // Given back.
    }

    [Fact]
    public async Task A_reader_that_the_journal_has_otherwise_is_a_fault_at_the_start()
    {
        await using (HostedIngest first = await HostedIngest.StartAsync(To(new ScriptedCloud())))
            await first.StopAsync();
        await using HostedIngest second = new(
            To(new ScriptedCloud()) + (options => options.Readers[0].Zone = "Europe/Madrid"));
        var fault = await Assert.ThrowsAsync<ArgumentException>(second.StartAsync);
        Assert.StartsWith("the journal has reader mat with another", fault.Message);
    }

    [Fact]
    public async Task A_session_is_not_opened_while_an_earlier_one_of_the_location_is_not_sent_to_its_end()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud().Then(200, HostedIngest.EmptySession).ThenNeverAnswer();
        await using HostedIngest ingest = await HostedIngest.StartAsync(
            To(cloud) + (options => options.Locations[0].DeviceId = "d"));
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        await ingest.AddAsync(1);
        await ingest.Service.Pipeline.OpenSessionAsync("Finish", Cancelled);
        await ingest.Service.Pipeline.AddManualAsync("Finish", "2", DateTimeOffset.UnixEpoch.AddDays(20_000), Cancelled);
        while (ingest.Service.GetStatus() is not [{ Session: 1 }, { Session: 2, Waiting: 1 }])
            await Task.Yield();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ingest.Service.OpenCloudSessionAsync("Finish", Cancelled));
        Assert.StartsWith("Finish/1 has 1 passings still to be sent;", refused.Message);
        Assert.Equal(
            [LocationState.Sending, LocationState.NoSession], ingest.Service.GetStatus().Select(status => status.State));
        Assert.DoesNotContain(cloud.Requests, request => request.Path.EndsWith("/sessions", StringComparison.Ordinal));
        await ingest.StopAsync(noTime: true);
    }

    [Fact]
    public async Task When_only_the_sending_fails_reading_goes_on_and_the_host_too()
    {
        await using HostedIngest ingest = await HostedIngest.StartAsync(
            To(HostedIngest.NewCloud()) + (options => options.Upload.MaxPassingsPerPost = 1));
        await ingest.AddAsync(1);
        await ingest.AddAsync(2);
        using (SqliteConnection other = new($"Data Source={Journal};Pooling=False"))
        {
            other.Open();
            using SqliteCommand command = other.CreateCommand();
            command.CommandText = "DELETE FROM passings";
            command.ExecuteNonQuery();
        }

        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled);
        while (ingest.Finish.State != LocationState.Off)
            await Task.Yield();
        await ingest.AddAsync(3);
        Assert.StartsWith("Sending has failed: ", (await ingest.CheckHealthAsync()).Description);
        Assert.False(ingest.Lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.Contains(ingest.Logs.Lines, line => line.Level == LogLevel.Critical);
    }

    [Fact]
    public async Task A_session_is_opened_only_for_a_device_that_is_named()
    {
        ScriptedCloud cloud = HostedIngest.NewCloud();
        await using HostedIngest ingest = await HostedIngest.StartAsync(To(cloud));
        var noDevice = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ingest.Service.OpenCloudSessionAsync("Finish", Cancelled));
        Assert.Equal("Finish has no DeviceId in the options to open a session of.", noDevice.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => ingest.Service.OpenCloudSessionAsync("Start", Cancelled));
        Assert.Empty(cloud.Requests);
    }

    [Fact]
    public async Task With_Send_false_everything_is_kept_and_nothing_sent()
    {
        await using HostedIngest ingest = await HostedIngest.StartAsync(options =>
        {
            options.Send = false;
            options.ApiKey = null;
            options.JournalFile = Journal;
            options.UsePrimaryHandler(() => throw new InvalidOperationException("Not asked for."));
        });
        await ingest.AddAsync(1);
        Assert.Equal((LocationState.Off, 1), (ingest.Finish.State, ingest.Finish.Waiting));
        Assert.Null(ingest.Service.Cloud);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ingest.Service.OpenCloudSessionAsync("Finish", Cancelled));
        await ingest.StopAsync();
    }

    [Fact]
    public async Task The_key_is_in_no_log_status_or_exception()
    {
        string echo = $$"""{"description":"key {{ScriptedCloud.Key}} is refused"}""";
        ScriptedCloud cloud = new() { Otherwise = _ => ScriptedCloud.Answer(401, echo) };
        await using HostedIngest ingest = await HostedIngest.StartAsync(
            To(cloud) + (options => options.Locations[0].DeviceId = "d"));
        var failure = await Assert.ThrowsAsync<RufusCloudException>(
            () => ingest.Service.OpenCloudSessionAsync("Finish", Cancelled));
        await ingest.Service.AttachSessionAsync("Finish", "T", Cancelled); // 401: the key cannot read.
        await ingest.AddAsync(1);
        while (ingest.Finish.State != LocationState.Stopped)
            await Task.Yield();
        var health = await ingest.CheckHealthAsync();
        await ingest.StopAsync();
        string said = string.Join('\n', ingest.Logs.Lines.Select(line => line.Text)) + failure + ingest.Service
            + health.Description + string.Join(',', health.Data.Values);
        Assert.Contains("is refused", said, StringComparison.Ordinal);
        Assert.DoesNotContain(ScriptedCloud.Key, said, StringComparison.OrdinalIgnoreCase);
        Assert.All(cloud.Requests, request => Assert.Equal(ScriptedCloud.Key, request.Headers["api_key"]));
    }

    [Fact]
    public async Task A_fault_of_the_options_stops_the_start_before_anything_is_opened()
    {
        await using HostedIngest ingest = new(
            To(new ScriptedCloud()) + (options => options.Readers[0].Location = "Finsh"));
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(ingest.StartAsync);
        Assert.Equal("RufusIngest:Readers:0:Location 'Finsh' is not one of the locations: Finish.", fault.Message);
        Assert.False(File.Exists(Journal));
        Assert.Throws<InvalidOperationException>(() => ingest.Service.Pipeline);
    }

    static bool Holds(string text, string words) => text.Contains(words, StringComparison.Ordinal);

    Action<RufusIngestOptions> To(ScriptedCloud cloud) => options =>
    {
        options.BaseAddress = new("https://cloud.test/v0");
        options.JournalFile = Journal;
        options.UsePrimaryHandler(() => cloud);
    };

    Action<RufusIngestOptions> To(TestVenue venue, string? device) => options =>
    {
        options.ApiKey = TestVenue.ReadWriteKey;
        options.BaseAddress = venue.Server.BaseAddress;
        options.JournalFile = Journal;
        options.Locations[0].DeviceId = device;
    };
}
