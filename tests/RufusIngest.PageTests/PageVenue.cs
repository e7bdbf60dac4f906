using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using RufusIngest.Server;

namespace RufusIngest.PageTests;

/// <summary>A venue server over a file, which may be stopped and started again, and a device's client of it.</summary>
sealed class PageVenue : IAsyncDisposable
{
    public const string ReadKey = "ror-0000000000000000000b";
    const string WriteKey = "ror-0000000000000000000c";

    static readonly VenueKey _otherCompanys = new("o", "ror-000000000000000e", VenueAccess.Read)
    {
        Company = "other",
    };

    readonly string _folder = Directory.CreateTempSubdirectory("rufus-page-").FullName;
    readonly HttpClient _client = new();
    VenueServerOptions _options;
    VenueServer? _server;

    PageVenue(bool asksForKey) => _options = new()
    {
        DataFile = Path.Combine(_folder, "venue.db"),
        Keys =
        [
            new("reader", ReadKey, VenueAccess.Read),
            new("writer", WriteKey, VenueAccess.Write),
            // With a second company even the server's own machine has to say whose data it wants to see.
            .. asksForKey ? [_otherCompanys] : Array.Empty<VenueKey>(),
        ],
        TimeProvider = Clock,
    };

    public SetClock Clock { get; } = new();

    /// <summary>Where the page is.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<PageVenue> StartAsync(bool asksForKey = false)
    {
        var venue = new PageVenue(asksForKey);
        await venue.StartAgainAsync();
        return venue;
    }

    public async Task StopAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
    }

    /// <summary>Starts with the same data, and at the same address if it ran before.</summary>
    public async Task StartAgainAsync()
    {
        _server = await VenueServer.StartAsync(_options, Cancelled);
        Address = new Uri(_server.BaseAddress, "/");
        _options = _options with { EndPoint = new(IPAddress.Loopback, Address.Port) };
    }

    public async Task<string> BindAsync(string alias, string serialNumber = "SN-1") => await SendAsync(
        HttpMethod.Post, "devices", "deviceid", new { model = "M", serial_number = serialNumber, alias });

    public async Task<string> OpenAsync(string deviceId, string alias) => await SendAsync(
        HttpMethod.Post, "sessions", "token_session", new { deviceid = deviceId, alias });

    public Task CloseAsync(string token) => SendAsync(HttpMethod.Patch, $"sessions/close/{token}", "token_session");

    public Task PostAsync(string token, params IEnumerable<Crossing> crossings) => SendAsync(
        HttpMethod.Post, "passings", "token_session", new
        {
            token_session = token,
            passings_list = crossings.Select(crossing => new
            {
                bib = crossing.Bib,
                chip = crossing.Chip,
                num_passing = crossing.Number,
                timestamp = crossing.Time,
            }),
        });

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    async Task<string> SendAsync(HttpMethod method, string path, string wanted, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, "/v0/" + path));
        request.Headers.Add("x-api-key", WriteKey);
        request.Content = body is null ? null : JsonContent.Create(body, new MediaTypeHeaderValue("application/json"));
        using var answer = await _client.SendAsync(request, Cancelled);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty(wanted).GetString()!;
    }
}

/// <summary>A passing as a device posts it.</summary>
sealed record Crossing(long Number, string Bib, string? Chip, DateTimeOffset Time);

/// <summary>The system's clock, which may be put back or forward.</summary>
sealed class SetClock : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}
