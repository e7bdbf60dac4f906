using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace RufusIngest.Tests.Support;

/// <summary>One request as the server saw it.</summary>
sealed record SeenRequest(string Method, string Address, Dictionary<string, string> Headers, string Body)
{
    public string Path => new Uri(Address).PathAndQuery;

    public string Token => JsonDocument.Parse(Body).RootElement.GetProperty("token_session").GetString()!;

    public int FirstNumber => JsonDocument.Parse(Body).RootElement.GetProperty("passings_list")[0]
        .GetProperty("num_passing").GetInt32();
}

/// <summary>
/// A server in place of the network: answers by script, then 201 to everything, and remembers all requests.
/// </summary>
sealed class ScriptedCloud : HttpMessageHandler
{
    public const string Key = "ror-0123456789abcdef0123";

    readonly Channel<SeenRequest> _arrivals = Channel.CreateUnbounded<SeenRequest>();
    readonly Queue<Func<SeenRequest, CancellationToken, Task<HttpResponseMessage>>> _script = new();

    public List<SeenRequest> Requests { get; } = [];

    /// <summary>Answers when the script is at its end.</summary>
    public Func<SeenRequest, HttpResponseMessage> Otherwise { get; set; } = _ => Answer(201, "{}");

    public static HttpResponseMessage Answer(int status, string body = "", string? retryAfter = null)
    {
        HttpResponseMessage response = new((HttpStatusCode)status) { Content = new StringContent(body) };
        if (retryAfter is not null)
            response.Headers.Add("Retry-After", retryAfter);
        return response;
    }

    public ScriptedCloud Then(int status, string body = "", string? retryAfter = null) =>
        Then((_, _) => Task.FromResult(Answer(status, body, retryAfter)));

    public ScriptedCloud ThenFail(Exception e) => Then((_, _) => Task.FromException<HttpResponseMessage>(e));

    public ScriptedCloud ThenNeverAnswer() => Then(async (_, cancellationToken) =>
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException("Not reached.");
    });

    public ScriptedCloud Then(Func<SeenRequest, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _script.Enqueue(answer);
        return this;
    }

    public HttpClient Client(string? address = "https://cloud.test/v0") =>
        new(this) { BaseAddress = address is null ? null : new(address) };

    /// <summary>The next request that was not waited for yet.</summary>
    public ValueTask<SeenRequest> NextAsync(CancellationToken cancellationToken) =>
        _arrivals.Reader.ReadAsync(cancellationToken);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Dictionary<string, string> headers = request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<
            KeyValuePair<string, IEnumerable<string>>>()).ToDictionary(h => h.Key, h => string.Join(",", h.Value));
        using MemoryStream body = new();
        if (request.Content is not null)
            await request.Content.CopyToAsync(body, cancellationToken);
        SeenRequest seen = new(
            request.Method.Method, request.RequestUri!.AbsoluteUri, headers, Encoding.UTF8.GetString(body.ToArray()));
        Func<SeenRequest, CancellationToken, Task<HttpResponseMessage>>? answer;
        lock (_script)
        {
            Requests.Add(seen);
            _script.TryDequeue(out answer);
        }

        _arrivals.Writer.TryWrite(seen);
        return answer is null ? Otherwise(seen) : await answer(seen, cancellationToken);
    }
}
