using System.Net;
using System.Text.Json.Nodes;
using NJsonSchema;
using RufusIngest.Cloud;
using Xunit;

namespace RufusIngest.Tests.Support;

/// <summary>
/// Holds requests and answers against the venue server's OpenAPI document, whose objects may have no member here that
/// it does not name, and remembers which answers it saw.
/// </summary>
sealed class ApiContract(JsonObject document, CloudEnvelope envelope)
{
    const string Place = "#/components/schemas/";

    readonly Dictionary<string, JsonSchema> _schemas = [];

    /// <summary>Method, path and status of each answer.</summary>
    public HashSet<string> Seen { get; } = [];

    /// <summary>The same of all that are documented.</summary>
    public IEnumerable<string> Documented =>
        from path in Paths
        from operation in path.Value!.AsObject()
        from response in operation.Value!["responses"]!.AsObject()
        select $"{operation.Key} {path.Key} {response.Key}";

    public JsonObject Paths => document["paths"]!.AsObject();

    /// <summary>Holds an exchange against the document; what the answer holds without its envelope.</summary>
    public async Task<JsonObject> HoldAsync(HttpMethod method, string path, string? body, Answer answer)
    {
        var name = method.Method.ToLowerInvariant();
        var operation = Paths[path]![name]!;
        var status = $"{(int)answer.Status}";
        var response = operation["responses"]![status];
        Assert.True(response is not null, $"{name} {path} answered with {status}, which is not documented.");
        Seen.Add($"{name} {path} {status}");
        var flat = path == "/openapi.json" ? answer.Body : await UnwrapAsync(answer.Body);
        await IsAsync(SchemaOf(Resolved(response)), flat);
        if (body is not null && answer.Status < HttpStatusCode.BadRequest)
            await IsAsync(SchemaOf(operation["requestBody"]!), body);
        return JsonNode.Parse(flat)!.AsObject();
    }

    async Task<string> UnwrapAsync(string answer)
    {
        if (envelope == CloudEnvelope.Flat)
            return answer;
        await IsAsync("Wrapped", answer);
        var body = JsonNode.Parse(answer)!["body"]!;
        return envelope == CloudEnvelope.WrappedText ? body.GetValue<string>() : body.ToJsonString();
    }

    async Task IsAsync(string? schema, string json)
    {
        if (schema is null)
            return;
        if (!_schemas.TryGetValue(schema, out var found))
            _schemas[schema] = found = await Closed(schema);
        Assert.Empty(found.Validate(json).Select(error => $"{schema}: {error} in {json}"));
    }

    Task<JsonSchema> Closed(string name)
    {
        var all = JsonNode.Parse(
            document["components"]!["schemas"]!.ToJsonString().Replace(Place, "#/definitions/", StringComparison.Ordinal))!;
        foreach (var (_, schema) in all.AsObject())
            schema!["additionalProperties"] = false;
        var root = all[name]!.DeepClone().AsObject();
        root["definitions"] = all;
        return JsonSchema.FromJsonAsync(root.ToJsonString(), TestContext.Current.CancellationToken);
    }

    JsonNode Resolved(JsonNode response) => response["$ref"] is { } place
        ? document["components"]!["responses"]![place.GetValue<string>().Split('/')[^1]]!
        : response;

    /// <summary>The name of the schema of a body; null when it has none.</summary>
    static string? SchemaOf(JsonNode body) =>
        body["content"]!["application/json"]!["schema"]!["$ref"]?.GetValue<string>()[Place.Length..];
}
