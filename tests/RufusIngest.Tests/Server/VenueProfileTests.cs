using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class VenueProfileTests
{
    const string Unknown = "Missing or unknown API key";
    const string Passing1 = """{"bib":"1","num_passing":1,"timestamp":"2026-05-03T09:00:00Z"}""";

    [Theory]
    [InlineData("x-api-key", "api_key", true, null)]
    [InlineData("api_key", "x-api-key", null, false)]
    [InlineData("x-api-key", "api_key", false, null)]
    [InlineData("api_key", "x-api-key", null, true)]
    public async Task a_key_header_that_is_not_taken_counts_as_absent(
        string other, string header, bool? underscored, bool? dashed)
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { ApiKeyHeader = underscored, XApiKeyHeader = dashed, KeyMissingStatus = 401 });
        var taken = (underscored ?? dashed)!.Value;
        venue.Use(TestVenue.ReadKey, header);
        Assert.Equal(taken ? 200 : 401, (int)(await venue.GetAsync("events")).Status);
        venue.Use(TestVenue.ReadKey, other);
        venue.Client.DefaultRequestHeaders.Add(header, TestVenue.WriteKey);
        Assert.Equal(taken ? 403 : 200, (int)(await venue.GetAsync("events")).Status);
    }

    [Fact]
    public async Task a_missing_and_an_unknown_key_have_statuses_of_their_own()
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { KeyMissingStatus = 401, KeyUnknownStatus = 418 });
        venue.Use(null);
        (await venue.GetAsync("events")).Says(HttpStatusCode.Unauthorized, Unknown);
        venue.Use("ror-nobodys");
        (await venue.GetAsync("events")).Says((HttpStatusCode)418, Unknown);
        venue.Use(TestVenue.WriteKey);
        (await venue.GetAsync("events")).Says(HttpStatusCode.Forbidden, "Wrong API key access type");
        Assert.Equal(3, venue.Server.Counters.Forbidden);
    }

    [Fact]
    public async Task binding_opening_and_closing_have_the_profiles_statuses()
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { BindStatus = 200, BindAgainStatus = 422, OpenStatus = 202, CloseAgainStatus = 404 });
        const string Body = """{"model":"M","serial_number":"S"}""";
        var bound = await venue.PostAsync("devices", Body);
        var device = bound.Text("deviceid");
        bound.Says(HttpStatusCode.OK, "Device binded succesfully", "deviceid", device);
        (await venue.PostAsync("devices", Body)).Says(
            HttpStatusCode.UnprocessableEntity, "Device binded succesfully", "deviceid", device);
        var opened = await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""");
        Assert.Equal(HttpStatusCode.Accepted, opened.Status);
        var close = $"sessions/close/{opened.Text("token_session")}";
        Assert.Equal(HttpStatusCode.OK, (await venue.PatchAsync(close)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await venue.PatchAsync(close)).Status);
    }

    [Theory]
    [InlineData(null, null, 201, 201)]
    [InlineData(false, null, 400, 201)]
    [InlineData(true, true, 201, 422)]
    public async Task a_type_is_taken_or_needed_as_the_profile_says(bool? takes, bool? needs, int with, int without)
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { BindTakesType = takes, BindNeedsType = needs, MissingMemberStatus = 422 });
        var typed = await venue.PostAsync("devices", """{"model":"M","serial_number":"S","type":"T"}""");
        var untyped = await venue.PostAsync("devices", """{"model":"M","serial_number":"R"}""");
        Assert.Equal((with, without), ((int)typed.Status, (int)untyped.Status));
        if (with == 400)
            typed.Says(HttpStatusCode.BadRequest, "type is not a member of the request");
        if (without == 422)
            untyped.Says(HttpStatusCode.UnprocessableEntity, "type is missing or empty");
    }

    [Theory]
    [InlineData("devices", """{"model":"M"}""")]
    [InlineData("devices", """{"serial_number":"S"}""")]
    [InlineData("sessions", "{}")]
    [InlineData("passings", """{"passings_list":[{"bib":"1","num_passing":1,"timestamp":"2026-05-03T09:00:00Z"}]}""")]
    [InlineData("passings", """{"token_session":"T"}""")]
    [InlineData("passings", """{"token_session":"T","passings_list":[{"bib":"1","num_passing":1}]}""")]
    public async Task a_missing_member_has_a_status_of_its_own(string path, string body)
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { MissingMemberStatus = 422 });
        var answer = await venue.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("is missing", answer.Text("description"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await venue.PostAsync(path, "[]")).Status);
        Assert.Equal(2, venue.Server.Counters.BadRequests);
    }

    [Theory]
    [InlineData(200, null, 200, 200)]
    [InlineData(202, 409, 202, 409)]
    [InlineData(null, 200, 201, 200)]
    public async Task inserting_has_the_profiles_statuses(int? insert, int? allDuplicates, int first, int again)
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { InsertStatus = insert, AllDuplicatesStatus = allDuplicates });
        var token = await venue.OpenAsync();
        var body = TestVenue.Body(token, TestVenue.Passing(1));
        Assert.Equal(first, (int)(await venue.PostAsync("passings", body)).Status);
        Assert.Equal(again, (int)(await venue.PostAsync("passings", body)).Status);
        body = TestVenue.Body(token, TestVenue.Passing(1), TestVenue.Passing(2));
        Assert.Equal(first, (int)(await venue.PostAsync("passings", body)).Status);
    }

    [Fact]
    public async Task a_status_without_a_body_is_sent_without_one()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { AllDuplicatesStatus = 204 });
        var body = TestVenue.Body(await venue.OpenAsync(), TestVenue.Passing(1));
        await venue.PostAsync("passings", body);
        (await venue.PostAsync("passings", body)).Is(HttpStatusCode.NoContent, "");
        Assert.Equal(1, venue.Server.Counters.Duplicates);
    }

    [Fact]
    public async Task without_a_duplicate_count_the_member_is_left_out()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { DuplicateCount = false });
        var token = await venue.OpenAsync();
        (await venue.PostAsync("passings", TestVenue.Body(token, Passing1))).Is(
            HttpStatusCode.Created,
            $$"""{"description":"Passings inserted succesfully","token_session":"{{token}}","inserted_count":1}""");
    }

    [Fact]
    public async Task a_closed_and_an_unknown_session_have_statuses_of_their_own()
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { SessionClosedStatus = 409, SessionUnknownStatus = 400 });
        const string Gone = "Session not found or closed";
        var token = await venue.OpenAsync();
        await venue.PatchAsync($"sessions/close/{token}");
        (await venue.PostAsync("passings", TestVenue.Body(token, Passing1))).Says(
            HttpStatusCode.Conflict, Gone, "token_session", token);
        (await venue.PostAsync("passings", TestVenue.Body("nobody", Passing1))).Says(
            HttpStatusCode.BadRequest, Gone, "token_session", "nobody");
    }

    [Theory]
    [InlineData(2, 50_000, 2)]
    [InlineData(10, 3, 3)]
    public async Task the_smaller_bound_on_passings_holds(int profile, int option, int most)
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with
        {
            MaxPassingsPerPost = option,
            Profile = new CloudProfile { MaxPassingsPerPost = profile, TooManyStatus = 422 },
        });
        var passings = Enumerable.Range(1, most + 1).Select(n => TestVenue.Passing(n)).ToArray();
        var token = await venue.OpenAsync();
        (await venue.PostAsync("passings", TestVenue.Body(token, passings))).Says(
            HttpStatusCode.UnprocessableEntity, $"passings_list holds more than {most} passings");
        Assert.Equal(1, venue.Server.Counters.TooLarge);
        var stored = await venue.PostAsync("passings", TestVenue.Body(token, passings[..most]));
        Assert.Equal(HttpStatusCode.Created, stored.Status);
    }

    [Theory]
    [InlineData("chip", false, null, "null")]
    [InlineData("chips", null, false, "null")]
    [InlineData("chip", null, false, "\"C\"")]
    [InlineData("chips", false, null, "\"C\"")]
    public async Task a_chip_member_that_is_not_kept_is_skipped_or_refused(
        string member, bool? chip, bool? chips, string read)
    {
        var profile = new CloudProfile { ChipMember = chip, ChipsMember = chips };
        var passing = TestVenue.Passing(1, $",\"{member}\":\"C\"");
        await using var tolerant = await TestVenue.StartAsync(profile);
        var token = await tolerant.OpenAsync();
        await tolerant.PostAsync("passings", TestVenue.Body(token, passing));
        var stored = (await tolerant.GetAsync($"passings/session/{token}")).Json.GetProperty("result")[0];
        Assert.Equal(read, stored.GetProperty("chip").GetRawText());

        await using var strict = await TestVenue.StartAsync(profile with { UnknownMembers = false });
        var answer = await strict.PostAsync("passings", TestVenue.Body(await strict.OpenAsync(), passing));
        if (read == "null")
            answer.Says(HttpStatusCode.BadRequest, $"passings_list[0].{member} is not a member of a passing");
        else
            Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    [Theory]
    [InlineData("12.5", false, null, null)]
    [InlineData("\"12.5\"", false, null, "is not a number")]
    [InlineData("\"\"", false, null, "is not a number")]
    [InlineData("true", false, null, "is not a number")]
    [InlineData("12.5", null, false, "is not a string")]
    [InlineData("\"12.5\"", null, false, null)]
    [InlineData("null", false, false, null)]
    public async Task coordinates_are_taken_as_the_profile_says(
        string value, bool? asText, bool? asNumber, string? problem)
    {
        await using var venue = await TestVenue.StartAsync(
            new CloudProfile { CoordinatesAsText = asText, CoordinatesAsNumber = asNumber });
        var body = TestVenue.Body(await venue.OpenAsync(), TestVenue.Passing(1, $",\"longitude\":{value}"));
        var answer = await venue.PostAsync("passings", body);
        if (problem is null)
            Assert.Equal(HttpStatusCode.Created, answer.Status);
        else
            answer.Says(HttpStatusCode.BadRequest, $"passings_list[0].longitude {problem}");
    }

    [Fact]
    public async Task an_empty_bib_is_refused_when_the_profile_says_so()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { EmptyBib = false });
        var passing = Passing1.Replace("\"1\"", "\"\"", StringComparison.Ordinal);
        (await venue.PostAsync("passings", TestVenue.Body(await venue.OpenAsync(), passing))).Says(
            HttpStatusCode.BadRequest, "passings_list[0].bib is empty");
    }

    [Fact]
    public async Task without_pagination_no_listing_carries_it()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Pagination = false });
        var device = await venue.BindAsync();
        var token = await venue.OpenAsync(device);
        string[] listings =
        [
            "devices", $"sessions/device/{device}", $"passings/session/{token}", $"passings/device/{device}",
            $"passings/device2/{device}", "events",
        ];
        foreach (var path in listings)
        {
            var answer = await venue.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.False(answer.Json.TryGetProperty("pagination", out _), path);
        }
    }

    [Fact]
    public async Task without_a_feed_its_route_is_unknown()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Feed = false });
        var device = await venue.BindAsync();
        await venue.OpenAsync(device);
        (await venue.GetAsync($"passings/device2/{device}")).Says(HttpStatusCode.NotFound, "Unknown route");
    }

    [Fact]
    public async Task a_wrapped_text_is_json_in_a_string()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Envelope = CloudEnvelope.WrappedText });
        (await venue.GetAsync("/nowhere")).Is(
            HttpStatusCode.NotFound, """{"body":"{\"description\":\"Unknown route\"}"}""");
        var bound = await venue.PostAsync("devices", """{"model":"M","serial_number":"S"}""");
        var body = JsonSerializer.Deserialize<JsonElement>(bound.Text("body"));
        Assert.Equal("Device binded succesfully", body.GetProperty("description").GetString());
    }

    [Fact]
    public async Task a_long_listing_as_text_is_whole()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Envelope = CloudEnvelope.WrappedText });
        var bound = JsonSerializer.Deserialize<JsonElement>(
            (await venue.PostAsync("devices", """{"model":"M","serial_number":"S"}""")).Text("body"));
        var opened = JsonSerializer.Deserialize<JsonElement>((await venue.PostAsync(
            "sessions", $$"""{"deviceid":"{{bound.GetProperty("deviceid").GetString()}}"}""")).Text("body"));
        var token = opened.GetProperty("token_session").GetString()!;
        var passings = Enumerable.Range(1, 3_000).Select(n => TestVenue.Passing(n, ""","chip":"Z\"ü" """));
        await venue.PostAsync("passings", TestVenue.Body(token, passings));
        var read = JsonSerializer.Deserialize<JsonElement>(
            (await venue.GetAsync($"passings/session/{token}")).Text("body")).GetProperty("result");
        Assert.Equal(
            Enumerable.Range(1, 3_000), read.EnumerateArray().Select(p => p.GetProperty("num_passing").GetInt32()));
        Assert.Equal("Z\"ü", read[2_999].GetProperty("chip").GetString());
    }

    [Fact]
    public async Task what_cannot_be_imitated_is_logged_once_and_done_the_servers_way()
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with
        {
            LoggerFactory = logs,
            Profile = new CloudProfile
            {
                DuplicateKey = DuplicateKey.Content,
                InvalidPassing = InvalidPassingRule.StoresOthers,
                RangeIsInclusive = false,
            },
        });
        string[] warnings =
        [
            "The profile's DuplicateKey is Content, which is not imitated: "
                + "a passing whose number is taken in its session is a duplicate, any other is stored",
            "The profile's InvalidPassing is StoresOthers, which is not imitated: "
                + "a batch with an invalid passing is refused as a whole",
            "The profile's RangeIsInclusive is False, which is not imitated: first and last are in the answer",
        ];
        Assert.Equal(warnings, logs.Lines.Where(l => l.Level == LogLevel.Warning).Select(l => l.Text));
        var token = await venue.OpenAsync();
        await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1), TestVenue.Passing(2)));
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(3), "{}"))).Status);
        var read = await venue.GetAsync($"passings/session/{token}?first=1&last=2");
        Assert.Equal(2, read.Json.GetProperty("result").GetArrayLength());
        Assert.Equal(3, logs.Lines.Count(l => l.Level == LogLevel.Warning));
    }

    [Fact]
    public async Task what_is_imitated_or_only_known_of_the_cloud_is_not_logged()
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with
        {
            LoggerFactory = logs,
            Profile = new CloudProfile
            {
                Address = "https://example.org/v0/",
                PassingsPerPostTried = 500,
                DuplicateKey = DuplicateKey.Number,
                InvalidPassing = InvalidPassingRule.RefusesBatch,
                RangeIsInclusive = true,
            },
        });
        Assert.DoesNotContain(logs.Lines, line => line.Level >= LogLevel.Warning);
    }

    public static TheoryData<string, CloudProfile> Impossible => new()
    {
        { "KeyMissingStatus", new() { KeyMissingStatus = 99 } },
        { "KeyUnknownStatus", new() { KeyUnknownStatus = 600 } },
        { "BindStatus", new() { BindStatus = 0 } },
        { "BindAgainStatus", new() { BindAgainStatus = -1 } },
        { "OpenStatus", new() { OpenStatus = 1_000 } },
        { "CloseAgainStatus", new() { CloseAgainStatus = 100 } },
        { "MissingMemberStatus", new() { MissingMemberStatus = 199 } },
        { "InsertStatus", new() { InsertStatus = int.MaxValue } },
        { "AllDuplicatesStatus", new() { AllDuplicatesStatus = 600 } },
        { "SessionClosedStatus", new() { SessionClosedStatus = 600 } },
        { "SessionUnknownStatus", new() { SessionUnknownStatus = 600 } },
        { "TooManyStatus", new() { TooManyStatus = 600 } },
        { "MaxPassingsPerPost", new() { MaxPassingsPerPost = 0 } },
    };

    [Theory]
    [MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public async Task a_profile_that_no_server_can_have_is_refused_by_its_member(string member, CloudProfile profile)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestVenue.StartAsync(profile));
        Assert.Contains($"The profile's {member} is ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(member, refused.ParamName);
    }
}
