using System.Globalization;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.TimingSenseProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class TimingSenseTests
{
    const string First = """{"Chip":417,"Moment":"2026-03-07T10:00:48.937842Z","TimingPoint":"Meta","Type":1,"Antenna":2,"Source":3}""";
    const string Gun = """{"Chip":0,"Moment":"2026-03-07T09:30:00Z","TimingPoint":"Salida","Type":0}""";
    const string Guard = """{"Chip":7,"Moment":"2026-03-07T10:00:00.250Z","TimingPoint":"g","Type":2}""";

    [Theory]
    [Frames<Parser>(First, Gun, """{"Moment":"2026-03-07T10:00:48+02:00","Chip":"A7"}""", """{"Version":1}""", Guard = Guard)]
    [Frames<Parser>("618;07/03/2026 11:52:30.540;Meta;1;", "618;07/03/2026 11:52:30.540;Meta;2", "0;07/03/2026 11:52:30.540;Meta;0;",
        "619,07/03/2026 11:52:30.540,Meta,2,", "2,\"2026-03-07T02:33:48.937842Z\",\"a\",1", Guard = Guard, End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void An_array_of_reads()
    {
        string stream = $"[{First},{Guard},{Gun}]\r\n[{First}]\r\n[]";
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(stream)))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            const string One = "417 2026-03-07 10:00:48.937842 a2 d1 s3 p1";
            Assert.Equal([One, "7 2026-03-07 10:00:00.25 d2 p2", "Gun 2026-03-07 09:30:00 p3", One], run.Reads.Select(Show));
            Assert.Equal(["Meta", "g", "Salida"], run.Points.ToList());
            Assert.Equal(ControlKind.Gun, Assert.Single(run.Controls).Kind);
            Assert.Empty(run.Rejects);
        }
    }

    [Theory]
    [InlineData("2026-03-07T10:00:00Z", "2026-03-07 10:00:00")]
    [InlineData("2026-03-07T10:00:00.1234567z", "2026-03-07 10:00:00.1234567")]
    [InlineData("2026-03-07T10:00:00", "2026-03-07 10:00:00")]
    [InlineData("2026-03-07T10:00:00+02:00", "2026-03-07 08:00:00 ZoneKnown")]
    [InlineData("2026-03-07T10:00:00+00:00", "2026-03-07 10:00:00 ZoneKnown")]
    public void A_zone_counts_only_as_a_number(string moment, string expected)
    {
        ParserRun run = Run($$"""{"Chip":"x","Moment":"{{moment}}"}""");
        Assert.Equal("x " + expected, Show(Assert.Single(run.Reads)));
    }

    [Theory]
    [InlineData("618;07/03/2026 11:52:30.540;Meta;1;", "618 2026-03-07 11:52:30.54 d1 p1")]
    [InlineData("618;07/03/2026 11:52:30.540;Meta, norte;2;", "618 2026-03-07 11:52:30.54 d2 p1")]
    [InlineData("619,07/03/2026 11:52:30.540,Meta,2,", "619 2026-03-07 11:52:30.54 d2 p1")]
    [InlineData("2,\"2026-03-07T02:33:48.937842Z\",\"a\",1", "2 2026-03-07 02:33:48.937842 d1 p1")]
    [InlineData("0;07/03/2026 11:52:30.540;Meta;0;", "Gun 2026-03-07 11:52:30.54 p1")]
    [InlineData("618;07/03/2026 11:52:30.540;;x;", "618 2026-03-07 11:52:30.54 FieldDropped")]
    [InlineData("618;07/03/2026 11:52:30.540", "618 2026-03-07 11:52:30.54")]
    public void A_line(string line, string expected)
    {
        ParserRun run = Run(line + "\r\n");
        Assert.Equal(expected, Show(Assert.Single(run.Reads)));
        Assert.Equal(expected.StartsWith("Gun", StringComparison.Ordinal) ? [ControlKind.Gun] : [], run.Controls.Select(c => c.Kind));
    }

    [Theory]
    [InlineData("""{"Moment":"2026-03-07T10:00:00Z","Type":1}""", RejectReason.NoChip)]
    [InlineData("""{"Chip":"","Moment":"2026-03-07T10:00:00Z"}""", RejectReason.NoChip)]
    [InlineData("""{"Chip":5,"Type":1}""", RejectReason.BadTime)]
    [InlineData("""{"Chip":5,"Type":0}""", RejectReason.BadTime)]
    [InlineData("""{"Chip":5,"Moment":"2026-03-07T10:00"}""", RejectReason.BadTime)]
    [InlineData("618;13/13/2026 11:52:30.540;Meta;1;\r\n", RejectReason.BadTime)]
    [InlineData("618;03/31/2026 11:52:30.540;Meta;1;\r\n", RejectReason.BadTime)]
    [InlineData(";07/03/2026 11:52:30.540;Meta;1;\r\n", RejectReason.NoChip)]
    [InlineData("2,\"2026-03-07T02:33:48Z,\"a\",1\r\n", RejectReason.BadTime)]
    [InlineData("618\r\n", RejectReason.UnknownFrame)]
    public void A_bad_frame_is_a_reject(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + "\r\n" + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["7", "7"], run.Chips);
    }

    [Fact]
    public void A_line_that_may_lack_its_type_is_cut_off()
    {
        foreach (string line in (string[])["618;07/03/2026 11:52:30.540", "618;07/03/2026 11:52:30.540;Me", "618;07/03/2026 11:52:30.540;Meta;"])
            Assert.Equal(RejectReason.Truncated, Assert.Single(Run(line).Rejects).Reason);
        Assert.Single(Run("618;07/03/2026 11:52:30.540;Meta;1").Reads);
    }

    [Fact]
    public void Arrays_of_a_simulator()
    {
        byte[] lines = Captures.Read("timing-sense", "payload-lines.json");
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(lines, mostCuts: 300))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal(Enumerable.Repeat("2 2016-06-03 02:33:48.937842 d1 p1", 16), run.Reads.Select(Show));
            Assert.Equal(["a"], run.Points.ToList());
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void A_backup_of_a_box()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read("timing-sense", "backup-semicolon.csv"));
        Assert.Equal(30, run.Reads.Count);
        Assert.Empty(run.Rejects);
        Assert.Equal("618 2021-03-29 11:52:30.54 d1 p1", Show(run.Reads[0]));
        Assert.Equal("618 2021-03-29 13:06:02.76 d2 p1", Show(run.Reads[^1]));
        Assert.Equal((15, 15), (run.Reads.Count(r => r.Detail == 1), run.Reads.Count(r => r.Detail == 2)));
        Assert.Equal(["Meta"], run.Points.ToList());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(First), Bytes("618;07/03/2026 11:52:30.540;Meta;1;\r\n")], "{}[]\",:; 019/ChipMoment\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(
            $"[{First},{Gun}]618;07/03/2026 11:52:30.540;Meta;1;\r\nbad\r\n2,\"2026-03-07T02:33:48Z\",\"a\",1\r\n{Guard}"));
    }

    [Fact]
    public void It_reads_what_Split_and_JsonDocument_read()
    {
        Gen<string> chip = Gen.OneOf("2", "618", "A7", "");
        Gen<DateTime> time = Gen.DateTime[new DateTime(2000, 1, 1), new DateTime(2030, 1, 1)]
            .Select(t => new DateTime(t.Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond));
        Gen<string> type = Gen.OneOf("0", "1", "2", "", "x", "65536");
        Gen.Select(chip, time, type, Gen.Bool, Gen.OneOf(";", ","), Gen.Bool).List[1, 6].Sample(rows =>
        {
            string stream = string.Concat(rows.Select(row => row.Item4
                ? "[" + JsonSerializer.Serialize(new { Chip = row.Item1, Moment = row.Item2.ToString("s") + row.Item2.ToString(".ffffff") + "Z", Type = row.Item3 }) + "]"
                : string.Join(row.Item5, row.Item1, row.Item2.ToString("dd/MM/yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture), "Meta", row.Item3)
                    + (row.Item6 ? row.Item5 : "") + "\r\n"));
            // A comma at the front of a line only separates: where the chip is missing the line begins with its time.
            ParserRun run = Run(stream);
            Assert.Equal(rows.Select(Slow).OfType<string>(), run.Reads.Select(r => Show(r with { Point = 0 })));
            Assert.Equal(rows.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string? Slow((string Chip, DateTime Time, string Type, bool IsJson, string Separator, bool) row)
    {
        bool isGun = row.Type == "0";
        bool shifted = !row.IsJson && row.Separator == "," && row.Chip.Length == 0;
        if ((row.Chip.Length == 0 && !isGun) || shifted)
            return null;
        bool typed = row.Type is "1" or "2";
        // An empty text is no number, an empty field is nothing.
        bool dropped = !typed && !isGun && (row.IsJson || row.Type.Length > 0);
        return (isGun ? "Gun " : row.Chip + " ") + row.Time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)
            + (typed ? $" d{row.Type}" : "") + (dropped ? " FieldDropped" : "");
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
