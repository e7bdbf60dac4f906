using System.Globalization;
using System.Text;
using System.Text.Json;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>What came to one request, without its envelope.</summary>
sealed record ProbeAnswer
{
    /// <summary>HTTP status; 0 when there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>The payload without its envelope; undefined when there is none or it is not JSON.</summary>
    public JsonElement Root { get; init; }

    /// <summary>The envelope it came in; null when it does not show.</summary>
    public CloudEnvelope? Envelope { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Why this settles nothing: no answer, or one that asks for another attempt. Null: it does.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether an attempt before it may have been carried out, so that this answers a repeat.</summary>
    public bool IsRepeat { get; init; }

    /// <summary>Status and the server's words for people, without the key.</summary>
    public string Words { get; init; } = "";

    public bool IsSuccess => Status is >= 200 and <= 299;

    public bool IsKeyRefused => Status is 401 or 403;

    public int? Inserted => Integer(Root, "inserted_count");

    public int? Duplicates => Integer(Root, "duplicate_count");

    public static string? Text(JsonElement item, string name)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out JsonElement value))
            return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
    }

    public static int? Integer(JsonElement item, string name) =>
        int.TryParse(Text(item, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : null;

    public string? Text(string name) => Text(Root, name) is { Length: > 0 } text ? text : null;

    public bool Has(string name) => Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty(name, out _);

    /// <summary>The elements of a list; nothing when it is no list.</summary>
    public IReadOnlyList<JsonElement> List(string name) =>
        Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty(name, out JsonElement list)
            ? list.ValueKind switch
            {
                JsonValueKind.Array => [.. list.EnumerateArray()],
                JsonValueKind.Object => [list],
                _ => [],
            }
            : [];

    /// <summary>Takes the envelope off a payload that may be anything.</summary>
    public static (JsonElement Root, CloudEnvelope? Envelope) Unwrap(string payload)
    {
        JsonElement root = Parse(payload);
        if (root.ValueKind != JsonValueKind.Object)
            return (root, null);
        if (root.GetPropertyCount() != 1 || !root.TryGetProperty("body", out JsonElement body))
            return (root, root.GetPropertyCount() > 0 ? CloudEnvelope.Flat : null);
        if (body.ValueKind == JsonValueKind.Object)
            return (body, CloudEnvelope.Wrapped);
        JsonElement inner = Text(root, "body") is { } text ? Parse(text) : default;
        return (inner, inner.ValueKind == JsonValueKind.Object ? CloudEnvelope.WrappedText : null);
    }

    static JsonElement Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(json.TrimStart('\uFEFF')));
            if (json.Contains("\\ud", StringComparison.OrdinalIgnoreCase))
                RequireWholeTexts(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    /// <summary>Half a surrogate pair, in a name or a text, would fail whoever looks at it later.</summary>
    static void RequireWholeTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                    RequireWholeTexts(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    RequireWholeTexts(member.Value);
                }

                break;
        }
    }
}
