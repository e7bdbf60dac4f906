using System.Net;
using System.Text;
using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

public sealed class RufusCloudClientTests : IDisposable
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    readonly ScriptedCloud _cloud = new();

    public void Dispose() => _cloud.Dispose();

    RufusCloudClient Client(RufusCloudOptions? options = null) => new(_cloud.Client(), ScriptedCloud.Key, options);

    [Theory]
    [InlineData(null, "https://api.runonrufus.com/v0/sessions/T")]
    [InlineData("https://venue.test/v0", "https://venue.test/v0/sessions/T")]
    [InlineData("https://venue.test/v0/", "https://venue.test/v0/sessions/T")]
    public async Task the_base_address_may_end_with_a_slash_or_be_left_out(string? address, string expected)
    {
        _cloud.Then(200, """{"result":[{"token_session":"T"}]}""");
        await new RufusCloudClient(_cloud.Client(address), ScriptedCloud.Key).GetSessionAsync("T", Cancelled);
        Assert.Equal(expected, _cloud.Requests[0].Address);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task each_key_header_goes_with_each_request_unless_switched_off(bool old, bool newer)
    {
        HttpClient http = _cloud.Client();
        RufusCloudOptions options = new() { SendApiKeyHeader = old, SendXApiKeyHeader = newer };
        await new RufusCloudClient(http, ScriptedCloud.Key, options).CloseSessionAsync("T", Cancelled);
        Dictionary<string, string> headers = _cloud.Requests[0].Headers;
        Assert.Equal(old, headers.TryGetValue("api_key", out string? a) && a == ScriptedCloud.Key);
        Assert.Equal(newer, headers.TryGetValue("x-api-key", out string? b) && b == ScriptedCloud.Key);
        Assert.Equal("application/json", headers["Accept"]);
        Assert.Empty(http.DefaultRequestHeaders);
    }

    [Theory]
    [InlineData("")]
    [InlineData("key with space")]
    [InlineData("key\n")]
    [InlineData("kéy")]
    public void a_key_that_cannot_be_a_header_is_refused_without_quoting_it(string key)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new RufusCloudClient(_cloud.Client(), key));
        if (key.Length > 0)
            Assert.DoesNotContain(key, e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new RufusCloudClient(
            _cloud.Client(), "k", new() { SendApiKeyHeader = false, SendXApiKeyHeader = false }));
    }

    [Theory]
    [InlineData(201)]
    [InlineData(200)]
    [InlineData(409)]
    public async Task a_device_is_bound_by_201_200_or_409_with_its_id(int status)
    {
        _cloud.Then(status, """{"description":"Device binded succesfully","deviceid":"D1","new":{"a":[1]}}""");
        Assert.Equal("D1", await Client().BindDeviceAsync("M", "S", "Finish", "1.0", cancellationToken: Cancelled));
        Assert.Equal(
            """{"type":"CUSTOM_CHRONO","model":"M","serial_number":"S","alias":"Finish","firmware":"1.0"}""",
            _cloud.Requests[0].Body);
        Assert.Equal("/v0/devices", _cloud.Requests[0].Path);
        Assert.Equal("POST", _cloud.Requests[0].Method);
        Assert.Equal("application/json", _cloud.Requests[0].Headers["Content-Type"]);
    }

    [Fact]
    public async Task a_refused_bind_is_repeated_once_without_type()
    {
        _cloud.Then(400).Then(201, """{"deviceid":"D1"}""");
        Assert.Equal("D1", await Client().BindDeviceAsync("M", "S", cancellationToken: Cancelled));
        Assert.Equal("""{"model":"M","serial_number":"S"}""", _cloud.Requests[1].Body);

        _cloud.Then(400).Then(400, "no");
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => Client().BindDeviceAsync("M", "S", cancellationToken: Cancelled));
        Assert.Equal((RufusFailure.BadRequest, 400, "no"), (e.Failure, e.Status, e.Description));
        Assert.Equal(4, _cloud.Requests.Count);
    }

    [Fact]
    public async Task a_conflict_without_an_id_is_a_failure()
    {
        _cloud.Then(409, """{"description":"Bound elsewhere"}""");
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => Client().BindDeviceAsync("M", "S", cancellationToken: Cancelled));
        Assert.Equal((RufusFailure.BadRequest, "Bound elsewhere"), (e.Failure, e.Description));
    }

    [Fact]
    public async Task a_session_is_opened_and_closed()
    {
        _cloud.Then(201, """{"token_session":"T/1"}""").Then(200);
        string token = await Client().OpenSessionAsync("D1", "Start", Cancelled);
        await Client().CloseSessionAsync(token, Cancelled);
        Assert.Equal("""{"deviceid":"D1","alias":"Start"}""", _cloud.Requests[0].Body);
        Assert.Equal("PATCH /v0/sessions/close/T%2F1", _cloud.Requests[1].Method + " " + _cloud.Requests[1].Path);
        await Assert.ThrowsAsync<ArgumentException>(() => Client().CloseSessionAsync("..", Cancelled));
    }

    public static TheoryData<string> Envelopes =>
    [
        """{"description":"d","token_session":"T"}""",
        """{"body":{"description":"d","token_session":"T"}}""",
        """{"body":"{\"description\":\"d\",\"token_session\":\"T\"}"}""",
        "\uFEFF{\"token_session\":\"T\"}",
        " \r\n{\"token_session\":\"T\",\"body\":null} ",
    ];

    [Theory]
    [MemberData(nameof(Envelopes))]
    public async Task an_answer_is_read_in_each_of_its_dresses(string body)
    {
        _cloud.Then(201, body);
        Assert.Equal("T", await Client().OpenSessionAsync("D", null, Cancelled));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"body":null}""")]
    [InlineData("""{"body":""}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"token_session":7e}""")]
    [InlineData("""{"token_session":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("<html>Log in to the hall's network</html>")]
    public async Task success_without_the_token_is_an_answer_not_understood(string body)
    {
        _cloud.Then(201, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => Client().OpenSessionAsync("D", null, Cancelled));
        Assert.Equal((RufusFailure.AnswerNotUnderstood, 201), (e.Failure, e.Status));
    }

    [Theory]
    [InlineData(400, "", RufusFailure.BadRequest, null)]
    [InlineData(401, """{"body":null}""", RufusFailure.KeyRefused, null)]
    [InlineData(403, """{"body":"Forbidden"}""", RufusFailure.KeyRefused, "Forbidden")]
    [InlineData(404, """{"body":{"description":"Device not found"}}""", RufusFailure.NotFound, "Device not found")]
    [InlineData(408, "", RufusFailure.ServerFault, null)]
    [InlineData(413, "<html>\r\ntoo large</html>", RufusFailure.TooLarge, "<html>  too large</html>")]
    [InlineData(422, """{"description":7}""", RufusFailure.BadRequest, "7")]
    [InlineData(500, """{"body":null}""", RufusFailure.ServerFault, null)]
    [InlineData(503, """{"description":"Busy"}""", RufusFailure.ServerFault, "Busy")]
    [InlineData(302, "", RufusFailure.AnswerNotUnderstood, null)]
    public async Task a_status_becomes_what_to_do(int status, string body, RufusFailure failure, string? description)
    {
        _cloud.Then(status, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => Client().OpenSessionAsync("D", null, Cancelled));
        Assert.Equal((failure, status, description), (e.Failure, e.Status, e.Description));
        Assert.Equal(("POST", "sessions"), (e.Method, e.Path));
    }

    [Fact]
    public async Task throttling_says_how_long_to_wait_by_seconds_or_by_date()
    {
        _cloud.Then(429, "", "17");
        Assert.Equal(TimeSpan.FromSeconds(17), (await FailAsync()).RetryAfter);
        HttpResponseMessage dated = ScriptedCloud.Answer(429, "", "Wed, 01 Jan 2020 00:00:42 GMT");
        dated.Headers.Date = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        _cloud.Then((_, _) => Task.FromResult(dated));
        RufusCloudException e = await FailAsync();
        Assert.Equal((RufusFailure.Throttled, TimeSpan.FromSeconds(42)), (e.Failure, e.RetryAfter));
    }

    [Fact]
    public async Task a_network_failure_and_a_time_out_are_unreachable_and_a_cancellation_is_one()
    {
        _cloud.ThenFail(new HttpRequestException("refused"))
            .ThenFail(new TaskCanceledException("timeout")).ThenNeverAnswer();
        RufusCloudException e = await FailAsync();
        Assert.Equal((RufusFailure.Unreachable, 0, "refused"), (e.Failure, e.Status, e.Description));
        Assert.Equal(RufusFailure.Unreachable, (await FailAsync()).Failure);
        using CancellationTokenSource cancel = new();
        Task<string> call = Client().OpenSessionAsync("D", null, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task an_answer_beyond_the_bound_is_not_read()
    {
        RufusCloudClient client = Client(new() { MaxAnswerBytes = 100 });
        string exact = "{\"token_session\":\"T\"}".PadRight(100);
        foreach (bool hasLength in new[] { true, false })
        {
            _cloud.Then((_, _) => Task.FromResult(OfBytes(exact, hasLength)));
            Assert.Equal("T", await client.OpenSessionAsync("D", null, Cancelled));
            _cloud.Then((_, _) => Task.FromResult(OfBytes(exact + " ", hasLength)));
            RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
                () => client.OpenSessionAsync("D", null, Cancelled));
            Assert.Equal(RufusFailure.AnswerNotUnderstood, e.Failure);
            Assert.Contains("longer than 100 bytes", e.Description, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task a_redirect_that_was_followed_is_a_failure()
    {
        using FollowingHandler follower = new();
        RufusCloudClient client = new(new HttpClient(follower), ScriptedCloud.Key);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => client.OpenSessionAsync("D", null, Cancelled));
        Assert.Equal((RufusFailure.AnswerNotUnderstood, 302), (e.Failure, e.Status));
    }

    [Fact]
    public async Task the_key_is_in_no_exception_whatever_the_server_or_the_network_says()
    {
        string echo = $"Bad key {ScriptedCloud.Key.ToUpperInvariant()}, really: {ScriptedCloud.Key}";
        _cloud.Then(403, JsonSerializer.Serialize(new { description = echo }))
            .Then(403, echo)
            .Then(403, JsonSerializer.Serialize(new { body = echo }))
            .ThenFail(new HttpRequestException(echo, new IOException(echo)))
            .Then(400, new string('x', 490) + ScriptedCloud.Key);
        for (int i = 0; i < 5; i++)
        {
            RufusCloudException e = await FailAsync();
            Assert.DoesNotContain("0123456789", e.ToString(), StringComparison.OrdinalIgnoreCase);
            Assert.Contains("[key]", e.Description, StringComparison.Ordinal);
            Assert.InRange(e.Description!.Length, 1, 500);
        }
    }

    [Theory]
    [InlineData("""
        {"result":[{"token_session":"T","alias":null,"active":true,"passings":31,
        "first":"2023-05-01T10:00:00.123Z"}]}
        """)]
    [InlineData("""
        {"body":{"result":{"token_session":"T","active":true,"passings":"31",
        "first":"2023-05-01T12:00:00.123+02:00","duration":{}}}}
        """)]
    public async Task a_session_is_read_from_a_list_of_one_or_an_object(string body)
    {
        _cloud.Then(200, body);
        CloudSession session = await Client().GetSessionAsync("T", Cancelled);
        Assert.Equal(
            new()
            {
                TokenSession = "T",
                Active = true,
                Passings = 31,
                First = new DateTimeOffset(2023, 5, 1, 10, 0, 0, 123, TimeSpan.Zero),
            },
            session);
    }

    [Fact]
    public async Task a_session_that_is_not_there_is_not_found()
    {
        _cloud.Then(200, """{"result":[]}""").Then(404, """{"description":"Session not found"}""");
        for (int i = 0; i < 2; i++)
        {
            RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
                () => Client().GetSessionAsync("T", Cancelled));
            Assert.Equal(RufusFailure.NotFound, e.Failure);
        }
    }

    [Fact]
    public async Task passings_are_read_with_coordinates_as_text_or_number_and_unknown_forms_as_null()
    {
        _cloud.Then(200, """
            {"result":[{"num_passing":1,"bib":"7","chip":null,"timestamp":"2023-05-01T10:00:00.000Z",
            "latitude":"12.5","longitude":-3.25},
            {"num_passing":"x","bib":{},"timestamp":"noon","latitude":null},3]}
            """);
        List<CloudPassing> passings = await ListAsync();
        Assert.Equal(
            [
                new()
                {
                    Number = 1,
                    Bib = "7",
                    Timestamp = new DateTimeOffset(2023, 5, 1, 10, 0, 0, TimeSpan.Zero),
                    Latitude = 12.5,
                    Longitude = -3.25,
                },
                new(),
                new(),
            ],
            passings);
        Assert.Equal("/v0/passings/session/T?first=1&last=9&page=1", _cloud.Requests[0].Path);
    }

    [Fact]
    public async Task pages_are_read_until_one_is_not_full()
    {
        _cloud.Then(200, Page(1, 5000)).Then(200, Page(5001, 5000)).Then(200, Page(10001, 4999));
        List<CloudPassing> passings = await ListAsync();
        Assert.Equal(Enumerable.Range(1, 14_999), passings.Select(p => p.Number!.Value));
        Assert.Equal(3, _cloud.Requests.Count);
    }

    [Theory]
    [InlineData("""{"result":[]}""", 200)]
    [InlineData("""{"body":{"description":"Success"}}""", 200)]
    [InlineData("""{"result":null}""", 200)]
    [InlineData("", 200)]
    [InlineData("", 404)]
    [InlineData("""{"result":[],"pagination":{"has_more":true}}""", 200)]
    public async Task paging_ends_at_an_empty_page_in_each_of_its_forms(string empty, int status)
    {
        _cloud.Then(200, Page(1, 5000)).Then(status, empty);
        Assert.Equal(5000, (await ListAsync()).Count);
        Assert.Equal(2, _cloud.Requests.Count);
    }

    [Fact]
    public async Task the_servers_word_on_more_pages_goes_before_the_size()
    {
        _cloud.Then(200, Page(1, 2, """{"has_more":true}""")).Then(200, Page(3, 5000, """{"has_more":false}"""));
        Assert.Equal(5002, (await ListAsync()).Count);
        Assert.Equal(2, _cloud.Requests.Count);
    }

    [Fact]
    public async Task a_server_that_always_has_more_ends_at_the_cap()
    {
        int next = 1;
        _cloud.Otherwise = _ => ScriptedCloud.Answer(200, Page(next++, 1, """{"has_more":true}"""));
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(() => ListAsync(new() { MaxPages = 7 }));
        Assert.Equal(RufusFailure.AnswerNotUnderstood, e.Failure);
        Assert.Equal(7, _cloud.Requests.Count);
    }

    [Fact]
    public async Task a_server_that_knows_no_pages_ends_at_the_second()
    {
        _cloud.Otherwise = _ => ScriptedCloud.Answer(200, Page(1, 5000));
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(() => ListAsync());
        Assert.Contains("came again", e.Description, StringComparison.Ordinal);
        Assert.Equal(2, _cloud.Requests.Count);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("""{"result":7}""")]
    public async Task a_page_that_is_no_list_is_not_understood_rather_than_empty(string body)
    {
        _cloud.Then(200, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(() => ListAsync());
        Assert.Equal(RufusFailure.AnswerNotUnderstood, e.Failure);
    }

    async Task<List<CloudPassing>> ListAsync(RufusCloudOptions? options = null)
    {
        List<CloudPassing> passings = [];
        await foreach (CloudPassing passing in Client(options).GetSessionPassingsAsync("T", 1, 9, Cancelled))
            passings.Add(passing);
        return passings;
    }

    async Task<RufusCloudException> FailAsync() =>
        await Assert.ThrowsAsync<RufusCloudException>(() => Client().OpenSessionAsync("D", null, Cancelled));

    static string Page(int first, int count, string? pagination = null) =>
        "{\"result\":[" + string.Join(',', Enumerable.Range(first, count).Select(n => $"{{\"num_passing\":{n}}}")) + "]"
        + (pagination is null ? "}" : $",\"pagination\":{pagination}}}");

    static HttpResponseMessage OfBytes(string body, bool hasLength)
    {
        StreamContent content = new(new MemoryStream(Encoding.UTF8.GetBytes(body)));
        if (!hasLength)
            content = new(new UnseekableStream(Encoding.UTF8.GetBytes(body)));
        return new(HttpStatusCode.Created) { Content = content };
    }

    sealed class UnseekableStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    sealed class FollowingHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Method = HttpMethod.Get;
            request.RequestUri = new("https://portal.test/login?back=x");
            return Task.FromResult(ScriptedCloud.Answer(200, """{"token_session":"T"}"""));
        }
    }
}
