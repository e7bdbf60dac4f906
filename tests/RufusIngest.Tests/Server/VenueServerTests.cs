using System.Net;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class VenueServerTests
{
    const string Unknown = """{"description":"Unknown route"}""";

    [Fact]
    public async Task binding_answers_with_a_new_identifier()
    {
        await using var venue = await TestVenue.StartAsync();
        var answer = await venue.PostAsync(
            "devices", """{"type":"CUSTOM_CHRONO","model":"M","serial_number":"S","alias":"A","firmware":"1.0"}""");
        var deviceId = answer.Text("deviceid");
        answer.Says(HttpStatusCode.Created, "Device binded succesfully", "deviceid", deviceId);
        Assert.Matches("^[0-9A-F]{64}$", deviceId);
        Assert.NotEqual(deviceId, await venue.BindAsync("another"));
    }

    [Fact]
    public async Task binding_again_is_409_with_the_same_identifier()
    {
        await using var venue = await TestVenue.StartAsync();
        var deviceId = await venue.BindAsync("S");
        var again = await venue.PostAsync("devices", """{"model":"other","serial_number":"S"}""");
        again.Says(HttpStatusCode.Conflict, "Device binded succesfully", "deviceid", deviceId);
    }

    [Fact]
    public async Task a_session_is_active_until_it_is_closed_and_closing_again_is_fine()
    {
        await using var venue = await TestVenue.StartAsync();
        var deviceId = await venue.BindAsync();
        var opened = await venue.PostAsync("sessions", $$"""{"deviceid":"{{deviceId}}"}""");
        var token = opened.Text("token_session");
        opened.Says(HttpStatusCode.Created, "Session inserted succesfully", "token_session", token);
        Assert.Matches("^[0-9A-F]{64}$", token);
        (await venue.GetAsync($"sessions/{token}")).Is(HttpStatusCode.OK, Session(token, active: true));
        for (var i = 0; i < 2; i++)
        {
            (await venue.PatchAsync($"sessions/close/{token}")).Is(
                HttpStatusCode.OK, $$"""{"description":"Session closed succesfully","token_session":"{{token}}"}""");
        }

        (await venue.GetAsync($"sessions/{token}")).Is(HttpStatusCode.OK, Session(token, active: false));

        static string Session(string token, bool active) =>
            $$"""
            {"description":"Success","result":[{"token_session":"{{token}}","alias":null,
            "creation_date":"2026-05-03T08:00:00.125Z","duration":null,"active":{{(active ? "true" : "false")}},
            "passings":0,"first":null,"last":null}]}
            """.ReplaceLineEndings("");
    }

    [Fact]
    public async Task session_information_counts_passings_and_spans_their_times()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        await venue.PostAsync(
            "passings", TestVenue.Body(token, TestVenue.Passing(7), TestVenue.Passing(3), TestVenue.Passing(5)));
        (await venue.GetAsync($"sessions/{token}")).Is(
            HttpStatusCode.OK,
            $$"""
            {"description":"Success","result":[{"token_session":"{{token}}","alias":"Finish",
            "creation_date":"2026-05-03T08:00:00.125Z","duration":null,"active":true,"passings":3,
            "first":"2026-05-03T09:00:00.003Z","last":"2026-05-03T09:00:00.007Z"}]}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public async Task a_new_session_closes_only_its_own_devices_other_session()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync("one");
        var old = await venue.OpenAsync(device);
        var elsewhere = await venue.OpenAsync(await venue.BindAsync("two"));
        var current = await venue.OpenAsync(device);
        Assert.False(await IsActiveAsync(old));
        Assert.True(await IsActiveAsync(elsewhere));
        Assert.True(await IsActiveAsync(current));

        async Task<bool> IsActiveAsync(string token) =>
            (await venue.GetAsync($"sessions/{token}")).Json.GetProperty("result")[0]
                .GetProperty("active").GetBoolean();
    }

    [Fact]
    public async Task unknown_devices_and_sessions_are_404_with_what_was_asked()
    {
        await using var venue = await TestVenue.StartAsync();
        const string NoSession = """{"description":"Session not found","token_session":"nobody"}""";
        (await venue.PostAsync("sessions", """{"deviceid":"nobody"}""")).Is(
            HttpStatusCode.NotFound, """{"description":"Device not found","deviceid":"nobody"}""");
        (await venue.PatchAsync("sessions/close/nobody")).Is(HttpStatusCode.NotFound, NoSession);
        (await venue.GetAsync("sessions/nobody")).Is(HttpStatusCode.NotFound, NoSession);
        (await venue.GetAsync("passings/session/nobody")).Is(HttpStatusCode.NotFound, NoSession);
    }

    [Theory]
    [InlineData("devices", "", "Malformed JSON after byte 0")]
    [InlineData("devices", "[]", "The body is not a JSON object")]
    [InlineData("devices", "{}", "serial_number is missing or empty")]
    [InlineData("devices", """{"serial_number":"S"}""", "model is missing or empty")]
    [InlineData("devices", """{"serial_number":"","model":"M"}""", "serial_number is missing or empty")]
    [InlineData("devices", """{"serial_number":7,"model":"M"}""", "serial_number is not a string")]
    [InlineData("devices", """{"serial_number":"\ud800","model":"M"}""", "Invalid string before byte 25")]
    [InlineData("devices", """{"serial_number":"S","model":"M"}}""", "Malformed JSON after byte 33")]
    [InlineData("sessions", "{\"deviceid\":null}", "deviceid is missing or empty")]
    [InlineData("sessions", """{"deviceid":"D","alias":{}}""", "alias is not a string")]
    public async Task wrong_bodies_are_400_and_say_what_is_wrong(string path, string body, string description)
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.PostAsync(path, body)).Is(HttpStatusCode.BadRequest, $$"""{"description":"{{description}}"}""");
        Assert.Equal(1, venue.Server.Counters.BadRequests);
    }

    [Fact]
    public async Task strict_mode_refuses_members_the_api_does_not_name()
    {
        await using var strict = await TestVenue.StartAsync(new CloudProfile { UnknownMembers = false });
        await using var tolerant = await TestVenue.StartAsync();
        const string Body = """{"serial_number":"S","model":"M","colour":{"deep":[1]}}""";
        (await strict.PostAsync("devices", Body)).Is(
            HttpStatusCode.BadRequest, """{"description":"colour is not a member of the request"}""");
        Assert.Equal(HttpStatusCode.Created, (await tolerant.PostAsync("devices", Body)).Status);
    }

    [Fact]
    public async Task texts_longer_than_the_bound_are_400()
    {
        await using var venue = await TestVenue.StartAsync();
        var longest = new string('m', 256);
        var answer = await venue.PostAsync("devices", $$"""{"serial_number":"S","model":"{{longest}}m"}""");
        answer.Is(HttpStatusCode.BadRequest, """{"description":"model is longer than 256 bytes"}""");
        answer = await venue.PostAsync("devices", $$"""{"serial_number":"S","model":"{{longest}}"}""");
        Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    [Theory]
    [InlineData("PUT", "devices/x")]
    [InlineData("PUT", "passings")]
    [InlineData("DELETE", "devices")]
    [InlineData("DELETE", "sessions/x")]
    [InlineData("GET", "sessions")]
    [InlineData("GET", "sessions/device")]
    [InlineData("GET", "sessions/device/x/active/y")]
    [InlineData("GET", "sessions/device/x/passive")]
    [InlineData("GET", "passings/device")]
    [InlineData("GET", "passings/device3/x")]
    [InlineData("GET", "events/x")]
    [InlineData("GET", "sessions/close")]
    [InlineData("GET", "sessions/close/x")]
    [InlineData("POST", "sessions/close/x")]
    [InlineData("GET", "/v1/sessions/x")]
    [InlineData("GET", "/index.html")]
    public async Task what_is_not_built_is_404_in_json(string method, string path)
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.SendAsync(new(new HttpMethod(method), path))).Is(HttpStatusCode.NotFound, Unknown);
    }

    [Fact]
    public async Task wrapped_answers_hold_everything_inside_body()
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Envelope = CloudEnvelope.Wrapped });
        (await venue.GetAsync("/health")).Is(HttpStatusCode.OK, """{"body":{"description":"Success"}}""");
        (await venue.GetAsync("/nowhere")).Is(HttpStatusCode.NotFound, """{"body":{"description":"Unknown route"}}""");
        (await venue.PostAsync("sessions", """{"deviceid":"nobody"}""")).Is(
            HttpStatusCode.NotFound, """{"body":{"description":"Device not found","deviceid":"nobody"}}""");
        var bound = await venue.PostAsync("devices", """{"model":"M","serial_number":"S"}""");
        var device = bound.Json.GetProperty("body").GetProperty("deviceid").GetString()!;
        var opened = await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""");
        var token = opened.Json.GetProperty("body").GetProperty("token_session").GetString()!;
        (await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1)))).Is(
            HttpStatusCode.Created,
            $$$"""
            {"body":{"description":"Passings inserted succesfully","token_session":"{{{token}}}",
            "inserted_count":1,"duplicate_count":0}}
            """.ReplaceLineEndings(""));
        var session = (await venue.GetAsync($"sessions/{token}")).Json.GetProperty("body");
        Assert.Equal(token, session.GetProperty("result")[0].GetProperty("token_session").GetString());
    }

    [Fact]
    public async Task health_needs_no_key()
    {
        await using var venue = await TestVenue.StartAsync();
        venue.Client.DefaultRequestHeaders.Clear();
        foreach (var path in new[] { "/health", "/health/live", "/health/ready" })
            (await venue.GetAsync(path)).Is(HttpStatusCode.OK, """{"description":"Success"}""");
        (await venue.GetAsync("/health/other")).Is(HttpStatusCode.NotFound, Unknown);
        (await venue.SendAsync(new(HttpMethod.Post, "/health/live"))).Is(HttpStatusCode.NotFound, Unknown);
    }

    [Fact]
    public async Task the_base_address_is_the_real_one_and_a_stopped_server_is_gone()
    {
        await using var venue = await TestVenue.StartAsync();
        Assert.Matches("^http://127\\.0\\.0\\.1:[1-9][0-9]*/v0/$", venue.Server.BaseAddress.ToString());
        await venue.Server.StopAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<HttpRequestException>(() => venue.GetAsync("/health"));
    }

    [Fact]
    public async Task a_server_on_all_addresses_shows_loopback()
    {
        await using var venue = await TestVenue.StartAsync(
            TestVenue.Options with { EndPoint = new IPEndPoint(IPAddress.Any, 0) });
        Assert.Equal("127.0.0.1", venue.Server.BaseAddress.Host);
        Assert.Equal(HttpStatusCode.OK, (await venue.GetAsync("/health")).Status);
    }

    [Fact]
    public async Task an_address_in_use_is_an_io_exception()
    {
        await using var venue = await TestVenue.StartAsync();
        var taken = new IPEndPoint(IPAddress.Loopback, venue.Server.BaseAddress.Port);
        await Assert.ThrowsAsync<IOException>(() => TestVenue.StartAsync(TestVenue.Options with { EndPoint = taken }));
    }
}
