using System.Globalization;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.RfidJsonProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class RfidJsonTests
{
    const string One = """{"epc":"E28068100000004000000001","rssi":-60.5,"port":2,"readAt":"2026-03-07T10:00:00.25Z"}""";
    const string Web = """{"data":[{"tag":"417","t":"2026-03-07T10:00:00.5"},{"tag":"418","t":"2026-03-07T10:00:01"}],"reader_id":10}""";
    const string Guard = """{"tag":"77","time":"2026-03-07T10:00:00"}""";

    [Theory]
    [Frames<Parser>(One, Web, """{"reads":[{"epc":"AB"}]}""", """{"reads":[ ]}""", """{"idHex":"ab","antenna":1,"timestamp":1772877600}""",
        """{"epcHex":"AB","peakRssi":"-60","antennaPort":"3","time":"1772877600250"}""", """{"id":5,"name":"x"}""", Guard = Guard)]
    [Frames<Parser>("\"E2801160\"", "\"AB\",\"CD\"", Guard = Guard, End = "\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("{\"reads\":[" + One + "]}", "E28068100000004000000001 2026-03-07 10:00:00.25 a2 r-6050 ZoneKnown")]
    [InlineData("[" + One + "]", "E28068100000004000000001 2026-03-07 10:00:00.25 a2 r-6050 ZoneKnown")]
    [InlineData(One, "E28068100000004000000001 2026-03-07 10:00:00.25 a2 r-6050 ZoneKnown")]
    [InlineData("""{"reads":[{"epc":"AB","rssi":-60,"port":3}]}""", "AB 1970-01-01 00:00:00 a3 r-6000 NoTime")]
    [InlineData("""{"epc":"AB","time":null,"t":""}""", "AB 1970-01-01 00:00:00 NoTime")]
    [InlineData("""{"id":5,"t":"2026-03-07T10:00:00"}""", "5 2026-03-07 10:00:00")]
    [InlineData("""{"id":"post 1","time":"2026-03-07T10:00:00","reads":[{"epc":"AB","t":"2026-03-07T10:00:00"}]}""", "AB 2026-03-07 10:00:00")]
    [InlineData("""{"tag":"417","t":"2026-03-07T10:00:00","data":[0,1]}""", "417 2026-03-07 10:00:00")]
    [InlineData("""{"id":"x","tag":"417","epc":null,"t":"2026-03-07T10:00:00"}""", "417 2026-03-07 10:00:00")]
    [InlineData("""{"id":"1","tag":"2","idHex":"3","epcHex":"4","epc":"5"}""", "5 1970-01-01 00:00:00 NoTime")]
    [InlineData("""{"epcHex":"4","epc":"","idHex":"3"}""", "4 1970-01-01 00:00:00 NoTime")]
    [InlineData("""{"epc":"AB","t":"2026-03-07T10:00:01","time":"2026-03-07T10:00:02"}""", "AB 2026-03-07 10:00:02")]
    [InlineData("""{"epc":"AB","readAt":"2026-03-07T10:00:01","timestamp":"x"}""", "AB 2026-03-07 10:00:01")]
    [InlineData("""{"epc":"AB","timestamp":1772877600250123}""", "AB 2026-03-07 10:00:00.250123 ZoneKnown")]
    [InlineData("""{"epc":"AB","antenna":"left","rssi":-60}""", "AB 1970-01-01 00:00:00 r-6000 NoTime, FieldDropped")]
    public void A_read(string post, string expected) => Assert.Equal([expected], Run(post).Reads.Select(Show));

    [Fact]
    public void A_list_tells_its_reader_wherever_that_stands()
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(Web + """{"reader_id":"Finish","data":[{"tag":"9"}]}""" + Guard)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal(
                [
                    "417 2026-03-07 10:00:00.5 s10", "418 2026-03-07 10:00:01 s10", "9 1970-01-01 00:00:00 p1 NoTime",
                    "77 2026-03-07 10:00:00",
                ],
                run.Reads.Select(Show));
            Assert.Equal(["Finish"], run.Points.ToList());
            Assert.Equal([ControlKind.Status, ControlKind.Status], run.Controls.Select(control => control.Kind));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void An_array_of_codes()
    {
        foreach (string post in (string[])["[\"E2801160\",\"00AB\" , \"E2801161\"]\n", "[\n  \"E2801160\",\n  \"00AB\",\n  \"E2801161\"\n]"])
        {
            foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(post + Guard + post)))
            {
                ParserRun run = ParserRun.Of<Parser>(pieces);
                Assert.Equal(["E2801160", "00AB", "E2801161", "77", "E2801160", "00AB", "E2801161"], run.Chips);
                Assert.Equal(6, run.Reads.Count(read => read.Flags == ReadFlags.NoTime));
                Assert.Empty(run.Rejects);
            }
        }
    }

    [Theory]
    [InlineData("""{"id":5,"name":"x"}""")]
    [InlineData("""{"status":"ok","data":"x"}""")]
    public void What_has_no_chip_is_no_read(string post)
    {
        ParserRun run = Run(post);
        Assert.Equal(ControlKind.Unknown, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Reads);
    }

    [Theory]
    [InlineData("""{"epc":"","rssi":-60}""", RejectReason.NoChip)]
    [InlineData("""{"epc":null}""", RejectReason.NoChip)]
    [InlineData("""{"epc":"AB","time":"now"}""", RejectReason.BadTime)]
    [InlineData("""{"epc":"AB","time":5}""", RejectReason.BadTime)]
    [InlineData("""{"reads":["AB"]}""", RejectReason.BadSyntax)]
    [InlineData("""{"data":{"idHex":"AB"}}""", RejectReason.BadSyntax)]
    [InlineData("\"epc\":\"AB\"\n", RejectReason.BadSyntax)]
    [InlineData("\"door\"\n", RejectReason.BadSyntax)]
    [InlineData("\"AB\n", RejectReason.BadSyntax)]
    [InlineData("AB\n", RejectReason.UnknownFrame)]
    public void A_bad_frame_is_a_reject(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + "\n" + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["77", "77"], run.Chips);
    }

    [Fact]
    public void A_list_longer_than_the_limit_is_read_as_it_comes()
    {
        string reads = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $$"""{"epc":"{{i:D24}}","rssi":-60,"readAt":"2026-03-07T10:00:00Z"}"""));
        ParserRun run = Run("""{"reads":[""" + reads + "]}" + Guard);
        Assert.Equal(1_001, run.Reads.Count);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(One), Bytes(Web), Bytes("[\"E2801160\",\"00AB\"]\n")], "{}[]\",: 019epcAB\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(One + Web + "bad\n[\"E2801160\",\"00AB\"]\n" + Guard + "{\"epc\":1,\"t\":2}"));
    }

    [Fact]
    public void It_reads_what_JsonDocument_reads()
    {
        string[] chips = ["epc", "epcHex", "idHex", "tag", "id"];
        string[] times = ["readAt", "timestamp", "time", "t"];
        Gen<string> read = Gen.Select(
            Gen.OneOf(chips), Gen.OneOf("5", "E28068100000004000000001", ""), Gen.OneOf(times),
            Gen.OneOf("", "2026-03-07T10:00:00Z", "2026-03-07T10:00:00", "1772877600", "x"),
            Gen.OneOf("antennaPort", "antenna", "port"), Gen.Int[0, 70_000])
            .Select((chipName, chip, timeName, time, antennaName, antenna) => JsonSerializer.Serialize(
                new Dictionary<string, object> { [antennaName] = antenna, [timeName] = time, [chipName] = chip }));
        Gen.Select(read.List[1, 5], Gen.Int[0, 3]).Sample((list, shape) =>
        {
            string joined = string.Join(',', list);
            ParserRun run = Run(shape switch
            {
                0 => joined,
                1 => "[" + joined + "]",
                2 => $$"""{"reads":[{{joined}}]}""",
                _ => $$"""{"data":[{{joined}}],"reader_id":0}""",
            });
            Assert.Equal(list.Select(Slow).OfType<string>(), run.Reads.Select(Show));
            Assert.Equal(list.Count, run.Reads.Count + run.Rejects.Count);
            Assert.Equal(shape > 1 ? 1 : 0, run.Controls.Count);
        });
    }

    static string? Slow(string json)
    {
        JsonProperty[] members = [.. JsonDocument.Parse(json).RootElement.EnumerateObject()];
        int antenna = members[0].Value.GetInt32();
        string time = members[1].Value.GetString()!, chip = members[2].Value.GetString()!;
        if (chip.Length == 0 || time == "x")
            return null;
        ReadFlags flags = (time.Length == 0 ? ReadFlags.NoTime : time.Length == 19 ? ReadFlags.None : ReadFlags.ZoneKnown)
            | (antenna > 65_535 ? ReadFlags.FieldDropped : 0);
        return Show(new ChipRead
        {
            Chip = ChipCode.FromText(chip),
            Hits = 1,
            Number = -1,
            RssiCentiDbm = ChipRead.NoRssi,
            Flags = flags,
            Antenna = (ushort)(antenna > 65_535 ? 0 : antenna),
            Time = time.Length == 0 ? 0 : 1_772_877_600 * TimeSpan.TicksPerSecond,
        });
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
