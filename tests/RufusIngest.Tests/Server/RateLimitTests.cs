using System.Net;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class RateLimitTests
{
    const HttpStatusCode TooMany = HttpStatusCode.TooManyRequests;

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    static VenueServerOptions OneASecond { get; } = TestVenue.Options with { MaxRequestsPerSecond = 1 };

    [Fact]
    public async Task a_key_over_its_budget_is_told_when_to_come_again_and_another_key_is_not_held_up()
    {
        await using var venue = await TestVenue.StartAsync(OneASecond);
        var refused = await OverrunAsync(venue, "devices");
        Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
        Assert.Equal(
            """{"description":"Too many requests: at most 1 a second with a key"}""",
            await refused.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(1, venue.Server.Counters.RateLimited);
        venue.Use(TestVenue.ReadKey);
        Assert.Equal(HttpStatusCode.OK, (await venue.GetAsync("devices")).Status);
        Assert.Equal(1, venue.Server.Counters.RateLimited);
    }

    [Fact]
    public async Task guesses_share_one_budget_and_cost_a_good_key_nothing()
    {
        await using var venue = await TestVenue.StartAsync(OneASecond);
        var guess = 0;
        Answer answer;
        do
        {
            venue.Use($"ror-guess-{guess}", guess++ % 2 == 0 ? "api_key" : "x-api-key");
            answer = await venue.GetAsync("devices");
            Assert.True(answer.Status is TooMany or HttpStatusCode.Forbidden);
        }
        while (answer.Status != TooMany);
        venue.Use(TestVenue.ReadWriteKey);
        Assert.Equal(HttpStatusCode.OK, (await venue.GetAsync("devices")).Status);
        Assert.Equal(guess - 1, venue.Server.Counters.Forbidden);
    }

    [Fact]
    public async Task the_answer_has_the_profiles_envelope()
    {
        var profile = new CloudProfile { Envelope = CloudEnvelope.Wrapped };
        await using var venue = await TestVenue.StartAsync(OneASecond with { Profile = profile });
        var refused = await OverrunAsync(venue, "devices");
        Assert.Equal(
            """{"body":{"description":"Too many requests: at most 1 a second with a key"}}""",
            await refused.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task health_and_unknown_routes_cost_nothing_and_without_the_option_nothing_is_counted()
    {
        await using var limited = await TestVenue.StartAsync(OneASecond);
        await using var free = await TestVenue.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await limited.GetAsync("/health/ready")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await limited.GetAsync("nowhere")).Status);
            Assert.Equal(HttpStatusCode.OK, (await free.GetAsync("devices")).Status);
        }

        Assert.Equal((0, 0), (limited.Server.Counters.RateLimited, free.Server.Counters.RateLimited));
    }

    /// <summary>The uploader waits a real second, as it is told: the server's budgets fill by the machine's clock.</summary>
    [Fact]
    public async Task an_uploader_over_its_budget_waits_and_loses_nothing()
    {
        await using var venue = await TestVenue.StartAsync(OneASecond);
        var device = await venue.BindAsync();
        venue.Use(TestVenue.UnbindKey);
        var token = await venue.OpenAsync(device);
        InMemoryPassingStore store = new();
        store.AddItems("Finish", 1, token, Enumerable.Range(1, 20).Select(n => TestVenue.Passing(n)));
        using HttpClient http = new() { BaseAddress = venue.Server.BaseAddress };
        PassingsUploader uploader = new(
            new(http, TestVenue.WriteKey), new() { MaxPassingsPerPost = 10, CanRead = false });
        await uploader.RunAsync(store, Task.CompletedTask, Cancelled);
        Assert.Equal(20, store.Session("Finish").AcknowledgedNumber);
        Assert.Empty(store.SetAside("Finish"));
        Assert.Equal((20, 0), (venue.Server.Counters.Inserted, venue.Server.Counters.Duplicates));
        Assert.InRange(venue.Server.Counters.RateLimited, 1, 5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public Task a_rate_that_is_none_is_refused_at_start(int rate) =>
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => TestVenue.StartAsync(TestVenue.Options with { MaxRequestsPerSecond = rate }));

    /// <summary>Asks until the answer is 429, which it returns.</summary>
    static async Task<HttpResponseMessage> OverrunAsync(TestVenue venue, string path)
    {
        while (true)
        {
            var answer = await venue.Client.GetAsync(path, Cancelled);
            if (answer.StatusCode == TooMany)
                return answer;
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }
}
