using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RufusIngest.Simulators;
using Xunit;

namespace RufusIngest.Tests.Simulators;

public sealed class CloudBoxFramesTests
{
    [Fact]
    public void Every_object_of_a_race_is_valid_and_says_what_the_script_says()
    {
        var script = Race.Generate(new RaceOptions { Runners = 200 }).Scripts[1];
        foreach (var item in RaceTests.Items(script))
        {
            var writer = new ArrayBufferWriter<byte>();
            script.Write(writer, item, rewound: false);
            using var document = JsonDocument.Parse(writer.WrittenMemory);
            var json = document.RootElement;
            if (item.Kind == ScriptKind.Notice)
            {
                Assert.Equal(["command", "result"], json.EnumerateObject().Select(p => p.Name));
                continue;
            }

            Assert.Equal(
                ["epc", "timestamp", "seenCount", "antenna", "rssi", "passingNumber", "tagStr", "latitude", "longitude",
                    "chksum"],
                json.EnumerateObject().Select(p => p.Name));
            Assert.Matches("^[0-9A-F]{24}$", json.GetProperty("epc").GetString());
            Assert.Equal(script.RunnerOf(item).CloudBoxTag, json.GetProperty("tagStr").GetString());
            Assert.Equal(item.Rssi, json.GetProperty("rssi").GetInt32());
            Assert.Equal(item.Number, json.GetProperty("passingNumber").GetInt32());
            Assert.InRange(json.GetProperty("antenna").GetInt32(), 1, 4);
            Assert.Matches("^[0-9a-f]{5}$", json.GetProperty("chksum").GetString());
            Assert.Equal(item.UtcMs, UtcMs(json.GetProperty("timestamp").GetString()!));
        }
    }

    [Fact]
    public void All_framings_and_both_timestamp_forms_occur()
    {
        var script = Race.Generate(new RaceOptions { Runners = 200 }).Scripts[1];
        var text = Encoding.UTF8.GetString(RaceTests.Bytes(script));

        Assert.Contains("}{", text, StringComparison.Ordinal);
        Assert.Contains("}\n{", text, StringComparison.Ordinal);
        Assert.Contains("}\r\n{", text, StringComparison.Ordinal);
        Assert.Contains("{\n  \"epc\": \"", text, StringComparison.Ordinal);
        Assert.Contains("\"2026-05-17;", text, StringComparison.Ordinal);
        Assert.Contains("\"2026-05-17T", text, StringComparison.Ordinal);
        Assert.Contains("{\"command\":\"GETSYSTEMTIME\",\"result\":{", text, StringComparison.Ordinal);
    }

    private static long UtcMs(string timestamp) => DateTimeOffset.ParseExact(
        timestamp.Replace(';', 'T'),
        "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds();
}
