using System.Diagnostics.Metrics;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

public sealed class PassingsUploaderTests : IDisposable
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    static readonly UploadOptions CannotRead = new() { CanRead = false };

    readonly ScriptedCloud _cloud = new();
    readonly WatchedTime _time = new();
    readonly CapturedLogs _log = new();
    readonly CountingBatchPool _pool = new();
    readonly Channel<PassingBatch> _batches = Channel.CreateUnbounded<PassingBatch>();
    readonly Channel<StoppedSession> _stops = Channel.CreateUnbounded<StoppedSession>();

    /// <summary>Every test ends with every batch back in its pool.</summary>
    public void Dispose()
    {
        _cloud.Dispose();
        Assert.Equal(0, _pool.Out);
    }

    [Fact]
    public async Task batches_go_in_order_and_the_run_ends_when_all_are_acknowledged()
    {
        _cloud.Then(201, """{"inserted_count":2,"duplicate_count":0}""")
            .Then(201, """{"body":{"inserted_count":2,"duplicate_count":0}}""")
            .Then(200);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1, 3, 5);
        _batches.Writer.Complete();
        await uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal([1, 3, 5], _cloud.Requests.Select(r => r.FirstNumber));
        Assert.All(_cloud.Requests, r => Assert.Equal(("POST", "/v0/passings", "T"), (r.Method, r.Path, r.Token)));
        Assert.Equal(
            new(3, 6, 0, 0, _cloud.Requests.Sum(r => r.Body.Length), 0, 0, 0, 0, 0, 3),
            uploader.Counters);
        Assert.Equal(6, uploader.GetAcknowledgedNumber("Finish"));
        Assert.Equal(0, uploader.GetAcknowledgedNumber("Start"));
        Assert.Empty(uploader.TakeUndelivered());
        await Assert.ThrowsAsync<InvalidOperationException>(() => uploader.RunAsync(_batches.Reader, Cancelled));
    }

    [Fact]
    public async Task a_failed_batch_goes_again_with_the_same_bytes_after_growing_delays()
    {
        int[] statuses = [500, 502, 503, 408, 429, 504, 500, 500, 500];
        foreach (int status in statuses)
            _cloud.Then(status, """{"body":null}""");
        _cloud.ThenFail(new HttpRequestException("connection refused")).ThenFail(new IOException("reset"));
        PassingsUploader uploader = Uploader(CannotRead);
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1, 3);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        double step = 0.5;
        for (int i = 0; i < statuses.Length + 2; i++)
        {
            TimeSpan delay = await _time.PassNextWaitAsync(Cancelled);
            Assert.InRange(delay.TotalSeconds, step / 2, step);
            step = Math.Min(60, step * 2);
        }

        await run;
        Assert.Single(_cloud.Requests.Take(statuses.Length + 3).Select(r => r.Body).Distinct());
        Assert.Equal(statuses.Length + 4, _cloud.Requests.Count);
        Assert.Equal(3, _cloud.Requests[^1].FirstNumber);
        Assert.Equal(statuses.Length + 2, uploader.Counters.Retries);
        Assert.Equal(statuses.Length + 2, _log.Lines.Count(line => line.Level == LogLevel.Warning));
    }

    [Theory]
    [InlineData("20", 20)]
    [InlineData("Sat, 01 Jan 2000 00:00:45 GMT", 45)]
    [InlineData("Sat, 01 Jan 2050 00:00:00 GMT", 600)]
    [InlineData("999999", 600)]
    public async Task retry_after_is_honoured_up_to_its_cap(string retryAfter, int seconds)
    {
        _cloud.Then(429, "", retryAfter);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal(TimeSpan.FromSeconds(seconds), await _time.PassNextWaitAsync(Cancelled));
        await run;
    }

    [Fact]
    public async Task numbers_the_server_has_for_other_passings_are_told_loudly_and_set_aside()
    {
        _cloud.Then(201, """{"inserted_count":0,"duplicate_count":2}""").Then(200, """
            {"result":[{"num_passing":1,"bib":"9","timestamp":"2020-01-01T00:00:00.000Z","chip":null},
            {"num_passing":2,"bib":"7777","timestamp":"2020-01-01T00:00:01.000Z","chip":null}]}
            """);
        PassingsUploader uploader = Uploader();
        List<DeliveryAlarm> alarms = [];
        uploader.Alarmed = alarm =>
        {
            alarms.Add(alarm);
            throw new InvalidOperationException("thrown by the host");
        };
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1, 3);
        _batches.Writer.Complete();
        await uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal("/v0/passings/session/T?first=1&last=2&page=1", _cloud.Requests[1].Path);
        Assert.Equal(
            [new(DeliveryAlarmKind.NumberTaken, "Finish", 1, 1, 2, 2),
                new(DeliveryAlarmKind.NumberTaken, "Finish", 1, 1, 2, 1)],
            alarms);
        SetAsideItem aside = Assert.Single(uploader.TakeSetAside());
        Assert.Equal(("Finish", 1, 1, 0), (aside.Location, aside.Session, aside.Passing.Number, aside.Passing.Status));
        Assert.StartsWith("""{"bib":"7777","num_passing":1,""", Encoding.UTF8.GetString(aside.Item.Span));
        Assert.Empty(uploader.TakeSetAside());
        Assert.Equal((3, 1), (uploader.Counters.Passings, uploader.Counters.SetAside));
        Assert.Equal(5, _log.Lines.Count(line => line.Level == LogLevel.Error));
        Assert.Equal(4, uploader.GetAcknowledgedNumber("Finish"));
    }

    [Fact]
    public async Task a_log_in_page_that_answers_200_is_not_the_server_and_the_batch_is_sent_again()
    {
        _cloud.Then(200, "<html>Log in to the hall's network</html>");
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        await _time.PassNextWaitAsync(Cancelled);
        await run;
        Assert.Equal(["POST", "GET", "POST"], _cloud.Requests.Select(r => r.Method));
        Assert.Equal((1, 1), (uploader.Counters.Retries, uploader.Counters.Questions));
    }

    [Fact]
    public async Task a_request_without_an_answer_in_time_is_asked_about_and_sent_again()
    {
        _cloud.ThenNeverAnswer();
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        await _cloud.NextAsync(Cancelled);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Single(_cloud.Requests);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange((await _time.PassNextWaitAsync(Cancelled)).TotalSeconds, 0.25, 0.5);
        await run;
        Assert.Equal(["POST", "GET", "POST"], _cloud.Requests.Select(r => r.Method));
        Assert.Equal(_cloud.Requests[0].Body, _cloud.Requests[2].Body);
        Assert.Equal(1, uploader.Counters.Batches);
    }

    [Fact]
    public async Task a_question_without_an_answer_in_time_ends_and_the_batch_is_sent_again()
    {
        _cloud.ThenFail(new IOException("reset")).ThenNeverAnswer();
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal(TimeSpan.FromSeconds(30), await _time.PassNextWaitAsync(Cancelled));
        await _cloud.NextAsync(Cancelled);
        await _cloud.NextAsync(Cancelled);
        _time.Advance(TimeSpan.FromSeconds(30));
        await _time.PassNextWaitAsync(Cancelled);
        await run;
        Assert.Equal(["POST", "GET", "POST"], _cloud.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task sessions_go_beside_each_other_and_one_request_at_a_time_each()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int i = 0; i < 2; i++)
        {
            _cloud.Then(async (_, _) =>
            {
                await release.Task;
                return ScriptedCloud.Answer(201);
            });
        }

        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Start", "T1");
        uploader.AttachSession("Start", "T2", 2);
        Write("Start", 1, 3);
        _batches.Writer.TryWrite(_pool.Make("Start", 1, 2, session: 2));
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        SeenRequest a = await _cloud.NextAsync(Cancelled);
        SeenRequest b = await _cloud.NextAsync(Cancelled);
        Assert.Equal(["T1", "T2"], new[] { a.Token, b.Token }.Order());
        Assert.Equal((1, 1), (a.FirstNumber, b.FirstNumber));
        Assert.Equal(2, _cloud.Requests.Count);
        release.SetResult();
        await run;
        Assert.Equal([1, 3], _cloud.Requests.Where(r => r.Token == "T1").Select(r => r.FirstNumber));
        Assert.Equal((4, 2), (uploader.GetAcknowledgedNumber("Start"), uploader.GetAcknowledgedNumber("Start", 2)));
    }

    [Fact]
    public async Task batches_without_a_token_wait_for_it_while_others_go_on()
    {
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Start", "TS");
        Write("Finish", 1, 3);
        Write("Start", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal("TS", (await _cloud.NextAsync(Cancelled)).Token);
        Assert.False(run.IsCompleted);
        uploader.AttachSession("Finish", "TF");
        await run;
        Assert.Equal(["TS", "TF", "TF"], _cloud.Requests.Select(r => r.Token));
    }

    [Fact]
    public async Task a_full_queue_makes_the_input_wait_and_nothing_is_lost()
    {
        Channel<PassingBatch> input = Channel.CreateBounded<PassingBatch>(1);
        PassingsUploader uploader = Uploader(new() { MaxQueuedBatches = 2 });
        Task run = uploader.RunAsync(input.Reader, Cancelled);

        // One at the loop, two in its queue, one with the dispatcher, one in the channel: the sixth has no place.
        for (int i = 0; i < 5; i++)
            await input.Writer.WriteAsync(_pool.Make("Finish", 1 + i, 1), Cancelled);
        PassingBatch sixth = _pool.Make("Finish", 6, 1);
        ValueTask waiting = input.Writer.WriteAsync(sixth, Cancelled);
        Assert.False(waiting.IsCompleted);
        uploader.AttachSession("Finish", "T");
        await waiting;
        input.Writer.Complete();
        await run;
        Assert.Equal([1, 2, 3, 4, 5, 6], _cloud.Requests.Select(r => r.FirstNumber));
        Assert.InRange(uploader.Counters.QueueFull, 1, 4);
    }

    [Theory]
    [InlineData(409, RufusFailure.BadRequest)]
    [InlineData(401, RufusFailure.KeyRefused)]
    [InlineData(403, RufusFailure.KeyRefused)]
    [InlineData(404, RufusFailure.SessionGone)]
    [InlineData(302, RufusFailure.AnswerNotUnderstood)]
    public async Task another_answer_stops_its_session_only_and_is_reported(int status, RufusFailure failure)
    {
        _cloud.Otherwise = r => r.Token == "TF" && r.FirstNumber == 3
            ? ScriptedCloud.Answer(status, """{"description":"No."}""")
            : ScriptedCloud.Answer(201);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "TF");
        uploader.AttachSession("Start", "TS");
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        Write("Finish", 1, 3, 5);
        StoppedSession stop = await _stops.Reader.ReadAsync(Cancelled);
        Assert.Equal(new("Finish", 1, failure, status, "No.", 3), stop);
        Write("Start", 1, 3);
        Write("Finish", 7);
        _batches.Writer.Complete();
        DeliveryStoppedException e = await Assert.ThrowsAsync<DeliveryStoppedException>(() => run);
        Assert.Equal([stop], e.Sessions);
        Assert.Contains("Finish session 1 from number 3", e.Message, StringComparison.Ordinal);
        Assert.Equal((2, 4), (uploader.GetAcknowledgedNumber("Finish"), uploader.GetAcknowledgedNumber("Start")));
        Assert.Equal(4, _cloud.Requests.Count);
        Assert.Single(_log.Lines, line => line.Level == LogLevel.Error);
        IReadOnlyList<PassingBatch> rest = uploader.TakeUndelivered();
        Assert.Equal([3, 5, 7], rest.Select(batch => batch.FirstNumber));
        Assert.Empty(uploader.TakeUndelivered());
        DisposeAll(rest);
    }

    [Fact]
    public async Task the_servers_words_can_say_that_the_session_is_gone()
    {
        _cloud.Then(400, """{"description":"Session not found or closed"}""");
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        await Assert.ThrowsAsync<DeliveryStoppedException>(() => uploader.RunAsync(_batches.Reader, Cancelled));
        Assert.Equal(RufusFailure.SessionGone, (await _stops.Reader.ReadAsync(Cancelled)).Failure);
        DisposeAll(uploader.TakeUndelivered());
    }

    [Fact]
    public async Task a_stopped_session_goes_on_with_the_same_batch_when_a_token_is_attached()
    {
        _cloud.Then(404);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "old");
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        Write("Finish", 1, 3);
        await _stops.Reader.ReadAsync(Cancelled);
        uploader.AttachSession("Finish", "new");
        _batches.Writer.Complete();
        await run;
        Assert.Equal(
            [("old", 1), ("new", 1), ("new", 3)], _cloud.Requests.Select(r => (r.Token, r.FirstNumber)));
    }

    [Fact]
    public async Task a_token_attached_while_the_old_one_is_being_refused_is_used_without_a_stop()
    {
        PassingsUploader uploader = Uploader();
        _cloud.Then((_, _) =>
        {
            uploader.AttachSession("Finish", "new");
            return Task.FromResult(ScriptedCloud.Answer(404));
        });
        uploader.AttachSession("Finish", "old");
        Write("Finish", 1);
        _batches.Writer.Complete();
        await uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal(["old", "new"], _cloud.Requests.Select(r => r.Token));
        Assert.False(_stops.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task a_session_whose_key_was_refused_goes_on_when_the_host_says_so()
    {
        _cloud.Then(403);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        uploader.SessionStopped = stop => uploader.Resume(stop.Location, stop.Session);
        Write("Finish", 1);
        _batches.Writer.Complete();
        uploader.Resume("Finish"); // Not stopped yet: nothing to do.
        uploader.Resume("Unknown");
        await uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal([("T", 1), ("T", 1)], _cloud.Requests.Select(r => (r.Token, r.FirstNumber)));
    }

    [Fact]
    public async Task a_passing_the_server_refuses_is_set_aside_and_the_rest_of_its_batch_goes_on()
    {
        _cloud.Otherwise = r => r.Body.Contains("\"num_passing\":6,", StringComparison.Ordinal)
            ? ScriptedCloud.Answer(400, """{"description":"bib is not valid"}""")
            : ScriptedCloud.Answer(201);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Assert.True(_batches.Writer.TryWrite(_pool.Make("Finish", 1, 8)));
        _batches.Writer.Complete();
        await uploader.RunAsync(_batches.Reader, Cancelled);
        SetAsideItem aside = Assert.Single(uploader.TakeSetAside());
        Assert.Equal(new(6, 400, "bib is not valid"), aside.Passing);
        Assert.Equal((7, 8), (uploader.Counters.Passings, uploader.GetAcknowledgedNumber("Finish")));
        Assert.Contains(_log.Lines, l => l.Level == LogLevel.Error && l.Text.Contains("num_passing\":6,"));
    }

    [Fact]
    public async Task a_stop_within_a_batch_gives_the_whole_batch_back()
    {
        _cloud.Then(413).Then(201).Then(403);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1, 3);
        _batches.Writer.Complete();
        await Assert.ThrowsAsync<DeliveryStoppedException>(() => uploader.RunAsync(_batches.Reader, Cancelled));
        Assert.Equal(1, uploader.GetAcknowledgedNumber("Finish"));
        IReadOnlyList<PassingBatch> rest = uploader.TakeUndelivered();
        Assert.Equal([1, 3], rest.Select(b => b.FirstNumber));
        DisposeAll(rest);
    }

    [Fact]
    public async Task the_full_queue_of_a_stopped_session_ends_the_run_instead_of_hanging_it()
    {
        _cloud.Otherwise = r => ScriptedCloud.Answer(r.Token == "TF" ? 403 : 201);
        PassingsUploader uploader = Uploader(new() { MaxQueuedBatches = 1 });
        uploader.AttachSession("Finish", "TF");
        uploader.AttachSession("Start", "TS");
        Write("Start", 1);
        Write("NoToken", 1);
        Write("Finish", 1, 3, 5, 7, 9);
        await Assert.ThrowsAsync<DeliveryStoppedException>(() => uploader.RunAsync(_batches.Reader, Cancelled));
        Assert.Equal(2, uploader.GetAcknowledgedNumber("Start"));
        IReadOnlyList<PassingBatch> rest = uploader.TakeUndelivered();
        List<PassingBatch> left = [];
        while (_batches.Reader.TryRead(out PassingBatch? batch))
            left.Add(batch);
        Assert.Equal(
            [1, 3, 5, 7, 9], rest.Concat(left).Where(b => b.Location == "Finish").Select(b => b.FirstNumber));
        Assert.Single(rest, b => b.Location == "NoToken");
        DisposeAll(rest.Concat(left));
    }

    [Fact]
    public async Task a_stop_after_the_end_of_input_releases_sessions_without_a_token()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _cloud.Then(async (_, _) =>
        {
            await release.Task;
            return ScriptedCloud.Answer(403);
        });
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("NoToken", 1);
        Write("Finish", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        await _cloud.NextAsync(Cancelled);
        release.SetResult();
        DeliveryStoppedException e = await Assert.ThrowsAsync<DeliveryStoppedException>(() => run);
        Assert.Equal("Finish", Assert.Single(e.Sessions).Location);
        IReadOnlyList<PassingBatch> rest = uploader.TakeUndelivered();
        Assert.Equal(2, rest.Count);
        DisposeAll(rest);
    }

    [Fact]
    public async Task cancellation_ends_the_run_and_gives_back_what_was_not_acknowledged()
    {
        _cloud.Then(201).ThenNeverAnswer();
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1, 3, 5);
        Write("NoToken", 1);
        using CancellationTokenSource cancel = new();
        Task run = uploader.RunAsync(_batches.Reader, cancel.Token);
        Assert.Throws<InvalidOperationException>(uploader.TakeUndelivered);
        await _cloud.NextAsync(Cancelled);
        await _cloud.NextAsync(Cancelled);
        await cancel.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(cancel.Token, e.CancellationToken);
        List<PassingBatch> rest = [.. uploader.TakeUndelivered()];
        while (_batches.Reader.TryRead(out PassingBatch? batch))
            rest.Add(batch);
        Assert.Equal([3, 5], rest.Where(b => b.Location == "Finish").Select(b => b.FirstNumber));
        Assert.Single(rest, b => b.Location == "NoToken");
        DisposeAll(rest);
    }

    [Fact]
    public async Task a_cancellation_during_a_delay_ends_it()
    {
        _cloud.Then(500);
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        using CancellationTokenSource cancel = new();
        _time.Waiting = () => cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => uploader.RunAsync(_batches.Reader, cancel.Token));
        Assert.Single(_cloud.Requests);
        DisposeAll(uploader.TakeUndelivered());
    }

    [Fact]
    public async Task a_fault_of_the_http_client_ends_the_run_with_that_fault()
    {
        _cloud.ThenFail(new ObjectDisposedException("HttpClient"));
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1, 3);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => uploader.RunAsync(_batches.Reader, Cancelled));
        List<PassingBatch> rest = [.. uploader.TakeUndelivered()];
        while (_batches.Reader.TryRead(out PassingBatch? batch))
            rest.Add(batch);
        Assert.Equal([1, 3], rest.Select(b => b.FirstNumber));
        DisposeAll(rest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"body":null}""")]
    [InlineData("""{"body":"{\"inserted_count\":2}"}""")]
    [InlineData("""{"inserted_count":-7,"duplicate_count":-7}""")]
    [InlineData("""{"duplicate_count":99999999999}""")]
    [InlineData("\uFEFF{}")]
    public async Task any_2xx_acknowledges_whatever_its_payload(string body)
    {
        _cloud.Then(202, body);
        PassingsUploader uploader = Uploader(CannotRead);
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        await uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Equal((2, 0), (uploader.Counters.Passings, uploader.Counters.Duplicates));
    }

    [Fact]
    public async Task a_payload_that_breaks_off_after_a_2xx_does_not_send_the_batch_again()
    {
        StreamContent broken = new(new BrokenStream());
        _cloud.Then((_, _) => Task.FromResult(new HttpResponseMessage { Content = broken }));
        PassingsUploader uploader = Uploader();
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        await uploader.RunAsync(_batches.Reader, Cancelled);
        Assert.Single(_cloud.Requests);
    }

    [Fact]
    public async Task the_key_is_in_no_log_report_or_exception()
    {
        string echo = $"{{\"description\":\"key {ScriptedCloud.Key} refused\"}}";
        _cloud.Then(500, echo).ThenFail(new HttpRequestException(ScriptedCloud.Key)).Then(403, echo);
        PassingsUploader uploader = Uploader(CannotRead);
        uploader.SessionStopped = stop =>
        {
            _stops.Writer.TryWrite(stop);
            throw new InvalidOperationException("thrown by the host");
        };
        uploader.AttachSession("Finish", "T");
        Write("Finish", 1);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        await _time.PassNextWaitAsync(Cancelled);
        await _time.PassNextWaitAsync(Cancelled);
        DeliveryStoppedException e = await Assert.ThrowsAsync<DeliveryStoppedException>(() => run);
        Assert.Equal("key [key] refused", (await _stops.Reader.ReadAsync(Cancelled)).Description);
        string all = e + string.Join('\n', _log.Lines);
        Assert.Contains("thrown by the host", all, StringComparison.Ordinal);
        Assert.Equal(4, _log.Lines.Length);
        Assert.DoesNotContain(ScriptedCloud.Key, all, StringComparison.OrdinalIgnoreCase);
        DisposeAll(uploader.TakeUndelivered());
    }

    [Fact]
    public async Task the_counters_are_observable_while_it_runs()
    {
        PassingsUploader uploader = Uploader();
        string location = "Metered " + Guid.NewGuid();
        uploader.AttachSession(location, "T");
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        using MeterListener listener = new();
        List<(string Name, long Value)> seen = [];
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == PassingsUploader.MeterName)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, value, _, _) => seen.Add((i.Name, value)));
        listener.SetMeasurementEventCallback<int>((i, value, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (Equals(tag.Value, location))
                    seen.Add((i.Name, value));
            }
        });
        listener.Start();
        _batches.Writer.TryWrite(_pool.Make(location, 1, 7));
        _batches.Writer.TryWrite(_pool.Make(location, 8, 1));
        await _cloud.NextAsync(Cancelled);
        await _cloud.NextAsync(Cancelled); // The second is on its way, so the first is acknowledged.
        listener.RecordObservableInstruments();
        Assert.Contains(seen, s => s is { Name: "rufus.upload.passings", Value: >= 7 });
        Assert.Contains(seen, s => s is { Name: "rufus.upload.acknowledged_number", Value: >= 7 });
        Assert.Equal(12, seen.Select(s => s.Name).Distinct().Count());
        _batches.Writer.Complete();
        await run;
    }

    [Fact]
    public void options_that_cannot_work_are_refused()
    {
        UploadOptions[] refused =
        [
            new() { MaxQueuedBatches = 0 },
            new() { MaxPassingsPerPost = 0 },
            new() { MaxSetAsideInARow = 0 },
            new() { WhenSessionGone = (SessionGonePolicy)2 },
            new() { RequestTimeout = TimeSpan.Zero },
            new() { MaxRetryDelay = TimeSpan.FromDays(2) },
        ];
        Assert.All(refused, options => Assert.Throws<ArgumentOutOfRangeException>(() => Uploader(options)));
    }

    PassingsUploader Uploader(UploadOptions? options = null) =>
        new(new(_cloud.Client(), ScriptedCloud.Key), options, _time, _log)
        {
            SessionStopped = stop => _stops.Writer.TryWrite(stop),
        };

    void Write(string location, params int[] firstNumbers)
    {
        foreach (int first in firstNumbers)
            Assert.True(_batches.Writer.TryWrite(_pool.Make(location, first)));
    }

    static void DisposeAll(IEnumerable<PassingBatch> batches)
    {
        foreach (PassingBatch batch in batches)
            batch.Dispose();
    }

    sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken off.");
    }
}
