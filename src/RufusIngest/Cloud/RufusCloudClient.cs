using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>
/// The RUFUS Cloud API, version 0, as its documentation of 2023 and its specification of 2026 say it: answers are taken
/// in both forms, and only the status decides. Thread-safe.
/// </summary>
/// <remarks>
/// Every method fails with <see cref="RufusCloudException"/>, or <see cref="OperationCanceledException"/> when asked
/// to. The time-out of the <see cref="HttpClient"/> holds for a whole call, its answer included. A redirect is a failure;
/// a handler that follows redirects, as that of <c>new HttpClient()</c> does, takes the key to wherever it is sent: use
/// <see cref="CreateHttpClient"/>. Nothing is repeated but a bind without its <c>type</c>: a call that failed may have
/// been done.
/// </remarks>
public sealed partial class RufusCloudClient
{
    /// <summary>Where the API is when the <see cref="HttpClient"/> has no base address.</summary>
    public const string DefaultAddress = "https://api.runonrufus.com/v0/";

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
    /// Posts a batch. Throws only when there is no answer. The body may still be on its way out when this returns: the
    /// caller cancels the call and waits for the content.
    /// </summary>
    internal Task<CloudAnswer> PostPassingsAsync(
        PassingsContent content, TimeProvider time, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "passings", content, _options.MaxAnswerBytes, time, cancellationToken);

    /// <summary>
    /// Makes an HTTP client that keeps the key where it belongs: it follows no redirect, and gives up connecting after
    /// 10 s. The caller disposes it, and may set its time-out.
    /// </summary>
    /// <param name="address">Base address, with or without a slash at the end; null for the cloud's.</param>
    public static HttpClient CreateHttpClient(Uri? address = null) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = address,
        };

    /// <summary>False when it is known that the server has no feed of a device.</summary>
    internal bool HasFeed => _options.Profile?.Feed != false;

    /// <summary>Most passings a request may hold, as far as known.</summary>
    internal int MaxPassingsPerPost => _options.Profile?.MaxPassingsPerPost ?? int.MaxValue;

    /// <inheritdoc cref="RufusCloudOptions.MaxPages"/>
    internal int MaxPages => _options.MaxPages;

    internal RufusCloudException NoNumber(string deviceId) =>
        NotUnderstood(0, HttpMethod.Get, $"passings/device2/{deviceId}", "A passing has no num_passing.");

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
        if (_options.SendsApiKey)
            request.Headers.Add("api_key", _apiKey);
        if (_options.SendsXApiKey)
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
        {
            RufusFailure failure = RufusCloudException.Classify(answer.Status, answer.Description);
            throw Failure(failure, answer, method, path, answer.Description);
        }

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

    /// <summary>A listing, page by page as it is asked for. It ends whatever the server does.</summary>
    /// <param name="path">Path with its query, if any; the page is added.</param>
    /// <param name="pageSize">
    /// Items on a full page, where the server does not say whether there is more; 0: then there is no other page.
    /// </param>
    /// <param name="read">Makes an item of what the list holds.</param>
    /// <param name="isPathKnown">Whether 404 means that there is nothing to list, and not that there is no such path.</param>
    /// <param name="cancellationToken">Ends it.</param>
    async IAsyncEnumerable<T> ListAsync<T>(
        string path, int pageSize, Func<JsonElement, T> read, bool isPathKnown,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? previous = null;
        for (int page = 1; ; page++)
        {
            // Where no paging is documented, the first page is asked for without a number.
            string at = pageSize == 0 && page == 1 ? path : WithPage(path, page);
            if (page > _options.MaxPages)
                throw NotUnderstood(0, HttpMethod.Get, at, $"More than {_options.MaxPages} pages.");
            CloudAnswer answer = await GetAsync(at, _options.MaxPageBytes, cancellationToken).ConfigureAwait(false);
            if (answer.Status == 404 && (isPathKnown || page > 1))
                yield break;
            RequireReadable(answer, HttpMethod.Get, at, cancellationToken);
            List<JsonElement> items = ReadResult(answer, at);
            if (items.Count == 0)
                yield break;
            string begin = items[0].GetRawText();
            if (begin == previous)
                throw NotUnderstood(answer.Status, HttpMethod.Get, at, "The page before came again.");
            previous = begin;
            foreach (JsonElement item in items)
                yield return read(item);
            _ = CloudAnswer.TryGet(answer.Root, "pagination", out JsonElement pagination);
            if (!(CloudAnswer.Truth(pagination, "has_more") ?? (pageSize > 0 && items.Count >= pageSize)))
                yield break;
        }
    }

    static string WithPage(string path, int page) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}{(path.Contains('?') ? '&' : '?')}page={page}");

    Task<CloudAnswer> GetAsync(string path, int maxBytes, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path, null, maxBytes, cancellationToken);

    /// <summary>The items of <c>result</c>, whether it is a list, one object, null or left out.</summary>
    List<JsonElement> ReadResult(CloudAnswer answer, string path, string name = "result")
    {
        if (answer.Root.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
            throw NotUnderstood(answer.Status, HttpMethod.Get, path, "The answer is not an object.");
        _ = CloudAnswer.TryGet(answer.Root, name, out JsonElement result);
        return result.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => [],
            JsonValueKind.Object => [result],
            JsonValueKind.Array => [.. result.EnumerateArray()],
            _ => throw NotUnderstood(answer.Status, HttpMethod.Get, path, $"The {name} is not a list."),
        };
    }

    /// <summary>
    /// The one item of a result. A result that is empty or null is not found; an answer without one says nothing, least of
    /// all that there is no active session.
    /// </summary>
    async Task<JsonElement> GetOneAsync(string path, CancellationToken cancellationToken)
    {
        CloudAnswer answer = await GetAsync(path, _options.MaxAnswerBytes, cancellationToken).ConfigureAwait(false);
        RequireReadable(answer, HttpMethod.Get, path, cancellationToken);
        if (!CloudAnswer.TryGet(answer.Root, "result", out _))
            throw NotUnderstood(answer.Status, HttpMethod.Get, path, "The answer holds no result.");
        return ReadResult(answer, path) switch
        {
            [] => throw Failure(RufusFailure.NotFound, answer, HttpMethod.Get, path, answer.Description),
            [{ ValueKind: JsonValueKind.Object } item, ..] => item,
            _ => throw NotUnderstood(answer.Status, HttpMethod.Get, path, "The result holds no object."),
        };
    }

    /// <summary>Sends a call that has no answer but that it was done.</summary>
    async Task DoAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        CloudAnswer answer = await CallAsync(method, path, body, _options.MaxAnswerBytes, cancellationToken)
            .ConfigureAwait(false);
        Require(answer, method, path, cancellationToken);

        // Success in words the API does not speak is a log-in page of the hall's network. One that is cut off is success.
        if (answer.Broken is JsonException or InvalidOperationException or InvalidDataException)
            throw NotUnderstood(answer.Status, method, path, answer.Broken.Message);
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

    static string Query(ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        StringBuilder query = new();
        foreach ((string name, string? value) in parameters)
        {
            if (value is not null)
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }

    static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <summary>The API's form: UTC with exactly three digits of milliseconds, the rest cut off.</summary>
    internal static string? Text(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

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
