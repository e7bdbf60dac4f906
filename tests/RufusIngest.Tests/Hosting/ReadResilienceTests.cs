using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Cloud;
using RufusIngest.Hosting;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Hosting;

public sealed class ReadResilienceTests
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_read_is_asked_again_after_a_status_that_passes(int status)
    {
        ScriptedCloud cloud = new ScriptedCloud().Then(status).Then(200, "fine");
        WatchedTime time = new();
        using HttpClient http = ClientOf(cloud, time);
        Task<string> answer = http.GetStringAsync("passings/session/t", Cancelled);
        TimeSpan wait = await time.PassNextWaitAsync(Cancelled);
        Assert.Equal("fine", await answer);
        Assert.Equal(2, cloud.Requests.Count);
        Assert.InRange(wait, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    public async Task A_read_is_asked_once_when_repeating_cannot_help(int status)
    {
        ScriptedCloud cloud = new ScriptedCloud().Then(status);
        using HttpClient http = ClientOf(cloud, new FakeTimeProvider());
        using HttpResponseMessage answer = await http.GetAsync("sessions/t", Cancelled);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Single(cloud.Requests);
    }

    [Fact]
    public async Task A_read_is_asked_four_times_at_most_and_the_last_answer_is_handed_on()
    {
        ScriptedCloud cloud = new() { Otherwise = _ => ScriptedCloud.Answer(502, "no") };
        WatchedTime time = new();
        using HttpClient http = ClientOf(cloud, time);
        Task<HttpResponseMessage> answer = http.GetAsync("sessions/t", Cancelled);
        for (int i = 0; i < 3; i++)
            Assert.InRange(await time.PassNextWaitAsync(Cancelled), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        using HttpResponseMessage last = await answer;
        Assert.Equal("no", await last.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(4, cloud.Requests.Count);
    }

    [Fact]
    public async Task A_read_is_asked_again_when_the_connection_fails_and_when_no_answer_comes()
    {
        ScriptedCloud cloud = new ScriptedCloud()
            .ThenFail(new HttpRequestException("refused")).ThenNeverAnswer().Then(200, "fine");
        WatchedTime time = new();
        using HttpClient http = ClientOf(cloud, time);
        Task<string> answer = http.GetStringAsync("sessions/t", Cancelled);
        await cloud.NextAsync(Cancelled);
        await time.PassNextWaitAsync(Cancelled);
        await cloud.NextAsync(Cancelled);
        time.Advance(TimeSpan.FromSeconds(15));
        await time.PassNextWaitAsync(Cancelled);
        Assert.Equal("fine", await answer);
        Assert.Equal(3, cloud.Requests.Count);
    }

    [Fact]
    public async Task A_read_without_any_answer_is_unreachable_to_the_client()
    {
        ScriptedCloud cloud = new ScriptedCloud().ThenNeverAnswer();
        FakeTimeProvider time = new();
        using HttpClient http = ClientOf(cloud, time, new() { MaxAttempts = 1 });
        Task<CloudSession> asked = new RufusCloudClient(http, ScriptedCloud.Key).GetSessionAsync("t", Cancelled);
        await cloud.NextAsync(Cancelled);
        time.Advance(TimeSpan.FromSeconds(15));
        var failure = await Assert.ThrowsAsync<RufusCloudException>(() => asked);
        Assert.Equal(RufusFailure.Unreachable, failure.Failure);
        Assert.Contains("No answer within 15 s", failure.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Writes => ["POST", "PUT", "PATCH", "DELETE", "HEAD"];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Any_other_method_is_sent_exactly_once_after_a_server_fault(string method)
    {
        ScriptedCloud cloud = new() { Otherwise = _ => ScriptedCloud.Answer(500, retryAfter: "1") };
        using HttpClient http = ClientOf(cloud, new FakeTimeProvider());
        using HttpRequestMessage request = new(new HttpMethod(method), "passings");
        using HttpResponseMessage answer = await http.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Single(cloud.Requests);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Any_other_method_is_sent_exactly_once_after_a_failed_connection(string method)
    {
        HttpRequestException failure = new("refused");
        ScriptedCloud cloud = new ScriptedCloud().ThenFail(failure);
        using HttpClient http = ClientOf(cloud, new FakeTimeProvider());
        using HttpRequestMessage request = new(new HttpMethod(method), "passings");
        Assert.Same(failure, await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, Cancelled)));
        Assert.Single(cloud.Requests);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Any_other_method_is_sent_exactly_once_and_waited_for_when_no_answer_comes(string method)
    {
        ScriptedCloud cloud = new ScriptedCloud().ThenNeverAnswer();
        FakeTimeProvider time = new();
        using HttpClient http = ClientOf(cloud, time);
        using HttpRequestMessage request = new(new HttpMethod(method), "passings");
        using CancellationTokenSource caller = new();
        Task<HttpResponseMessage> answer = http.SendAsync(request, caller.Token);
        await cloud.NextAsync(Cancelled);
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(answer.IsCompleted);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Single(cloud.Requests);
    }

    [Fact]
    public async Task The_wait_that_a_server_asks_for_is_kept()
    {
        ScriptedCloud cloud = new ScriptedCloud().Then(503, retryAfter: "17").Then(200, "fine");
        WatchedTime time = new();
        using HttpClient http = ClientOf(cloud, time);
        Task<string> answer = http.GetStringAsync("sessions/t", Cancelled);
        Assert.Equal(TimeSpan.FromSeconds(17), await time.PassNextWaitAsync(Cancelled));
        Assert.Equal("fine", await answer);
    }

    [Fact]
    public async Task A_date_to_wait_for_is_measured_against_the_servers_own()
    {
        DateTimeOffset server = new(2031, 1, 1, 12, 0, 0, TimeSpan.Zero);
        ScriptedCloud cloud = new ScriptedCloud().Then((_, _) =>
        {
            HttpResponseMessage busy = ScriptedCloud.Answer(429, retryAfter: server.AddSeconds(9).ToString("R"));
            busy.Headers.Date = server;
            return Task.FromResult(busy);
        });
        WatchedTime time = new();
        using HttpClient http = ClientOf(cloud, time);
        Task<string> answer = http.GetStringAsync("sessions/t", Cancelled);
        Assert.Equal(TimeSpan.FromSeconds(9), await time.PassNextWaitAsync(Cancelled));
        await answer;
        Assert.Equal(2, cloud.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_asks_for_a_longer_wait_than_allowed_is_not_asked_again()
    {
        ScriptedCloud cloud = new ScriptedCloud().Then(429, retryAfter: "31");
        using HttpClient http = ClientOf(cloud, new FakeTimeProvider());
        var failure = await Assert.ThrowsAsync<RufusCloudException>(
            () => new RufusCloudClient(http, ScriptedCloud.Key).GetSessionAsync("t", Cancelled));
        Assert.Equal((RufusFailure.Throttled, TimeSpan.FromSeconds(31)), (failure.Failure, failure.RetryAfter));
        Assert.Single(cloud.Requests);
    }

    [Fact]
    public async Task A_body_may_come_after_the_time_for_its_headers_is_over()
    {
        Pipe body = new();
        ScriptedCloud cloud = new ScriptedCloud().Then((_, _) => Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body.Reader.AsStream()) }));
        FakeTimeProvider time = new();
        using HttpClient http = ClientOf(cloud, time);
        Task<CloudSession> asked = new RufusCloudClient(http, ScriptedCloud.Key).GetSessionAsync("t", Cancelled);
        await cloud.NextAsync(Cancelled);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(asked.IsCompleted);
        await body.Writer.WriteAsync("""{"result":{"token_session":"t","passings":3}}"""u8.ToArray(), Cancelled);
        await body.Writer.CompleteAsync();
        Assert.Equal(3, (await asked).Passings);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_obeyed_at_once()
    {
        ScriptedCloud cloud = new ScriptedCloud().Then(503);
        WatchedTime time = new();
        using HttpClient http = ClientOf(cloud, time);
        using CancellationTokenSource caller = new();
        time.Waiting = caller.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => http.GetAsync("sessions/t", caller.Token));
        Assert.Single(cloud.Requests);
    }

    [Fact]
    public void An_option_out_of_its_bounds_is_named()
    {
        Check(new() { MaxAttempts = 0 }, "MaxAttempts is 0");
        Check(new() { FirstDelay = TimeSpan.FromMinutes(1) }, "FirstDelay is 00:01:00");
        Check(new() { MaxDelay = TimeSpan.FromHours(2) }, "MaxDelay is 02:00:00");
        Check(new() { AttemptTimeout = TimeSpan.Zero }, "AttemptTimeout is 00:00:00");

        static void Check(ReadResilienceOptions options, string words) => Assert.StartsWith(
            words, Assert.Throws<ArgumentException>(() => ReadResilience.CreateHandler(options)).Message);
    }

    [Fact]
    public void The_primary_handler_follows_no_redirect()
    {
        using SocketsHttpHandler handler = ReadResilience.CreatePrimaryHandler();
        Assert.False(handler.AllowAutoRedirect);
        Assert.Equal(TimeSpan.FromSeconds(10), handler.ConnectTimeout);
    }

    static HttpClient ClientOf(ScriptedCloud cloud, TimeProvider time, ReadResilienceOptions? options = null) =>
        new(ReadResilience.CreateHandler(options, cloud, time)) { BaseAddress = new("https://cloud.test/v0/") };
}
