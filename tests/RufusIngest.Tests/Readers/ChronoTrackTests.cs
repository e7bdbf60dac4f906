using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.ChronoTrackProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class ChronoTrackTests
{
    const string Streamed = "CT01_33~712~Finish Line~00834~11:12:13.45~3~A1B2C3~4";
    const string FileRead = "TO~000007~000834~160~018~1777716733.45~A1B2C3~8~-57~00042~P~19";
    const string GunMark = "X12345,42,Gun,3001,26050210121399,Button Press";
    const string Guard = "CT01_33~1~A~77~10:00:00.00~0~000001~1";

    [Theory]
    [Frames<Parser>(
        Streamed, "CT01_13,712,Finish,834,11:12:13.45,3,A1B2C3,4", "CT01_33~1~s~9~2026-05-02T11:12:13.45~0~A1B2C3~4",
        "CT01_33~1~s~9~1777716733.45~0~A1B2C3~4", "CT01_33~1~s~9~40333450~0~A1B2C3~4",
        "CT01_33~3~start~guntime~10:00:00.00~0~A1B2C3~0", "CT01_33~4~20k~newlocation~10:00:00.00~0~A1B2C3~0",
        "StreamManager~1.2~CTP01", "ping", "ack~ping", "ping~ack", "ack~getlocations~finish~start", "err~start~no such location",
        "listener~1~9", "time-format=iso", "start~30k~17", "start", "stop", "getconnectionid", Guard = Guard, End = "\r\n")]
    [Frames<Parser>(
        FileRead, "TO~8~834~160~6~1777716733.45~A1B2C3~1~-57~43~P", GunMark, "X12345,43,Manual,3002,26050210121401,Button Press",
        "X12345,11,Point,1,26050210121401,19K", "X12345,31,TimeChange,8,26050210121401,80010100002288",
        "X12345,1,Powerup,1,80010100002288,Controller", Guard = FileRead, End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_streamed_passing_with_all_fields()
    {
        ParserRun run = Run(Streamed + "\r\nCT01_13,712,Finish Line,00834,11:12:13.45,3,A1B2C3,4\r\n");
        Assert.Equal(2, run.Reads.Count);
        foreach (ChipRead read in run.Reads)
        {
            Assert.Equal(("00834", ReadFlags.NoDate), (read.Chip.ToString(), read.Flags));
            Assert.Equal(new TimeSpan(0, 11, 12, 13, 450).Ticks, read.Time);
            Assert.Equal((712L, (ushort)4, (ushort)0xB2C3, 1), (read.Number, read.Antenna, read.SubReader, read.Hits));
            Assert.Equal((0xA1B2C3UL | (3UL << 24), (ushort)1), (read.Detail, read.Point));
        }

        Assert.Equal(["Finish Line"], run.Points.ToList());
    }

    [Fact]
    public void A_read_of_a_file_with_all_fields()
    {
        ChipRead read = Assert.Single(Run(FileRead + "\r\n").Reads);
        Assert.Equal("000834 2026-05-02 10:12:13.450", Show(read));
        Assert.Equal((7L, (ushort)8, (ushort)0xB2C3, 19), (read.Number, read.Antenna, read.SubReader, read.Hits));
        Assert.Equal((ReadFlags.None, (short)-5700), (read.Flags, read.RssiCentiDbm));
        Assert.Equal(0xA1B2C3UL | (42UL << 24) | (18UL << 48) | (160UL << 56), read.Detail);
    }

    [Theory]
    [InlineData("10:12:13.45", "1970-01-01 10:12:13.450", ReadFlags.NoDate)]
    [InlineData("2026-05-02T10:12:13.45", "2026-05-02 10:12:13.450", ReadFlags.None)]
    [InlineData("2026-05-02T10:12:13.45Z", "2026-05-02 10:12:13.450", ReadFlags.ZoneKnown)]
    [InlineData("1777716733.45", "2026-05-02 10:12:13.450", ReadFlags.None)]
    [InlineData("315532800.28", "1980-01-01 00:00:00.280", ReadFlags.None)]
    [InlineData("36733450", "1970-01-01 10:12:13.450", ReadFlags.NoDate)]
    [InlineData("0", "1970-01-01 00:00:00.000", ReadFlags.NoDate)]
    public void Times_are_told_apart_by_their_shape(string text, string time, ReadFlags flags)
    {
        ChipRead read = Assert.Single(Run($"CT01_33~1~s~9~{text}~0~A1B2C3~4\r\n").Reads);
        Assert.Equal(("9 " + time, flags), (Show(read), read.Flags));
    }

    [Fact]
    public void Guns_marks_and_points()
    {
        ParserRun run = Run(
            "CT01_33~3~start~guntime~10:00:00.01~0~A1B2C3~0\r\nCT01_33~4~20k~newlocation~10:00:00.00~0~A1B2C3~0\r\n"
            + GunMark + "\r\nX12345,43,Manual,3002,80010100002288,Button Press\r\n"
            + "X12345,11,Point,1,26050210121401,19K\r\nX12345,31,TimeChange,8,26050210121401,80010100002288\r\n");
        Assert.Equal(
            [(ControlKind.Gun, 3L), (ControlKind.Point, 4), (ControlKind.Gun, 42), (ControlKind.Marker, 43), (ControlKind.Point, 0),
                (ControlKind.Clock, (new DateTime(2026, 5, 2, 10, 12, 14, 10) - DateTime.UnixEpoch).Ticks)],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Equal(
            ["Gun 1970-01-01 10:00:00.010 3 NoDate", "Gun 2026-05-02 10:12:13.990 42 None",
                "Marker 1980-01-01 00:00:22.880 43 None"],
            run.Reads.Select(read => $"{read.Kind}{Show(read)} {read.Number} {read.Flags}"));
        Assert.Equal((3001UL, true), (run.Reads[1].Detail, run.Reads[1].Chip.IsEmpty));
        Assert.Equal(["start", "20k"], run.Points.ToList());
    }

    [Fact]
    public void Words_for_guns_and_points_may_be_in_capitals()
    {
        ParserRun run = Run(
            "CT01_13,3,START,GUNTIME,10:00:00.01,0,A1B2C3,0\r\nCT01_13,4,20K,NEWLOCATION,10:00:00.00,0,A1B2C3,0\r\n");
        Assert.Equal(ReadKind.Gun, Assert.Single(run.Reads).Kind);
        Assert.Equal(
            [(ControlKind.Gun, 3L), (ControlKind.Point, 4)],
            run.Controls.Select(control => (control.Kind, control.Number)));
    }

    [Theory]
    [InlineData(Streamed, "CT01_33~711~Finish Line~0083", RejectReason.TooFewFields)]
    [InlineData(Streamed, "CT01_33~711~Finish Line~00834~11:12", RejectReason.TooFewFields)]
    [InlineData(Streamed, "ack~pi", RejectReason.Truncated)]
    [InlineData(FileRead, "TO~000006~0008", RejectReason.TooFewFields)]
    [InlineData(FileRead, "TO~000006~000834~160~018~1777716733.45~A1B2C3~8~-5", RejectReason.TooFewFields)]
    public void Half_a_line_costs_no_other(string good, string half, RejectReason reason)
    {
        ParserRun run = Run(half + good + "\r\n");
        Assert.Equal(Run(good + "\r\n").Reads, run.Reads);
        Assert.Equal([(reason, half)], run.Rejects);
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("CT01_33~1~s~9~10:00:00.00~0~A1B2C3", RejectReason.TooFewFields)]
    [InlineData("CT01_33~1~s~9~24:00:00.00~0~A1B2C3~4", RejectReason.BadTime)]
    [InlineData("CT01_33~1~s~9~86400000~0~A1B2C3~4", RejectReason.BadTime)]
    [InlineData("CT01_33~1~s~9~36733.45~0~A1B2C3~4", RejectReason.BadTime)]
    [InlineData("CT01_33~1~s~9~1777716733450~0~A1B2C3~4", RejectReason.BadTime)]
    [InlineData("CT01_33~1~s~9~~0~A1B2C3~4", RejectReason.BadTime)]
    [InlineData("CT01_33~1~s~~10:00:00.00~0~A1B2C3~4", RejectReason.NoChip)]
    [InlineData("TO~1~9511~160~18~1777716733.45~A1B2C3~8~-63~1", RejectReason.TooFewFields)]
    [InlineData("TO~1~9511~160~18~10:00:00~A1B2C3~8~-63~1~P", RejectReason.BadTime)]
    [InlineData("TO~1~9511~160~18~1.7e9~A1B2C3~8~-63~1~P", RejectReason.BadTime)]
    [InlineData("TO~1~~160~18~1777716733.45~A1B2C3~8~-63~1~P", RejectReason.NoChip)]
    [InlineData("X12345,42,Gun,3001,26050225121399,Button Press", RejectReason.BadTime)]
    [InlineData("X12345,42,Manual,3001,2605021012139,Button Press", RejectReason.BadTime)]
    [InlineData("X12345,42,TimeChange,3001,,80010100002288", RejectReason.BadTime)]
    [InlineData("X12345,42,Gun", RejectReason.UnknownFrame)]
    [InlineData("hello", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r\n{line}\r\n{Guard}\r\n");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Theory]
    [InlineData("CT01_33~z~s~9~10:00:00.00~x~NOTHEX~y")]
    [InlineData("TO~z~9511~x~y~1777716733.45~NOTHEX~a~b~c~P~d")]
    [InlineData("TO~z~9511~999~999~1777716733.45~1000000~70000~-999~99999999~P~0")]
    public void Unreadable_fields_are_dropped_not_the_read(string line)
    {
        ChipRead read = Assert.Single(Run(line + "\r\n").Reads);
        Assert.True((read.Flags & ReadFlags.FieldDropped) != 0);
        Assert.Equal((-1L, 0UL, 1), (read.Number, read.Detail, read.Hits));
        Assert.Equal((ChipRead.NoRssi, (ushort)0, (ushort)0), (read.RssiCentiDbm, read.Antenna, read.SubReader));
    }

    [Theory]
    [InlineData("controller-9K.csv", 849, 839, "99997 1620460701.95", "2603 1620467733.70", -1)]
    [InlineData("controller-19K.csv", 918, 854, "99997 1620462257.60", "7331 1620477868.60", 82)]
    [InlineData("controller-START1-0502.csv", 677, 542, "99997 1619943838.27", "3 1619969210.95", -1)]
    [InlineData("controller-FINISH3-first-300.csv", 300, -1, "009573 1620460343.17", "007620 1620466548.00", -1)]
    [InlineData("controller-START2-first-300.csv", 300, -1, "99995 1620459054.85", "74 1620460870.94", -1)]
    public void The_files_of_races(string file, int lines, int tags, string first, string last, int backward)
    {
        byte[] bytes = Captures.Read("chronotrack", file);
        ParserRun run = ParserRun.OfWhole<Parser>(bytes);
        Assert.Empty(run.Rejects);
        Assert.Empty(run.Controls);
        Assert.Equal(lines, run.Reads.Count);
        Assert.Equal([first, last], [Seconds(run.Reads[0]), Seconds(run.Reads[^1])]);
        Assert.Equal(Enumerable.Range(1, lines), run.Reads.Select(read => (int)read.Number));
        Assert.All(run.Reads, read => Assert.Equal(ReadFlags.None, read.Flags));
        if (tags >= 0)
            Assert.Equal(tags, run.Chips.Distinct().Count());
        if (backward >= 0)
            Assert.Equal(backward, run.Reads.Zip(run.Reads.Skip(1)).Count(pair => pair.Second.Time < pair.First.Time));
        Assert.Equal(run.Describe(), ParserRun.Of<Parser>(Pieces(bytes)).Describe());

        string[] texts = Encoding.ASCII.GetString(bytes).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(texts.Select(Slow), run.Reads.Select(Seen));
    }

    [Theory]
    [InlineData("controller-9K.mrk", 32, "Point 1, Clock 1, Status 30")]
    [InlineData("controller-19K.mrk", 32, "Point 1, Clock 1, Status 30")]
    [InlineData("controller-START1-0502.mrk", 33, "Point 1, Clock 0, Status 32")]
    [InlineData("controller-START2.mrk", 6, "Point 1, Clock 1, Status 3")]
    public void The_marker_files_of_races(string file, int lines, string kinds)
    {
        byte[] bytes = Captures.Read("chronotrack", file);
        ParserRun run = ParserRun.OfWhole<Parser>(bytes);
        Assert.Empty(run.Rejects);
        Assert.Equal(lines, run.Controls.Count);
        Assert.Equal(
            kinds,
            $"Point {Count(ControlKind.Point)}, Clock {Count(ControlKind.Clock)}, Status {Count(ControlKind.Status)}");
        Assert.Equal(run.Describe(), ParserRun.Of<Parser>(Pieces(bytes)).Describe());
        if (file != "controller-START2.mrk")
        {
            Assert.Empty(run.Reads);
            return;
        }

        // The only button in these files; the page's line with a gun is of a file that is not among them.
        ChipRead button = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Marker, " 2021-05-08 09:04:40.850", 4807UL), (button.Kind, Show(button), button.Detail));

        int Count(ControlKind kind) => run.Controls.Count(control => control.Kind == kind);
    }

    [Fact]
    public void The_printed_lines()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read("chronotrack", "ctp01-samples.txt"));
        Assert.Empty(run.Rejects);
        Assert.Equal(
            ["Chip 9478 14:02:15.31 1", "Gun  07:45:01.01 1"],
            run.Reads.Select(r => $"{r.Kind} {r.Chip} {DateTime.UnixEpoch.AddTicks(r.Time):HH:mm:ss.ff} {r.Point}"));
        Assert.Equal(["start", "30k"], run.Points.ToList());
        Assert.Equal(
            [ControlKind.Greeting, ControlKind.Gun, ControlKind.Point, ControlKind.KeepAlive, ControlKind.KeepAlive],
            run.Controls.Select(control => control.Kind));

        ChipRead export = Assert.Single(ParserRun.OfWhole<Parser>(Captures.Read("chronotrack", "ctp01-export-sample.csv")).Reads);
        Assert.Equal("50101 1970-01-01 15:54:48.900", Show(export));
        Assert.Equal((24L, (ushort)8, 0x117F37UL | (1UL << 24)), (export.Number, export.Antenna, export.Detail));
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Streamed + "\r\n"), Bytes(FileRead + "\r\n"), Bytes(GunMark + "\r\n")], "0123456789~,.:-TOCk\r\n");
        ParserChecks.AllocatesNothing<Parser>(
            Bytes($"{Streamed}\r\n{FileRead}\r\nping\r\nbad\r\nTO~1\r\n{GunMark}\r\nCT01_33~1~s~9~2026-05-02T10:00:00~0~1~1\r\n"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> text = Gen.OneOf("", "0", "1", "8", "255", "256", "x", "-57", "A1B2C3");
        Gen<string> time = Gen.OneOf(Gen.Long[0, 4_000_000_000_00].Select(t => $"{t / 100}.{t % 100:00}"), text);
        Gen<string> line = Gen.Select(text, Gen.OneOf("834", "000834", ""), time, text.Array[4, 8], (n, tag, t, rest) =>
            string.Join('~', ["TO", n, tag, rest[0], rest[1], t, .. rest[2..], "P", "5"]));
        line.List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(string.Concat(lines.Select(l => l + "\r\n")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(Seen));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string Seen(ChipRead r) =>
        $"{r.Chip} {r.Time} {r.Number} {r.Antenna} {r.SubReader} {r.RssiCentiDbm} {r.Hits} {r.Detail} {r.Flags}";

    /// <summary>A line of a file the obvious way; null for a reject.</summary>
    static string? Slow(string line)
    {
        string[] f = line.Split('~');
        if (f.Length < 11 || f[2].Length == 0 || f[5].Length == 0 || f[5][0] == '-'
            || !decimal.TryParse(f[5], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds))
            return null;
        bool dropped = false;
        long number = Whole(f[1], long.MaxValue, -1);
        long antenna = Whole(f[7], 65_535, 0);
        bool hasMac = int.TryParse(f[6], NumberStyles.AllowHexSpecifier, null, out int mac) && mac < 1 << 24;
        mac = hasMac ? mac : 0;
        dropped |= !hasMac && f[6] != "";
        bool hasRssi = int.TryParse(f[8], NumberStyles.AllowLeadingSign, null, out int rssi) && rssi < 327;
        dropped |= !hasRssi && f[8] != "";
        long hits = f.Length > 11 ? Whole(f[11], int.MaxValue, 0) : 1;
        dropped |= f.Length > 11 && f[11] == "0";
        long detail = (uint)mac | (Whole(f[9], 0xFFFFFF, 0) << 24) | (Whole(f[4], 255, 0) << 48) | (Whole(f[3], 255, 0) << 56);
        return $"{f[2]} {(long)(seconds * TimeSpan.TicksPerSecond)} {number} {antenna} {mac & 0xFFFF} "
            + $"{(hasRssi ? rssi * 100 : ChipRead.NoRssi)} {Math.Max(1, hits)} {(ulong)detail} "
            + $"{(dropped ? ReadFlags.FieldDropped : 0)}";

        long Whole(string text, long most, long otherwise)
        {
            bool good = long.TryParse(text, NumberStyles.None, null, out long value) && value <= most;
            dropped |= !good && text.Length > 0;
            return good ? value : otherwise;
        }
    }

    static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes)
    {
        Random random = new(11);
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(bytes.Length - at, random.Next(1, 90));
            yield return bytes.AsMemory(at, length);
            at += length;
        }
    }

    static string Seconds(ChipRead read) =>
        $"{read.Chip} {(decimal)read.Time / TimeSpan.TicksPerSecond:0.00}";

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
