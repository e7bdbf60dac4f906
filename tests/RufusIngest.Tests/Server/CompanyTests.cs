using System.Net;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public class CompanyTests
{
    const string OtherKey = "ror-0000000000000000000f";

    [Fact]
    public async Task what_is_another_companys_is_not_there()
    {
        await using var venue = await StartAsync();
        var device = await venue.BindAsync("S");
        var token = await venue.OpenAsync(device);
        await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1)));
        venue.Use(OtherKey);
        string[] paths =
        [
            $"devices/{device}", $"sessions/{token}", $"sessions/device/{device}", $"sessions/device/{device}/active",
            $"passings/session/{token}", $"passings/device/{device}", $"passings/device2/{device}",
        ];
        foreach (var path in paths)
            Assert.Equal((path, HttpStatusCode.NotFound), (path, (await venue.GetAsync(path)).Status));
        Assert.Empty((await venue.GetAsync("devices")).Json.GetProperty("result").EnumerateArray());
        Assert.Equal(HttpStatusCode.NotFound, (await venue.DeleteAsync($"devices/{device}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await venue.PatchAsync($"sessions/close/{token}")).Status);
        var body = TestVenue.Body(token, TestVenue.Passing(2));
        Assert.Equal(HttpStatusCode.NotFound, (await venue.PostAsync("passings", body)).Status);
        Assert.Equal(
            HttpStatusCode.NotFound, (await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Status);

        venue.Use(TestVenue.ReadWriteKey);
        foreach (var path in paths)
            Assert.Equal((path, HttpStatusCode.OK), (path, (await venue.GetAsync(path)).Status));
        var session = (await venue.GetAsync($"sessions/{token}")).Json.GetProperty("result")[0];
        Assert.Equal((true, 1), (session.GetProperty("active").GetBoolean(), session.GetProperty("passings").GetInt32()));
    }

    [Fact]
    public async Task two_companies_bind_the_same_serial_number_each_for_itself()
    {
        await using var venue = await StartAsync();
        var first = await venue.BindAsync("S");
        venue.Use(OtherKey);
        var second = await venue.BindAsync("S");
        Assert.NotEqual(first, second);
        Assert.Equal(HttpStatusCode.OK, (await venue.DeleteAsync($"devices/{second}")).Status);
        venue.Use(TestVenue.ReadWriteKey);
        Assert.Equal(first, (await venue.PostAsync("devices", """{"model":"M","serial_number":"S"}""")).Text("deviceid"));
    }

    [Fact]
    public async Task a_company_has_ten_keys_and_no_eleventh()
    {
        var keys = Enumerable.Range(0, 11).Select(n => new VenueKey($"{n}", $"ror-{n}", VenueAccess.Read)).ToArray();
        await using var ten = await TestVenue.StartAsync(TestVenue.Options with { Keys = keys[..10] });
        await using var two = await TestVenue.StartAsync(
            TestVenue.Options with { Keys = [.. keys[..10], keys[10] with { Company = "another" }] });
        await Assert.ThrowsAsync<ArgumentException>(
            () => TestVenue.StartAsync(TestVenue.Options with { Keys = keys }));
    }

    static Task<TestVenue> StartAsync() => TestVenue.StartAsync(TestVenue.Options with
    {
        Keys =
        [
            .. TestVenue.Options.Keys,
            new("other", OtherKey, VenueAccess.ReadWrite | VenueAccess.Unbind) { Company = "another" },
        ],
    });
}
