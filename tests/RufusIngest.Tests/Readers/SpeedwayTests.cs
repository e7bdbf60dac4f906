using System.Globalization;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.SpeedwayProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class SpeedwayTests
{
    const string One = """
        {"antennaPort":52,"epc":"999908290000000000000017","tid":"E28011002000564500000009","firstSeenTimestamp":"2026-03-07T10:00:54.36879Z","peakRssi":-51,"isHeartBeat":false}
        """;

    const string Two = """{"epc":"ABCD","firstSeenTimestamp":"2026-03-07T10:00:54.373293Z"}""";
    const string Post = """{"mac_address":"00:16","tag_reads":[ """ + One + " , " + Two + """],"reader_name":"Start 1"}""";
    const string Box = "reader_7,4,BF65451ABE0F622D4A180E11,1772877654368790,-63,E2801,user";
    const string Client = "4,BF65451ABE0F622D4A180E11,1772877654368,-63.5";
    const string Guard = """{"epc":"00AA","firstSeenTimestamp":"2026-03-07T10:00:00Z"}""";

    [Theory]
    [Frames<Parser>(One, Two, Post, """{"isHeartBeat":true,"firstSeenTimestamp":"2026-03-07T10:00:54Z"}""",
        """{"epc":"AB","xCm":5,"yCm":7,"time":"x"}""", """{"reader_name":"x","tag_reads":[]}""", Guard = Guard)]
    [Frames<Parser>(Box, "reader_1,4,ABCD,1772877654368790,,,", "reader_1,None,ABCD,1772877654,None,None,None",
        Client, "1,AB,1772877654,", "reader_1,*,,", Guard = Guard, End = "\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_post_of_several_reads_names_the_reader_of_all()
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(Post + One)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            const string First = "999908290000000000000017 2026-03-07 10:00:54.36879 a52 r-5100";
            Assert.Equal(
                [First + " p1 ZoneKnown", "ABCD 2026-03-07 10:00:54.373293 p1 ZoneKnown", First + " ZoneKnown"],
                run.Reads.Select(Show));
            Assert.Equal(["Start 1"], run.Points.ToList());
            Assert.Equal(ControlKind.Status, Assert.Single(run.Controls).Kind);
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void A_post_longer_than_the_limit_is_read_as_it_comes()
    {
        string reads = string.Join(',', Enumerable.Range(0, 1_000).Select(i => One.Replace("00000017", $"{i:D8}", StringComparison.Ordinal)));
        ParserRun run = Run("""{"reader_name":"x","tag_reads":[""" + reads + "]}" + Guard);
        Assert.Equal(1_001, run.Reads.Count);
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData(Box, "BF65451ABE0F622D4A180E11 2026-03-07 10:00:54.36879 a4 r-6300 p1 ZoneKnown")]
    [InlineData("None,2,ABC,1772877654368790,,,", "ABC 2026-03-07 10:00:54.36879 a2 ZoneKnown")]
    [InlineData("r,None,AB,1772877654,None,None,None", "AB 2026-03-07 10:00:54 p1 ZoneKnown")]
    [InlineData(Client, "BF65451ABE0F622D4A180E11 2026-03-07 10:00:54.368 a4 r-6350 ZoneKnown")]
    [InlineData("1,000000000000000000000343,1772877654,-60", "000000000000000000000343 2026-03-07 10:00:54 a1 r-6000 ZoneKnown")]
    [InlineData("1,1234567890123456,1772877654368,-60", "1234567890123456 2026-03-07 10:00:54.368 a1 r-6000 ZoneKnown")]
    [InlineData("2,1,1234567890123456,1772877654368,-60", "1234567890123456 2026-03-07 10:00:54.368 a1 r-6000 p1 ZoneKnown")]
    public void A_line(string line, string expected)
    {
        ParserRun run = Run(line + "\r\n");
        Assert.Equal(expected, Show(Assert.Single(run.Reads)));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Heartbeats_are_no_reads()
    {
        ParserRun run = Run("""reader_1,*,,""" + "\n" + """{"isHeartBeat":true,"epc":"AB"}{"isHeartBeat":"true"}""");
        Assert.Equal(Enumerable.Repeat(ControlKind.KeepAlive, 3), run.Controls.Select(control => control.Kind));
        Assert.Empty(run.Reads);
    }

    [Theory]
    [InlineData("""{"epc":"","firstSeenTimestamp":"2026-03-07T10:00:54Z"}""", RejectReason.NoChip)]
    [InlineData("""{"epc":"AB","firstSeenTimestamp":"10:00:54"}""", RejectReason.BadTime)]
    [InlineData("""{"tag_reads":[5]}""", RejectReason.BadSyntax)]
    [InlineData("s\n", RejectReason.UnknownFrame)]
    [InlineData("reader_1,4,ABCD\n", RejectReason.TooFewFields)]
    [InlineData("reader_1,4,ABCD,1772877654368790\n", RejectReason.TooFewFields)]
    [InlineData("reader_1,4,ABCD,177287765,-63,,\n", RejectReason.BadTime)]
    [InlineData("reader_1,4,ABCD,1772877654368790,weak,,\n", RejectReason.BadNumber)]
    [InlineData("reader_1,4,,1772877654368790,-63,,\n", RejectReason.NoChip)]
    [InlineData("4,E2801160,E28011052000,1772877654368790,-63\n", RejectReason.BadAntenna)]
    [InlineData("x,ABCD,1772877654368790,-63\n", RejectReason.BadAntenna)]
    public void A_bad_frame_is_a_reject(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + "\n" + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["00AA", "00AA"], run.Chips);
    }

    [Theory]
    [InlineData("null,{0},{1}", "null,")]
    [InlineData("{0} , [1, \"x]\"] ,{1}", "[1, \"x]\"] ,")]
    [InlineData("{0},{1}, \"a,b\" ", "\"a,b\"")]
    public void Something_else_in_a_list_costs_no_read(string list, string rejected)
    {
        list = list.Replace("{0}", Guard, StringComparison.Ordinal).Replace("{1}", Two, StringComparison.Ordinal);
        string post = "{\"tag_reads\":[" + list + "]}";
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(post + Guard)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal(["00AA", "ABCD", "00AA"], run.Chips);
            Assert.Equal((RejectReason.BadSyntax, rejected), Assert.Single(run.Rejects));
        }
    }

    [Fact]
    public void The_makers_samples()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read("impinj-speedway-connect", "inventory.jsonl"));
        Assert.Equal(
            [
                "999908290000000000000004 2018-06-14 00:15:54.36879 a7 r-5100 ZoneKnown",
                "999908290000000000000003 2018-06-14 00:15:54.373293 a23 r-5000 ZoneKnown",
                "999908290000000000000004 2018-06-14 00:15:54.36879 a7 r-5100 ZoneKnown",
            ],
            run.Reads.Select(Show));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void The_start_of_a_race()
    {
        byte[] file = Captures.Read("impinj-speedway-connect", "reader-box-start-930.csv");
        ParserRun run = ParserRun.OfWhole<Parser>(file);
        Assert.Equal(930, run.Reads.Count);
        Assert.Empty(run.Rejects);
        Assert.Equal(716, run.Chips.Distinct().Count());
        Dictionary<string, int> byReader = run.Reads.CountBy(r => run.Points.ToList()[r.Point - 1]).ToDictionary();
        Assert.Equal((372, 558, 2), (byReader["reader_1"], byReader["reader_2"], byReader.Count));
        Assert.StartsWith("BF65451ABE0F622D4A180ED3 2016-07-02 12:59:28.979179 a4 r-6300 ", Show(run.Reads[0]), StringComparison.Ordinal);
        Assert.StartsWith("DCE244C8AC535AACFE96D0F5 2016-07-02 13:10:28.485579 ", Show(run.Reads[^1]), StringComparison.Ordinal);
        Assert.Equal(240, run.Reads.Zip(run.Reads.Skip(1)).Count(pair => pair.Second.Time < pair.First.Time));
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(file, mostCuts: 10))
            Assert.Equal(run.Describe(), ParserRun.Of<Parser>(pieces).Describe());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Post), Bytes(Box + "\n"), Bytes(Client + "\n"), Bytes("reader_1,*,,\n")], "{}[]\",: 019*-ep\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{Post}{Box}\n{Client}\nbad\nreader_1,*,,\n1,2,3,4\n{One}"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> text = Gen.OneOf("", "None", "4", "65536", "ABCD", "BF65451ABE0F622D4A180E11", "-63", "*", "x", "reader 1");
        Gen<string> time = Gen.Long[0, 9_999_999_999].SelectMany(s => Gen.OneOf("", "123", "123456", "1234567", "12345678901")
            .Select(rest => s.ToString("D9", CultureInfo.InvariantCulture) + rest));
        Gen<string> any = Gen.Frequency((3, text), (1, time));
        Gen<string> line = Gen.OneOf(
            Gen.Select(text, text, text, time, text).Select(f => $"{f.Item1},{f.Item2},{f.Item3},{f.Item4},{f.Item5},,"),
            Gen.Select(text, text, time, text).Select(f => $"{f.Item1},{f.Item2},{f.Item3},{f.Item4}"),
            any.Array[2, 8].Select(fields => string.Join(',', fields))).Where(line => line.Trim(',').Length > 0);
        line.List[1, 6].Sample(lines =>
        {
            ParserRun run = Run(string.Concat(lines.Select(l => l + "\n")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(ShowPlain));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count + run.Controls.Count);
        });
    }

    static string ShowPlain(ChipRead read) => Show(read with { Point = 0 });

    /// <summary>The obvious way; null for a reject or a keepalive. Commas at the front separate and say nothing.</summary>
    static string? Slow(string line)
    {
        string[] fields = [.. line.TrimStart(',').Split(',').Select(field => field == "None" ? "" : field)];
        int time = fields.Length > 4 && IsTime(fields[3]) ? 3 : 2;
        if (fields.Length < 4 || fields[1] == "*" || (time == 2 && IsTime(fields[3])) || !IsTime(fields[time]))
            return null;
        bool hasAntenna = ushort.TryParse(fields[time - 2], NumberStyles.None, null, out ushort antenna);
        bool hasRssi = decimal.TryParse(fields[time + 1], NumberStyles.Number, CultureInfo.InvariantCulture, out decimal rssi);
        if ((!hasAntenna && fields[time - 2].Length > 0) || fields[time - 1].Length == 0
            || (fields[time + 1].Length > 0 && (!hasRssi || Math.Abs(rssi) > 327.67m)))
            return null;
        long ticks = (long)(decimal.Parse(fields[time].Insert(10, "."), CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond);
        return Show(new ChipRead
        {
            Chip = ChipCode.FromText(fields[time - 1]),
            Time = ticks,
            Antenna = antenna,
            Hits = 1,
            Number = -1,
            RssiCentiDbm = hasRssi ? (short)(rssi * 100) : ChipRead.NoRssi,
            Flags = ReadFlags.ZoneKnown,
        });

        static bool IsTime(string field) => field.Length is >= 10 and <= 19 && field.All(char.IsAsciiDigit);
    }

    [Fact]
    public void It_reads_what_JsonDocument_reads()
    {
        Gen<string> read = Gen.Select(
            Gen.OneOf("1", "ABCD", "999908290000000000000017", ""), Gen.OneOf("2026-03-07T10:00:54.36879Z", "1772877654368790", "x"),
            Gen.OneOf("-51", "-51.25", "x"), Gen.Int[0, 70_000], Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true))))
            .Select((epc, time, rssi, antenna, heartbeat) => JsonSerializer.Serialize(new
            {
                antennaPort = antenna,
                epc,
                firstSeenTimestamp = time,
                peakRssi = rssi,
                isHeartBeat = heartbeat,
            }));
        read.List[0, 5].Sample(list =>
        {
            ParserRun run = Run($$"""{"tag_reads":[{{string.Join(',', list)}}]}""");
            Assert.Equal(list.Select(SlowObject).OfType<string>(), run.Reads.Select(Show));
            Assert.Equal(list.Count + 1, run.Reads.Count + run.Rejects.Count + run.Controls.Count);
        });
    }

    static string? SlowObject(string json)
    {
        JsonElement read = JsonDocument.Parse(json).RootElement;
        string epc = read.GetProperty("epc").GetString()!;
        if (read.GetProperty("isHeartBeat").GetBoolean() || epc.Length == 0 || read.GetProperty("firstSeenTimestamp").GetString() == "x")
            return null;
        int antenna = read.GetProperty("antennaPort").GetInt32();
        string rssi = read.GetProperty("peakRssi").GetString()!;
        return $"{epc} 2026-03-07 10:00:54.36879" + (antenna is > 0 and <= 65_535 ? $" a{antenna}" : "")
            + rssi switch { "-51" => " r-5100", "-51.25" => " r-5125", _ => "" }
            + (antenna > 65_535 || rssi == "x" ? " ZoneKnown, FieldDropped" : " ZoneKnown");
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
