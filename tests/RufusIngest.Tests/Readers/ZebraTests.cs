using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.ZebraProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class ZebraTests
{
    const string Simple = """
        {"type":"SIMPLE","timestamp":"2026-03-07T03:00:00.319-0600","data":{"MAC":"84:24:8D:00:00:01","PC":"3400","XPC1":"0424","CRC":"0b18","accessResults":["e2c2","91 00"],"antenna":2,"channel":918.70000000000005,"phase":148.039794921875,"TID":"E280","eventNum":63,"format":"uii","hostName":"FX9600-1","idHex":"e2c24500200000668534009d","peakRssi":-39.5,"reads":387321}}
        """;

    const string Custom = """
        {"data":{"eventNum":5938,"format":"epc","idHex":"000000000000000000000417"},"timestamp":"2026-03-07T12:00:00.785+0200","type":"CUSTOM"}
        """;

    const string Sled = """
        {"type":"BALANCED_PERFORMANCE","data":{"battery":1,"tagData":[ {"EPCid":"BEDD11112222333344445556","EPC":"BEDD11112222333344445556","TID":"E200","channel":911.75,"eventNum":1,"peakRssi":-39,"phase":0,"seenCount":4,"accessResults":["READ-EPC-SUCCESS"]} ,
         {"eventNum":2,"EPC":"BEDD11112222333344445557"}],"more":[{"idHex":"00"}]},"timestamp":"2026-03-07T10:00:00Z"}
        """;

    const string Guard = """{"data":{"idHex":"00AA"},"timestamp":"2026-03-07T10:00:00.000+0000"}""";

    [Theory]
    [Frames<Parser>(
        Simple, Custom, Sled,
        """{"type":"INVENTORY","timestamp":"2026-03-07T10:00:00.1+0000","data":{"idHex":"e28A","antenna":1}}""",
        """{"type":"heartbeat","timestamp":"2026-03-07T10:00:00.1+0000","data":{"radio_control":{"antennas":{"1":"connected"}}}}""",
        """{"type":"gpi","timestamp":"2026-03-07T10:00:00.1+0000","data":{"pin":1,"state":"HIGH"}}""",
        """{"code":0,"message":"x"}""", """{"data":{"tagData":[]},"timestamp":"2026-03-07T10:00:00Z"}""", Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void All_shapes_joined_without_anything_between()
    {
        string array = "[" + Custom + "," + Simple + "]";
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(Simple + Custom + Sled + array)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            string simple = "e2c24500200000668534009d 2026-03-07 09:00:00.319 a2 r-3950 h387321 n63 p1 ZoneKnown";
            string custom = "000000000000000000000417 2026-03-07 10:00:00.785 n5938 ZoneKnown";
            Assert.Equal(
                [
                    simple, custom, "BEDD11112222333344445556 2026-03-07 10:00:00 r-3900 h4 n1 ZoneKnown",
                    "BEDD11112222333344445557 2026-03-07 10:00:00 n2 ZoneKnown", custom, simple,
                ],
                run.Reads.Select(Show));
            Assert.Equal(["FX9600-1"], run.Points.ToList());
            Assert.Equal(ControlKind.Status, Assert.Single(run.Controls).Kind);
            Assert.Empty(run.Rejects);
        }
    }

    [Theory]
    [InlineData("""{"type":"heartbeat","data":{}}""", ControlKind.KeepAlive)]
    [InlineData("""{"type":"error","data":{"message":"x"},"timestamp":""}""", ControlKind.Status)]
    [InlineData("""{"data":[{"idHex":"00"}]}""", ControlKind.Unknown)]
    [InlineData("""{"code":0}""", ControlKind.Unknown)]
    public void What_has_no_tag_is_no_read(string message, ControlKind kind)
    {
        ParserRun run = Run(message);
        Assert.Equal(kind, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Reads);
    }

    [Theory]
    [InlineData("""{"data":{"idHex":"00AA"}}""", RejectReason.BadTime)]
    [InlineData("""{"data":{"idHex":"00AA"},"timestamp":"2026-03-07"}""", RejectReason.BadTime)]
    [InlineData("""{"data":{"tagData":[{"EPC":"00AA"}]},"timestamp":5}""", RejectReason.BadTime)]
    [InlineData("""{"data":{"idHex":"0AA"},"timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.BadSyntax)]
    [InlineData("""{"data":{"idHex":"00AA_2"},"timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.BadSyntax)]
    [InlineData("""{"data":{"idHex":""},"timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.NoChip)]
    [InlineData("""{"data":{"tagData":[{"eventNum":1,"TID":"E2"}]},"timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.NoChip)]
    [InlineData("""{"data":{"tagData":{"EPC":"00AA"}},"timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.BadSyntax)]
    [InlineData("""{"data":{"tagData":["00AA"]},"timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.BadSyntax)]
    [InlineData("""{"idHex":"00AA","antenna":1}""", RejectReason.Truncated)]
    [InlineData("hello", RejectReason.UnknownFrame)]
    public void A_bad_message_is_a_reject(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["00AA", "00AA"], run.Chips);
    }

    [Fact]
    public void A_bad_tag_costs_itself_only()
    {
        const string Tags = """{"EPC":"0001"},{"EPC":"002"},{"EPC":"0003"}""";
        ParserRun run = Run("""{"data":{"tagData":[""" + Tags + """]},"timestamp":"2026-03-07T10:00:00Z"}""");
        Assert.Equal(["0001", "0003"], run.Chips);
        Assert.Equal((RejectReason.BadSyntax, """{"EPC":"002"},"""), Assert.Single(run.Rejects));
    }

    [Fact]
    public void The_published_messages()
    {
        AssertCapture("fxr90-websocket.json", "000000000000000000000343 2024-09-05 07:07:01.785 n5938 ZoneKnown");
        AssertCapture("fx9600-simple.json", "e2c24500200000668534009c 2024-11-21 19:20:53.319 a1 r-3900 n63 p1 ZoneKnown");
        AssertCapture("custom-all-metadata.json", "aa0004ef55555555aa21bf43 2026-08-13 09:14:28.651 a1 r-3400 n22 ZoneKnown");
        AssertCapture("rfd40-dataevt.json", "BEDD11112222333344445555 2019-08-24 14:15:22 r-3900 n1 ZoneKnown");
    }

    static void AssertCapture(string file, string expected)
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Captures.Read("zebra-iot-connector", file)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal([expected], run.Reads.Select(Show));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Simple), Bytes(Custom), Bytes(Sled)], "{}[]\",: 019idHext\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(Simple + Custom + Sled + "bad {]} " + Guard + "{\"data\":{\"idHex\":\"0\"}}"));
    }

    [Fact]
    public void It_reads_what_JsonDocument_reads()
    {
        Gen<object> tag = Gen.Select(
            Gen.OneOf("idHex", "EPCid", "EPC"), Gen.OneOf("e2000001", "00417A", "7", "xy", ""),
            Gen.OneOf("-39", "-39.25", "no"), Gen.Int[0, 70_000], Gen.OneOf("reads", "seenCount"),
            Gen.Int[0, 400_000]).Select((name, id, rssi, antenna, hitsName, hits) => (object)new Dictionary<string, object?>
            {
                [name] = id,
                ["peakRssi"] = rssi,
                ["antenna"] = antenna,
                [hitsName] = hits,
            });
        Gen<string> message = Gen.Select(tag.List[1, 4], Gen.Bool, Gen.Bool).Select((tags, isList, timeFirst) =>
        {
            object data = isList ? new Dictionary<string, object> { ["tagData"] = tags } : tags[0];
            const string Time = "2026-03-07T10:00:00.25+0130";
            return JsonSerializer.Serialize(timeFirst
                ? new Dictionary<string, object> { ["timestamp"] = Time, ["data"] = data }
                : new Dictionary<string, object> { ["data"] = data, ["timestamp"] = Time });
        });
        message.List[1, 4].Sample(messages =>
        {
            ParserRun run = Run(string.Concat(messages));
            string?[] tags = [.. messages.SelectMany(Slow)];
            Assert.Equal(tags.OfType<string>(), run.Reads.Select(Show));
            Assert.Equal(tags.Length, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static IEnumerable<string?> Slow(string json)
    {
        JsonElement data = JsonDocument.Parse(json).RootElement.GetProperty("data");
        return data.TryGetProperty("tagData", out JsonElement list) ? list.EnumerateArray().Select(SlowTag) : [SlowTag(data)];
    }

    static string? SlowTag(JsonElement tag)
    {
        JsonProperty[] members = [.. tag.EnumerateObject()];
        string chip = members[0].Value.GetString()!;
        if (chip is not ("e2000001" or "00417A"))
            return null;
        string? rssi = members[1].Value.GetString();
        int antenna = members[2].Value.GetInt32(), hits = members[3].Value.GetInt32();
        bool dropped = rssi == "no" || antenna > 65_535 || hits == 0;
        return $"{chip} 2026-03-07 08:30:00.25" + (antenna is > 0 and <= 65_535 ? $" a{antenna}" : "")
            + rssi switch { "-39" => " r-3900", "-39.25" => " r-3925", _ => "" } + (hits > 1 ? $" h{hits}" : "")
            + (dropped ? " ZoneKnown, FieldDropped" : " ZoneKnown");
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
