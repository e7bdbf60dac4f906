using System.Net.Http.Headers;
using System.Text;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>Ends an experiment without a result, and says why.</summary>
sealed class NoResultException(string reason) : Exception(reason);

/// <summary>
/// Sends a probe's requests and records every exchange. What asks for another attempt (429, 5xx, no answer) is tried
/// again a few times; a server that has not answered yet, or stopped, gets one attempt a request until it does.
/// </summary>
sealed class ProbeClient : IDisposable
{
    const int Attempts = 4;
    const int MaxAnswerBytes = 32 << 20;

    static readonly TimeSpan _longestDelay = TimeSpan.FromSeconds(60);
    static readonly (KeyHeaders Header, string Name)[] _keyHeaders =
        [(KeyHeaders.ApiKey, "api_key"), (KeyHeaders.XApiKey, "x-api-key")];

    static readonly string[] _headers =
    [
        "Content-Type", "Retry-After", "Date", "Server", "Via", "Allow", "Location", "WWW-Authenticate", "X-Request-Id",
        "X-Amzn-RequestId", "X-Amzn-ErrorType", "X-RateLimit-Limit", "X-RateLimit-Remaining", "RateLimit",
    ];

    readonly HttpClient _http;
    readonly Uri _base;
    readonly string _key;
    readonly KeyCleaner _cleaner;
    readonly TimeProvider _time;
    readonly TextWriter? _record;
    bool _isSilent = true;

    /// <summary>The handler is disposed with this; the record stays the caller's.</summary>
    public ProbeClient(HttpMessageHandler handler, Uri address, string key, TimeProvider time, TextWriter? record)
    {
        _http = new HttpClient(handler)
        {
            Timeout = TimeSpan.FromSeconds(30),
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        (_base, _key, _time, _record) = (address, key, time, record);
        _cleaner = new KeyCleaner(key);
    }

    /// <summary>Headers the key goes in when a request does not say.</summary>
    public KeyHeaders Headers { get; set; } = KeyHeaders.Both;

    public int Exchanges { get; private set; }

    /// <summary>How many successes came in each envelope.</summary>
    public SortedDictionary<CloudEnvelope, int> Envelopes { get; } = [];

    /// <summary>Where relative paths start, fit to be shown.</summary>
    public string Address => _cleaner.Clean(_base.GetComponents(
        UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped));

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>A line without the key.</summary>
    public string Line(string text, int length = 160) => _cleaner.Line(text, length);

    public Task WaitAsync(TimeSpan delay, CancellationToken cancellation) => Task.Delay(delay, _time, cancellation);

    /// <summary>An answer that settles something, whatever it says.</summary>
    /// <exception cref="NoResultException">There was none.</exception>
    public async Task<ProbeAnswer> SendAsync(
        HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        ProbeAnswer answer = await TrySendAsync(method, path, body, cancellation).ConfigureAwait(false);
        return answer.Failure is null ? answer : throw new NoResultException(answer.Failure);
    }

    /// <summary>The same with other headers or another key, or a failure.</summary>
    public async Task<ProbeAnswer> TrySendAsync(
        HttpMethod method, string path, string? body, CancellationToken cancellation, KeyHeaders? headers = null,
        string? key = null)
    {
        int attempts = _isSilent ? 1 : Attempts;
        bool mayBeDone = false;
        for (int attempt = 1; ; attempt++)
        {
            ProbeAnswer answer = await SendOnceAsync(method, path, body, headers ?? Headers, key ?? _key, cancellation)
                .ConfigureAwait(false);
            _isSilent = answer.Status == 0;
            if (answer.Failure is null || attempt == attempts)
            {
                string? failure = answer.Failure is null || attempts == 1
                    ? answer.Failure
                    : $"{answer.Failure}, {attempts} times";
                return answer with { IsRepeat = mayBeDone, Failure = failure };
            }

            mayBeDone |= answer.Status != 429;
            TimeSpan delay = TimeSpan.FromSeconds(1 << (attempt - 1));
            if (answer.RetryAfter > delay)
                delay = answer.RetryAfter.Value;
            await WaitAsync(delay < _longestDelay ? delay : _longestDelay, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose() => _http.Dispose();

    async Task<ProbeAnswer> SendOnceAsync(
        HttpMethod method, string path, string? body, KeyHeaders headers, string key, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using HttpRequestMessage request = new(method, new Uri(_base, path));
        foreach (var (header, name) in _keyHeaders)
        {
            if (headers.HasFlag(header))
                request.Headers.TryAddWithoutValidation(name, key);
        }

        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        ProbeExchange exchange = new()
        {
            Number = ++Exchanges,
            At = Now,
            Method = method.Method,
            Path = _cleaner.Clean(path),
            KeyHeaders = [.. _keyHeaders.Where(one => headers.HasFlag(one.Header)).Select(one => one.Name)],
            Request = body is null ? null : ProbeExchange.Cut(_cleaner.Clean(body)),
        };
        long start = _time.GetTimestamp();
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
            byte[] payload = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            string text = Encoding.UTF8.GetString(payload);
            Record(exchange with
            {
                Status = (int)response.StatusCode,
                Headers = HeadersOf(response),
                Answer = ProbeExchange.Cut(_cleaner.Clean(text)),
                Took = _time.GetElapsedTime(start),
            });
            return Read(response, text);
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            string reason = e is OperationCanceledException ? "no answer within 30 s" : Line($"no answer: {e.Message}");
            Record(exchange with { Error = reason, Took = _time.GetElapsedTime(start) });
            return new() { Failure = reason };
        }
    }

    ProbeAnswer Read(HttpResponseMessage response, string text)
    {
        int status = (int)response.StatusCode;
        var (root, envelope) = ProbeAnswer.Unwrap(text);
        string? said = ProbeAnswer.Text(root, "description") ?? ProbeAnswer.Text(root, "message");
        string words = said is not null ? $"{status} \"{Line(said, 80)}\""
            : text.Length == 0 ? $"{status}, empty"
            : root.ValueKind == System.Text.Json.JsonValueKind.Undefined && envelope is null ? $"{status}, not JSON"
            : $"{status}";
        ProbeAnswer answer = new()
        {
            Status = status,
            Root = root,
            Envelope = envelope,
            RetryAfter = RetryAfter(response.Headers),
            Words = words,
            Failure = status is 429 or >= 500 ? words : null,
        };
        if (answer.IsSuccess && envelope is { } shape)
            Envelopes[shape] = Envelopes.GetValueOrDefault(shape) + 1;
        return answer;
    }

    TimeSpan? RetryAfter(HttpResponseHeaders headers) =>
        headers.RetryAfter?.Delta ?? (headers.RetryAfter?.Date - (headers.Date ?? Now));

    Dictionary<string, string> HeadersOf(HttpResponseMessage response)
    {
        Dictionary<string, string> kept = [];
        foreach (string name in _headers)
        {
            if (response.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values)
                || response.Content.Headers.NonValidated.TryGetValues(name, out values))
            {
                kept[name] = Line(values.ToString(), 200);
            }
        }

        return kept;
    }

    void Record(ProbeExchange exchange)
    {
        _record?.WriteLine(exchange.ToJson());
        _record?.Flush();
    }
}
