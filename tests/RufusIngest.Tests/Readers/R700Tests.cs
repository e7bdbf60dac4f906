using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.R700Protocol>;

namespace RufusIngest.Tests.Readers;

public sealed class R700Tests
{
    const string Full = """
        {"timestamp":"2026-03-07T09:00:01.377766184Z","hostname":"impinj-aa-bb-cc","eventType":"tagInventory","tagInventoryEvent":{"epc":"4oBoEAAAAEAAAAAB","epcHex":"E28068100000004000000001","tid":"4oARBSAA","tidHex":"E28011052000","pc":"MAA=","antennaPort":3,"antennaName":"Finish","peakRssiCdbm":-5725,"frequency":866300,"transmitPowerCdbm":3000,"lastSeenTime":"2026-03-07T09:00:01.225324Z","phaseAngle":208.82,"tagMemoryData":[{"memoryBank":"user","wordOffset":0,"tagDataHex":""}],"tagAuthenticationResponse":{"messageHex":"054C","epcHex":"00"}}}
        """;

    const string Guard = """{"timestamp":"2026-03-07T10:00:00Z","tagInventoryEvent":{"epcHex":"AA0000000000000000000001"}}""";

    [Theory]
    [Frames<Parser>(
        Full, """{"tagInventoryEvent":{"epc":"_-8AAQ","peakRssiCdbm":-3200},"timestamp":"2026-03-07T10:00:00Z","eventType":"tagInventory"}""",
        """{"timestamp":"2026-03-07T10:00:00Z","eventType":"inventoryStatus","inventoryStatusEvent":{"inventoryStatus":"running"}}""",
        """{"deviceCode":"x","originalMessage":{"timestamp":"2026-03-07T10:00:00Z","eventType":"tagInventory","tagInventoryEvent":{"epcHex":"E280"}}}""",
        Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void An_event_with_all_members()
    {
        ParserRun run = Run(Full);
        Assert.Equal(
            "E28068100000004000000001 2026-03-07 09:00:01.225324 a3 r-5725 d152 p1 ZoneKnown", Show(Assert.Single(run.Reads)));
        Assert.Equal(["Finish"], run.Points.ToList());
    }

    [Theory]
    [InlineData("\"epc\":\"_-8AAQ\"", "FFEF0001 2026-03-07 10:00:00.5 ZoneKnown")]
    [InlineData("\"epc\":\"_-8AAQ==\",\"epcHex\":\"\"", "FFEF0001 2026-03-07 10:00:00.5 ZoneKnown")]
    [InlineData("\"epc\":\"qrs=\",\"epcHex\":null", "AABB 2026-03-07 10:00:00.5 ZoneKnown")]
    [InlineData("\"epc\":\"!\",\"epcHex\":\"aabb\"", "aabb 2026-03-07 10:00:00.5 ZoneKnown")]
    [InlineData("\"epcHex\":\"AB\",\"lastSeenTime\":\"2026-03-07T10:00:00Z\"", "AB 2026-03-07 10:00:00 d500 ZoneKnown")]
    [InlineData("\"epcHex\":\"AB\",\"lastSeenTime\":\"2026-03-07T10:00:01Z\"", "AB 2026-03-07 10:00:01 ZoneKnown")]
    [InlineData("\"epcHex\":\"AB\",\"lastSeenTime\":\"soon\"", "AB 2026-03-07 10:00:00.5 ZoneKnown, FieldDropped")]
    [InlineData(
        "\"epcHex\":\"AB\",\"antennaPort\":-1,\"peakRssiCdbm\":-5.5e9",
        "AB 2026-03-07 10:00:00.5 ZoneKnown, FieldDropped")]
    public void Members_may_be_missing_or_spoilt(string members, string expected) =>
        Assert.Equal(expected, Show(Assert.Single(Run(Event(members)).Reads)));

    [Theory]
    [InlineData("\"antennaPort\":1", RejectReason.NoChip)]
    [InlineData("\"epc\":\"\",\"epcHex\":\"\"", RejectReason.NoChip)]
    [InlineData("\"epc\":5", RejectReason.NoChip)]
    [InlineData("\"epc\":\"4\"", RejectReason.BadSyntax)]
    [InlineData("\"epc\":\"4oB!\"", RejectReason.BadSyntax)]
    [InlineData("\"epc\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", RejectReason.ChipTooLong)]
    [InlineData("\"epcHex\":\"12345678901234567890123456789012345678901234567890123456789012\"", RejectReason.ChipTooLong)]
    public void An_event_without_a_chip_is_a_reject(string members, RejectReason reason) =>
        AssertRejected(Event(members), reason);

    [Theory]
    [InlineData("""{"eventType":"tagInventory","timestamp":"2026-03-07T10:00:00Z"}""", RejectReason.NoChip)]
    [InlineData("""{"timestamp":"today","tagInventoryEvent":{"epcHex":"AB"}}""", RejectReason.BadTime)]
    [InlineData("""{"tagInventoryEvent":{"epcHex":"AB"}}""", RejectReason.BadTime)]
    [InlineData("""{"status":"idle"}""", RejectReason.Truncated)]
    [InlineData("""{"epcHex":"E2801160","lastSeenTime":"2026-03-07T10:00:00Z"}""", RejectReason.Truncated)]
    [InlineData("event: tag\n", RejectReason.UnknownFrame)]
    [InlineData("data: x\n", RejectReason.UnknownFrame)]
    public void A_bad_frame_is_a_reject(string bad, RejectReason reason) => AssertRejected(bad, reason);

    [Fact]
    public void An_epc_of_240_bits_is_the_longest()
    {
        string epc = Base64Url.EncodeToString([.. Enumerable.Range(1, 30).Select(i => (byte)i)]);
        Assert.Equal(60, Assert.Single(Run(Event($"\"epc\":\"{epc}\"")).Chips).Length);
    }

    [Fact]
    public void A_relay_may_put_the_prefix_of_server_sent_events_before_objects_and_arrays()
    {
        string stream = $"data: {Full}\n\ndata:[{Full},{Full}]\r\n\r\ndata: []\n\n[]\n{Full}\n[ ]";
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(stream)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal(4, run.Reads.Count);
            Assert.Empty(run.Rejects);
            Assert.Empty(run.Controls);
        }
    }

    [Fact]
    public void The_published_posts_and_streams()
    {
        string[] expected =
        [
            "E28011606000020A6681F23F 2021-02-02 22:18:35.499734 a1 d158 p1 ZoneKnown",
            "E28011606000020A66846D40 2021-02-02 22:18:35.858088 a1 d50 p1 ZoneKnown",
            "313630323030303120202020 2021-02-02 22:18:35.887319 a1 d21 p1 ZoneKnown",
        ];
        foreach (string file in (string[])["webhook-post.json", "stream.ndjson"])
            AssertCapture(file, expected);
        AssertCapture("webhook-keepalive.json", []);
        AssertCapture("all-fields.json", ["E2C451A3A5011FA00F354693 2023-06-28 07:24:00.225324 a2 r-5750 d52 p1 ZoneKnown"]);
        AssertCapture("mqtt-epc-only.json", ["8A450224 2026-01-01 10:00:00 a1 r-3200 ZoneKnown"]);
    }

    static void AssertCapture(string file, string[] expected)
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Captures.Read("impinj-r700", file), mostCuts: 100))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal(expected, run.Reads.Select(Show));
            Assert.Empty(run.Rejects);
            Assert.Empty(run.Controls);
        }
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Full), Bytes(Guard + "\n"), Bytes("data: ")], "{}[]\",: 019epcdat\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(
            $"data: {Full}\n{Event("\"epc\":\"_-8AAQ\"")}bad {Guard}" + "{\"eventType\":\"x\"}{\"tagInventoryEvent\":{}}"));
    }

    [Fact]
    public void It_reads_what_JsonDocument_and_Base64Url_read()
    {
        Gen<byte[]> epc = Gen.Byte.Array[1, 32];
        Gen<string> time = Gen.OneOf("none", "2026-03-07T10:00:00Z", "2026-03-07T10:00:00.123456789Z", "2026-03-07", "");
        Gen.Select(epc, Gen.Bool, Gen.Bool, time, time, Gen.Int[-40_000, 40_000], Gen.Int[-1, 70_000], Gen.Bool)
            .Select((epc, hex, base64, seen, reported, rssi, antenna, padded) =>
            {
                Dictionary<string, object?> tag = new() { ["antennaPort"] = antenna, ["peakRssiCdbm"] = rssi };
                if (hex)
                    tag["epcHex"] = Convert.ToHexString(epc);
                if (base64)
                    tag["epc"] = Base64Url.EncodeToString(epc) + (padded ? new string('=', (3 - (epc.Length % 3)) % 3) : "");
                if (seen != "none")
                    tag["lastSeenTime"] = seen;
                return JsonSerializer.Serialize(new Dictionary<string, object?>
                {
                    ["tagInventoryEvent"] = tag,
                    ["eventType"] = "tagInventory",
                    ["timestamp"] = reported,
                });
            })
            .List[1, 4].Sample(events =>
            {
                ParserRun run = Run(string.Join('\n', events));
                Assert.Equal(events.Select(Slow).OfType<string>(), run.Reads.Select(r => Show(r)));
                Assert.Equal(events.Count, run.Reads.Count + run.Rejects.Count);
            });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string json)
    {
        JsonElement root = JsonDocument.Parse(json).RootElement;
        JsonElement tag = root.GetProperty("tagInventoryEvent");
        string chip = tag.TryGetProperty("epcHex", out JsonElement hex) ? hex.GetString()!
            : tag.TryGetProperty("epc", out JsonElement epc) ? Convert.ToHexString(Base64Url.DecodeFromChars(epc.GetString()))
            : "";
        DateTime? reported = TimeOf(root.GetProperty("timestamp"));
        DateTime? seen = tag.TryGetProperty("lastSeenTime", out JsonElement last) ? TimeOf(last) : null;
        if (chip.Length is 0 or > 60 || (seen ?? reported) is not DateTime time)
            return null;
        int antenna = tag.GetProperty("antennaPort").GetInt32();
        int rssi = tag.GetProperty("peakRssiCdbm").GetInt32();
        bool dropped = antenna is < 0 or > 65_535 || Math.Abs(rssi) > 32_767
            || (seen is null && last.ValueKind == JsonValueKind.String && last.GetString() != "");
        double behind = seen is not null && reported > seen ? Math.Floor((reported.Value - seen.Value).TotalMilliseconds) : 0;
        return $"{chip} {time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)}"
            + (antenna is > 0 and <= 65_535 ? $" a{antenna}" : "") + (Math.Abs(rssi) <= 32_767 ? $" r{rssi}" : "")
            + (behind > 0 ? $" d{behind}" : "") + (dropped ? " ZoneKnown, FieldDropped" : " ZoneKnown");
    }

    /// <summary>Cut off at 100 ns, as DateTime is not: nine digits are one of the texts above.</summary>
    static DateTime? TimeOf(JsonElement text) => text.GetString() switch
    {
        "2026-03-07T10:00:00Z" => new DateTime(2026, 3, 7, 10, 0, 0),
        "2026-03-07T10:00:00.123456789Z" => new DateTime(2026, 3, 7, 10, 0, 0).AddTicks(1_234_567),
        _ => null,
    };

    static void AssertRejected(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(2, run.Reads.Count);
    }

    static string Event(string members) =>
        """{"timestamp":"2026-03-07T10:00:00.5Z","eventType":"tagInventory","tagInventoryEvent":{""" + members + "}}";

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
