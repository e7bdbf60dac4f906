using System.Diagnostics;
using System.Net;
using System.Text.Json;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

/// <summary>
/// Requests in the form of the API documentation's samples, sent by the program that these samples run. Address, key
/// and identifiers are a test server's, and only options that tell the answer are added. What must come back is what
/// the documentation shows; members beside these are the server's own.
/// </summary>
public class RequestSamplesTests
{
    /// <summary>The older pages' samples, and those of the newer specification.</summary>
    public static TheoryData<string> Headers => new("api_key", "x-api-key");

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task bind_a_new_device(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var answer = await CurlAsync(
            venue, header, "POST", "devices",
            """{"type":"One4All","model":"One4All","serial_number":"SN-9","alias":"Finish","firmware":"1.0.1"}""");
        var device = answer.Text("deviceid");
        Assert.Matches("^[0-9A-F]{64}$", device);
        Shows(
            answer, HttpStatusCode.Created,
            $$"""{"description":"Device binded succesfully","deviceid":"{{device}}"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task unbind_a_device(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        Shows(
            await CurlAsync(venue, header, "DELETE", $"devices/{device}", key: TestVenue.UnbindKey),
            HttpStatusCode.OK, $$"""{"description":"Device unbinded succesfully","deviceid":"{{device}}"}""");
        Shows(
            await CurlAsync(venue, header, "DELETE", $"devices/{device}", key: TestVenue.UnbindKey),
            HttpStatusCode.NotFound, $$"""{"description":"Device not found","deviceid":"{{device}}"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_devices_by_company(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        Shows(
            await CurlAsync(venue, header, "GET", "devices?page=1&limit=5000"), HttpStatusCode.OK,
            $$$"""
            {"description":"Success","result":[{"deviceid":"{{{device}}}","model":"M","serial_number":"SN-1",
            "sessions":0,"creation_date":"2026-05-03T08:00:00.125Z","last_login":"2026-05-03T08:00:00.125Z"}],
            "pagination":{"page":1,"limit":5000,"total":1,"has_more":false}}
            """);
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_device_information(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (device, _) = await RunAsync(venue);
        Shows(
            await CurlAsync(venue, header, "GET", $"devices/{device}"), HttpStatusCode.OK,
            $$$"""
            {"description":"Success","result":{"deviceid":"{{{device}}}","type":"One4All","model":"M","alias":"Finish",
            "firmware":"1.0.1","serial_number":"SN-1","creation_date":"2026-05-03T08:00:00.125Z","sessions":1,
            "passings":2,"last_seen":"2026-05-03T08:00:00.125Z"}}
            """);
        Shows(
            await CurlAsync(venue, header, "GET", "devices/nobody"),
            HttpStatusCode.NotFound, """{"description":"Device not found"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task insert_a_new_session(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync();
        var answer = await CurlAsync(
            venue, header, "POST", "sessions", $$"""{"deviceid":"{{device}}","alias":"START-5K"}""");
        var token = answer.Text("token_session");
        Assert.Matches("^[0-9A-F]{64}$", token);
        Shows(
            answer, HttpStatusCode.Created,
            $$"""{"description":"Session inserted succesfully","token_session":"{{token}}"}""");
        Shows(
            await CurlAsync(venue, header, "POST", "sessions", """{"deviceid":"nobody"}"""),
            HttpStatusCode.NotFound, """{"description":"Device not found","deviceid":"nobody"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task close_a_session(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        Shows(
            await CurlAsync(venue, header, "PATCH", $"sessions/close/{token}"),
            HttpStatusCode.OK, $$"""{"description":"Session closed succesfully","token_session":"{{token}}"}""");
        Shows(
            await CurlAsync(venue, header, "PATCH", "sessions/close/nobody"),
            HttpStatusCode.NotFound, """{"description":"Session not found","token_session":"nobody"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_sessions_by_device(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (device, token) = await RunAsync(venue);
        Shows(
            await CurlAsync(venue, header, "GET", $"sessions/device/{device}"), HttpStatusCode.OK,
            $$"""
            {"description":"Success","result":[{"token_session":"{{token}}","alias":"START-5K",
            "creation_date":"2026-05-03T08:00:00.125Z","active":true,"passings":2}]}
            """);
        Shows(
            await CurlAsync(venue, header, "GET", "sessions/device/nobody"),
            HttpStatusCode.NotFound, """{"description":"Sessions not found","deviceid":"nobody"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_active_session_from_device(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (device, token) = await RunAsync(venue);
        Shows(
            await CurlAsync(venue, header, "GET", $"sessions/device/{device}/active"),
            HttpStatusCode.OK, Session(token));
        await venue.PatchAsync($"sessions/close/{token}");
        Shows(
            await CurlAsync(venue, header, "GET", $"sessions/device/{device}/active"),
            HttpStatusCode.NotFound, $$"""{"description":"Sessions not found","deviceid":"{{device}}"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_session_information(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (_, token) = await RunAsync(venue);
        var answer = await CurlAsync(venue, header, "GET", $"sessions/{token}");
        Shows(answer, HttpStatusCode.OK, Session(token));
        Assert.True(answer.Json.GetProperty("result")[0].TryGetProperty("duration", out _)); // Its meaning is not said.
        Shows(
            await CurlAsync(venue, header, "GET", "sessions/nobody"),
            HttpStatusCode.NotFound, """{"description":"Session not found","token_session":"nobody"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task insert_passings(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var body = $$$"""
            {"token_session":"{{{token}}}","passings_list":[
            {"bib":"1","num_passing":1,"timestamp":"2023-12-22T09:20:25.130Z","latitude":"12.000","longitude":"12.000",
            "status":"Sent","participant_id":"P1","chip":"ABC","timezone":"UTC","gender":"M"},
            {"bib":"2","num_passing":2,"timestamp":"2023-12-22T09:20:26.130Z"}]}
            """;
        Shows(
            await CurlAsync(venue, header, "POST", "passings", body), HttpStatusCode.Created,
            $$"""
            {"description":"Passings inserted succesfully","token_session":"{{token}}","inserted_count":2,
            "duplicate_count":0}
            """);
        await venue.PatchAsync($"sessions/close/{token}");
        Shows(
            await CurlAsync(venue, header, "POST", "passings", body), HttpStatusCode.NotFound,
            $$"""{"description":"Session not found or closed","token_session":"{{token}}"}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_session_passings_by_range(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (device, token) = await RunAsync(venue);
        Shows(
            await CurlAsync(venue, header, "GET", $"passings/session/{token}?first=2&last=5&page=1"), HttpStatusCode.OK,
            $$"""{"description":"Success","result":[{{Second(device, token)}}]}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_device_passings_by_datetime(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (device, token) = await RunAsync(venue);
        const string Span = "from=2026-05-03T09:00:00.002Z&to=2026-05-03T10:00:00.000Z&page=1";
        Shows(
            await CurlAsync(venue, header, "GET", $"passings/device/{device}?{Span}"), HttpStatusCode.OK,
            $$"""{"description":"Success","result":[{{Second(device, token)}}]}""");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task get_device_passings_from_where_one_left(string header)
    {
        await using var venue = await TestVenue.StartAsync();
        var (device, token) = await RunAsync(venue);
        Shows(
            await CurlAsync(venue, header, "GET", $"passings/device2/{device}?token_session={token}&last=1"),
            HttpStatusCode.OK,
            $$"""
            {"description":"Success","deviceid":"{{device}}","session_used":"{{token}}","session_label":"START-5K",
            "resumed_from":1,"passings":[{"bib":"2","timestamp":"2026-05-03T09:00:00.002Z","num_passing":2,
            "latitude":"40.7128","longitude":"-74.0060","chip":"C2"}]}
            """);
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task list_events(string header)
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with
        {
            Events = [new VenueEvent("E1", "Run", "12", "Zürich", "open")],
        });
        Shows(
            await CurlAsync(venue, header, "GET", "events?page=1&limit=1000"), HttpStatusCode.OK,
            """
            {"description":"Success","result":[{"event_token":"E1","name":"Run","edition":"12","location":"Zürich",
            "status":"open","start_date":null,"end_date":null}],
            "pagination":{"page":1,"limit":1000,"total":1,"has_more":false}}
            """);
    }

    static string Session(string token) =>
        $$"""
        {"description":"Success","result":[{"token_session":"{{token}}","alias":"START-5K",
        "creation_date":"2026-05-03T08:00:00.125Z","active":true,"passings":2,"first":"2026-05-03T09:00:00.001Z",
        "last":"2026-05-03T09:00:00.002Z"}]}
        """;

    static string Second(string device, string token) =>
        $$"""
        {"token_session":"{{token}}","timestamp":"2026-05-03T09:00:00.002Z","num_passing":2,"latitude":"40.7128",
        "longitude":"-74.0060","status":"Sent","participant_id":null,"chip":"C2","bib":"2","timezone":"CET",
        "gender":null,"deviceid":"{{device}}"}
        """;

    /// <summary>A device with one session of two passings.</summary>
    static async Task<(string Device, string Token)> RunAsync(TestVenue venue)
    {
        var bound = await venue.PostAsync(
            "devices",
            """{"type":"One4All","model":"M","serial_number":"SN-1","alias":"Finish","firmware":"1.0.1"}""");
        var device = bound.Text("deviceid");
        var opened = await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}","alias":"START-5K"}""");
        var token = opened.Text("token_session");
        const string More =
            ""","chip":"C2","status":"Sent","timezone":"CET","latitude":"40.7128","longitude":"-74.0060" """;
        await venue.PostAsync(
            "passings", TestVenue.Body(token, TestVenue.Passing(1), TestVenue.Passing(2, More)));
        return (device, token);
    }

    static void Shows(Answer answer, HttpStatusCode status, string body)
    {
        Assert.Equal(status, answer.Status);
        Holds(JsonSerializer.Deserialize<JsonElement>(body), answer.Json, "answer");
    }

    /// <summary>Every member that is shown is there with its value.</summary>
    static void Holds(JsonElement shown, JsonElement found, string place)
    {
        Assert.True(shown.ValueKind == found.ValueKind, $"{place} is {found.GetRawText()}");
        if (shown.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in shown.EnumerateObject())
            {
                Assert.True(found.TryGetProperty(member.Name, out var value), $"{place} has no {member.Name}");
                Holds(member.Value, value, $"{place}.{member.Name}");
            }
        }
        else if (shown.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(shown.GetArrayLength(), found.GetArrayLength());
            for (var i = 0; i < shown.GetArrayLength(); i++)
                Holds(shown[i], found[i], $"{place}[{i}]");
        }
        else
        {
            Assert.True(JsonElement.DeepEquals(shown, found), $"{place} is {found.GetRawText()}");
        }
    }

    static async Task<Answer> CurlAsync(
        TestVenue venue, string header, string method, string path, string? body = null, string? key = null)
    {
        key ??= method == "GET" ? TestVenue.ReadKey : TestVenue.WriteKey;
        var url = new Uri(venue.Server.BaseAddress, path).AbsoluteUri;
        string[] sample = header == "api_key"
            ?
            [
                "-X", method, "-H", "Content-Type: application/json", "-H", $"api_key: {key}",
                .. body is null ? Array.Empty<string>() : ["-d", body], url,
            ]
            :
            [
                "-L", "--request", method, "--url", url, "--header", $"x-api-key: {key}", "--header", "Accept: */*",
                .. body is null
                    ? Array.Empty<string>() : ["--header", "Content-Type: application/json", "--data", body],
            ];
        // No configuration of the user's and no proxy; at the end the status on a line of its own.
        var said = await RunCurlAsync(["-q", "-sS", "--noproxy", "*", "--write-out", "\n%{http_code}", .. sample]);
        var end = said.LastIndexOf('\n');
        return new((HttpStatusCode)int.Parse(said[(end + 1)..]), said[..end]);
    }

    static async Task<string> RunCurlAsync(string[] arguments)
    {
        var name = OperatingSystem.IsWindows() ? "curl.exe" : "curl";
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "There is no curl on PATH.");
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        };
        using var curl = Process.Start(start)!;
        var output = curl.StandardOutput.ReadToEndAsync(Cancelled);
        var error = curl.StandardError.ReadToEndAsync(Cancelled);
        await curl.WaitForExitAsync(Cancelled);
        Assert.True(curl.ExitCode == 0, await error);
        return await output;
    }
}
