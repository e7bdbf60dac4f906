using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace RufusIngest.Records;

/// <summary>
/// Reads settings that a version before may have written: what it did not know has its default. The serializer alone would
/// make it null or zero, because it sets every init-only member.
/// </summary>
static class SettingsReader
{
    static readonly string[] Required = ["Locations", "Readers", "Name", "Protocol", "Location"];

    public static IngestSettings Read(ReadOnlySpan<byte> json)
    {
        if (JsonNode.Parse(json) is not JsonObject settings)
            throw new JsonException("A settings record must be an object.");
        Complete(settings, DefaultsOf(new() { Locations = [], Readers = [] }, SettingsJson.Default.IngestSettings));
        CompleteAll(settings["Locations"], DefaultsOf(new() { Name = "" }, SettingsJson.Default.LocationSettings));
        CompleteAll(
            settings["Readers"],
            DefaultsOf(new() { Name = "", Protocol = "", Location = "" }, SettingsJson.Default.ReaderSettings));
        return settings.Deserialize(SettingsJson.Default.IngestSettings)!;
    }

    static JsonObject DefaultsOf<T>(T value, JsonTypeInfo<T> type)
    {
        JsonObject defaults = JsonSerializer.SerializeToNode(value, type)!.AsObject();
        foreach (string name in Required)
            defaults.Remove(name);
        return defaults;
    }

    static void CompleteAll(JsonNode? given, JsonObject defaults)
    {
        foreach (JsonObject one in (given as JsonArray ?? []).OfType<JsonObject>())
            Complete(one, defaults);
    }

    static void Complete(JsonObject given, JsonObject defaults)
    {
        foreach ((string name, JsonNode? value) in defaults)
        {
            if (!given.TryGetPropertyValue(name, out JsonNode? there))
                given.Add(name, value?.DeepClone());
            else if (there is JsonObject inner && value is JsonObject innerDefaults)
                Complete(inner, innerDefaults);
        }
    }
}
