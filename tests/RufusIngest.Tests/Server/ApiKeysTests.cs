using System.Net;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class ApiKeysTests
{
    const string NoKey = """{"description":"Missing or unknown API key"}""";
    const string WrongAccess = """{"description":"Wrong API key access type"}""";

    [Theory]
    [InlineData("api_key", TestVenue.ReadKey)]
    [InlineData("x-api-key", TestVenue.ReadKey)]
    [InlineData("X-API-KEY", TestVenue.ReadWriteKey)]
    public async Task either_header_lets_in(string header, string key)
    {
        await using var venue = await TestVenue.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(venue, (header, key))).Status);
    }

    [Fact]
    public async Task the_same_key_in_both_headers_lets_in()
    {
        await using var venue = await TestVenue.StartAsync();
        var answer = await GetAsync(venue, ("api_key", TestVenue.ReadKey), ("x-api-key", TestVenue.ReadKey));
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
    }

    [Theory]
    [InlineData]
    [InlineData("api_key", "")]
    [InlineData("api_key", "ror-0000000000000000000")]
    [InlineData("api_key", "ROR-0000000000000000000A")]
    [InlineData("api_key", TestVenue.ReadKey, "x-api-key", TestVenue.ReadWriteKey)]
    [InlineData("api_key", TestVenue.ReadKey, "x-api-key", "")]
    [InlineData("api_key", TestVenue.ReadKey, "api_key", TestVenue.ReadKey)]
    public async Task no_key_an_unknown_key_or_two_keys_are_403(params string[] headers)
    {
        await using var venue = await TestVenue.StartAsync();
        var answer = await GetAsync(venue, [.. headers.Chunk(2).Select(h => (h[0], h[1]))]);
        answer.Is(HttpStatusCode.Forbidden, NoKey);
        Assert.Equal(1, venue.Server.Counters.Forbidden);
    }

    [Fact]
    public async Task a_key_longer_than_any_is_403()
    {
        await using var venue = await TestVenue.StartAsync();
        (await GetAsync(venue, ("api_key", new string('k', 2_000)))).Is(HttpStatusCode.Forbidden, NoKey);
    }

    [Fact]
    public async Task reading_needs_a_key_that_reads_and_writing_one_that_writes()
    {
        await using var venue = await TestVenue.StartAsync();
        string[] gets =
        [
            "sessions/x", "passings/session/x", "devices/x", "sessions/device/x", "sessions/device/x/active",
            "passings/device/x", "passings/device2/x",
        ];
        string[] posts = ["devices", "sessions", "passings"];
        venue.Client.DefaultRequestHeaders.Clear();
        venue.Client.DefaultRequestHeaders.Add("api_key", TestVenue.WriteKey);
        foreach (var path in (string[])[.. gets, "devices", "events"])
            (await venue.GetAsync(path)).Is(HttpStatusCode.Forbidden, WrongAccess);
        foreach (var path in posts)
            Assert.Equal(HttpStatusCode.BadRequest, (await venue.PostAsync(path, "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await venue.PatchAsync("sessions/close/x")).Status);

        venue.Client.DefaultRequestHeaders.Clear();
        venue.Client.DefaultRequestHeaders.Add("api_key", TestVenue.ReadKey);
        foreach (var path in gets)
            Assert.Equal(HttpStatusCode.NotFound, (await venue.GetAsync(path)).Status);
        foreach (var path in posts)
            (await venue.PostAsync(path, "{}")).Is(HttpStatusCode.Forbidden, WrongAccess);
        (await venue.PatchAsync("sessions/close/x")).Is(HttpStatusCode.Forbidden, WrongAccess);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" padded")]
    [InlineData("twice", "twice")]
    public async Task keys_that_could_not_work_are_refused_at_start(params string[] keys)
    {
        VenueKey[] unusable = [.. keys.Select(key => new VenueKey("name", key, VenueAccess.Read))];
        await Assert.ThrowsAsync<ArgumentException>(
            () => TestVenue.StartAsync(new VenueServerOptions { Keys = unusable }));
    }

    [Fact]
    public async Task no_log_line_shows_a_key()
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { LoggerFactory = logs });
        await venue.PostAsync("devices", "{");
        await GetAsync(venue, ("api_key", "ror-not-known"));
        Assert.NotEmpty(logs.Lines);
        Assert.DoesNotContain(logs.Lines, line => line.Text.Contains("ror-", StringComparison.Ordinal));
        Assert.DoesNotContain("ror-", TestVenue.Options.Keys[0].ToString(), StringComparison.Ordinal);
    }

    static Task<Answer> GetAsync(TestVenue venue, params (string Name, string Value)[] headers)
    {
        venue.Client.DefaultRequestHeaders.Clear();
        var request = new HttpRequestMessage(HttpMethod.Get, "sessions/x");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return venue.SendAsync(request);
    }
}
