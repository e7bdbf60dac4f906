using System.Globalization;
using System.Text.Json;

namespace RufusIngest.Passings;

/// <summary>What an item as it is sent says of its passing, beside the number.</summary>
/// <param name="Bib">Its bib; null: it has none.</param>
/// <param name="Chip">Its chip; null: it has none.</param>
/// <param name="Time">Its time; null: it has none, as a number has whose passing is lost.</param>
readonly record struct PassingContent(string? Bib, string? Chip, DateTimeOffset? Time)
{
    /// <summary>Reads an item of ours, which is always whole.</summary>
    public static PassingContent Read(ReadOnlySpan<byte> item)
    {
        string? bib = null;
        string? chip = null;
        string? timestamp = null;
        Utf8JsonReader json = new(item);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName)
                continue;
            if (json.ValueTextEquals("bib"u8))
                bib = NextText(ref json);
            else if (json.ValueTextEquals("chip"u8))
                chip = NextText(ref json);
            else if (json.ValueTextEquals("timestamp"u8))
                timestamp = NextText(ref json);
        }

        return new(
            bib,
            chip,
            DateTimeOffset.TryParse(
                timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
                ? time
                : null);
    }

    static string? NextText(ref Utf8JsonReader json) =>
        json.Read() && json.TokenType == JsonTokenType.String ? json.GetString() : null;
}
