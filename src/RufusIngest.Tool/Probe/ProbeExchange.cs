using System.Text;
using System.Text.Json;

namespace RufusIngest.Tool.Probe;

/// <summary>One request and what came, as it is recorded: without the key, and long bodies cut.</summary>
sealed record ProbeExchange
{
    /// <summary>Longest body that is kept, in characters.</summary>
    public const int MaxBody = 2_000;

    public required int Number { get; init; }

    /// <summary>When it was sent, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    /// <summary>The headers that carried a key, by their names alone.</summary>
    public required IReadOnlyList<string> KeyHeaders { get; init; }

    public string? Request { get; init; }

    public int Status { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public string? Answer { get; init; }

    /// <summary>Why there was no answer.</summary>
    public string? Error { get; init; }

    public TimeSpan Took { get; init; }

    public static string? Cut(string? body) =>
        body is null || body.Length <= MaxBody ? body : $"{body[..MaxBody]}… ({body.Length} characters)";

    public string ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("number", Number);
            writer.WriteString("at", At);
            writer.WriteString("method", Method);
            writer.WriteString("path", Path);
            writer.WriteStartArray("key_headers");
            foreach (string name in KeyHeaders)
                writer.WriteStringValue(name);
            writer.WriteEndArray();
            writer.WriteString("request", Request);
            writer.WriteNumber("status", Status);
            writer.WriteStartObject("headers");
            foreach (var (name, value) in Headers)
                writer.WriteString(name, value);
            writer.WriteEndObject();
            writer.WriteString("answer", Answer);
            writer.WriteString("error", Error);
            writer.WriteNumber("ms", (long)Took.TotalMilliseconds);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
