using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class OpenApiTests
{
    /// <summary>Statuses that need a fault, time or another bound; their bodies are those of the others.</summary>
    static readonly HashSet<string> _notPlayed = ["403", "408", "413", "429", "500", "503", "507"];

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_document_is_read_without_a_complaint_and_needs_no_key()
    {
        await using var venue = await TestVenue.StartAsync();
        venue.Use(null);
        using var bytes = new MemoryStream(await venue.Client.GetByteArrayAsync("/openapi.json", Cancelled));
        var (document, diagnostic) = await OpenApiDocument.LoadAsync(bytes, "json", cancellationToken: Cancelled);
        Assert.Empty(diagnostic!.Errors);
        Assert.Empty(diagnostic.Warnings);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, diagnostic.SpecificationVersion);
        Assert.Empty(document!.Validate(ValidationRuleSet.GetDefaultRuleSet()));
        Assert.Equal("/", Assert.Single(document!.Servers!).Url);
        Assert.All(
            document.Paths.SelectMany(path => path.Value.Operations!).SelectMany(operation => operation.Value.Responses!),
            response => Assert.NotEmpty(response.Value.Content!));
    }

    [Fact]
    public async Task every_operation_of_the_server_is_in_the_document_and_no_other()
    {
        string[] words = ["/v0/sessions/device", "/v0/sessions/close"]; // Never tokens, so they are 404.
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { Page = false });
        var mapped = venue.Server.Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText is { } text && !words.Contains(text) && text != "{**path}")
            .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods,
                (route, method) => $"{method.ToLowerInvariant()} {route.RoutePattern.RawText}");
        var documented = (await ContractAsync(venue, CloudEnvelope.Flat)).Paths
            .SelectMany(path => path.Value!.AsObject(), (path, operation) => $"{operation.Key} {path.Key}");
        Assert.Equal(mapped.Order(), documented.Order());
    }

    [Theory]
    [InlineData(CloudEnvelope.Flat)]
    [InlineData(CloudEnvelope.Wrapped)]
    [InlineData(CloudEnvelope.WrappedText)]
    public async Task what_is_answered_in_a_race_is_what_is_documented(CloudEnvelope envelope)
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with
        {
            Profile = new() { Envelope = envelope },
            MaxPassingsPerPost = 3,
            Events = [new("E1"), new("E2", "Run", "5th", "Here", "open", TestVenue.Clock.Start, TestVenue.Clock.Start)],
        });
        var contract = await ContractAsync(venue, envelope);
        var (device, token) = await SetUpAsync(venue, contract);
        await ReadAsync(venue, contract, device, token);
        await EndAsync(venue, contract, device, token);
        var left = contract.Documented.Where(answer => !_notPlayed.Contains(answer[^3..])).Except(contract.Seen);
        Assert.Empty(left);
    }

    [Fact]
    public async Task a_request_too_many_is_answered_as_documented()
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { MaxRequestsPerSecond = 1 });
        var contract = await ContractAsync(venue, CloudEnvelope.Flat);
        while (!contract.Seen.Contains("get /v0/devices 429"))
            await CallAsync(venue, contract, HttpMethod.Get, "/v0/devices", "/v0/devices");
    }

    static async Task<(string Device, string Token)> SetUpAsync(TestVenue venue, ApiContract contract)
    {
        await Post("/v0/devices", "{}");
        var bound = await Post("/v0/devices", """{"serial_number":"S","model":"M","alias":null,"firmware":"1"}""");
        var device = bound["deviceid"]!.GetValue<string>();
        await Post("/v0/devices", """{"serial_number":"S","model":"M","type":"T"}""");
        await Get("/v0/sessions/device/{deviceid}", $"/v0/sessions/device/{device}");
        await Get("/v0/sessions/device/{deviceid}/active", $"/v0/sessions/device/{device}/active");
        await Get("/v0/passings/device2/{deviceid}", $"/v0/passings/device2/{device}");
        await Post("/v0/sessions", "{}");
        await Post("/v0/sessions", """{"deviceid":"nobody"}""");
        var opened = await Post("/v0/sessions", $$"""{"deviceid":"{{device}}","alias":"Finish"}""");
        var token = opened["token_session"]!.GetValue<string>();
        await Get("/v0/sessions/{token}", $"/v0/sessions/{token}");
        const string All = """
            ,"chip":"C","latitude":"40.5","longitude":-3.25,"status":"Sent","participant_id":"P","timezone":"CET","gender":"F"
            """;
        var body = TestVenue.Body(token, TestVenue.Passing(1), TestVenue.Passing(2, All.Trim()));
        Assert.Equal(2, (await Post("/v0/passings", body))["inserted_count"]!.GetValue<int>());
        Assert.Equal(2, (await Post("/v0/passings", body))["duplicate_count"]!.GetValue<int>());
        await Post("/v0/passings", "{}");
        await Post("/v0/passings", TestVenue.Body("nobody", TestVenue.Passing(1)));
        await Post("/v0/passings", TestVenue.Body(token, Enumerable.Range(3, 4).Select(n => TestVenue.Passing(n))));
        Assert.Contains("post /v0/passings 413", contract.Seen);
        return (device, token);

        Task<JsonObject> Get(string path, string address) => CallAsync(venue, contract, HttpMethod.Get, path, address);

        Task<JsonObject> Post(string path, string body) =>
            CallAsync(venue, contract, HttpMethod.Post, path, path, body);
    }

    static async Task ReadAsync(TestVenue venue, ApiContract contract, string device, string token)
    {
        foreach (var path in new[] { "/v0/devices", "/v0/events" })
        {
            await Get(path, "?page=1&limit=1");
            await Get(path, "?page=9");
            await Get(path, "?page=0");
        }

        await Get("/v0/devices/{deviceid}");
        await Get("/v0/sessions/device/{deviceid}");
        await Get("/v0/sessions/device/{deviceid}", "?limit=0");
        await Get("/v0/sessions/device/{deviceid}/active");
        await Get("/v0/sessions/{token}");
        await Get("/v0/passings/session/{token}", "?first=2&last=9&limit=1");
        await Get("/v0/passings/session/{token}", "?first=x");
        await Get("/v0/passings/device/{deviceid}", "?from=2026-05-03T00:00:00Z&to=2026-05-04T00:00:00Z");
        await Get("/v0/passings/device/{deviceid}", "?from=noon");
        await Get("/v0/passings/device2/{deviceid}");
        await Get("/v0/passings/device2/{deviceid}", $"?token_session={token}&last=1");
        await Get("/v0/passings/device2/{deviceid}", "?last=-1");
        foreach (var path in contract.Paths.Where(path => path.Value!["get"] is not null && path.Key.Contains('{')))
            await CallAsync(venue, contract, HttpMethod.Get, path.Key, Filled(path.Key, "nobody", "nobody"));
        foreach (var path in new[] { "/health", "/health/live", "/health/ready", "/openapi.json" })
            await Get(path);

        Task<JsonObject> Get(string path, string query = "") =>
            CallAsync(venue, contract, HttpMethod.Get, path, Filled(path, device, token) + query);
    }

    static async Task EndAsync(TestVenue venue, ApiContract contract, string device, string token)
    {
        await CallAsync(venue, contract, HttpMethod.Patch, "/v0/sessions/close/{token}", $"/v0/sessions/close/{token}");
        await CallAsync(venue, contract, HttpMethod.Patch, "/v0/sessions/close/{token}", "/v0/sessions/close/nobody");
        await CallAsync(
            venue, contract, HttpMethod.Post, "/v0/passings", "/v0/passings", TestVenue.Body(token, TestVenue.Passing(9)));
        await DeleteAsync(device);
        Assert.Contains("delete /v0/devices/{deviceid} 403", contract.Seen);
        venue.Use(TestVenue.UnbindKey, "api_key");
        await DeleteAsync(device);
        await DeleteAsync(device);
        venue.Use(null);
        await CallAsync(venue, contract, HttpMethod.Get, "/v0/devices", "/v0/devices");
        Assert.Contains("get /v0/devices 403", contract.Seen);

        Task DeleteAsync(string deviceId) => CallAsync(
            venue, contract, HttpMethod.Delete, "/v0/devices/{deviceid}", $"/v0/devices/{deviceId}");
    }

    static string Filled(string path, string device, string token) => path
        .Replace("{deviceid}", device, StringComparison.Ordinal).Replace("{token}", token, StringComparison.Ordinal);

    static async Task<JsonObject> CallAsync(
        TestVenue venue, ApiContract contract, HttpMethod method, string path, string address, string? body = null)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        var answer = await venue.SendAsync(new(method, address) { Content = content });
        return await contract.HoldAsync(method, path, body, answer);
    }

    static async Task<ApiContract> ContractAsync(TestVenue venue, CloudEnvelope envelope) =>
        new(JsonNode.Parse(await venue.Client.GetStringAsync("/openapi.json", Cancelled))!.AsObject(), envelope);
}
