using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using RufusIngest.Readers;

namespace RufusIngest.Benchmarks;

/// <summary>An event of an R700 as <see cref="System.Text.Json.JsonSerializer"/> reads it.</summary>
sealed record R700Event(DateTime Timestamp, string EventType, R700Tag TagInventoryEvent);

/// <summary>The tag in it.</summary>
sealed record R700Tag(string EpcHex, int AntennaPort, int PeakRssiCdbm, DateTime LastSeenTime);

[JsonSerializable(typeof(R700Event))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
sealed partial class FramingJson : JsonSerializerContext;

/// <summary>Frames of the shapes that readers send, each framing's own. Every run makes the same bytes.</summary>
static class FramingSamples
{
    static DateTime TimeOf(int read) => Samples.Start.AddMilliseconds(read * 7);

    public static CsvProtocol CsvLayout { get; } = CsvProtocol.Parse("chip,time,antenna");

    public static byte[] RaceResult(int reads) => Frames(reads, read => string.Create(
        CultureInfo.InvariantCulture,
        $"#P;{read + 1};{100 + (read % 800)};{TimeOf(read):yyyy-MM-dd;HH:mm:ss.fff};6692;{1 + (read % 20)};-{50 + (read % 30)}")
        + ";09ca52;0;;;;;;;;Finish;12;3;D-50432\r\n");

    public static byte[] Csv(int reads) => Frames(reads, read => string.Create(
        CultureInfo.InvariantCulture,
        $"\"{Samples.Chip(read % 800)}\",\"{TimeOf(read):yyyy-MM-dd HH:mm:ss.fff}\",{1 + (read % 4)}\n"));

    public static byte[] Mylaps(int reads, int inAMessage)
    {
        StringBuilder text = new();
        for (int read = 0; read < reads; read++)
        {
            if (read % inAMessage == 0)
                text.Append(read == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{read}@$\r\n\0\0")).Append("Finish@Store@");
            string record = string.Create(
                CultureInfo.InvariantCulture,
                $"{10_000 + (read % 800):D7}{TimeOf(read):HH:mm:ss.fff} 5 0F  1{read & 0xFFFF:X4}{TimeOf(read):yyMMdd}");
            text.Append(record).Append((record.Sum(c => c) & 0xFF).ToString("X2", CultureInfo.InvariantCulture)).Append('@');
        }

        return Encoding.ASCII.GetBytes(text.Append("9999@$").ToString());
    }

    public static byte[] TagHeuer(int reads) => Frames(reads, read =>
    {
        string body = string.Create(
            CultureInfo.InvariantCulture, $"STA {read % 800:D6} {TimeOf(read):HH':'mm\\'ss'\"'fff} 01 01 1 ");
        return $"<{body}{body.Sum(c => c):D4}>\r\n";
    });

    public static byte[] R700(int reads) => Frames(reads, read =>
    {
        string time = TimeOf(read).ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string epc = string.Create(CultureInfo.InvariantCulture, $"E280116060{read % 800:D14}");
        string head = $"{{\"timestamp\":\"{time}658Z\",\"eventType\":\"tagInventory\",\"tagInventoryEvent\":{{\"epcHex\":\"{epc}\",";
        return head + string.Create(
            CultureInfo.InvariantCulture,
            $"\"antennaPort\":{1 + (read % 4)},\"peakRssiCdbm\":-{5000 + (read % 900)},\"lastSeenTime\":\"{time}499Z\"}}}}\n");
    });

    static byte[] Frames(int reads, Func<int, string> frame) =>
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, reads).Select(frame)));
}
