using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.ChronokeepProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class ChronokeepTests
{
    const string One = """
        {"identifier":"1234","seconds":1770000000,"milliseconds":5,"reader_seconds":1770000001,"reader_milliseconds":9,"antenna":2,"reader":"Finish","rssi":"-61","ident_type":"chip","type":"reader"}
        """;

    const string Two = """
        {"type":"reader","ident_type":"chip","rssi":"","reader":"","antenna":1,"milliseconds":0,"seconds":1770000060,"identifier":"0077"}
        """;

    const string Reads = """{"command":"reads","list":[""" + One + " , " + Two + "]}\n";
    const string Guard = """{"command":"reads_one","identifier":"G","seconds":1770000000,"milliseconds":0}""" + "\n";

    [Theory]
    [Frames<Parser>(
        """{"command":"keepalive"}""", """{"command":"connection_successful","name":"portal","kind":"x","version":1}""",
        """{"command":"time","local":"2026-02-02 03:20:00","utc":"2026-02-02 02:20:00"}""",
        """{"command":"notification","kind":"UPS","time":"2026-02-02"}""", """{"command":"something_new","a":[{}]}""",
        """{"identifier":"1234","seconds":1770000000,"milliseconds":5}""", Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_list_of_reads()
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(Reads + """{"command":"keepalive"}""" + Reads)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            string[] two = ["1234 2026-02-02 02:40:00.005 2 -6100 1 ZoneKnown", "0077 2026-02-02 02:41:00.000 1 -32768 0 ZoneKnown, FieldDropped"];
            Assert.Equal([.. two, .. two], run.Reads.Select(Show));
            Assert.Equal(["Finish"], run.Points.ToList());
            Assert.Equal(
                [ControlKind.Status, ControlKind.KeepAlive, ControlKind.Status], run.Controls.Select(control => control.Kind));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void A_list_longer_than_the_limit_is_read_as_it_comes()
    {
        string items = string.Join(",\n", Enumerable.Range(0, 2_000).Select(i =>
            $$"""{"identifier":"{{i}}","seconds":{{1770000000 + i}},"milliseconds":1,"note":"]}{[\"" }"""));
        byte[] stream = Bytes(
            """{"count":2000,"command":"reads","list":[ """ + items + """ ],"more":{"a":[1]}}""" + "\n" + Guard + Reads);
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Equal([.. Enumerable.Range(0, 2_000).Select(i => $"{i}"), "G", "1234", "0077"], run.Chips);
        Assert.Empty(run.Rejects);
        Random random = new(7);
        for (int round = 0; round < 20; round++)
        {
            List<ReadOnlyMemory<byte>> pieces = [];
            for (int at = 0; at < stream.Length;)
            {
                int length = Math.Min(stream.Length - at, random.Next(1, round < 10 ? 3_000 : 70_000));
                pieces.Add(stream.AsMemory(at, length));
                at += length;
            }

            Assert.Equal(run.Describe(), ParserRun.Of<Parser>(pieces).Describe());
        }

        Assert.Equal(run.Describe(), ParserRun.OfWhole<Parser>(stream, destination: 1).Describe());
    }

    [Theory]
    [InlineData("""{"identifier":"","seconds":1,"milliseconds":1}""", RejectReason.NoChip)]
    [InlineData("""{"identifier":"9","seconds":1,"milliseconds":1,"ident_type":"bib"}""", RejectReason.NoChip)]
    [InlineData("""{"identifier":"9","milliseconds":1}""", RejectReason.BadTime)]
    [InlineData("""{"identifier":"9","seconds":1,"milliseconds":1000}""", RejectReason.BadTime)]
    [InlineData("""{"identifier":"9","seconds":-1,"milliseconds":1}""", RejectReason.BadTime)]
    public void A_bad_read_costs_itself_only(string bad, RejectReason reason)
    {
        ParserRun run = Run("""{"command":"reads","list":[""" + bad + "," + One + "]}" + bad + Guard);
        Assert.Equal(["1234", "G"], run.Chips);
        Assert.Equal([reason, reason], run.Rejects.Select(reject => reject.Reason));
    }

    [Fact]
    public void A_value_that_is_no_read_costs_itself_only()
    {
        ParserRun run = Run("""{"command":"reads","list":[""" + One + ",5," + Two + "]}" + Guard);
        Assert.Equal(["1234", .. Run(Two).Chips, "G"], run.Chips);
        Assert.Equal(RejectReason.BadSyntax, Assert.Single(run.Rejects).Reason);
    }

    [Fact]
    public void A_clients_own_message_is_no_read()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read("chronokeep-portal", "client-connect.json"));
        Assert.Equal(ControlKind.Unknown, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Reads);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void The_name_of_a_reader_may_be_escaped()
    {
        ParserRun run = Run("{\"identifier\":\"7\",\"seconds\":1779004862,\"reader\":\"A \\u0026 B\"}");
        Assert.Equal(["A & B"], run.Points.ToList());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Reads), Bytes(Guard), Bytes(One)], "{}[]\",: 019liste\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(Reads + Guard + "bad {]} " + Reads));
    }

    [Fact]
    public void It_reads_what_JsonDocument_reads()
    {
        Gen<string> read = Gen.Select(
            Gen.OneOf("1", "007", "E2801160600002054CC5A1B2", "é\"", ""), Gen.Long[0, 4_000_000_000], Gen.Int[0, 1_100],
            Gen.OneOf("-60", "-60.5", "x", ""), Gen.Int[0, 70_000], Gen.OneOf("chip", "bib"),
            (id, s, ms, rssi, antenna, kind) => JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["identifier"] = id,
                ["seconds"] = s,
                ["milliseconds"] = ms,
                ["rssi"] = rssi,
                ["antenna"] = antenna,
                ["ident_type"] = kind,
            }));
        read.List[0, 5].Sample(list =>
        {
            ParserRun run = Run($$"""{"command":"reads","list":[{{string.Join(',', list)}}]}""");
            Assert.Equal(list.Select(Slow).OfType<string>(), run.Reads.Select(Show));
            Assert.Equal(list.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string? Slow(string json)
    {
        JsonElement read = JsonDocument.Parse(json).RootElement;
        string id = read.GetProperty("identifier").GetString()!;
        int ms = read.GetProperty("milliseconds").GetInt32();
        if (id.Length == 0 || ms > 999 || read.GetProperty("ident_type").GetString() == "bib")
            return null;
        DateTime time = DateTime.UnixEpoch.AddSeconds(read.GetProperty("seconds").GetInt64()).AddMilliseconds(ms);
        bool hasRssi = decimal.TryParse(
            read.GetProperty("rssi").GetString(), NumberStyles.Number, CultureInfo.InvariantCulture, out decimal dbm);
        int antenna = read.GetProperty("antenna").GetInt32();
        string flags = hasRssi && antenna <= 65_535 ? "ZoneKnown" : "ZoneKnown, FieldDropped";
        return $"{id} {time:yyyy-MM-dd HH:mm:ss.fff} {(antenna <= 65_535 ? antenna : 0)} "
            + $"{(hasRssi ? (int)(dbm * 100) : ChipRead.NoRssi)} 0 {flags}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff} {read.Antenna} {read.RssiCentiDbm} "
        + $"{read.Point} {read.Flags}";
}
