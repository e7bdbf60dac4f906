using System.Net;
using System.Net.Sockets;
using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

/// <summary>Every operation against answers that are no answers, over real connections.</summary>
public sealed class HostileAnswerTests
{
    const string Html = "<!DOCTYPE html><html><body>Welcome to the hall's network. Please log in.</body></html>";

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Answers by what they are; null: success, which is what a status alone says.</summary>
    static readonly (string Name, string Head, string Body, RufusFailure Failure, RufusFailure? OfStatusOnly)[] Answers =
    [
        ("cut off", "200 OK\r\nContent-Length: 500", """{"description":"Succ""", RufusFailure.Unreachable, null),
        ("cut off in a chunk", "200 OK\r\nTransfer-Encoding: chunked", "40\r\n{\"descr", RufusFailure.Unreachable, null),
        ("HTML", $"200 OK\r\nContent-Length: {Html.Length}", Html, RufusFailure.AnswerNotUnderstood, RufusFailure.AnswerNotUnderstood),
        ("broken JSON", "200 OK\r\nContent-Length: 11", """{"result":}""", RufusFailure.AnswerNotUnderstood, RufusFailure.AnswerNotUnderstood),
        ("deep JSON", "200 OK\r\nContent-Length: 5000", new('[', 5000), RufusFailure.AnswerNotUnderstood, RufusFailure.AnswerNotUnderstood),
        ("HTML as a refusal", $"403 No\r\nContent-Length: {Html.Length}", Html, RufusFailure.KeyRefused, RufusFailure.KeyRefused),
        ("a gateway's page", $"502 Bad\r\nContent-Length: {Html.Length}", Html, RufusFailure.ServerFault, RufusFailure.ServerFault),
        ("no HTTP", "", "SSH-2.0-OpenSSH_9.6\r\n", RufusFailure.Unreachable, RufusFailure.Unreachable),
        ("nothing", "", "", RufusFailure.Unreachable, RufusFailure.Unreachable),
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (CloudOperation operation in CloudOperation.All)
            {
                foreach (var answer in Answers)
                    cases.Add(operation.Name, answer.Name);
            }

            return cases;
        }
    }

    static CloudOperation Operation(string name) => CloudOperation.All.Single(operation => operation.Name == name);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task an_operation_fails_with_what_to_do(string operation, string answer)
    {
        var (_, head, body, failure, ofStatusOnly) = Answers.Single(given => given.Name == answer);
        await using OneAnswerServer server = new(head.Length == 0 ? body : $"HTTP/1.1 {head}\r\n\r\n{body}");
        await ExpectAsync(server, Operation(operation), Operation(operation).HasAnswer ? failure : ofStatusOnly);
    }

    /// <summary>Members of a wrong kind are as good as missing, and lists hold what cannot be an item.</summary>
    [Theory]
    [InlineData("""{"deviceid":7.5e3,"token_session":{},"result":"none","passings":{"a":1},"session_used":[]}""")]
    [InlineData("""{"deviceid":null,"token_session":[null],"result":17,"passings":true,"session_used":{}}""")]
    [InlineData("""{"body":[1,2,3]}""")]
    [InlineData("""[[],{"result":[]}]""")]
    [InlineData("17")]
    [InlineData("""
        {"\ud800":1,"deviceid":"\ud800","token_session":"\udc00","session_used":"T","pagination":{"\ud800":1,"has_more":true},
        "result":[{"\ud800":1,"num_passing":5}],"passings":[{"\ud800":1,"num_passing":5,"bib":"\ud800"}]}
        """)]
    [InlineData("""
        {"deviceid":"\ud800","token_session":"\udc00","session_used":"T","pagination":{"\ud800":1,"has_more":true},
        "result":[{"\ud800":1,"num_passing":5}],"passings":[{"\ud800":1,"num_passing":5,"bib":"\ud800"}]}
        """)]
    public async Task wrong_types_are_told_or_taken_as_nothing_and_never_break_a_call(string body)
    {
        foreach (CloudOperation operation in CloudOperation.All)
        {
            await using OneAnswerServer server = new($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            using HttpClient http = RufusCloudClient.CreateHttpClient(server.Address);
            Exception? e = await Record.ExceptionAsync(() => operation.Call(Client(http), Cancelled));
            if (e is not null)
            {
                RufusFailure failure = Assert.IsType<RufusCloudException>(e).Failure;
                Assert.True(failure is RufusFailure.AnswerNotUnderstood or RufusFailure.NotFound, $"{operation}: {e}");
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ten_megabytes_of_garbage_are_not_understood(bool saysLength)
    {
        string body = new('x', 10 << 20);
        string answer = saysLength
            ? $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"
            : $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n";
        foreach (CloudOperation operation in CloudOperation.All)
        {
            await using OneAnswerServer server = new(answer);
            await ExpectAsync(server, operation, RufusFailure.AnswerNotUnderstood);
        }
    }

    [Fact]
    public async Task a_server_that_never_answers_is_unreachable_when_the_time_is_over()
    {
        foreach (CloudOperation operation in CloudOperation.All)
        {
            await using OneAnswerServer server = new(null);
            using HttpClient http = RufusCloudClient.CreateHttpClient(server.Address);
            http.Timeout = TimeSpan.FromMilliseconds(50);
            RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
                () => operation.Call(Client(http), Cancelled));
            Assert.Equal((RufusFailure.Unreachable, "No answer in time."), (e.Failure, e.Description));
        }
    }

    [Fact]
    public async Task an_answer_that_stands_still_is_unreachable_unless_its_status_says_all()
    {
        foreach (CloudOperation operation in CloudOperation.All)
        {
            await using OneAnswerServer server = new("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{") { StandsStill = true };
            using HttpClient http = RufusCloudClient.CreateHttpClient(server.Address);
            http.Timeout = TimeSpan.FromSeconds(0.25);
            Exception? e = await Record.ExceptionAsync(() => operation.Call(Client(http), Cancelled));
            Assert.True(
                operation.HasAnswer ? e is RufusCloudException { Failure: RufusFailure.Unreachable } : e is null,
                $"{operation}: {e}");
        }
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task a_redirect_is_a_failure_and_the_key_goes_to_no_other_host(int status)
    {
        await using OneAnswerServer elsewhere = new("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        foreach (CloudOperation operation in CloudOperation.All)
        {
            await using OneAnswerServer server = new(
                $"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.Address}devices\r\nContent-Length: 0\r\n\r\n");
            await ExpectAsync(server, operation, RufusFailure.AnswerNotUnderstood);
        }

        Assert.Equal(0, elsewhere.Connections);
    }

    static async Task ExpectAsync(OneAnswerServer server, CloudOperation operation, RufusFailure? failure)
    {
        using HttpClient http = RufusCloudClient.CreateHttpClient(server.Address);
        Exception? e = await Record.ExceptionAsync(() => operation.Call(Client(http), Cancelled));
        if (failure is null)
        {
            Assert.Null(e);
            return;
        }

        RufusCloudException told = Assert.IsType<RufusCloudException>(e);
        Assert.True(told.Failure == failure, $"{operation}: {told}");
        Assert.DoesNotContain(ScriptedCloud.Key, told.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(operation.Method, told.Method);
    }

    static RufusCloudClient Client(HttpClient http) => new(http, ScriptedCloud.Key, CloudOperation.Options);

    /// <summary>Says the same to each connection once a request's head is there, and ends it; null: never says anything.</summary>
    sealed class OneAnswerServer : IAsyncDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        readonly CancellationTokenSource _stop = new();
        readonly string? _answer;
        readonly Task _run;

        public OneAnswerServer(string? answer)
        {
            _answer = answer;
            _listener.Start();
            _run = RunAsync();
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v0/");

        public int Connections { get; private set; }

        /// <summary>Leaves the connection open behind what it said.</summary>
        public bool StandsStill { get; init; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Dispose();
            await _run;
            _stop.Dispose();
        }

        async Task RunAsync()
        {
            List<Task> connections = [];
            try
            {
                while (true)
                {
                    Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                    Connections++;
                    connections.Add(AnswerAsync(socket));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
            {
                await Task.WhenAll(connections);
            }
        }

        async Task AnswerAsync(Socket socket)
        {
            using Socket connection = socket;
            try
            {
                byte[] buffer = new byte[64 * 1024];
                int length = 0;
                while (!Encoding.Latin1.GetString(buffer, 0, length).Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    int read = await connection.ReceiveAsync(buffer.AsMemory(length), _stop.Token);
                    if (read == 0)
                        return;
                    length += read;
                }

                if (_answer is null)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                await connection.SendAsync(Encoding.Latin1.GetBytes(_answer!), _stop.Token);
                if (StandsStill)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                connection.Shutdown(SocketShutdown.Send);
                while (await connection.ReceiveAsync(buffer, _stop.Token) > 0)
                {
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The client left, or the test is over.
            }
        }
    }
}
