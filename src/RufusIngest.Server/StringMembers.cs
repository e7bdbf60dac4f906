using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RufusIngest.Server;

/// <summary>Reads the small request bodies, which are objects of strings.</summary>
static class StringMembers
{
    /// <summary>
    /// Reads the named members, of which the first <paramref name="required"/> must be there and not empty. A null
    /// member counts as absent; of a repeated one the last value holds.
    /// </summary>
    public static (BodyFault Fault, string? Error) Read(
        ReadOnlySpan<byte> body, ReadOnlySpan<string> names, int required, string?[] values, VenueRules rules)
    {
        if (ReadMembers(body, names, values, rules) is { } error)
            return (BodyFault.Wrong, error);
        for (var i = 0; i < required; i++)
        {
            if (string.IsNullOrEmpty(values[i]))
                return (BodyFault.Missing, $"{names[i]} is missing or empty");
        }

        return (BodyFault.None, null);
    }

    static string? ReadMembers(
        ReadOnlySpan<byte> body, ReadOnlySpan<string> names, string?[] values, VenueRules rules)
    {
        if (!Utf8.IsValid(body))
            return "The body is not UTF-8";
        var reader = new Utf8JsonReader(body);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return "The body is not a JSON object";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (ReadMember(ref reader, names, values, rules) is { } error)
                    return error;
            }

            reader.Read(); // Throws when something follows the object.
            return null;
        }
        catch (JsonException)
        {
            return PassingsParser.Malformed(reader.BytesConsumed);
        }
        catch (InvalidOperationException)
        {
            return $"Invalid string before byte {reader.BytesConsumed}";
        }
    }

    static string? ReadMember(
        ref Utf8JsonReader reader, ReadOnlySpan<string> names, string?[] values, VenueRules rules)
    {
        var name = reader.GetString()!;
        var member = names.IndexOf(name);
        if (member < 0)
        {
            reader.Skip();
            return rules.UnknownMembers ? null : $"{PassingsParser.Shown(name)} is not a member of the request";
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.String)
            return $"{name} is not a string";
        values[member] = reader.GetString();
        return Encoding.UTF8.GetByteCount(values[member]!) > rules.MaxTextLength
            ? $"{name} is longer than {rules.MaxTextLength} bytes"
            : null;
    }
}
