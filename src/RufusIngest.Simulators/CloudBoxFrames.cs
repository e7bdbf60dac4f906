using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace RufusIngest.Simulators;

/// <summary>
/// The CloudBox's JSON objects with the documented keys in the documented order. The vendor does not say how objects
/// are separated, whether they are compact, or which of two timestamp forms is sent; each passing's number decides, so
/// that all of them occur and a passing sent twice looks the same twice.
/// </summary>
internal static class CloudBoxFrames
{
    private const int LongestObject = 512;

    public static void WritePassing(
        IBufferWriter<byte> writer, string epc, string tag, DateTime utc, int antenna, int rssi, int number)
    {
        var bits = SplitMix64.Mix((ulong)number);
        var pretty = bits % 32 == 0;
        var joint = (bits >> 8) % 2 == 0 ? ';' : 'T';
        var seen = 1 + ((bits >> 16) % 4);
        var check = (bits >> 24) & 0xFFFFF; // five hex digits like the one real sample; the algorithm is not known
        var (open, colon, comma, close) = pretty ? ("{\n  ", ": ", ",\n  ", "\n}") : ("{", ":", ",", "}");
        var span = writer.GetSpan(LongestObject);
        _ = Utf8.TryWrite(
            span,
            CultureInfo.InvariantCulture,
            $"{open}\"epc\"{colon}\"{epc}\"{comma}\"timestamp\"{colon}\"{utc:yyyy-MM-dd}{joint}{utc:HH:mm:ss.fff}Z\"",
            out var head);
        _ = Utf8.TryWrite(
            span[head..],
            CultureInfo.InvariantCulture,
            $"{comma}\"seenCount\"{colon}{seen}{comma}\"antenna\"{colon}{antenna}{comma}\"rssi\"{colon}{rssi}{comma}",
            out var middle);
        _ = Utf8.TryWrite(
            span[(head + middle)..],
            CultureInfo.InvariantCulture,
            $"\"passingNumber\"{colon}{number}{comma}\"tagStr\"{colon}\"{tag}\"{comma}\"latitude\"{colon}null{comma}",
            out var tail);
        _ = Utf8.TryWrite(
            span[(head + middle + tail)..],
            CultureInfo.InvariantCulture,
            $"\"longitude\"{colon}null{comma}\"chksum\"{colon}\"{check:x5}\"{close}{Separator(bits >> 48)}",
            out var end);
        writer.Advance(head + middle + tail + end);
    }

    /// <summary>The answer to another client's command. The members of a real result are not known.</summary>
    public static void WriteResponse(IBufferWriter<byte> writer, DateTime utc)
    {
        var span = writer.GetSpan(LongestObject);
        _ = Utf8.TryWrite(
            span,
            CultureInfo.InvariantCulture,
            $"{{\"command\":\"GETSYSTEMTIME\",\"result\":{{\"time\":\"{utc:yyyy-MM-dd;HH:mm:ss.fff}Z\"}}}}\r\n",
            out var length);
        writer.Advance(length);
    }

    private static string Separator(ulong bits) => (bits % 8) switch
    {
        < 5 => "\n",
        < 7 => "\r\n",
        _ => "", // the next object follows the brace
    };
}
