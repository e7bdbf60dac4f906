using System.Net;
using System.Net.Sockets;
using System.Text;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class FaultProxyTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A venue, a proxy in front of it and a client that goes through the proxy.</summary>
    sealed class Rig : IAsyncDisposable
    {
        public required TestVenue Venue { get; init; }

        public required FaultProxy Proxy { get; init; }

        public required HttpClient Client { get; init; }

        public required string Token { get; init; }

        public long Inserted => Venue.Server.Counters.Inserted;

        public static async Task<Rig> StartAsync(Fault fault, TimeProvider? time = null)
        {
            TestVenue venue = await TestVenue.StartAsync();
            FaultProxy proxy = new(venue.Server.BaseAddress, request => request.Ordinal == 1 ? fault : Fault.None)
            {
                Time = time ?? TimeProvider.System,
            };
            HttpClient client = new() { BaseAddress = proxy.BaseAddress };
            client.DefaultRequestHeaders.Add("x-api-key", TestVenue.ReadWriteKey);
            return new() { Venue = venue, Proxy = proxy, Client = client, Token = await venue.OpenAsync() };
        }

        public async Task<HttpResponseMessage> PostAsync(int first = 1, int count = 1, bool inChunks = false)
        {
            string body = TestVenue.Body(
                Token, Enumerable.Range(first, count).Select(number => TestVenue.Passing(number)));
            using HttpRequestMessage request = new(HttpMethod.Post, "passings")
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            request.Headers.TransferEncodingChunked = inChunks;
            return await Client.SendAsync(request, Cancellation);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Proxy.DisposeAsync();
            await Venue.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_not_spoiled_passes_on_one_connection(bool inChunks)
    {
        await using Rig rig = await Rig.StartAsync(Fault.None);
        for (int first = 1; first <= 4_000; first += 1_000)
        {
            using HttpResponseMessage posted = await rig.PostAsync(first, 1_000, inChunks);
            Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
        }

        string stored = await rig.Client.GetStringAsync($"passings/session/{rig.Token}", Cancellation);
        Assert.Equal(await rig.Venue.Client.GetStringAsync($"passings/session/{rig.Token}", Cancellation), stored);
        Assert.Equal((4_000, 1), (rig.Inserted, rig.Proxy.Connections));
        Assert.Equal(4, rig.Proxy.Requests.Count);
        Assert.All(rig.Proxy.Requests, request => Assert.Equal(
            ("POST", "/v0/passings", 201, true, FaultPoint.AnswerPassed),
            (request.Method, request.Target, request.ServerStatus, request.IsForwarded, request.Reached)));
        Assert.Equal(4, rig.Proxy.Counts["none"]);
    }

    [Theory]
    [InlineData(FaultPoint.RequestHead, 0, 0, 0)]
    [InlineData(FaultPoint.InRequest, 0, 0, 0)]
    [InlineData(FaultPoint.InRequest, 120, 0, 0)]
    [InlineData(FaultPoint.InRequest, 1_000_000, 0, 0)]
    [InlineData(FaultPoint.BeforeForward, 0, 0, 0)]
    [InlineData(FaultPoint.AfterForward, 0, 1, 0)]
    [InlineData(FaultPoint.InAnswer, 20, 1, 20)]
    [InlineData(FaultPoint.InAnswer, 1_000_000, 1, -1)]
    public async Task A_cut_leaves_the_server_with_what_had_been_forwarded(
        FaultPoint point, int bytes, int inserted, int answered)
    {
        foreach (Fault fault in (Fault[])[Fault.Close(point, bytes), Fault.Reset(point, bytes)])
        {
            await using Rig rig = await Rig.StartAsync(fault);
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => rig.PostAsync());
            RequestInfo request = Assert.Single(rig.Proxy.Requests);
            await rig.Proxy.UntilAsync(() => request.IsOver, Cancellation);
            Assert.Equal(inserted, rig.Inserted);
            Assert.Equal(inserted == 1, request.IsForwarded);
            Assert.Equal((true, point), (request.HasActed, request.Reached));
            if (answered >= 0)
                Assert.Equal(answered, request.BytesAnswered);
            else
                Assert.InRange(request.BytesAnswered, 21, 1_000);

            // The next one goes its way, and the server stores each once.
            using HttpResponseMessage again = await rig.PostAsync();
            Assert.Equal(HttpStatusCode.Created, again.StatusCode);
            Assert.Equal(1, rig.Inserted);
            Assert.Equal(inserted, rig.Venue.Server.Counters.Duplicates);
            Assert.Equal(1, rig.Proxy.Counts[fault.Name]);
        }
    }

    [Fact]
    public async Task A_cut_behind_the_answer_leaves_the_client_with_the_answer()
    {
        await using Rig rig = await Rig.StartAsync(Fault.Close(FaultPoint.AnswerPassed));
        using (HttpResponseMessage first = await rig.PostAsync(1))
            Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        await rig.Proxy.UntilAsync(() => rig.Proxy.Requests[0].IsOver, Cancellation);
        using HttpResponseMessage second = await rig.PostAsync(2);
        Assert.Equal((2, 2), (rig.Inserted, rig.Proxy.Connections));
    }

    [Theory]
    [InlineData(FaultPoint.RequestHead, 0)]
    [InlineData(FaultPoint.BeforeForward, 0)]
    [InlineData(FaultPoint.AfterForward, 1)]
    public async Task It_answers_in_the_servers_place(FaultPoint point, int inserted)
    {
        await using Rig rig = await Rig.StartAsync(Fault.Answer(429, retryAfterSeconds: 7, point));
        using HttpResponseMessage answer = await rig.PostAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), answer.Headers.RetryAfter?.Delta);
        Assert.Equal(inserted, rig.Inserted);
        Assert.Equal(1, rig.Proxy.Counts[$"429 at {point}"]);
        using HttpResponseMessage next = await rig.PostAsync(2);
        Assert.Equal((inserted + 1, 1), (rig.Inserted, rig.Proxy.Connections));
    }

    [Theory]
    [InlineData(FaultPoint.RequestHead, 0, false)]
    [InlineData(FaultPoint.InRequest, 0, false)]
    [InlineData(FaultPoint.BeforeForward, 0, false)]
    [InlineData(FaultPoint.AfterForward, 1, false)]
    [InlineData(FaultPoint.InAnswer, 1, false)]
    [InlineData(FaultPoint.AnswerPassed, 1, true)]
    public async Task A_hold_stands_still_at_its_point_until_released(FaultPoint point, int inserted, bool isAnswered)
    {
        await using Rig rig = await Rig.StartAsync(Fault.Hold(point, bytes: 10));
        Task<HttpResponseMessage> post = rig.PostAsync();
        HeldRequest held = await rig.Proxy.NextHeldAsync(Cancellation);
        Assert.Equal((point, inserted), (held.Point, (int)rig.Inserted));
        Assert.Equal(point >= FaultPoint.BeforeForward, held.Request.Body.Length > 0);
        if (isAnswered)
            (await post).Dispose();
        else
            Assert.False(post.IsCompleted);
        held.Release();
        using HttpResponseMessage answer = await post;
        Assert.Equal((HttpStatusCode.Created, 1), (answer.StatusCode, (int)rig.Inserted));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task When_the_client_is_gone_a_held_request_is_still_forwarded_or_never(bool released, int inserted)
    {
        await using Rig rig = await Rig.StartAsync(Fault.Hold(FaultPoint.BeforeForward));
        Task<HttpResponseMessage> post = rig.PostAsync();
        HeldRequest held = await rig.Proxy.NextHeldAsync(Cancellation);
        rig.Client.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => post);
        if (released)
            held.Release();
        else
            held.Cut();
        await rig.Proxy.UntilAsync(() => held.Request.IsOver, Cancellation);
        Assert.Equal(inserted, rig.Inserted);
        Assert.Equal(released, held.Request.IsForwarded);
    }

    [Fact]
    public async Task A_delay_lasts_as_long_as_it_says()
    {
        WatchedTime time = new();
        await using Rig rig = await Rig.StartAsync(
            Fault.Delay(FaultPoint.AfterForward, TimeSpan.FromSeconds(4)), time);
        Task<HttpResponseMessage> post = rig.PostAsync();
        Assert.Equal(TimeSpan.FromSeconds(4), await time.PassNextWaitAsync(Cancellation));
        using HttpResponseMessage answer = await post;
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Other_requests_are_not_touched()
    {
        await using Rig rig = await Rig.StartAsync(Fault.Reset(FaultPoint.RequestHead));
        using HttpResponseMessage session = await rig.Client.GetAsync($"sessions/{rig.Token}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, session.StatusCode);
        Assert.Empty(rig.Proxy.Requests);
    }

    [Fact]
    public async Task A_whole_bad_day_loses_nothing_that_is_sent_again()
    {
        await using Rig rig = await Rig.StartAsync(Fault.None);
        FaultPlan plan = new(3, FaultPlan.BadDay);
        rig.Proxy.Rule = _ => plan.Next();
        int refused = 0;
        for (int number = 1; number <= 300;)
        {
            try
            {
                using HttpResponseMessage answer = await rig.PostAsync(number);
                number += answer.StatusCode == HttpStatusCode.Created ? 1 : 0;
            }
            catch (HttpRequestException)
            {
                refused++;
            }
        }

        Assert.Equal((300, 0), ((int)rig.Inserted, (int)rig.Venue.Server.Counters.Conflicts));
        Assert.True(refused > 30, $"Only {refused} were spoiled.");
        Assert.True(rig.Venue.Server.Counters.Duplicates > 5);
        Assert.Equal(rig.Proxy.Requests.Count, rig.Proxy.Counts.Values.Sum());
    }

    [Fact]
    public async Task An_answer_without_a_length_ends_with_its_connection()
    {
        using TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        await using FaultProxy proxy = new(new Uri($"http://{server.LocalEndpoint}/"));
        using HttpClient client = new() { BaseAddress = proxy.BaseAddress };
        Task<string> got = client.GetStringAsync("x", Cancellation);
        using (Socket socket = await server.AcceptSocketAsync(Cancellation))
        {
            _ = await socket.ReceiveAsync(new byte[4_096], Cancellation);
            byte[] answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall of it"u8.ToArray();
            await socket.SendAsync(answer, Cancellation);
        }

        Assert.Equal("all of it", await got);
    }
}
