using System.Net;
using System.Text.Json.Nodes;
using System.Web;
using RufusIngest.Cloud;

namespace RufusIngest.Tests.Support;

/// <summary>
/// A small cloud in memory for what the venue server does not imitate: other duplicate keys, batches stored in part,
/// ranges that leave out their ends, counts that are missing; and for whatever a test puts before an answer.
/// </summary>
sealed class ProbedCloud : HttpMessageHandler
{
    public const string Key = "ror-0123456789abcdef0123";

    readonly Dictionary<string, List<JsonObject>> _sessions = [];
    string? _active;
    int _opened;
    int _bound;

    public DuplicateKey DuplicateKey { get; init; }

    public InvalidPassingRule InvalidPassing { get; init; }

    public bool RangeIsInclusive { get; init; } = true;

    public bool HasCounts { get; init; } = true;

    /// <summary>A repeat takes the place of what was stored.</summary>
    public bool Replaces { get; init; }

    public bool CanRead { get; init; } = true;

    /// <summary>How many of a request are stored, without a word about the rest.</summary>
    public int KeepsOfPost { get; init; } = int.MaxValue;

    /// <summary>What comes instead of an answer; null: the answer. Gets how many requests there were before.</summary>
    public Func<int, SeenRequest, HttpResponseMessage?> Instead { get; set; } = (_, _) => null;

    public List<SeenRequest> Requests { get; } = [];

    /// <summary>The session that was opened last and not closed.</summary>
    public string? Active => _active;

    /// <summary>How many passings there are in all sessions.</summary>
    public int Stored => _sessions.Values.Sum(session => session.Count);

    public ProbedCloud WithActiveSession()
    {
        Open();
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Dictionary<string, string> headers = request.Headers.NonValidated
            .ToDictionary(h => h.Key, h => h.Value.ToString());
        SeenRequest seen = new(request.Method.Method, request.RequestUri!.AbsoluteUri, headers, body);
        Requests.Add(seen);
        if (Instead(Requests.Count - 1, seen) is { } other)
            return other;
        bool isKnown = headers.GetValueOrDefault("api_key") == Key || headers.GetValueOrDefault("x-api-key") == Key;
        if (!isKnown || (seen.Method == "GET" && !CanRead))
            return Say(403, "Forbidden");
        string[] path = request.RequestUri.AbsolutePath.Split('/')[2..];
        return (seen.Method, path) switch
        {
            ("GET", ["devices"]) => List([]),
            ("POST", ["devices"]) => Bind(),
            ("DELETE", ["devices", "D1"]) => Say(200, "Device unbinded succesfully"),
            ("POST", ["sessions"]) when body.Contains("\"deviceid\":\"D1\"", StringComparison.Ordinal) =>
                Say(201, "Session inserted succesfully", ("token_session", Open())),
            ("POST", ["sessions"]) => Say(400, "deviceid is missing"),
            ("GET", ["sessions", "device", "D1", "active"]) => _active is null
                ? Say(404, "Sessions not found")
                : List([new JsonObject { ["token_session"] = _active, ["alias"] = "Finish" }]),
            ("PATCH", ["sessions", "close", var token]) => Close(token),
            ("POST", ["passings"]) => Insert(JsonNode.Parse(body)!.AsObject()),
            ("GET", ["passings", "session", var token]) => Read(token, request.RequestUri.Query),
            _ => Say(404, "Not found"),
        };
    }

    HttpResponseMessage Bind() =>
        Say(_bound++ == 0 ? 201 : 409, "Device binded succesfully", ("deviceid", "D1"));

    string Open()
    {
        _active = $"S{++_opened}";
        _sessions[_active] = [];
        return _active;
    }

    HttpResponseMessage Close(string token)
    {
        _active = _active == token ? null : _active;
        return Say(200, "Session closed succesfully", ("token_session", token));
    }

    HttpResponseMessage Insert(JsonObject body)
    {
        if (body["passings_list"] is not JsonArray { Count: > 0 } items)
            return Say(400, "passings_list is missing");
        if ((string?)body["token_session"] is not { } token || token != _active)
            return Say(404, "Session not found or closed");
        List<JsonObject> passings = [.. items.Select(item => item!.DeepClone().AsObject())];
        bool isSound = passings.All(IsSound);
        if (!isSound && InvalidPassing == InvalidPassingRule.RefusesBatch)
            return Say(400, "timestamp");
        if (InvalidPassing == InvalidPassingRule.StoresOthers)
            passings.RemoveAll(passing => !IsSound(passing));
        int inserted = passings.Take(KeepsOfPost).Count(passing => Store(_sessions[token], passing));
        if (!isSound && InvalidPassing == InvalidPassingRule.StoresOthers)
            return Say(400, "timestamp, the others are stored");
        return HasCounts
            ? Say(201, "Passings inserted succesfully", ("inserted_count", inserted),
                ("duplicate_count", passings.Count - inserted))
            : Say(201, "Passings inserted succesfully");
    }

    static bool IsSound(JsonObject passing) => DateTimeOffset.TryParse((string?)passing["timestamp"], out _);

    bool Store(List<JsonObject> stored, JsonObject passing)
    {
        int taken = stored.FindIndex(other =>
        {
            bool number = (int?)other["num_passing"] == (int?)passing["num_passing"];
            bool content = (string?)other["bib"] == (string?)passing["bib"]
                && (string?)other["timestamp"] == (string?)passing["timestamp"];
            return DuplicateKey switch
            {
                DuplicateKey.Number => number,
                DuplicateKey.Content => content,
                DuplicateKey.NumberAndContent => number && content,
                DuplicateKey.NumberOrContent => number || content,
                _ => false,
            };
        });
        if (taken < 0)
            stored.Add(passing);
        else if (Replaces)
            stored[taken] = passing;
        return taken < 0 || Replaces;
    }

    HttpResponseMessage Read(string token, string query)
    {
        var parameters = HttpUtility.ParseQueryString(query);
        int first = int.Parse(parameters["first"] ?? "-1");
        int last = int.Parse(parameters["last"] ?? $"{int.MaxValue}");
        return List(_sessions[token].Where(passing => (int)passing["num_passing"]! is var number && (RangeIsInclusive
            ? number >= first && number <= last
            : number > first && number < last)));
    }

    static HttpResponseMessage List(IEnumerable<JsonObject> items) =>
        Say(200, "Success", ("result", new JsonArray([.. items.Select(item => item.DeepClone())])));

    public static HttpResponseMessage Say(
        int status, string description, params (string Name, JsonNode Value)[] members)
    {
        JsonObject answer = new() { ["description"] = description };
        foreach (var (name, value) in members)
            answer[name] = value;
        return new((HttpStatusCode)status) { Content = new StringContent(answer.ToJsonString()) };
    }
}
