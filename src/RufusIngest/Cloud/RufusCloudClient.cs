using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>
/// The RUFUS Cloud API, version 0, as its documentation of 2023 and its specification of 2026 say it: answers are taken
/// in both forms, and only the status decides. Thread-safe.
/// </summary>
/// <remarks>
/// Every method fails with <see cref="RufusCloudException"/>, or <see cref="OperationCanceledException"/> when asked
/// to. The time-out of the <see cref="HttpClient"/> holds for a whole call, its answer included. Its handler should not
/// follow redirects: it would take the key to wherever it is sent. A redirect is a failure in any case.
/// </remarks>
public sealed class RufusCloudClient
{
    /// <summary>Where the API is when the <see cref="HttpClient"/> has no base address.</summary>
    public const string DefaultAddress = "https://api.runonrufus.com/v0/";

    /// <summary>Passings on a full page of a listing.</summary>
    const int PageSize = 5000;

    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly HttpClient _http;
    readonly string _apiKey;
    readonly RufusCloudOptions _options;
    readonly Uri _base;

    /// <summary>Uses an HTTP client that stays the caller's; its default headers are left alone.</summary>
    /// <param name="http">
    /// Its base address, if any, is that of the API's version, with or without a slash at the end.
    /// </param>
    /// <param name="apiKey">The key; visible ASCII. Kept in memory only, and sent with every call.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The key or the options cannot be used.</exception>
    public RufusCloudClient(HttpClient http, string apiKey, RufusCloudOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (string.IsNullOrEmpty(apiKey) || apiKey.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new ArgumentException("The API key must be visible ASCII, without spaces.", nameof(apiKey));
        _http = http;
        _apiKey = apiKey;
        _options = options ?? new();
        _options.Check();
        string address = http.BaseAddress?.AbsoluteUri ?? DefaultAddress;
        _base = new(address.EndsWith('/') ? address : address + "/");
    }

    /// <summary>
    /// Registers a device under the account of the key, or finds it registered already: 409 with its id counts as
    /// bound. A server that refuses <c>type</c> is asked once more without it.
    /// </summary>
    /// <returns>The device id, to be kept by the caller.</returns>
    public async Task<string> BindDeviceAsync(
        string model, string serialNumber, string? alias = null, string? firmware = null,
        CancellationToken cancellationToken = default)
    {
        const string Path = "devices";
        CloudAnswer answer = await PostAsync(_options.DeviceType).ConfigureAwait(false);
        if (answer.Status == 400 && _options.DeviceType is not null)
            answer = await PostAsync(null).ConfigureAwait(false);
        if (answer.Status == 409 && CloudAnswer.Text(answer.Root, "deviceid") is { Length: > 0 } bound)
            return bound;
        Require(answer, HttpMethod.Post, Path, cancellationToken);
        return Member(answer, "deviceid", HttpMethod.Post, Path);

        Task<CloudAnswer> PostAsync(string? type) => CallAsync(
            HttpMethod.Post,
            Path,
            Write([("type", type), ("model", model), ("serial_number", serialNumber), ("alias", alias),
                ("firmware", firmware)]),
            _options.MaxAnswerBytes,
            cancellationToken);
    }

    /// <summary>
    /// Opens a session of a device. <b>The server closes the session the device had open</b>: keep the token, and do
    /// not open another one after a restart.
    /// </summary>
    /// <returns>The session's token, to be kept by the caller.</returns>
    public async Task<string> OpenSessionAsync(
        string deviceId, string? alias = null, CancellationToken cancellationToken = default)
    {
        const string Path = "sessions";
        byte[] body = Write([("deviceid", deviceId), ("alias", alias)]);
        CloudAnswer answer = await CallAsync(HttpMethod.Post, Path, body, _options.MaxAnswerBytes, cancellationToken)
            .ConfigureAwait(false);
        Require(answer, HttpMethod.Post, Path, cancellationToken);
        return Member(answer, "token_session", HttpMethod.Post, Path);
    }

    /// <summary>Closes a session for good: it takes no more passings but can be read. Nothing reopens it.</summary>
    public async Task CloseSessionAsync(string tokenSession, CancellationToken cancellationToken = default)
    {
        string path = "sessions/close/" + Segment(tokenSession);
        CloudAnswer answer = await CallAsync(HttpMethod.Patch, path, [], _options.MaxAnswerBytes, cancellationToken)
            .ConfigureAwait(false);
        Require(answer, HttpMethod.Patch, path, cancellationToken);
    }

    /// <summary>Asks for a session. Needs a key that may read.</summary>
    public async Task<CloudSession> GetSessionAsync(string tokenSession, CancellationToken cancellationToken = default)
    {
        string path = "sessions/" + Segment(tokenSession);
        CloudAnswer answer = await CallAsync(HttpMethod.Get, path, null, _options.MaxAnswerBytes, cancellationToken)
            .ConfigureAwait(false);
        RequireReadable(answer, HttpMethod.Get, path, cancellationToken);
        _ = CloudAnswer.TryGet(answer.Root, "result", out JsonElement item);
        if (item.ValueKind == JsonValueKind.Array)
            item = item.GetArrayLength() > 0 ? item[0] : default;
        if (item.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            throw Failure(RufusFailure.NotFound, answer, HttpMethod.Get, path, answer.Description);
        return new()
        {
            TokenSession = CloudAnswer.Text(item, "token_session") ?? tokenSession,
            Alias = CloudAnswer.Text(item, "alias"),
            Active = CloudAnswer.Truth(item, "active"),
            Passings = CloudAnswer.Integer(item, "passings"),
            CreationDate = CloudAnswer.Time(item, "creation_date"),
            First = CloudAnswer.Time(item, "first"),
            Last = CloudAnswer.Time(item, "last"),
        };
    }

    /// <summary>
    /// Lists the passings of a session, open or closed, page by page as they are asked for. Needs a key that may read.
    /// An unknown session and an empty one look alike. Ends at the server's word, at a page that is not full, or at an
    /// empty one; a page that comes again and more pages than <see cref="RufusCloudOptions.MaxPages"/> are failures.
    /// </summary>
    /// <param name="tokenSession">The session.</param>
    /// <param name="first">Lowest number wanted.</param>
    /// <param name="last">Highest number wanted.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async IAsyncEnumerable<CloudPassing> GetSessionPassingsAsync(
        string tokenSession, int? first = null, int? last = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"passings/session/{Segment(tokenSession)}?")
            + (first is null ? "" : string.Create(CultureInfo.InvariantCulture, $"first={first}&"))
            + (last is null ? "" : string.Create(CultureInfo.InvariantCulture, $"last={last}&"));
        CloudPassing? previous = null;
        for (int page = 1; ; page++)
        {
            string path = range + string.Create(CultureInfo.InvariantCulture, $"page={page}");
            if (page > _options.MaxPages)
                throw NotUnderstood(0, HttpMethod.Get, path, $"More than {_options.MaxPages} pages.");
            CloudAnswer answer = await CallAsync(HttpMethod.Get, path, null, _options.MaxPageBytes, cancellationToken)
                .ConfigureAwait(false);
            if (answer.Status == 404)
                yield break;
            RequireReadable(answer, HttpMethod.Get, path, cancellationToken);
            List<CloudPassing> passings = ReadPage(answer, path, out bool hasMore);
            if (passings.Count == 0)
                yield break;
            if (passings[0] == previous)
                throw NotUnderstood(answer.Status, HttpMethod.Get, path, "The page before came again.");
            previous = passings[0];
            foreach (CloudPassing passing in passings)
                yield return passing;
            if (!hasMore)
                yield break;
        }
    }

    /// <summary>
    /// Posts a batch. Throws only when there is no answer. The body may still be on its way out when this returns: the
    /// caller cancels the call and waits for the content.
    /// </summary>
    internal Task<CloudAnswer> PostPassingsAsync(
        PassingsContent content, TimeProvider time, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "passings", content, _options.MaxAnswerBytes, time, cancellationToken);

    /// <summary>Words from outside as one short line without the key.</summary>
    internal string? Redact(string? text) => CloudAnswer.Redact(text, _apiKey);

    /// <summary>Failures of the network, or a time-out: what is not the caller's own cancellation.</summary>
    internal static bool IsNetworkFailure(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException or TimeoutException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    async Task<CloudAnswer> CallAsync(
        HttpMethod method, string path, byte[]? body, int maxBytes, CancellationToken cancellationToken)
    {
        using ByteArrayContent? content = body is null ? null : new(body);
        content?.Headers.ContentType = Json;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(_http.Timeout);
        try
        {
            return await SendAsync(method, path, content, maxBytes, TimeProvider.System, limited.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (IsNetworkFailure(e, cancellationToken))
        {
            throw Unreachable(0, method, path, e);
        }
    }

    async Task<CloudAnswer> SendAsync(
        HttpMethod method, string path, HttpContent? content, int maxBytes, TimeProvider time,
        CancellationToken cancellationToken)
    {
        Uri uri = new(_base, path);
        using HttpRequestMessage request = new(method, uri)
        {
            Content = content,
            Version = _http.DefaultRequestVersion,
            VersionPolicy = _http.DefaultVersionPolicy,
        };
        request.Headers.Accept.Add(new("application/json"));
        if (_options.SendApiKeyHeader)
            request.Headers.Add("api_key", _apiKey);
        if (_options.SendXApiKeyHeader)
            request.Headers.Add("x-api-key", _apiKey);
        using HttpResponseMessage response = await _http
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);

        // A handler that follows redirects has asked another place by now, mostly by GET: its 200 says nothing to us.
        if (request.RequestUri != uri || request.Method != method)
            return CloudAnswer.OfStatus(302, $"Redirected to {request.RequestUri?.GetLeftPart(UriPartial.Path)}");
        return await CloudAnswer.ReadAsync(response, maxBytes, time, cancellationToken).ConfigureAwait(false);
    }

    void Require(CloudAnswer answer, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccess)
            throw Failure(RufusCloudException.Classify(answer.Status), answer, method, path, answer.Description);
        if (answer.Broken is OperationCanceledException)
            cancellationToken.ThrowIfCancellationRequested();
    }

    void RequireReadable(CloudAnswer answer, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        Require(answer, method, path, cancellationToken);
        if (answer.Broken is null)
            return;
        if (IsNetworkFailure(answer.Broken, cancellationToken) && answer.Broken is not InvalidDataException)
            throw Unreachable(answer.Status, method, path, answer.Broken);
        throw NotUnderstood(answer.Status, method, path, answer.Broken.Message);
    }

    string Member(CloudAnswer answer, string name, HttpMethod method, string path) =>
        CloudAnswer.Text(answer.Root, name) is { Length: > 0 } value
            ? value
            : throw NotUnderstood(answer.Status, method, path, $"The answer holds no {name}. {answer.Broken?.Message}");

    List<CloudPassing> ReadPage(CloudAnswer answer, string path, out bool hasMore)
    {
        List<CloudPassing> passings = [];
        hasMore = false;
        if (!CloudAnswer.TryGet(answer.Root, "result", out JsonElement result)
            || result.ValueKind == JsonValueKind.Null)
            return passings;
        if (result.ValueKind != JsonValueKind.Array)
            throw NotUnderstood(answer.Status, HttpMethod.Get, path, "The result is not a list.");
        foreach (JsonElement item in result.EnumerateArray())
        {
            passings.Add(new()
            {
                Number = CloudAnswer.Integer(item, "num_passing"),
                Bib = CloudAnswer.Text(item, "bib"),
                Chip = CloudAnswer.Text(item, "chip"),
                Timestamp = CloudAnswer.Time(item, "timestamp"),
                Latitude = CloudAnswer.Real(item, "latitude"),
                Longitude = CloudAnswer.Real(item, "longitude"),
            });
        }

        _ = CloudAnswer.TryGet(answer.Root, "pagination", out JsonElement pagination);
        hasMore = CloudAnswer.Truth(pagination, "has_more") ?? passings.Count >= PageSize;
        return passings;
    }

    RufusCloudException Failure(
        RufusFailure failure, CloudAnswer answer, HttpMethod method, string path, string? description) =>
        new(failure, answer.Status, method.Method, path, Redact(description), answer.RetryAfter);

    RufusCloudException NotUnderstood(int status, HttpMethod method, string path, string description) =>
        new(RufusFailure.AnswerNotUnderstood, status, method.Method, path, Redact(description));

    RufusCloudException Unreachable(int status, HttpMethod method, string path, Exception e)
    {
        // A malformed answer is quoted in the exception, and it may hold what we sent.
        bool isSafe = !e.ToString().Contains(_apiKey, StringComparison.OrdinalIgnoreCase);
        string words = e is OperationCanceledException ? "No answer in time." : e.Message;
        return new(RufusFailure.Unreachable, status, method.Method, path, Redact(words), null, isSafe ? e : null);
    }

    static string Segment(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        if (id is "." or "..")
            throw new ArgumentException("An id cannot be a path.", nameof(id));
        return Uri.EscapeDataString(id);
    }

    static byte[] Write(ReadOnlySpan<(string Name, string? Value)> members)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            foreach ((string name, string? value) in members)
            {
                if (value is not null)
                    writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
