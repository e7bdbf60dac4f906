using System.Net;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

/// <summary>Where keys are kept; memory keeps none.</summary>
public abstract class VenueKeysTests
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_key_added_beside_a_running_server_lets_in_and_a_revoked_one_no_more()
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        var added = VenueKey.Random("timer", VenueAccess.Read);
        Assert.True(await VenueKeys.AddAsync(venue.OwnOptions, added, Cancelled));
        await IsAsync(venue, clock, added.Key, HttpStatusCode.OK);
        var listed = Assert.Single(await VenueKeys.ListAsync(venue.OwnOptions, Cancelled));
        Assert.Equal(("timer", "default", VenueAccess.Read), (listed.Name, listed.Company, listed.Access));

        Assert.False(await VenueKeys.RemoveAsync(venue.OwnOptions, "default", "other", Cancelled));
        Assert.False(await VenueKeys.RemoveAsync(venue.OwnOptions, "nobody", "timer", Cancelled));
        Assert.True(await VenueKeys.RemoveAsync(venue.OwnOptions, "default", "timer", Cancelled));
        await IsAsync(venue, clock, added.Key, HttpStatusCode.Forbidden);
        await IsAsync(venue, clock, TestVenue.ReadKey, HttpStatusCode.OK); // Those of the options stay.
        Assert.Empty(await VenueKeys.ListAsync(venue.OwnOptions, Cancelled));
    }

    [Fact]
    public async Task a_company_has_at_most_10_of_different_names_and_no_secret_is_there_twice()
    {
        await using var venue = await TestVenue.StartAsync();
        for (var i = 0; i < 10; i++)
            Assert.True(await VenueKeys.AddAsync(venue.OwnOptions, VenueKey.Random($"key {i}", VenueAccess.Write), Cancelled));
        Assert.False(await VenueKeys.AddAsync(venue.OwnOptions, VenueKey.Random("key 10", VenueAccess.Write), Cancelled));
        var other = VenueKey.Random("key 0", VenueAccess.Read) with { Company = "other" };
        Assert.True(await VenueKeys.AddAsync(venue.OwnOptions, other, Cancelled));
        Assert.False(await VenueKeys.AddAsync(venue.OwnOptions, other with { Name = "again", Company = "third" }, Cancelled));
        Assert.False(await VenueKeys.AddAsync(
            venue.OwnOptions, VenueKey.Random("key 0", VenueAccess.Read) with { Company = "other" }, Cancelled));
        Assert.Equal(11, (await VenueKeys.ListAsync(venue.OwnOptions, Cancelled)).Count);
        await Assert.ThrowsAsync<ArgumentException>(
            () => VenueKeys.AddAsync(venue.OwnOptions, new VenueKey("blank", " ", VenueAccess.Read), Cancelled));
    }

    [Fact]
    public async Task a_sign_in_to_the_page_ends_with_its_key()
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        var key = VenueKey.Random("visitor", VenueAccess.Read) with { Company = "guests" };
        Assert.True(await VenueKeys.AddAsync(venue.OwnOptions, key, Cancelled));
        await IsAsync(venue, clock, key.Key, HttpStatusCode.OK);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler) { BaseAddress = new Uri(venue.Server.BaseAddress, "/") };
        using var form = new FormUrlEncodedContent([new("key", key.Key)]);
        using var signedIn = await browser.PostAsync("signin", form, Cancelled);
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        Assert.True(await IsSignedInAsync());

        Assert.True(await VenueKeys.RemoveAsync(venue.OwnOptions, "guests", "visitor", Cancelled));
        await IsAsync(venue, clock, key.Key, HttpStatusCode.Forbidden);
        Assert.False(await IsSignedInAsync());

        async Task<bool> IsSignedInAsync()
        {
            using var answer = await browser.GetAsync("page/state", Cancelled);
            return (await answer.Content.ReadAsStringAsync(Cancelled)).Contains(
                "\"signed_in\":true", StringComparison.Ordinal);
        }
    }

    /// <summary>Sets the clock forward until the server has looked for keys again and answers so.</summary>
    static async Task IsAsync(TestVenue venue, FakeTimeProvider clock, string key, HttpStatusCode status)
    {
        venue.Use(key);
        while ((await venue.GetAsync("devices")).Status != status)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
    }
}

public sealed class VenueKeysOnSqliteTests : VenueKeysTests, ISqliteVenueTests;

public sealed class VenueKeysOnPostgresTests : VenueKeysTests, IPostgresVenueTests;

public sealed class VenueKeysWithoutAPlaceTests
{
    [Fact]
    public Task memory_keeps_no_keys() => Assert.ThrowsAsync<ArgumentException>(
        () => VenueKeys.ListAsync(TestVenue.Options, TestContext.Current.CancellationToken));
}
