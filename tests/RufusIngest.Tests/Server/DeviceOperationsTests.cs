using System.Net;
using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class DeviceOperationsTests
{
    const string Full =
        """{"type":"T","model":"M","serial_number":"S","alias":"Finish","firmware":"1.0.1"}""";

    [Theory]
    [InlineData(CloudEnvelope.Flat)]
    [InlineData(CloudEnvelope.Wrapped)]
    [InlineData(CloudEnvelope.WrappedText)]
    public async Task a_device_shows_the_members_of_both_generations(CloudEnvelope envelope)
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Envelope = envelope });
        var device = Inner(await venue.PostAsync("devices", Full)).GetProperty("deviceid").GetString()!;
        var members =
            $$"""
            "deviceid":"{{device}}","type":"T","model":"M","alias":"Finish","firmware":"1.0.1","serial_number":"S",
            "creation_date":"2026-05-03T08:00:00.125Z","sessions":0,"last_seen":"2026-05-03T08:00:00.125Z",
            "last_login":"2026-05-03T08:00:00.125Z","device_status":null,"battery_percentage":null,"charging":null,
            "last_telemetry_at":null
            """.ReplaceLineEndings("");
        Assert.Equal(
            $$$"""{"description":"Success","result":{{{{members}}},"passings":0}}""",
            Inner(await venue.GetAsync($"devices/{device}")).GetRawText());
        Assert.Equal(
            $$$"""
            {"description":"Success","result":[{{{{members}}}}],
            "pagination":{"page":1,"limit":5000,"total":1,"has_more":false}}
            """.ReplaceLineEndings(""),
            Inner(await venue.GetAsync("devices")).GetRawText());

        JsonElement Inner(Answer answer) => envelope switch
        {
            CloudEnvelope.Flat => answer.Json,
            CloudEnvelope.Wrapped => answer.Json.GetProperty("body"),
            _ => JsonSerializer.Deserialize<JsonElement>(answer.Text("body")),
        };
    }

    [Fact]
    public async Task what_a_device_did_not_say_is_empty_text_or_null_for_its_firmware()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await DeviceAsync(venue, await venue.BindAsync());
        Assert.Equal("", device.GetProperty("type").GetString());
        Assert.Equal("", device.GetProperty("alias").GetString());
        Assert.Equal(JsonValueKind.Null, device.GetProperty("firmware").ValueKind);
    }

    [Fact]
    public async Task a_device_counts_its_sessions_and_all_their_passings()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        var elsewhere = await venue.OpenAsync(await venue.BindAsync("other"));
        await venue.PostAsync("passings", TestVenue.Body(elsewhere, TestVenue.Passing(1)));
        for (var session = 1; session <= 2; session++)
        {
            var passings = Enumerable.Range(1, session + 1).Select(n => TestVenue.Passing(n));
            await venue.PostAsync("passings", TestVenue.Body(await venue.OpenAsync(device), passings));
        }

        var shown = await DeviceAsync(venue, device);
        Assert.Equal(2, shown.GetProperty("sessions").GetInt32());
        Assert.Equal(5, shown.GetProperty("passings").GetInt32());
    }

    [Fact]
    public async Task every_write_for_a_device_moves_its_last_contact_and_reading_does_not()
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        var device = await venue.BindAsync("S");
        var token = "";
        await SeenAtAsync(async () => await venue.PostAsync("devices", Full));
        await SeenAtAsync(async () => token = await venue.OpenAsync(device));
        await SeenAtAsync(() => venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1))));
        await SeenAtAsync(() => venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1))));
        await SeenAtAsync(() => venue.PatchAsync($"sessions/close/{token}"));
        var seen = (await DeviceAsync(venue, device)).GetProperty("last_seen").GetDateTimeOffset();
        clock.Advance(TimeSpan.FromMinutes(1));
        await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(2)));
        await venue.GetAsync($"sessions/{token}");
        Assert.Equal(seen, (await DeviceAsync(venue, device)).GetProperty("last_seen").GetDateTimeOffset());

        async Task SeenAtAsync(Func<Task> write)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await write();
            var shown = await DeviceAsync(venue, device);
            Assert.Equal(clock.GetUtcNow(), shown.GetProperty("last_seen").GetDateTimeOffset());
            Assert.Equal(clock.GetUtcNow(), shown.GetProperty("last_login").GetDateTimeOffset());
        }
    }

    [Theory]
    [InlineData("", 0, 7, 5_000, false)]
    [InlineData("?limit=3", 0, 3, 3, true)]
    [InlineData("?limit=3&page=3", 6, 1, 3, false)]
    [InlineData("?limit=7", 0, 7, 7, false)]
    [InlineData("?limit=3&page=4", 7, 0, 3, false)]
    [InlineData("?page=2147483647", 7, 0, 5_000, false)]
    public async Task devices_are_listed_in_pages_in_the_order_they_were_bound(
        string query, int first, int count, int limit, bool more)
    {
        await using var venue = await TestVenue.StartAsync();
        List<string> devices = [];
        for (var i = 0; i < 7; i++)
            devices.Add(await venue.BindAsync($"SN-{7 - i}"));
        var answer = (await venue.GetAsync($"devices{query}")).Json;
        Assert.Equal(
            devices.Skip(first).Take(count),
            answer.GetProperty("result").EnumerateArray().Select(d => d.GetProperty("deviceid").GetString()));
        var pagination = answer.GetProperty("pagination");
        Assert.Equal(7, pagination.GetProperty("total").GetInt32());
        Assert.Equal(limit, pagination.GetProperty("limit").GetInt32());
        Assert.Equal(more, pagination.GetProperty("has_more").GetBoolean());
    }

    [Theory]
    [InlineData("devices?page=0", "page is not an integer of 1 or more")]
    [InlineData("devices?limit=5001", "limit is not an integer from 1 to 5000")]
    [InlineData("sessions/device/x?page=-1", "page is not an integer of 1 or more")]
    [InlineData("sessions/device/x?limit=0", "limit is not an integer from 1 to 5000")]
    [InlineData("events?limit=1001", "limit is not an integer from 1 to 1000")]
    [InlineData("events?page=x", "page is not an integer of 1 or more")]
    public async Task wrong_pages_are_400_and_named(string path, string description)
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.GetAsync(path)).Says(HttpStatusCode.BadRequest, description);
        Assert.Equal(1, venue.Server.Counters.BadRequests);
    }

    [Fact]
    public async Task an_unknown_device_is_404_without_its_identifier()
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.GetAsync("devices/nobody")).Says(HttpStatusCode.NotFound, "Device not found");
    }

    [Fact]
    public async Task unbinding_takes_a_device_off_the_lists_and_leaves_its_sessions_readable_by_token()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync("S");
        var other = await venue.BindAsync("T");
        var token = await venue.OpenAsync(device);
        await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1)));
        venue.Use(TestVenue.UnbindKey);
        (await venue.DeleteAsync($"devices/{device}")).Says(
            HttpStatusCode.OK, "Device unbinded succesfully", "deviceid", device);
        (await venue.DeleteAsync($"devices/{device}")).Says(
            HttpStatusCode.NotFound, "Device not found", "deviceid", device);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(2)))).Status);

        venue.Use(TestVenue.ReadWriteKey);
        var left = Assert.Single((await venue.GetAsync("devices")).Json.GetProperty("result").EnumerateArray());
        Assert.Equal(other, left.GetProperty("deviceid").GetString());
        foreach (var gone in (string[])["devices/", "sessions/device/", "passings/device/", "passings/device2/"])
            Assert.Equal(HttpStatusCode.NotFound, (await venue.GetAsync(gone + device)).Status);
        (await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Says(
            HttpStatusCode.NotFound, "Device not found", "deviceid", device);
        var session = (await venue.GetAsync($"sessions/{token}")).Json.GetProperty("result")[0];
        Assert.False(session.GetProperty("active").GetBoolean());
        var passings = (await venue.GetAsync($"passings/session/{token}")).Json.GetProperty("result");
        Assert.Equal(1, passings.GetArrayLength());

        var again = await venue.BindAsync("S");
        Assert.NotEqual(device, again);
        Assert.Equal(0, (await DeviceAsync(venue, again)).GetProperty("sessions").GetInt32());
    }

    [Theory]
    [InlineData(TestVenue.ReadWriteKey, HttpStatusCode.Forbidden)]
    [InlineData(TestVenue.WriteKey, HttpStatusCode.Forbidden)]
    [InlineData(TestVenue.ReadKey, HttpStatusCode.Forbidden)]
    [InlineData(TestVenue.UnbindKey, HttpStatusCode.OK)]
    public async Task unbinding_needs_the_unbind_flag(string key, HttpStatusCode status)
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        venue.Use(key);
        Assert.Equal(status, (await venue.DeleteAsync($"devices/{device}")).Status);
        venue.Use(TestVenue.ReadKey);
        var there = status == HttpStatusCode.Forbidden ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        Assert.Equal(there, (await venue.GetAsync($"devices/{device}")).Status);
    }

    static async Task<JsonElement> DeviceAsync(TestVenue venue, string device) =>
        (await venue.GetAsync($"devices/{device}")).Json.GetProperty("result");
}
