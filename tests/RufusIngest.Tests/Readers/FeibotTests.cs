using System.Globalization;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.FeibotProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class FeibotTests
{
    const string One = """{"DeviceCode":"U417","time":"2026-03-07_10:00:00.123","epc":"e28068100000004000000001","channelId":3,"rssi":-50}""";
    const string Heartbeat = """
        {"DeviceCode":"U417","DeviceType":"Feibot","batteryPercent":61,"totalTagsRead":1240,"differentTagsRead":182,"reader1Working":"yes","reader1Power":30,"Timestamp":"2026-03-07T08:20:00.000+03:00"}
        """;

    const string Line = "aabb17:2026-03-07_12:00:00.123,port=1,rssi=-60";
    const string Guard = """{"RTC":"15:04:05.250","EPC":"00AA","ANT":1}""";

    [Theory]
    [Frames<Parser>(One, Heartbeat, """{"RTC":"00:00:00","EPC":"E2801160"}""", """{"Version":2}""",
        """{"epc":"AB","time":"2026-03-07T10:00:00Z"}""", Guard = Guard)]
    [Frames<Parser>(Line, "E28011:2026-03-07_12:00:00.123", "E28011:2026-03-07_12:00:00.123,rssi=-60", Guard = Guard, End = "\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Each_object_of_a_device_waits_for_an_answer_also_without_a_line_end()
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes($"{One}\n[{Heartbeat}]{Guard}{One}\r\n")))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            const string Show1 = "E28068100000004000000001 2026-03-07 10:00:00.123 a3 r-5000 p1";
            Assert.Equal([Show1, "00AA 1970-01-01 15:04:05.25 a1 NoDate", Show1], run.Reads.Select(Show));
            Assert.Equal(
                [
                    (ControlKind.AcknowledgementDue, 0L), (ControlKind.KeepAlive, 61), (ControlKind.AcknowledgementDue, 0),
                    (ControlKind.AcknowledgementDue, 0),
                ],
                run.Controls.Select(control => (control.Kind, control.Number)));
            Assert.Equal(["U417"], run.Points.ToList());
            Assert.Empty(run.Rejects);
        }
    }

    [Theory]
    [InlineData("2026-03-07_10:00:00.123", "2026-03-07 10:00:00.123")]
    [InlineData("2026-03-07 10:00:00", "2026-03-07 10:00:00")]
    [InlineData("2026-03-07T10:00:00.5", "2026-03-07 10:00:00.5")]
    [InlineData("2026-03-07T10:00:00.5Z", "2026-03-07 10:00:00.5 ZoneKnown")]
    [InlineData("2026-03-07T10:00:00+03:00", "2026-03-07 07:00:00 ZoneKnown")]
    public void A_time_in_any_of_its_forms(string time, string expected)
    {
        ParserRun run = Run($$"""{"epc":"AB","time":"{{time}}"}""");
        Assert.Equal("AB " + expected, Show(Assert.Single(run.Reads)));
    }

    [Theory]
    [InlineData(Line, "AABB17 2026-03-07 12:00:00.123 a1 r-6000")]
    [InlineData("AB:2026-03-07_12:00:00.123", "AB 2026-03-07 12:00:00.123")]
    [InlineData("AB:2026-03-07_12:00:00.123,rssi=-60,lap=5,port=2", "AB 2026-03-07 12:00:00.123 a2 r-6000")]
    [InlineData("AB:2026-03-07_12:00:00.123,port=x,rssi=", "AB 2026-03-07 12:00:00.123 FieldDropped")]
    [InlineData("AB:2026-03-07_12:00:00", "AB 2026-03-07 12:00:00")]
    public void A_line(string line, string expected)
    {
        ParserRun run = Run(line + "\n");
        Assert.Equal(expected, Show(Assert.Single(run.Reads)));
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("""{"epc":"ABC","time":"2026-03-07_10:00:00.123"}""", RejectReason.BadSyntax)]
    [InlineData("""{"epc":"xy","time":"2026-03-07_10:00:00.123"}""", RejectReason.BadSyntax)]
    [InlineData("""{"epc":"","time":"2026-03-07_10:00:00.123"}""", RejectReason.NoChip)]
    [InlineData("""{"epc":"AB","time":"10:00:00"}""", RejectReason.BadTime)]
    [InlineData("""{"epc":"AB","time":1772877654}""", RejectReason.BadTime)]
    [InlineData("""{"epc":"AB"}""", RejectReason.BadTime)]
    [InlineData("""{"EPC":"AB","RTC":"25:00:00"}""", RejectReason.BadTime)]
    [InlineData("ABC:2026-03-07_12:00:00.123\n", RejectReason.BadSyntax)]
    [InlineData(":2026-03-07_12:00:00.123\n", RejectReason.NoChip)]
    [InlineData("AB:2026-03-07-12:00:00.123\n", RejectReason.BadTime)]
    [InlineData("AB,2026\n", RejectReason.UnknownFrame)]
    public void A_bad_frame_is_a_reject_and_gets_no_answer(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + "\n" + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["00AA", "00AA"], run.Chips);
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void Errors_do_not_stop_a_file()
    {
        ParserRun run = Run($"{Line}\r\n{Line}\r\nABC:x\r\nAABB18:2026-03-07_12:00:01.000,port=1,rssi=-61\r\nAABB19:2026-03-07_12:00:02.000");
        Assert.Equal(["AABB17", "AABB17", "AABB18", "AABB19"], run.Chips);
        Assert.Single(run.Rejects);
        Assert.Equal(RejectReason.Truncated, Assert.Single(Run("AABB19:2026-03-07_12:00:02.00").Rejects).Reason);
    }

    [Fact]
    public void The_published_samples()
    {
        ParserRun line = ParserRun.OfWhole<Parser>(Captures.Read("feibot", "csv-line.csv"));
        Assert.Equal("AABB01 2026-06-05 12:00:00.123 a1 r-6000", Show(Assert.Single(line.Reads)));
        ParserRun heartbeat = ParserRun.OfWhole<Parser>(Captures.Read("feibot", "heartbeat.json"));
        Assert.Equal((ControlKind.KeepAlive, 78), (heartbeat.Controls[0].Kind, heartbeat.Controls[0].Number));
        Assert.Empty(heartbeat.Reads);
        ParserRun plate = ParserRun.OfWhole<Parser>(Captures.Read("feibot", "plate-reader.json"));
        Assert.Equal("E200 1970-01-01 15:04:05 a1 NoDate", Show(Assert.Single(plate.Reads)));
        Assert.Empty(line.Rejects.Concat(heartbeat.Rejects).Concat(plate.Rejects));
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(One), Bytes(Heartbeat), Bytes(Line + "\n")], "{}[]\",:_ 019epc=-\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{One}\n[{Heartbeat}]{Line}\nbad\nx:y\n{Guard}"));
    }

    [Fact]
    public void It_reads_what_Split_and_JsonDocument_read()
    {
        Gen<string> epc = Gen.OneOf("aabb17", "E2801160", "ABC", "", "xy");
        Gen<string> time = Gen.DateTime[new DateTime(2000, 1, 1), new DateTime(2030, 1, 1)]
            .Select(t => t.ToString("yyyy-MM-dd_HH:mm:ss.fff", CultureInfo.InvariantCulture));
        Gen<string> number = Gen.OneOf("1", "-60", "70000", "");
        Gen.Select(epc, Gen.Frequency((9, time), (1, Gen.Const("2026-03-07_"))), number, number, Gen.Bool).List[1, 6].Sample(rows =>
        {
            ParserRun run = Run(string.Concat(rows.Select(r => r.Item5
                ? JsonSerializer.Serialize(new { epc = r.Item1, time = r.Item2, channelId = r.Item3, rssi = r.Item4 })
                : $"{r.Item1}:{r.Item2},port={r.Item3},rssi={r.Item4}\n")));
            Assert.Equal(rows.Select(Slow).OfType<string>(), run.Reads.Select(Show));
            Assert.Equal(rows.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string? Slow((string Epc, string Time, string Port, string Rssi, bool IsJson) row)
    {
        if (row.Epc is not ("aabb17" or "E2801160") || row.Time.Length < 23)
            return null;
        // An empty text is no number, an empty field is nothing.
        bool dropped = row.Port is "-60" or "70000" || row.Rssi == "70000" || (row.IsJson && (row.Port == "" || row.Rssi == ""));
        return $"{row.Epc.ToUpperInvariant()} {row.Time.Replace('_', ' ').TrimEnd('0').TrimEnd('.')}"
            + (row.Port == "1" ? " a1" : "") + row.Rssi switch { "1" => " r100", "-60" => " r-6000", _ => "" }
            + (dropped ? " FieldDropped" : "");
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
