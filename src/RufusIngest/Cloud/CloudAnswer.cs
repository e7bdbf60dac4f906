using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>
/// An answer of the API, whichever dress it came in: flat, inside <c>body</c>, <c>body</c> as JSON text, <c>body</c>
/// null, empty, with a byte order mark, or not JSON at all. The status decides; the payload only informs.
/// </summary>
sealed class CloudAnswer
{
    const int MaxDescription = 500;

    CloudAnswer()
    {
    }

    public required int Status { get; init; }

    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>The payload without its envelope; undefined when there is none.</summary>
    public JsonElement Root { get; private init; }

    /// <summary>The server's words; not yet redacted.</summary>
    public string? Description { get; private init; }

    /// <summary>Why the payload could not be read, though the status was.</summary>
    public Exception? Broken { get; private init; }

    public bool IsSuccess => Status is >= 200 and <= 299;

    /// <summary>An answer of which nothing but the status counts.</summary>
    public static CloudAnswer OfStatus(int status, string description) =>
        new() { Status = status, Description = description };

    /// <summary>Reads the payload up to a bound. Fails never: the status is known by now and decides.</summary>
    public static async Task<CloudAnswer> ReadAsync(
        HttpResponseMessage response, int maxBytes, TimeProvider time, CancellationToken cancellationToken)
    {
        int status = (int)response.StatusCode;
        TimeSpan? retryAfter = ToDelay(response.Headers, time);
        byte[] payload;
        try
        {
            payload = await ReadBoundedAsync(response.Content, maxBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException
            or InvalidDataException)
        {
            return new() { Status = status, RetryAfter = retryAfter, Broken = e };
        }

        try
        {
            JsonElement root = Unwrap(payload);
            return new()
            {
                Status = status,
                RetryAfter = retryAfter,
                Root = root,
                Description = root.ValueKind == JsonValueKind.String ? root.GetString() : Text(root, "description"),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new() { Status = status, RetryAfter = retryAfter, Broken = e, Description = Excerpt(payload) };
        }
    }

    /// <summary>Member of an object as text; null when absent or not text that can be read.</summary>
    public static string? Text(JsonElement item, string name) =>
        TryGet(item, name, out JsonElement value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? Plain(value)
            : null;

    /// <summary>Text, number or truth as text; null for anything else.</summary>
    public static string? Plain(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            return null; // Half a surrogate pair, or bytes that are not UTF-8.
        }
    }

    public static int? Integer(JsonElement item, string name) =>
        int.TryParse(Text(item, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : null;

    public static double? Real(JsonElement item, string name) =>
        double.TryParse(Text(item, name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : null;

    public static bool? Truth(JsonElement item, string name) =>
        TryGet(item, name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.ValueKind == JsonValueKind.True
            : null;

    public static DateTimeOffset? Time(JsonElement item, string name) =>
        DateTimeOffset.TryParse(Text(item, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset value)
            ? value
            : null;

    public static bool TryGet(JsonElement item, string name, out JsonElement value)
    {
        value = default;
        try
        {
            return item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException)
        {
            return false; // A name before it is half a surrogate pair.
        }
    }

    /// <summary>The server's words as one short line without the key.</summary>
    public static string? Redact(string? text, string apiKey)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        string safe = text.Replace(apiKey, "[key]", StringComparison.OrdinalIgnoreCase);
        return string.Create(Math.Min(safe.Length, MaxDescription), safe, static (line, from) =>
        {
            for (int i = 0; i < line.Length; i++)
                line[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });
    }

    static JsonElement Unwrap(byte[] payload)
    {
        ReadOnlyMemory<byte> json = payload;
        if (json.Span.StartsWith(Encoding.UTF8.Preamble))
            json = json[Encoding.UTF8.Preamble.Length..];
        if (json.Span.Trim(" \t\r\n"u8).IsEmpty)
            return default;
        JsonElement root = Parse(json);
        if (root.ValueKind != JsonValueKind.Object || root.GetPropertyCount() != 1
            || !root.TryGetProperty("body", out JsonElement body))
            return root;
        if (body.ValueKind == JsonValueKind.Null)
            return default;
        if (body.ValueKind != JsonValueKind.String)
            return body;
        string text = body.GetString()!;
        return string.IsNullOrWhiteSpace(text) ? default : ParseOr(text, body);
    }

    static JsonElement ParseOr(string text, JsonElement otherwise)
    {
        try
        {
            return Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException)
        {
            return otherwise; // Words, not JSON text: they are the description.
        }
    }

    static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    static string Excerpt(byte[] payload) => Encoding.UTF8.GetString(payload, 0, Math.Min(payload.Length, 8192));

    static async Task<byte[]> ReadBoundedAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > maxBytes)
            throw new InvalidDataException($"The answer is longer than {maxBytes} bytes.");
        Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] buffer = new byte[Math.Min(maxBytes, (int)(content.Headers.ContentLength ?? 4095) + 1)];
            int length = 0;
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    return buffer.AsSpan(0, length).ToArray();
                length += read;
                if (length > maxBytes)
                    throw new InvalidDataException($"The answer is longer than {maxBytes} bytes.");
                if (length == buffer.Length)
                    Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, maxBytes + 1L));
            }
        }
    }

    /// <summary>A date is measured against the server's own, so that no clock of ours can be wrong about it.</summary>
    static TimeSpan? ToDelay(HttpResponseHeaders headers, TimeProvider time)
    {
        if (headers.RetryAfter is not { } retryAfter)
            return null;
        TimeSpan? delay = retryAfter.Delta ?? (retryAfter.Date - (headers.Date ?? time.GetUtcNow()));
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }
}
