using System.Runtime.InteropServices;
using System.Text.Json;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings;

/// <summary>The members of an object, read by the framework; of a name given twice the last counts.</summary>
/// <remarks>
/// Names are taken as they are spelt: all protocols but CloudBox compare them so, and no device writes escapes in one.
/// </remarks>
sealed class JsonObject
{
    static readonly JsonReaderOptions Options = new() { MaxDepth = 1_000 };

    readonly List<(string Name, JsonElement Value)> _members = [];

    /// <summary>Reads the object that begins at the first byte, whatever follows it.</summary>
    /// <param name="text">The object.</param>
    /// <param name="resolvesNames">Escapes in names are resolved.</param>
    public JsonObject(ReadOnlySpan<byte> text, bool resolvesNames = false)
    {
        Utf8JsonReader reader = new(text, Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = resolvesNames ? NameOf(reader) : Step.Latin(reader.ValueSpan);
            reader.Read();
            _members.Add((name, JsonElement.ParseValue(ref reader)));
        }

        Length = (int)reader.BytesConsumed;
    }

    static string NameOf(in Utf8JsonReader reader)
    {
        try
        {
            return Slow.LatinOf(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            return "\0"; // No UTF-8: no name that is known.
        }
    }

    public int Length { get; }

    public IEnumerable<(string Name, JsonElement Value)> Members => _members;

    /// <summary>The last member of one of these names, <c>default</c> (undefined) where there is none.</summary>
    public JsonElement this[params string[] names] =>
        _members.LastOrDefault(member => names.Contains(member.Name)).Value;

    /// <summary>An object in a member, or null.</summary>
    public JsonObject? Inner(string name) => this[name] is { ValueKind: JsonValueKind.Object } inner
        ? new JsonObject(JsonMarshal.GetRawUtf8Value(inner))
        : null;

    /// <summary>Neither missing, null nor an empty text.</summary>
    public static bool IsGiven(JsonElement value) =>
        value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null) && Raw(value) != "\"\"";

    public static bool IsThere(JsonElement value) => value.ValueKind != JsonValueKind.Undefined;

    /// <summary>The bytes of a value as they stand, as Latin-1.</summary>
    public static string Raw(JsonElement value) => IsThere(value) ? Step.Latin(JsonMarshal.GetRawUtf8Value(value)) : "";

    /// <summary>The UTF-8 of a text as Latin-1, or null for another value and for a text that is none.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? Slow.LatinOf(value.GetString()!) : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A text, or the digits of a number as they stand.</summary>
    public static string? TextOrNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(value);

    /// <summary>The name of a point in a member. Of one that is too long to be kept nothing is said.</summary>
    public static string? Point(JsonElement value) =>
        (TextOrNumber(value) ?? "") is { Length: <= 64 } name ? name : null;
}

/// <summary>Optional numbers among members: one that is unreadable is left out and noted.</summary>
sealed class OptionalMembers
{
    public bool? Dropped { get; private set; } = false;

    public void Drop(bool dropped) => Dropped = dropped ? true : Dropped;

    public long? Whole(JsonElement value, long least, long most)
    {
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return null;
        long? number = JsonObject.TextOrNumber(value) is { } text ? Slow.Whole(text, least, most) : null;
        Drop(number is null);
        return number;
    }

    /// <summary>A number; <paramref name="isSaid"/> is false for one so long that a parser may leave it out.</summary>
    public decimal? Scaled(JsonElement value, decimal factor, decimal most, out bool isSaid)
    {
        isSaid = true;
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return null;
        decimal? number = JsonObject.TextOrNumber(value) is { } text ? Slow.Scaled(text, factor, out isSaid) : null;
        if (!isSaid)
        {
            Dropped = Dropped is true ? true : null;
            return null;
        }

        number = number is { } n && Math.Abs(n) <= most ? n : null;
        Drop(number is null);
        return number;
    }

    public int Antenna(JsonElement value) => (int)(Whole(value, 0, 65_535) ?? 0);

    public int Hits(JsonElement value) => (int)(Whole(value, 1, int.MaxValue) ?? 1);

    public long Number(JsonElement value) => Whole(value, 0, long.MaxValue) ?? -1;

    /// <summary>1/100 dBm, null where it is not said.</summary>
    public int? Rssi(JsonElement value, decimal factor = 100)
    {
        decimal? rssi = Scaled(value, factor, short.MaxValue, out bool isSaid);
        return isSaid ? (int)(rssi ?? ChipRead.NoRssi) : null;
    }
}
