using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RufusIngest.Server;

/// <summary>Reads the small request bodies, which are objects of strings.</summary>
static class StringMembers
{
    /// <summary>
    /// Reads the named members, of which the first <paramref name="required"/> must be there and not empty; null, or
    /// what is wrong. A null member counts as absent; of a repeated one the last value holds.
    /// </summary>
    public static string? Read(
        ReadOnlySpan<byte> body, ReadOnlySpan<string> names, int required, string?[] values, VenueServerOptions options)
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
                if (ReadMember(ref reader, names, values, options) is { } error)
                    return error;
            }

            reader.Read(); // Throws when something follows the object.
        }
        catch (JsonException)
        {
            return PassingsParser.Malformed(reader.BytesConsumed);
        }
        catch (InvalidOperationException)
        {
            return $"Invalid string before byte {reader.BytesConsumed}";
        }

        for (var i = 0; i < required; i++)
        {
            if (string.IsNullOrEmpty(values[i]))
                return $"{names[i]} is missing or empty";
        }

        return null;
    }

    static string? ReadMember(
        ref Utf8JsonReader reader, ReadOnlySpan<string> names, string?[] values, VenueServerOptions options)
    {
        var name = reader.GetString()!;
        var member = names.IndexOf(name);
        if (member < 0)
        {
            reader.Skip();
            return options.Strict ? $"{PassingsParser.Shown(name)} is not a member of the request" : null;
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.String)
            return $"{name} is not a string";
        values[member] = reader.GetString();
        return Encoding.UTF8.GetByteCount(values[member]!) > options.MaxTextLength
            ? $"{name} is longer than {options.MaxTextLength} bytes"
            : null;
    }
}
