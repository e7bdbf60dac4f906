using System.Buffers;
using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>A participant of an event. Only that there are identifiers such as bib and chip is documented.</summary>
public sealed record CloudParticipant
{
    /// <summary>Bib; <c>bib</c> unless the route says another name.</summary>
    public string? Bib { get; init; }

    /// <summary>Chip code; <c>chip</c> unless the route says another name.</summary>
    public string? Chip { get; init; }

    /// <summary>Everything else that is text, number or truth, by the server's own names.</summary>
    public IReadOnlyDictionary<string, string> Others { get; init; } = new Dictionary<string, string>();

    internal static CloudParticipant Read(JsonElement item, CloudRoute route)
    {
        (string bib, string chip) = (route.NameOf("bib"), route.NameOf("chip"));
        Dictionary<string, string> others = [];
        if (item.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in item.EnumerateObject())
            {
                if (NameOf(member) is { } name && name != bib && name != chip
                    && CloudAnswer.Plain(member.Value) is { } value)
                    others[name] = value;
            }
        }

        return new() { Bib = CloudAnswer.Text(item, bib), Chip = CloudAnswer.Text(item, chip), Others = others };
    }

    static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // Half a surrogate pair.
        }
    }

    internal byte[] Write(CloudRoute route)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            if (Bib is not null && route.NameOf("bib") is { Length: > 0 } bib)
                writer.WriteString(bib, Bib);
            if (Chip is not null && route.NameOf("chip") is { Length: > 0 } chip)
                writer.WriteString(chip, Chip);
            foreach ((string name, string value) in Others)
            {
                if (name != route.NameOf("bib") && name != route.NameOf("chip"))
                    writer.WriteString(name, value);
            }
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
