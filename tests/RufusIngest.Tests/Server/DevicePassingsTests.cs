using System.Net;
using System.Text.Json;
using CsCheck;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class DevicePassingsTests
{
    [Fact]
    public async Task passings_of_a_device_span_its_sessions_in_the_order_of_their_times()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        await PostAsync(venue, await venue.OpenAsync(await venue.BindAsync("other")), At(9, 20));
        var old = await venue.OpenAsync(device);
        await PostAsync(venue, old, At(7, 30), At(1, 10), At(3, 20), At(2, 20));
        var current = await venue.OpenAsync(device);
        await PostAsync(venue, current, At(1, 20), At(2, 5));
        (string, int)[] expected = [(current, 2), (old, 1), (old, 2), (old, 3), (current, 1), (old, 7)];
        Assert.Equal(expected, Places(await venue.GetAsync($"passings/device/{device}")));
        Assert.Equal(
            expected[1..5], Places(await venue.GetAsync($"passings/device/{device}?from={Time(10)}&to={Time(20)}")));
        var page = await venue.GetAsync($"passings/device/{device}?from={Time(10)}&page=2&limit=2");
        Assert.Equal(expected[3..5], Places(page));
        Assert.Equal(
            """{"page":2,"limit":2,"total":5,"has_more":true}""", page.Json.GetProperty("pagination").GetRawText());
        Assert.Empty(Places(await venue.GetAsync($"passings/device/{device}?from={Time(20)}&to={Time(10)}")));
        Assert.Equal(
            (await venue.GetAsync($"passings/session/{current}?first=2")).Json.GetProperty("result")[0].GetRawText(),
            (await venue.GetAsync($"passings/device/{device}")).Json.GetProperty("result")[0].GetRawText());
    }

    [Fact]
    public async Task an_unknown_device_is_404_and_one_without_sessions_has_no_passings()
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.GetAsync("passings/device/nobody")).Says(
            HttpStatusCode.NotFound, "Device not found", "deviceid", "nobody");
        Assert.Empty(Places(await venue.GetAsync($"passings/device/{await venue.BindAsync()}")));
    }

    [Theory]
    [InlineData("from=yesterday", "from is not an RFC 3339 date-time")]
    [InlineData("to=", "to is not an RFC 3339 date-time")]
    [InlineData("from=2026-05-03T09:00:00Z&from=2026-05-03T09:00:00Z", "from is given more than once")]
    [InlineData("page=0", "page is not an integer of 1 or more")]
    [InlineData("limit=5001", "limit is not an integer from 1 to 5000")]
    public async Task wrong_parameters_are_400_and_named(string query, string description)
    {
        await using var venue = await TestVenue.StartAsync();
        foreach (var path in (string[])["device", "device2"])
            (await venue.GetAsync($"passings/{path}/x?{query}")).Says(HttpStatusCode.BadRequest, description);
        (await venue.GetAsync("passings/device2/x?last=-1")).Says(
            HttpStatusCode.BadRequest, "last is not an integer of 0 or more");
    }

    [Theory]
    [InlineData(CloudEnvelope.Flat)]
    [InlineData(CloudEnvelope.Wrapped)]
    [InlineData(CloudEnvelope.WrappedText)]
    public async Task the_feed_has_a_shape_of_its_own(CloudEnvelope envelope)
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Envelope = envelope });
        var device = Inner(await venue.PostAsync("devices", """{"model":"M","serial_number":"S"}"""))
            .GetProperty("deviceid").GetString()!;
        var token = Inner(await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}","alias":"Finish"}"""))
            .GetProperty("token_session").GetString()!;
        await venue.PostAsync("passings", TestVenue.Body(token, At(1, 10), At(2, 20)));
        var passings = Inner(await venue.GetAsync($"passings/session/{token}?first=2")).GetProperty("result");
        Assert.Equal(
            $$$"""
            {"description":"Success","deviceid":"{{{device}}}","session_used":"{{{token}}}","session_label":"Finish",
            "resumed_from":1,"passings":{{{passings.GetRawText()}}},
            "pagination":{"page":1,"limit":5000,"total":1,"has_more":false}}
            """.ReplaceLineEndings(""),
            Inner(await venue.GetAsync($"passings/device2/{device}?token_session={token}&last=1")).GetRawText());

        JsonElement Inner(Answer answer) => envelope switch
        {
            CloudEnvelope.Flat => answer.Json,
            CloudEnvelope.Wrapped => answer.Json.GetProperty("body"),
            _ => JsonSerializer.Deserialize<JsonElement>(answer.Text("body")),
        };
    }

    [Fact]
    public async Task the_feed_resumes_after_last_and_jumps_to_the_beginning_of_the_newest_session()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        var foreign = await venue.OpenAsync(await venue.BindAsync("other"));
        var old = await venue.OpenAsync(device);
        await PostAsync(venue, old, At(0, 5), At(1, 10), At(2, 20), At(3, 30));
        await FeedAsync($"token_session={old}&last=2", old, 2, 3);
        await FeedAsync($"token_session={old}&last=0", old, 0, 1, 2, 3);
        await FeedAsync($"token_session={old}&last=3", old, 3);
        await FeedAsync($"token_session={old}&last={long.MaxValue}", old, long.MaxValue);
        await FeedAsync($"token_session={old}", old, 0, 0, 1, 2, 3);
        await FeedAsync("", old, 0, 0, 1, 2, 3);
        await FeedAsync($"token_session={old}&last=0&from={Time(20)}&to={Time(20)}", old, 0, 2);
        await FeedAsync($"token_session={old}&last=1&limit=1&page=2", old, 1, 3);
        await FeedAsync("limit=3&page=2", old, 0, 3);

        var skipped = await venue.OpenAsync(device);
        await PostAsync(venue, skipped, At(1, 40));
        var newest = await venue.OpenAsync(device);
        await PostAsync(venue, newest, At(0, 50), At(1, 52), At(2, 54));
        await FeedAsync($"token_session={old}&last=2", newest, 0, 0, 1, 2);
        await FeedAsync($"token_session={skipped}&last=2", newest, 0, 0, 1, 2);
        await FeedAsync($"token_session={old}&last=2&page=2", newest, 0, 0, 1, 2);
        await FeedAsync("last=2", newest, 0, 0, 1, 2);
        await FeedAsync("token_session=nobody&last=2", newest, 0, 0, 1, 2);
        await FeedAsync($"token_session={foreign}&last=2", newest, 0, 0, 1, 2);
        await FeedAsync($"token_session={newest}&last=1", newest, 1, 2);

        async Task FeedAsync(string query, string session, long from, params int[] numbers)
        {
            var feed = (await venue.GetAsync($"passings/device2/{device}?{query}")).Json;
            Assert.Equal(session, feed.GetProperty("session_used").GetString());
            Assert.Equal(from, feed.GetProperty("resumed_from").GetInt64());
            Assert.Equal(
                numbers,
                feed.GetProperty("passings").EnumerateArray().Select(p => p.GetProperty("num_passing").GetInt32()));
        }
    }

    [Fact]
    public void pages_of_several_sessions_are_those_of_a_sorted_list()
    {
        var numbers = Gen.Select(Gen.Long[0, 40], Gen.Long[-20, 20]).Array[0, 60];
        Gen.Select(numbers.Array[0, 4], Gen.Long[-25, 25], Gen.Long[-25, 25], Gen.Int[1, 6], Gen.Int[1, 30]).Sample(
            (drawn, from, to, page, limit) =>
            {
                List<PassingKey> twin = [];
                var sessions = drawn.Select((passings, i) =>
                {
                    var session = new TimingSession($"{i}", "D", null, 0);
                    var batch = new PassingsBatch();
                    foreach (var (number, time) in passings.DistinctBy(p => p.Item1))
                    {
                        ref var passing = ref batch.Add();
                        (passing.Number, passing.TimeMs) = (number, time);
                        twin.Add(new(time, i, number, 0));
                    }

                    session.Insert(batch);
                    return session;
                }).ToArray();
                var wanted = twin.Where(k => k.TimeMs >= from && k.TimeMs <= to)
                    .OrderBy(k => k.TimeMs).ThenBy(k => k.Session).ThenBy(k => k.Number).ToArray();
                var range = PassingRange.All with { FromMs = from, ToMs = to };
                using var read = PassingsPage.Of(sessions, range, new Paging(page, limit));
                Assert.Equal(wanted.Length, read.Total);
                Assert.Equal(
                    wanted.Skip((page - 1) * limit).Take(limit).Select(k => (k.TimeMs, $"{k.Session}", k.Number)),
                    Enumerable.Range(0, read.Count).Select(
                        row => (read[row].TimeMs, read.Session(row).Token, read[row].Number)));
            });
    }

    static string At(int number, int second) =>
        $$"""{"bib":"{{number}}","num_passing":{{number}},"timestamp":"{{Time(second)}}"}""";

    static string Time(int second) => $"2026-05-03T09:01:{second:00}.000Z";

    static async Task PostAsync(TestVenue venue, string token, params string[] passings) => Assert.Equal(
        HttpStatusCode.Created, (await venue.PostAsync("passings", TestVenue.Body(token, passings))).Status);

    static IEnumerable<(string Session, int Number)> Places(Answer answer) =>
        answer.Json.GetProperty("result").EnumerateArray()
            .Select(p => (p.GetProperty("token_session").GetString()!, p.GetProperty("num_passing").GetInt32()));
}
