using System.Net;
using System.Text.Json;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class SessionOperationsTests
{
    [Fact]
    public async Task sessions_of_a_device_are_listed_in_the_order_they_were_opened()
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        var device = await venue.BindAsync();
        await venue.OpenAsync(await venue.BindAsync("other"));
        var first = await venue.OpenAsync(device);
        await venue.PostAsync("passings", TestVenue.Body(first, TestVenue.Passing(1), TestVenue.Passing(2)));
        clock.Advance(TimeSpan.FromHours(1));
        var second = await venue.OpenAsync(device);
        (await venue.GetAsync($"sessions/device/{device}")).Is(
            HttpStatusCode.OK,
            $$$"""
            {"description":"Success","result":[
            {"token_session":"{{{first}}}","alias":"Finish","creation_date":"2026-05-03T08:00:00.125Z",
            "active":false,"passings":2},
            {"token_session":"{{{second}}}","alias":"Finish","creation_date":"2026-05-03T09:00:00.125Z",
            "active":true,"passings":0}],"pagination":{"page":1,"limit":5000,"total":2,"has_more":false}}
            """.ReplaceLineEndings(""));
        var page = (await venue.GetAsync($"sessions/device/{device}?page=2&limit=1")).Json;
        Assert.Equal(second, page.GetProperty("result")[0].GetProperty("token_session").GetString());
        page = (await venue.GetAsync($"sessions/device/{device}?page=2147483647")).Json;
        Assert.Equal(0, page.GetProperty("result").GetArrayLength());
    }

    [Fact]
    public async Task the_active_session_is_an_array_of_one_until_it_is_closed()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        await venue.OpenAsync(device);
        var token = await venue.OpenAsync(device);
        var active = await venue.GetAsync($"sessions/device/{device}/active");
        Assert.Equal(await venue.GetAsync($"sessions/{token}"), active);
        var session = Assert.Single(active.Json.GetProperty("result").EnumerateArray());
        Assert.Equal(token, session.GetProperty("token_session").GetString());
        Assert.Equal(JsonValueKind.Null, session.GetProperty("first").ValueKind);
        await venue.PatchAsync($"sessions/close/{token}");
        (await venue.GetAsync($"sessions/device/{device}/active")).Says(
            HttpStatusCode.NotFound, "Sessions not found", "deviceid", device);
    }

    [Fact]
    public async Task a_device_without_sessions_and_an_unknown_one_have_none_to_be_found()
    {
        await using var venue = await TestVenue.StartAsync();
        foreach (var device in (string[])[await venue.BindAsync(), "nobody"])
        {
            var sessions = $"sessions/device/{device}";
            foreach (var path in (string[])[sessions, $"{sessions}/active", $"passings/device2/{device}"])
            {
                (await venue.GetAsync(path)).Says(
                    HttpStatusCode.NotFound, "Sessions not found", "deviceid", device);
            }
        }
    }

    [Fact]
    public async Task events_are_those_of_the_options()
    {
        await using var none = await TestVenue.StartAsync();
        (await none.GetAsync("events")).Is(
            HttpStatusCode.OK,
            """
            {"description":"Success","result":[],
            "pagination":{"page":1,"limit":1000,"total":0,"has_more":false}}
            """.ReplaceLineEndings(""));

        VenueEvent[] events =
        [
            new("E1"),
            new("E2", "Run", "12", "Zürich", "open", new(2026, 5, 3, 10, 0, 0, TimeSpan.FromHours(2)),
                new(2026, 5, 4, 0, 0, 0, TimeSpan.Zero)),
        ];
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { Events = events });
        (await venue.GetAsync("events?page=2&limit=1")).Is(
            HttpStatusCode.OK,
            """
            {"description":"Success","result":[{"event_token":"E2","name":"Run","edition":"12","location":"Zürich",
            "status":"open","start_date":"2026-05-03T08:00:00.000Z","end_date":"2026-05-04T00:00:00.000Z"}],
            "pagination":{"page":2,"limit":1,"total":2,"has_more":false}}
            """.ReplaceLineEndings(""));
        (await venue.GetAsync("events?limit=1")).Is(
            HttpStatusCode.OK,
            """
            {"description":"Success","result":[{"event_token":"E1","name":null,"edition":null,"location":null,
            "status":null,"start_date":null,"end_date":null}],
            "pagination":{"page":1,"limit":1,"total":2,"has_more":true}}
            """.ReplaceLineEndings(""));
    }
}
