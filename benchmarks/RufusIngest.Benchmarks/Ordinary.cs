using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RufusIngest.Benchmarks;

/// <summary>A read as one would hold it in an ordinary program.</summary>
sealed class OrdinaryRead
{
    public required string Chip { get; init; }

    public required DateTime Time { get; init; }

    public int Antenna { get; init; }

    public int Rssi { get; init; }

    public int Reader { get; init; }

    public long Number { get; init; }
}

/// <summary>A CloudBox frame as <see cref="JsonSerializer"/> reads it.</summary>
sealed record CloudBoxItem(
    string Epc, string Timestamp, int SeenCount, int Antenna, int Rssi, long PassingNumber, string TagStr,
    double? Latitude, double? Longitude, string Chksum);

/// <summary>A passing as <see cref="JsonSerializer"/> writes it.</summary>
sealed record PassingItem(
    [property: JsonPropertyName("bib")] string Bib,
    [property: JsonPropertyName("num_passing")] int Number,
    [property: JsonPropertyName("timestamp")] string Timestamp,
    [property: JsonPropertyName("chip")] string Chip);

[JsonSerializable(typeof(CloudBoxItem))]
[JsonSerializable(typeof(PassingItem))]
[JsonSerializable(typeof(List<PassingItem>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
sealed partial class OrdinaryJson : JsonSerializerContext;

/// <summary>The ordinary way: strings, Split, Substring and Parse.</summary>
static class Ordinary
{
    static readonly DateTime UltraEpoch = new(1980, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    public static StreamReader Lines(byte[] bytes) => new(new MemoryStream(bytes, writable: false), Encoding.ASCII);

    public static OrdinaryRead? Ipico(string line)
    {
        if (line.Length < 36 || !line.StartsWith("aa", StringComparison.Ordinal))
            return null;
        int sum = 0;
        for (int i = 2; i < 34; i++)
            sum += line[i];
        if ((sum & 0xFF) != int.Parse(line.Substring(34, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            return null;
        DateTime time = DateTime.ParseExact(line.Substring(20, 12), "yyMMddHHmmss", CultureInfo.InvariantCulture);
        int hundredths = int.Parse(line.Substring(32, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new OrdinaryRead
        {
            Chip = line.Substring(4, 12),
            Time = time.AddMilliseconds(hundredths * 10),
            Reader = int.Parse(line.Substring(2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        };
    }

    public static OrdinaryRead? Ultra(string line)
    {
        string[] fields = line.Split(',');
        if (fields.Length < 12)
            return null;
        return new OrdinaryRead
        {
            Chip = fields[1],
            Time = UltraEpoch
                .AddSeconds(long.Parse(fields[2], CultureInfo.InvariantCulture))
                .AddMilliseconds(int.Parse(fields[3], CultureInfo.InvariantCulture)),
            Antenna = int.Parse(fields[4], CultureInfo.InvariantCulture),
            Rssi = int.Parse(fields[5], CultureInfo.InvariantCulture),
            Reader = int.Parse(fields[7], CultureInfo.InvariantCulture),
            Number = long.Parse(fields[11], CultureInfo.InvariantCulture),
        };
    }

    /// <summary>The frame to objects, and its time to a time.</summary>
    public static long CloudBoxObject(ReadOnlySpan<byte> frame)
    {
        CloudBoxItem item = JsonSerializer.Deserialize(frame, OrdinaryJson.Default.CloudBoxItem)!;
        DateTime time = DateTime.ParseExact(
            item.Timestamp, "yyyy-MM-dd;HH:mm:ss.fffZ", CultureInfo.InvariantCulture, DateTimeStyles.None);
        return time.Ticks + item.TagStr.Length + item.Rssi;
    }

    /// <summary>One loop of <see cref="Utf8JsonReader"/>, values taken where they are; the time stays text.</summary>
    public static long CloudBoxTokens(ReadOnlySpan<byte> frame)
    {
        Utf8JsonReader reader = new(frame);
        long sum = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            if (reader.ValueTextEquals("epc"u8) || reader.ValueTextEquals("tagStr"u8)
                || reader.ValueTextEquals("timestamp"u8))
            {
                reader.Read();
                sum += reader.ValueSpan.Length;
            }
            else if (reader.ValueTextEquals("seenCount"u8) || reader.ValueTextEquals("antenna"u8)
                || reader.ValueTextEquals("rssi"u8) || reader.ValueTextEquals("passingNumber"u8))
            {
                reader.Read();
                sum += reader.GetInt64();
            }
            else if (reader.ValueTextEquals("latitude"u8) || reader.ValueTextEquals("longitude"u8))
            {
                reader.Read();
                sum += reader.TokenType == JsonTokenType.Number ? (long)reader.GetDouble() : 0;
            }
        }

        return sum;
    }

    public static string Timestamp(DateTime utc) =>
        utc.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
