using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.TrackBoxProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class TrackBoxTests
{
    const string Head =
        "POST /trackping?v=2&custId=9&boxId=T-1002&boxType=PTrack&boxName=Top&boxTime=260502T000010Z"
        + "&boxPos=M,48.1,9.2,700&index=12&count=2&dataIndex=88&auth=a HTTP/1.1\r\n"
        + "Host: example.org\r\nContent-Type: text/plain; charset=x\r\n\r\n";

    const string Full = "ZKLMN42;22.5;-41.5;15;92;;;;20;-90;7001";
    const string Guard = "ZGUARD1;3;-60;4;1;;;;2;-9;";

    [Theory]
    [Frames<Parser>(Full, "ZKLMN42;0;;;;;;;;;", "Host: example.org", "X-Empty:", Preamble = Head, Guard = Guard, End = "\r")]
    [Frames<Parser>(Full, "GET /status?boxTemp=31&boxBatt=80 HTTP/1.1", Preamble = Head, Guard = Guard, End = "\r\n")]
    [Frames<Parser>(Full, Guard = Guard, End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_passing_is_so_many_seconds_before_the_boxs_time()
    {
        ParserRun run = Run(Head + Full + "\r\r\n");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("ZKLMN42 2026-05-01 23:59:47.500", Show(read));
        Assert.Equal((ReadFlags.ZoneKnown, 15, (short)-4150), (read.Flags, read.Hits, read.RssiCentiDbm));
        Assert.Equal((7001UL | (12UL << 32), -1L), (read.Detail, read.Number));
        Assert.Equal(["T-1002"], run.Points.ToList());
        Assert.Equal(
            [ControlKind.Status, ControlKind.Unknown, ControlKind.Unknown], run.Controls.Select(control => control.Kind));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Each_request_has_its_own_time()
    {
        ParserRun run = Run(
            Head + Guard + "\rGET /s?boxTime=200101T000000Z HTTP/1.1\r\n" + Guard
            + "\rPOST /trackping?boxTime=260502T000110Z&boxId=T-2 HTTP/1.1\r\n\r\n" + Guard + "\r");
        Assert.Equal(
            ["ZGUARD1 2026-05-02 00:00:07.000", "ZGUARD1 2026-05-02 00:00:07.000", "ZGUARD1 2026-05-02 00:01:07.000"],
            run.Reads.Select(Show));
        Assert.Equal([(ushort)1, (ushort)1, (ushort)2], run.Reads.Select(read => read.Point));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("POST /trackping?v=2&boxId=T-3 HTTP/1.1\r\n\r\n", 0)]
    [InlineData("POST /trackping?v=2&boxTime=261302T000010Z HTTP/1.1\r\n\r\n", 1)]
    [InlineData("POST /trackping?v=2&boxTime=260502T000010 HTTP/1.1\r\n\r\n", 1)]
    [InlineData(Head + "POST /trackping?v=2&boxTime=now HTTP/1.1\r\n\r\n", 1)]
    public void Without_a_good_time_of_the_box_a_read_has_none(string head, int rejects)
    {
        ParserRun run = Run(head + Guard + "\r");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal((ReadFlags.NoTime, 0L), (read.Flags, read.Time));
        Assert.Equal(rejects, run.Rejects.Count(reject => reject.Reason == RejectReason.BadTime));
    }

    [Theory]
    [InlineData(";3;-60;4;1;;;;2;-9;", RejectReason.NoChip)]
    [InlineData("Z1;;-60;4;1;;;;2;-9;", RejectReason.BadTime)]
    [InlineData("Z1;-3;-60;4;1;;;;2;-9;", RejectReason.BadTime)]
    [InlineData("Z1;3;-60;4;1;;;;2;-9", RejectReason.TooFewFields)]
    [InlineData("Z1;3;-60;4;1;;;;2;-9;;", RejectReason.BadSyntax)]
    [InlineData("OK", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Head}{Guard}\r{line}\r{Guard}\r");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void A_bib_set_that_may_be_cut_off_is_left_out()
    {
        ChipRead read = Assert.Single(Run(Head + Full).Reads);
        Assert.Equal((ReadFlags.ZoneKnown | ReadFlags.FieldDropped, 12UL << 32), (read.Flags, read.Detail));
        Assert.Equal(ReadFlags.ZoneKnown, Assert.Single(Run(Head + Guard).Reads).Flags);
    }

    [Fact]
    public void The_printed_line()
    {
        byte[] bytes = Captures.Read("raceresult-trackbox", "post-body.txt");
        byte[] stream = [.. Bytes("POST /trackping?v=2&boxTime=210827T110003Z&boxPos=U HTTP/1.1\r\n\r\n"), .. bytes];
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            ChipRead read = Assert.Single(run.Reads);
            Assert.Equal("ZCTAA66 2021-08-27 10:59:41.000", Show(read));
            Assert.Equal((15, (short)-4000, ReadFlags.ZoneKnown), (read.Hits, read.RssiCentiDbm, read.Flags));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Head), Bytes(Full + "\r"), Bytes(Guard + "\r")], "0123456789;:-. TZ?&=\r\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{Head}{Full}\rbad\rZ;1\r{Guard}\r\n{Head}{Full}\r"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> field = Gen.OneOf("", "0", "7", "-40", "12.25", "x");
        field.Array[9, 12].List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(Head + string.Concat(lines.Select(l => "Z;" + string.Join(';', l) + "\r")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(r =>
                $"{Show(r)} {r.Hits} {r.RssiCentiDbm} {(uint)r.Detail} {r.Flags}"));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>The obvious way, of what stands behind the chip; null for a reject.</summary>
    static string? Slow(string[] f)
    {
        if (f.Length != 10 || !double.TryParse(f[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double age))
            return null;
        DateTime time = new DateTime(2026, 5, 2, 0, 0, 10).AddSeconds(-age);
        bool hasRssi = decimal.TryParse(f[1], NumberStyles.Float, CultureInfo.InvariantCulture, out decimal dbm);
        bool hasHits = int.TryParse(f[2], NumberStyles.None, null, out int hits) && hits > 0;
        bool hasSet = uint.TryParse(f[9], NumberStyles.None, null, out uint set);
        bool dropped = (!hasRssi && f[1] != "") || (!hasHits && f[2] != "") || (!hasSet && f[9] != "");
        return $"Z {time:yyyy-MM-dd HH:mm:ss.fff} {(hasHits ? hits : 1)} {(hasRssi ? (int)(dbm * 100) : ChipRead.NoRssi)} {set} "
            + $"{(dropped ? "ZoneKnown, FieldDropped" : "ZoneKnown")}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
