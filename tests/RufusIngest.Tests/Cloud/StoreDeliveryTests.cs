using System.Globalization;
using System.Net;
using System.Threading.Channels;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

/// <summary>
/// What a race day does to a delivery from a store, with a scripted cloud or the venue server at the other end.
/// Passings that are in the store before the run may have been sent; those added behind its start are new.
/// </summary>
public sealed class StoreDeliveryTests : IDisposable
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    readonly ScriptedCloud _cloud = new();
    readonly WatchedTime _time = new();
    readonly CapturedLogs _log = new();
    readonly InMemoryPassingStore _store = new();
    readonly TaskCompletionSource _inputEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Channel<StoppedSession> _stops = Channel.CreateUnbounded<StoppedSession>();

    public void Dispose()
    {
        _cloud.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task a_race_goes_out_as_it_comes_and_the_run_ends_with_it()
    {
        PassingsUploader uploader = Uploader(new() { MaxPassingsPerPost = 3 });
        uploader.AttachSession("Finish", "TF");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 7);
        Assert.Equal("1 4 7", await FirstNumbersAsync(3));
        _store.Add("Finish", 1);
        Assert.Equal("8", await FirstNumbersAsync(1));
        _store.Add("Start", 2, token: "TS");
        Assert.Equal("TS", (await _cloud.NextAsync(Cancelled)).Token);
        Assert.False(run.IsCompleted);
        _inputEnd.SetResult();
        await run;
        Assert.Equal((8, 2), (Cursor("Finish"), Cursor("Start")));
        Assert.Equal("TF", _store.Session("Finish").Token);
        Assert.Equal(3, _store.LargestRead);
        Assert.Empty(uploader.TakeUndelivered());
    }

    [Fact]
    public async Task laptop_dies_between_post_and_answer()
    {
        _store.Add("Finish", 5, token: "T");
        _cloud.ThenNeverAnswer();
        using CancellationTokenSource death = new();
        Task first = Uploader(new() { CanRead = false }).RunAsync(_store, _inputEnd.Task, death.Token);
        await _cloud.NextAsync(Cancelled);
        await death.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(0, Cursor("Finish"));

        // The venue has 1 to 3 of them; the laptop comes back with the same store and has timed two more.
        _cloud.Then(200, Result(1, 2, 3)).Then(201, """{"inserted_count":2,"duplicate_count":2}""");
        _store.Add("Finish", 2);
        PassingsUploader uploader = Uploader();
        _inputEnd.SetResult();
        await uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        Assert.Equal("/v0/passings/session/T?first=1&last=7&page=1", _cloud.Requests[1].Path);
        Assert.Equal((3, 4), (_cloud.Requests.Count, _cloud.Requests[2].FirstNumber));
        Assert.Equal((7, 0), (Cursor("Finish"), uploader.Counters.UnexpectedDuplicates));
    }

    [Fact]
    public async Task network_drops_after_the_request_went_out_and_only_the_rest_is_sent_again()
    {
        _cloud.ThenFail(new HttpRequestException("connection lost")).Then(200, Result(1, 2, 4));
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 5);
        _inputEnd.SetResult();
        Assert.Equal(TimeSpan.FromSeconds(30), await _time.PassNextWaitAsync(Cancelled));
        await run;
        Assert.Equal([1, 3, 5], Posts().Select(r => r.FirstNumber));
        Assert.Equal((5, 5L, 1L), (Cursor("Finish"), uploader.Counters.Passings, uploader.Counters.Questions));
    }

    [Fact]
    public async Task a_server_that_ignores_the_range_gets_the_identical_batch_again()
    {
        _cloud.Then(201).ThenFail(new IOException("reset")).Then(200, Result(1, 2, 3, 4));
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 2);
        await _cloud.NextAsync(Cancelled);
        _store.Add("Finish", 2);
        _inputEnd.SetResult();
        await _time.PassNextWaitAsync(Cancelled);
        await _time.PassNextWaitAsync(Cancelled);
        await run;
        SeenRequest[] posts = [.. Posts()];
        Assert.Equal([1, 3, 3], posts.Select(r => r.FirstNumber));
        Assert.Equal(posts[1].Body, posts[2].Body);
    }

    [Fact]
    public async Task a_write_only_key_learns_once_that_it_cannot_ask()
    {
        _cloud.ThenFail(new IOException("reset")).Then(403).Then(201).ThenFail(new IOException("reset"));
        PassingsUploader uploader = Uploader(new() { MaxPassingsPerPost = 2 });
        uploader.AttachSession("Finish", "T");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 4);
        _inputEnd.SetResult();
        Assert.Equal(TimeSpan.FromSeconds(30), await _time.PassNextWaitAsync(Cancelled));
        Assert.InRange((await _time.PassNextWaitAsync(Cancelled)).TotalSeconds, 0.25, 0.5);
        await run;
        Assert.Equal(["POST", "GET", "POST", "POST", "POST"], _cloud.Requests.Select(r => r.Method));
        Assert.Equal([1, 1, 3, 3], Posts().Select(r => r.FirstNumber));
    }

    [Fact]
    public async Task start_line_is_stopped_by_a_refused_key_while_the_finish_goes_on()
    {
        _cloud.Otherwise = r => ScriptedCloud.Answer(r.Token == "TS" ? 403 : 201);
        PassingsUploader uploader = Uploader(new() { MaxPassingsPerPost = 10, MaxQueuedBatches = 1 });
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Start", 200, token: "TS");
        _store.Add("Finish", 200, token: "TF");
        StoppedSession stop = await _stops.Reader.ReadAsync(Cancelled);
        Assert.Equal(("Start", RufusFailure.KeyRefused, 1), (stop.Location, stop.Failure, stop.FirstUnsentNumber));
        _store.Add("Start", 200);
        _store.Add("Finish", 200);
        _inputEnd.SetResult();
        DeliveryStoppedException e = await Assert.ThrowsAsync<DeliveryStoppedException>(() => run);
        Assert.Equal([stop], e.Sessions);
        Assert.Equal((0, 400), (Cursor("Start"), Cursor("Finish")));
    }

    [Fact]
    public async Task key_is_renewed_in_mid_race_and_the_stopped_session_catches_up()
    {
        _cloud.Then(401);
        PassingsUploader uploader = Uploader();
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 3, token: "T");
        await _stops.Reader.ReadAsync(Cancelled);
        uploader.Resume("Finish");
        _inputEnd.SetResult(); // Before it, a session still stopped at the input's end would end the run.
        await run;
        Assert.Equal(3, Cursor("Finish"));
    }

    [Fact]
    public async Task somebody_closes_the_session_and_a_new_one_is_opened_for_the_same_numbers()
    {
        _cloud.Then(201).Then(404, """{"description":"Session not found or closed"}""").Then(503)
            .Then(201, """{"token_session":"T2"}""");
        PassingsUploader uploader = Uploader(
            new() { MaxPassingsPerPost = 2, WhenSessionGone = SessionGonePolicy.OpenNew });
        uploader.AttachSession("Finish", "T1", deviceId: "DEV");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 4);
        _inputEnd.SetResult();
        await _time.PassNextWaitAsync(Cancelled);
        await run;
        Assert.Equal(
            ["/v0/passings", "/v0/passings", "/v0/sessions", "/v0/sessions", "/v0/passings"],
            _cloud.Requests.Select(r => r.Path));
        Assert.Equal("""{"deviceid":"DEV","alias":"Finish"}""", _cloud.Requests[3].Body);
        Assert.Equal(("T2", 3), (_cloud.Requests[4].Token, _cloud.Requests[4].FirstNumber));
        Assert.Equal(("T2", "T2", 4), (_store.Session("Finish").Token, uploader.GetToken("Finish"), Cursor("Finish")));
    }

    [Fact]
    public async Task the_host_attaches_another_session_before_a_new_one_is_opened()
    {
        PassingsUploader uploader = Uploader(new() { WhenSessionGone = SessionGonePolicy.OpenNew });
        _cloud.Then((_, _) =>
        {
            uploader.AttachSession("Finish", "new");
            return Task.FromResult(ScriptedCloud.Answer(404));
        });
        uploader.AttachSession("Finish", "old", deviceId: "DEV");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 4);
        _inputEnd.SetResult();
        await run;
        Assert.Equal(["old", "new"], _cloud.Requests.Select(r => r.Token));
        Assert.Equal(("new", 4), (_store.Session("Finish").Token, Cursor("Finish")));
    }

    [Fact]
    public async Task a_token_attached_before_the_run_wins_over_the_one_the_store_kept()
    {
        PassingsUploader uploader = Uploader(new() { CanRead = false });
        _store.Add("Finish", 1, token: "kept");
        _store.Add("Start", 1, token: "kept");
        uploader.AttachSession("Finish", "attached");
        _inputEnd.SetResult();
        await uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        Assert.Equal(["attached", "kept"], _cloud.Requests.Select(r => r.Token).Order());
        Assert.Equal(("attached", "kept"), (_store.Session("Finish").Token, _store.Session("Start").Token));
    }

    [Theory]
    [InlineData(SessionGonePolicy.Hold)]
    [InlineData(SessionGonePolicy.OpenNew)]
    public async Task somebody_closes_the_session_and_it_is_held_by_policy_or_for_want_of_a_device(
        SessionGonePolicy policy)
    {
        _cloud.Then(404, """{"description":"Session not found or closed"}""");
        PassingsUploader uploader = Uploader(new() { WhenSessionGone = policy });
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 4, token: "T");
        StoppedSession stop = await _stops.Reader.ReadAsync(Cancelled);
        Assert.Equal((RufusFailure.SessionGone, 404), (stop.Failure, stop.Status));
        Assert.StartsWith("Session not found or closed", stop.Description);
        uploader.AttachSession("Finish", "T2");
        _inputEnd.SetResult();
        await run;
        Assert.Equal(["T", "T2"], _cloud.Requests.Select(r => r.Token));
    }

    [Fact]
    public async Task sessions_wait_for_a_token_without_holding_up_the_end_when_they_have_nothing()
    {
        _store.Add("Empty", 0);
        _store.Add("Finish", 2, token: "T");
        _inputEnd.SetResult();
        await Uploader().RunAsync(_store, _inputEnd.Task, Cancelled);
        Assert.Equal(2, Cursor("Finish"));
    }

    [Fact]
    public async Task a_store_that_throws_ends_the_run_with_its_exception()
    {
        _store.Add("Start", 1);
        _store.Add("Finish", 2, token: "T");
        _store.Fault = new InvalidOperationException("broken");
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Uploader().RunAsync(_store, _inputEnd.Task, Cancelled));
        Assert.Equal("broken", e.Message);
    }

    [Fact]
    public async Task a_backlog_is_caught_up_compressed_through_a_small_server_with_a_bad_passing_in_it()
    {
        await using TestVenue venue = await TestVenue.StartAsync(TestVenue.Options with { MaxPassingsPerPost = 130 });
        string token = await venue.OpenAsync();
        string bad = TestVenue.Passing(777).Replace("2026-05", "2026-13", StringComparison.Ordinal);
        _store.AddItems(
            "Finish", 1, token, Enumerable.Range(1, 1500).Select(n => n == 777 ? bad : TestVenue.Passing(n)));
        PassingsUploader uploader = new(
            new(venue.Client, TestVenue.ReadWriteKey), new() { Compress = true }, null, _log);
        _inputEnd.SetResult();
        await uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        SetAsidePassing aside = Assert.Single(_store.SetAside("Finish"));
        Assert.Equal((777, 400, 1500), (aside.Number, aside.Status, Cursor("Finish")));
        Assert.Equal((1499L, 0L), (venue.Server.Counters.Inserted, venue.Server.Counters.Duplicates));
        Assert.InRange(venue.Server.Counters.TooLarge, 2, 2); // 500 and 250, then the session knows: 125.
        Assert.InRange(uploader.Counters.Bytes, 1, 1500 * 40);
    }

    [Fact]
    public async Task another_laptop_posts_under_our_numbers_and_nothing_of_its_own_is_lost_silently()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string token = await venue.OpenAsync();
        Answer taken = await venue.PostAsync(
            "passings", TestVenue.Body(token, TestVenue.Passing(2).Replace("\"2\"", "\"99\""), TestVenue.Passing(3)));
        Assert.Equal(HttpStatusCode.Created, taken.Status);
        List<DeliveryAlarm> alarms = [];
        PassingsUploader uploader = new(new(venue.Client, TestVenue.ReadWriteKey), null, null, _log);
        uploader.Alarmed = alarms.Add;
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        _store.Add("Finish", 4, token: token); // After the start: never sent before.
        _inputEnd.SetResult();
        await run;
        Assert.Equal([DeliveryAlarmKind.NumberTaken, DeliveryAlarmKind.NumberTaken], alarms.Select(a => a.Kind));
        Assert.Equal([2, 1], alarms.Select(a => a.Count));
        Assert.Equal([new(2, 0, Delivery.TakenWords)], _store.SetAside("Finish"));
        Assert.Equal((4, 4L), (Cursor("Finish"), venue.Server.Counters.Inserted));
    }

    [Fact]
    public async Task six_hours_without_network_take_no_memory_and_lose_nothing()
    {
        bool isDown = true;
        _cloud.Otherwise = r => isDown ? throw new HttpRequestException("no route") : ScriptedCloud.Answer(201);
        PassingsUploader uploader = Uploader(new() { CanRead = false });
        uploader.AttachSession("Finish", "T");
        Task run = uploader.RunAsync(_store, _inputEnd.Task, Cancelled);
        TimeSpan waited = TimeSpan.Zero;
        while (waited < TimeSpan.FromHours(6))
        {
            _store.Add("Finish", 100);
            waited += await _time.PassNextWaitAsync(Cancelled);
        }

        Assert.Single(_cloud.Requests.Select(r => r.Body).Distinct());
        isDown = false;
        _inputEnd.SetResult();
        await _time.PassNextWaitAsync(Cancelled);
        await run;
        Assert.Equal(_store.Session("Finish").LastNumber, Cursor("Finish"));
        Assert.InRange(Cursor("Finish"), 36_000, 100_000);
        Assert.InRange(_store.LargestRead, 1, 500);
    }

    PassingsUploader Uploader(UploadOptions? options = null) =>
        new(new(_cloud.Client(), ScriptedCloud.Key), options, _time, _log)
        {
            SessionStopped = stop => _stops.Writer.TryWrite(stop),
        };

    int Cursor(string location) => _store.Session(location).AcknowledgedNumber;

    IEnumerable<SeenRequest> Posts() => _cloud.Requests.Where(r => r.Method == "POST");

    async Task<string> FirstNumbersAsync(int requests)
    {
        int[] numbers = new int[requests];
        for (int i = 0; i < requests; i++)
            numbers[i] = (await _cloud.NextAsync(Cancelled)).FirstNumber;
        return string.Join(' ', numbers);
    }

    /// <summary>What the server answers when it has these numbers as they were sent.</summary>
    static string Result(params int[] numbers) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"description\":\"Success\",\"result\":[{string.Join(',', numbers.Select(n => TestVenue.Passing(n)))}]}}");
}
