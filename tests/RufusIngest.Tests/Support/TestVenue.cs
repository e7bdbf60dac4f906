using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Cloud;
using RufusIngest.Server;
using Xunit;

namespace RufusIngest.Tests.Support;

/// <summary>A venue server on a free loopback port, and a client that holds its READ_WRITE key.</summary>
sealed class TestVenue : IAsyncDisposable
{
    public const string ReadWriteKey = "ror-0000000000000000000a";
    public const string ReadKey = "ror-0000000000000000000b";
    public const string WriteKey = "ror-0000000000000000000c";
    public const string UnbindKey = "ror-0000000000000000000d";

    readonly VenueServerOptions? _made;

    TestVenue(VenueServer server, VenueServerOptions options, VenueServerOptions? made)
    {
        (OwnOptions, _made) = (options, made);
        Server = server;
        Client = new HttpClient { BaseAddress = server.BaseAddress };
        Client.DefaultRequestHeaders.Add("x-api-key", ReadWriteKey);
    }

    public static FakeTimeProvider Clock { get; } = NewClock();

    public VenueServer Server { get; }

    public HttpClient Client { get; }

    /// <summary>What it was started with, its data included.</summary>
    public VenueServerOptions OwnOptions { get; }

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static VenueServerOptions Options { get; } = new()
    {
        Keys =
        [
            new("both", ReadWriteKey, VenueAccess.ReadWrite),
            new("reader", ReadKey, VenueAccess.Read),
            new("writer", WriteKey, VenueAccess.Write),
            new("unbinder", UnbindKey, VenueAccess.Write | VenueAccess.Unbind),
        ],
        TimeProvider = Clock,
    };

    /// <summary>A clock of one's own, which may be set forward.</summary>
    public static FakeTimeProvider NewClock() => new(new DateTimeOffset(2026, 5, 3, 8, 0, 0, 125, TimeSpan.Zero));

    /// <summary>Data that the options name stays when it ends.</summary>
    public static async Task<TestVenue> StartAsync(VenueServerOptions? options = null)
    {
        options ??= Options;
        var stored = VenueData.Stored(options);
        var made = ReferenceEquals(stored, options) ? null : stored;
        try
        {
            return new(await VenueServer.StartAsync(stored, Cancelled), stored, made);
        }
        catch
        {
            VenueData.Remove(made);
            throw;
        }
    }

    /// <summary>A server that behaves as a profile says.</summary>
    public static Task<TestVenue> StartAsync(CloudProfile profile) => StartAsync(Options with { Profile = profile });

    /// <summary>Sends another key from now on, in the given header; null sends none.</summary>
    public void Use(string? key, string header = "x-api-key")
    {
        Client.DefaultRequestHeaders.Clear();
        if (key is not null)
            Client.DefaultRequestHeaders.Add(header, key);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(new(HttpMethod.Get, path));

    public Task<Answer> DeleteAsync(string path) => SendAsync(new(HttpMethod.Delete, path));

    public Task<Answer> PatchAsync(string path) => SendAsync(new(HttpMethod.Patch, path));

    public Task<Answer> PostAsync(string path, string body) =>
        PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    public Task<Answer> PostAsync(string path, HttpContent content) =>
        SendAsync(new(HttpMethod.Post, path) { Content = content });

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Client.SendAsync(request, Cancelled);
            Assert.False(response.Headers.Contains("Server"));
            var empty = response.StatusCode == HttpStatusCode.NoContent;
            Assert.Equal(empty ? null : "application/json", response.Content.Headers.ContentType?.MediaType);
            return new(response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
        }
    }

    public async Task<string> BindAsync(string serialNumber = "SN-1")
    {
        var answer = await PostAsync("devices", $$"""{"model":"M","serial_number":"{{serialNumber}}"}""");
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Text("deviceid");
    }

    public async Task<string> OpenAsync(string deviceId)
    {
        var answer = await PostAsync("sessions", $$"""{"deviceid":"{{deviceId}}","alias":"Finish"}""");
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Text("token_session");
    }

    public async Task<string> OpenAsync() => await OpenAsync(await BindAsync());

    /// <summary>The passing of a number, always with the same bib and time; more members start with a comma.</summary>
    public static string Passing(long number, string more = "")
    {
        var time = $"2026-05-03T09:00:00.{number % 1000:000}Z";
        return $$"""{"bib":"{{number}}","num_passing":{{number}},"timestamp":"{{time}}"{{more}}}""";
    }

    public static string Body(string token, params IEnumerable<string> passings) =>
        $$"""{"token_session":"{{token}}","passings_list":[{{string.Join(',', passings)}}]}""";

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        VenueData.Remove(_made);
    }
}

/// <summary>Status and body of a response.</summary>
sealed record Answer(HttpStatusCode Status, string Body)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    public string Text(string member) => Json.GetProperty(member).GetString()!;

    public void Is(HttpStatusCode status, string body)
    {
        Assert.Equal(body, Body);
        Assert.Equal(status, Status);
    }

    /// <summary>Holds one description, and another member if one is named.</summary>
    public void Says(HttpStatusCode status, string description, string? name = null, string? value = null) =>
        Is(status, $"{{\"description\":\"{description}\"{(name is null ? "" : $",\"{name}\":\"{value}\"")}}}");
}
