using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.RaceResultJsonProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class RaceResultJsonTests
{
    const string Full = """
        {"ID":9,"Bib":77,"TimingPoint":"Ziel \u00e4","Result":-10,"Time":30000.5,"Invalid":true,"Passing":{"Transponder":"ZKLMN42","Position":{"Latitude":48.5,"Longitude":-9.25,"Altitude":0,"Flag":"M"},"Hits":61,"RSSI":-71.5,"Battery":2.9,"Temperature":20,"LoopID":2,"Channel":3,"StatusFlags":128,"IsMarker":false,"FileNo":17,"PassingNo":412,"Received":"2026-05-02T10:00:00.25+02:00","UTCTime":"2026-05-02T07:59:58.345Z"}}
        """;

    const string Marker = """{"Passing":{"Transponder":"","IsMarker":true,"PassingNo":5,"UTCTime":"2026-05-02T07:00:00Z"}}""";
    const string Guard = """{"Passing":{"Transponder":"G","UTCTime":"2026-05-02T07:00:00.12Z"}}""";

    [Theory]
    [Frames<Parser>(Full, Marker, Guard, """{"ID":1,"Passing":null}""", """{"Version":{"Passing":1}}""", Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_passing_with_all_members()
    {
        ParserRun run = Run(Full + "\r\n");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("ZKLMN42 2026-05-02 07:59:58.345", Show(read));
        Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.HasPosition, read.Flags);
        Assert.Equal((412L, 61, (short)-7150, (ushort)2), (read.Number, read.Hits, read.RssiCentiDbm, read.Antenna));
        Assert.Equal((485_000_000, -92_500_000), (read.LatitudeE7, read.LongitudeE7));
        Assert.Equal(17UL | (3UL << 48) | (1UL << 52) | (29UL << 56), read.Detail);
        Assert.Equal(["Ziel ä"], run.Points.ToList());
    }

    [Theory]
    [InlineData(Marker)]
    [InlineData("""{"Passing":{"Transponder":"99999","IsMarker":false,"PassingNo":5,"UTCTime":"2026-05-02T07:00:00Z"}}""")]
    public void A_marker_is_a_gun(string marker)
    {
        ParserRun run = Run(marker);
        ChipRead gun = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Gun, true), (gun.Kind, gun.Chip.IsEmpty));
        Assert.Equal((ControlKind.Gun, 5L), run.Controls.Select(control => (control.Kind, control.Number)).Single());
    }

    [Theory]
    [InlineData("""{"Passing":{"Transponder":"","UTCTime":"2026-05-02T07:00:00Z"}}""", RejectReason.NoChip)]
    [InlineData("""{"Passing":{"UTCTime":"2026-05-02T07:00:00Z"}}""", RejectReason.NoChip)]
    [InlineData("""{"Time":5,"Passing":{"Transponder":"9"}}""", RejectReason.BadTime)]
    [InlineData("""{"Passing":{"Transponder":"9","UTCTime":"2026-05-32T07:00:00Z"}}""", RejectReason.BadTime)]
    [InlineData("""{"Passing":{"Transponder":"9","UTCTime":"2026-05-02T07:00:00Z"}""", RejectReason.Truncated)]
    [InlineData("""{"Transponder":"9","UTCTime":"2026-05-02T07:00:00Z"}""", RejectReason.Truncated)]
    public void A_bad_record_is_a_reject(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + "\n" + bad);
        Assert.Equal(["G"], run.Chips);
        Assert.All(run.Rejects, reject => Assert.Equal(reason, reject.Reason));
        Assert.NotEmpty(run.Rejects);
    }

    [Fact]
    public void The_printed_record()
    {
        byte[] bytes = Captures.Read("raceresult-decoder", "rr12-raw-data-record.json");
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(bytes))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            ChipRead read = Assert.Single(run.Reads);
            Assert.Equal("ZICAD30 2024-01-12 09:06:35.944", Show(read));
            Assert.Equal((1L, 75, (short)-7500, (ushort)8), (read.Number, read.Hits, read.RssiCentiDbm, read.Antenna));
            Assert.Equal((ReadFlags.ZoneKnown, 177UL | (8UL << 48) | (30UL << 56)), (read.Flags, read.Detail));
            Assert.Equal(["STARTFINISH"], run.Points.ToList());
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Full), Bytes(Marker), Bytes(Guard)], "{}[]\",: 019Passing\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(Full + Guard + "bad {]} " + Marker + """{"Passing":{}}"""));
    }

    [Fact]
    public void It_reads_what_JsonDocument_reads()
    {
        Gen<string> record = Gen.Select(
            Gen.OneOf("9", "ZKLMN42", ""), Gen.DateTime[new DateTime(1999, 1, 1), new DateTime(2030, 1, 1)], Gen.Long[-1, 99_999],
            Gen.Decimal[-90, 0], Gen.Int[-1, 70_000], Gen.Bool,
            (chip, time, number, rssi, file, invalid) => JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["Invalid"] = invalid,
                ["Passing"] = new Dictionary<string, object>
                {
                    ["UTCTime"] = time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
                    ["RSSI"] = decimal.Round(rssi, 2),
                    ["PassingNo"] = number,
                    ["FileNo"] = file,
                    ["Transponder"] = chip,
                },
            }));
        record.List[0, 5].Sample(list =>
        {
            ParserRun run = Run(string.Join("\n", list));
            Assert.Equal(list.Select(Slow).OfType<string>(), run.Reads.Select(read =>
                $"{Show(read)} {read.Number} {read.RssiCentiDbm} {read.Detail} {read.Flags}"));
            Assert.Equal(list.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string? Slow(string json)
    {
        JsonElement root = JsonDocument.Parse(json).RootElement;
        JsonElement passing = root.GetProperty("Passing");
        string chip = passing.GetProperty("Transponder").GetString()!;
        if (chip.Length == 0)
            return null;
        DateTime time = passing.GetProperty("UTCTime").GetDateTime().ToUniversalTime();
        long number = passing.GetProperty("PassingNo").GetInt64();
        int file = passing.GetProperty("FileNo").GetInt32();
        ulong detail = (file is >= 0 and <= 65_535 ? (ulong)file : 0)
            | (root.GetProperty("Invalid").GetBoolean() ? 1UL << 52 : 0);
        string flags = file is < 0 or > 65_535 || number < 0 ? "ZoneKnown, FieldDropped" : "ZoneKnown";
        int rssi = (int)(passing.GetProperty("RSSI").GetDecimal() * 100);
        return $"{chip} {time:yyyy-MM-dd HH:mm:ss.fff} {number} {rssi} {detail} {flags}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
