using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Xunit;

namespace RufusIngest.Tests.Support;

/// <summary>A browser that looks at a venue server's page, by default one that comes through a proxy.</summary>
sealed class PageVisitor : IDisposable
{
    readonly HttpClient _client;

    public PageVisitor(TestVenue venue, bool isLocal = false)
    {
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(venue.Server.BaseAddress, "/"),
        };
        if (!isLocal)
            _client.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.1");
    }

    public HttpRequestHeaders Headers => _client.DefaultRequestHeaders;

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(new(HttpMethod.Get, path), headers);

    public Task<HttpResponseMessage> PostAsync(
        string path, HttpContent? content, params (string Name, string Value)[] headers) =>
        SendAsync(new(HttpMethod.Post, path) { Content = content }, headers);

    public Task<HttpResponseMessage> SignInAsync(string key, params (string Name, string Value)[] headers) =>
        PostAsync("signin", new FormUrlEncodedContent([new("key", key)]), headers);

    /// <summary>Signs in and sends the cookie from now on.</summary>
    public async Task<string> EnterAsync(string key = TestVenue.ReadKey)
    {
        using var answer = await SignInAsync(key);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Headers.Remove("Cookie");
        Headers.Add("Cookie", cookie.Split(';')[0]);
        return cookie;
    }

    public async Task<JsonElement> StateAsync()
    {
        using var answer = await GetAsync("page/state");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancelled));
    }

    /// <summary>Reads the lines of the live stream; the first event was sent already.</summary>
    public async Task<StreamReader> ListenAsync()
    {
        var answer = await _client.GetAsync("page/live", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.ToString());
        return new StreamReader(await answer.Content.ReadAsStreamAsync(Cancelled));
    }

    public void Dispose() => _client.Dispose();

    async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, (string Name, string Value)[] headers)
    {
        using (request)
        {
            foreach (var (name, value) in headers)
                request.Headers.Add(name, value);
            return await _client.SendAsync(request, Cancelled);
        }
    }
}
