using System.Text;

namespace RufusIngest.Tests.Readers;

/// <summary>Frames of the protocol page, and short ones made for tests.</summary>
static class CloudBoxSamples
{
    public const string Indented = """
        {
          "epc": "EPC_CODE_HERE",
          "timestamp": "2024-09-17;14:34:23.123Z",
          "seenCount": 3,
          "antenna": 1,
          "rssi": -65,
          "passingNumber": 145,
          "tagStr": "TAG_STRING",
          "latitude": 41.28425,
          "longitude": 1.98251,
          "chksum": "CHECKSUM_HERE"
        }
        """;

    public const string IndentedFromBackup = """
        {
          "epc": "3D2E372D39293A313C313734",
          "timestamp": "2024-09-18;09:36:34.098",
          "seenCount": 1,
          "antenna": 1,
          "rssi": -58,
          "passingNumber": 1,
          "tagStr": "MC00169",
          "latitude": null,
          "longitude": null,
          "chksum": "6a0f5"
        }
        """;

    public const string Minimal = """{"timestamp":"2024-09-17;14:34:23.123Z","passingNumber":1,"tagStr":"MC00001"}""";

    public static readonly string Compact = OnOneLine(Indented);

    public static readonly string CompactFromBackup = OnOneLine(IndentedFromBackup);

    /// <summary>A good frame with the given chip.</summary>
    public static string Frame(string chip) => $$"""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"{{chip}}"}""";

    /// <summary>A frame with a good timestamp and the given further members.</summary>
    public static string With(string members) => $$"""{"timestamp":"2024-09-17;14:34:23.123Z",{{members}}}""";

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static string OnOneLine(string json) => string.Concat(json.Where(c => !char.IsWhiteSpace(c)));
}
