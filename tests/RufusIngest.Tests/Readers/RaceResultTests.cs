using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.RaceResultProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class RaceResultTests
{
    const string Active =
        "412;ZKLMN42;2026-05-02;10:11:12.345;0;57;101;0a1b;1;3;2;0;10417;2.9;21;64;Start \xE4;17;;D-40321";

    const string Passive = "7;318;2026-05-02;23:59:59.999;7001;20;-61.5;09ff;0;;;;;;;;Box;3;4;D-1";
    const string Upload = "11;318;2026-05-02;10:11:12.345;7001;9;114;;ZKLMN42;;1;;2;;;2.9;;64;x";
    const string Guard = "3;44;2026-05-02;09:00:00.000;;4;-70;ffee";
    const string UploadGuard = "3;44;2026-05-02;09:00:00.000;0;4;-70;;;;0;;;;;;;;y";

    [Theory]
    [Frames<Parser>(
        Active, Passive, "#P;" + Active, "ONLY " + Passive, "5;8;2026-05-02;10:00:00.001", "5;8;0000-00-02;10:00:00.001;9;1",
        "6;8;2026-05-02;10:00:00.001;7001;12;-68;09ca", "6;99999;2026-05-02;10:00:00.001;;1", "PING", "#KEEPALIVE", "#X;1",
        "ONLY 3", "GETTIME;2026-05-02;10:00:00.500", "GETSTATUS;0000-00-00;00:02:39.942;1;11111111;1;50;1;49.7,8.2;1;0",
        "GETCONFIG;GENERAL;BOXNAME;M\xFCller;D-1", "PASSINGS;212;17", "6;8;;10:00:00.001;0;72;127;;1;1;1;;16731;2,9;20;0;b;1;2;D-1",
        "6;8;;10:00:00.001;0;72;127;;1;1;1;16731;2,9;20;0;b;1;2;D-1", Guard = Guard, End = "\r\n")]
    [Frames<Parser>("6;8;0000-00-00;1874.975;0;1;0;;;ba6e;0", Guard = Guard, End = "\n")]
    [Frames<Parser>(Upload, UploadGuard, Guard = UploadGuard, End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void An_active_chip_with_all_fields()
    {
        ParserRun run = Run("#P;" + Active + "\r\n");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("ZKLMN42 2026-05-02 10:11:12.345", Show(read));
        Assert.Equal((412L, 57, (ushort)2), (read.Number, read.Hits, read.Antenna));
        Assert.Equal(-90 + ((101 & 0x70) >> 2), read.RssiCentiDbm / 100);
        Assert.Equal(ReadFlags.Rewind, read.Flags);
        Assert.Equal(Detail(17, 0, channel: 3, battery: 29), read.Detail);
        Assert.Equal(("D-40321", (ushort)1), (Assert.Single(run.Points.ToList()), read.Point));
    }

    [Fact]
    public void A_passive_chip_with_all_fields()
    {
        ChipRead read = Assert.Single(Run(Passive + "\r\n").Reads);
        Assert.Equal("318 2026-05-02 23:59:59.999", Show(read));
        Assert.Equal((7L, 20, (ushort)4, (short)-6150), (read.Number, read.Hits, read.Antenna, read.RssiCentiDbm));
        Assert.Equal((ReadFlags.None, Detail(3, 7001)), (read.Flags, read.Detail));
    }

    [Theory]
    [InlineData("#P;6;318;2026-0", RejectReason.TooFewFields)]
    [InlineData("#P;6;318;2026-05-02;23:5", RejectReason.Truncated)]
    [InlineData("#P;6;318;2026-05-02;23:59:59.9", RejectReason.Truncated)]
    [InlineData("GETSTAT", RejectReason.Truncated)]
    [InlineData("\xFF\x01", RejectReason.Truncated)]
    public void Half_a_line_costs_no_pushed_passing(string half, RejectReason reason)
    {
        ParserRun run = Run($"{half}#P;{Passive}\r\n");
        Assert.Equal(Run($"#P;{Passive}\r\n").Reads, run.Reads);
        Assert.Equal([(reason, half)], run.Rejects);
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void A_passing_that_lost_its_end_behind_the_time_is_one_all_the_same()
    {
        ParserRun run = Run($"#P;6;317;2026-05-02;23:59:58.000;7001;2#P;{Passive}\r\n");
        Assert.Equal(["317", "318"], run.Chips);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_clock_that_was_never_set_counts_days()
    {
        ChipRead read = Assert.Single(Run("5;8;0000-00-02;10:00:00.001;9;1\r\n").Reads);
        Assert.Equal(ReadFlags.NoDate | ReadFlags.ClockNotSet, read.Flags);
        Assert.Equal(new TimeSpan(2, 10, 0, 0, 1).Ticks, read.Time);
    }

    [Fact]
    public void A_trigger_is_a_gun()
    {
        ParserRun run = Run("#P;61;99999;2026-05-02;10:00:00.250;;1;;;0\r\n");
        ChipRead gun = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Gun, true, 61L), (gun.Kind, gun.Chip.IsEmpty, gun.Number));
        Assert.Equal((ControlKind.Gun, 61L), run.Controls.Select(c => (c.Kind, c.Number)).Single());
    }

    [Fact]
    public void An_upload_names_active_chips_by_their_code()
    {
        ParserRun run = Run(Upload + "\r\n" + UploadGuard + "\r\n");
        Assert.Equal(["ZKLMN42", "44"], run.Chips);
        ChipRead read = run.Reads[0];
        Assert.Equal(((short)(-90 + 28) * 100, (ushort)2, ReadFlags.Rewind), (read.RssiCentiDbm, read.Antenna, read.Flags));
        Assert.Equal((9, Detail(0, 7001, battery: 29)), (read.Hits, read.Detail));
    }

    [Fact]
    public void A_decoders_line_without_its_last_field_is_no_upload()
    {
        const string Line = "4;ZK1;2026-05-02;10:00:00.001;0;57;101;0a1b;1;3;1;0;10417;2.9;21;64;Start;17;2\r\n";
        ChipRead read = Assert.Single(Run(Line).Reads);
        Assert.Equal(("ZK1", ReadFlags.Rewind), (read.Chip.ToString(), read.Flags));
        Assert.Equal(Detail(17, 0, channel: 3, battery: 29), read.Detail);
    }

    [Fact]
    public void Exports_have_no_date_and_decimal_commas()
    {
        // Version 2, and version 1 without the column "loop only".
        ParserRun run = Run(
            "6;ZA;;10:00:00,001;0;72;127;;1;1;5;1;16731;2,9;20;64;b;9;2;D-1\r"
            + "6;ZA;;10:00:00,001;0;72;127;;1;1;5;16731;2,9;20;64;b;9;2;D-1\r");
        foreach (ChipRead read in run.Reads)
        {
            Assert.Equal(ReadFlags.NoDate | ReadFlags.Rewind, read.Flags);
            Assert.Equal((new TimeSpan(0, 10, 0, 0, 1).Ticks, (ushort)5), (read.Time, read.Antenna));
        }

        ulong detail = Detail(9, 0, channel: 1, battery: 29);
        Assert.Equal([detail | (1UL << 53), detail], run.Reads.Select(read => read.Detail));
    }

    [Fact]
    public void A_fetch_that_is_shorter_than_asked_and_its_end()
    {
        ParserRun run = Run("ONLY 1\r\n" + Guard + "\r\n\r\nONLY " + Guard + "\r\n\r\n");
        Assert.Equal(["44", "44"], run.Chips);
        Assert.Equal(
            [(ControlKind.Response, 1), (ControlKind.EndOfFetch, 0), (ControlKind.Response, 0), (ControlKind.EndOfFetch, 0)],
            run.Controls.Select(control => (control.Kind, (int)control.Number)));
    }

    [Fact]
    public void Answers_by_the_name_of_their_command()
    {
        ParserRun run = Run(
            "GETTIME;2026-05-02;10:00:00.500\r\nGETTIME;0000-00-00;00:02:12.942\r\nGETTIME;ERROR\r\n"
            + "PASSINGS;212;17\r\nGETMODE;ERROR\r\nSTARTOPERATION;OK;0000-00-00;00:00:00.000\r\n");
        long ticks = (new DateTime(2026, 5, 2, 10, 0, 0, 500) - DateTime.UnixEpoch).Ticks;
        Assert.Equal(
            [(ControlKind.Clock, ticks), (ControlKind.Clock, 0), (ControlKind.Response, 0), (ControlKind.Response, 212),
                (ControlKind.Response, 0), (ControlKind.Response, 0L)],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_fetch_command_may_come_back()
    {
        ParserRun run = Run("12:5\r\n");
        Assert.Equal(ControlKind.Unknown, Assert.Single(run.Controls).Kind);
        Assert.Equal(
            [RejectReason.TooFewFields, RejectReason.TooFewFields],
            Run("12:\r\n12\r\n").Rejects.Select(reject => reject.Reason));
    }

    [Theory]
    [InlineData("5;8;2026-05-02", RejectReason.TooFewFields)]
    [InlineData("#P;5;8;2026-05-02", RejectReason.TooFewFields)]
    [InlineData("5x;8;2026-05-02;10:00:00.001", RejectReason.BadNumber)]
    [InlineData("#P;;8;2026-05-02;10:00:00.001", RejectReason.BadNumber)]
    [InlineData("5;8;2026-05-02;24:00:00.001", RejectReason.BadTime)]
    [InlineData("5;8;2026-02-30;10:00:00.001", RejectReason.BadTime)]
    [InlineData("5;8;0000-00-1;10:00:00.001", RejectReason.BadTime)]
    [InlineData("5;8;0000-00-00;1874.975", RejectReason.BadTime)]
    [InlineData("5;8;0000-00-00;86400;0;1;0;;;ba6e;0", RejectReason.BadTime)]
    [InlineData("5;8;;1874.975;0;1;0;;;ba6e;0", RejectReason.BadTime)]
    [InlineData("5;;2026-05-02;10:00:00.001", RejectReason.NoChip)]
    [InlineData("5;8\t;2026-05-02;10:00:00.001", RejectReason.BadSyntax)]
    [InlineData("5;1234567890123456789012345678901;2026-05-02;10:00:00.001", RejectReason.ChipTooLong)]
    [InlineData("GETTIME;2026-13-02;10:00:00.001", RejectReason.BadTime)]
    [InlineData("Gettime;2026-12-02;10:00:00.001", RejectReason.UnknownFrame)]
    [InlineData("?", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r\n{line}\r\n{Guard}\r\n");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Theory]
    [InlineData("5;8;2026-05-02;10:00:00.001;x;y;z;;2;a;b;c;;d;;e;;f;g", 0)]
    [InlineData("5;8;2026-05-02;10:00:00.001;4294967296;0", 0)]
    [InlineData("5;8;2026-05-02;10:00:00.001;4294967295;1;256;;1", 4294967295UL << 16)]
    public void Unreadable_fields_are_dropped_not_the_read(string line, ulong detail)
    {
        ChipRead read = Assert.Single(Run(line + "\r\n").Reads);
        Assert.Equal((ReadFlags.FieldDropped, detail), (read.Flags, read.Detail));
        Assert.Equal((1, ChipRead.NoRssi), (read.Hits, read.RssiCentiDbm));
    }

    [Fact]
    public void A_line_without_its_end_is_taken_when_its_time_is_whole()
    {
        Assert.Equal(["8"], Run("5;8;2026-05-02;10:00:00.001").Chips);
        Assert.Equal(RejectReason.Truncated, Assert.Single(Run("5;8;2026-05-02;10:00:00.0").Rejects).Reason);
        Assert.Equal(RejectReason.Truncated, Assert.Single(Run(UploadGuard + "\n5;8;2026-05-02;10:00:00.001;0").Rejects).Reason);
    }

    [Fact]
    public void The_printed_lines()
    {
        ChipRead old = Assert.Single(Captured("passing-proto-1.1.txt").Reads);
        Assert.Equal("33", old.Chip.ToString());
        Assert.Equal((1L, 12, (short)-6800, Detail(0, 6692)), (old.Number, old.Hits, old.RssiCentiDbm, old.Detail));
        Assert.Equal((TimeSpan.FromSeconds(2.773).Ticks, ReadFlags.NoDate | ReadFlags.ClockNotSet), (old.Time, old.Flags));

        ChipRead upload = Assert.Single(Captured("http-upload-body.txt").Reads);
        Assert.Equal(("100135", 6L), (upload.Chip.ToString(), upload.Number));
        Assert.Equal(TimeSpan.FromSeconds(1874.975).Ticks, upload.Time);
        Assert.Equal(ReadFlags.NoDate | ReadFlags.ClockNotSet, upload.Flags);

        ParserRun answers = Captured("status-and-handshake.txt");
        Assert.Empty(answers.Reads);
        Assert.Equal(
            [ControlKind.Response, ControlKind.Response, ControlKind.Clock, ControlKind.Status],
            answers.Controls.Select(control => control.Kind));
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Active + "\r\n"), Bytes(Upload + "\n"), Bytes("ONLY " + Guard + "\r\n")], "0123456789;:-. #PONLY\r\n");
        ParserChecks.AllocatesNothing<Parser>(
            Bytes($"{Active}\r\n{Upload}\r\nPING\r\n\r\nbad\r\n5;8\r\nGETTIME;2026-05-02;10:00:00\r\n#P;{Passive}\r\n"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> text = Gen.OneOf("", "0", "1", "12", "64", "99999", "x", "-71", "-70.5");
        Gen<string> date = Gen.OneOf("2026-05-02", "2024-02-29", "0000-00-00", "0000-00-03", "2023-02-29", "");
        Gen<string> time = Gen.DateTime[new DateTime(2000, 1, 1), new DateTime(2000, 1, 2)]
            .Select(t => t.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture));
        Gen<string> line = Gen.Select(
            Gen.OneOf("1", "412", "", "z"), Gen.OneOf("33", "ZKL", "99999", ""), date, time, text.Array[0, 6],
            (n, chip, d, t, rest) => string.Join(';', ["#P", n, chip, d, t, .. rest]));
        line.List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(string.Concat(lines.Select(l => l + "\r\n")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(Seen));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string Seen(ChipRead r) =>
        $"{r.Kind} {r.Chip} {r.Time} {r.Number} {r.Hits} {r.RssiCentiDbm} {r.Detail} {r.Flags}";

    /// <summary>The obvious way, of pushed lines of up to ten fields; null for a reject.</summary>
    static string? Slow(string line)
    {
        string[] f = [.. line.Split(';')[1..], "", "", "", "", "", ""];
        ReadFlags flags = f[2] == "" ? ReadFlags.NoDate
            : f[2].StartsWith("0000", StringComparison.Ordinal) ? ReadFlags.NoDate | ReadFlags.ClockNotSet : 0;
        long day = f[2] == "0000-00-03" ? 3 * TimeSpan.TicksPerDay : 0;
        if (!long.TryParse(f[0], NumberStyles.None, null, out long number) || f[1].Length == 0)
            return null;
        if (flags == 0)
        {
            if (!DateTime.TryParse(f[2], CultureInfo.InvariantCulture, out DateTime date))
                return null;
            day = (date - DateTime.UnixEpoch).Ticks;
        }

        long time = day + TimeSpan.Parse(f[3], CultureInfo.InvariantCulture).Ticks;
        ulong detail = 0;
        if (uint.TryParse(f[4], NumberStyles.None, null, out uint set))
            detail = (ulong)set << 16;
        bool hasHits = int.TryParse(f[5], NumberStyles.None, null, out int hits) && hits > 0;
        bool active = f[8] == "1";
        bool packed = active && !f[6].StartsWith('-');
        bool hasRssi = decimal.TryParse(f[6], NumberStyles.Float, CultureInfo.InvariantCulture, out decimal dbm)
            && (packed ? dbm <= 255 : dbm < 327);
        int rssi = !hasRssi ? ChipRead.NoRssi : packed ? -9000 + (100 * (((int)dbm & 0x70) >> 2)) : (int)(dbm * 100);
        if (int.TryParse(f[9], NumberStyles.None, null, out int channel) && channel < 16)
            detail |= (ulong)channel << 48;
        bool dropped = (!hasHits && f[5] != "") || (!hasRssi && f[6] != "")
            || f[4] is "x" or "-71" or "-70.5" || f[8] is not ("" or "0" or "1") || (f[9] is not ("" or "0" or "1" or "12"));
        flags |= dropped ? ReadFlags.FieldDropped : 0;
        bool gun = f[1] == "99999";
        return $"{(gun ? ReadKind.Gun : ReadKind.Chip)} {(gun ? "" : f[1])} {time} {number} "
            + $"{(hasHits ? hits : 1)} {rssi} {detail} {flags}";
    }

    static ulong Detail(ulong file, ulong set, ulong channel = 0, ulong battery = 0) =>
        file | (set << 16) | (channel << 48) | (battery << 56);

    static ParserRun Captured(string file)
    {
        byte[] bytes = Captures.Read("raceresult-decoder", file);
        ParserRun run = ParserRun.OfWhole<Parser>(bytes);
        Assert.Empty(run.Rejects);
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(bytes))
            Assert.Equal(run.Describe(), ParserRun.Of<Parser>(pieces).Describe());
        return run;
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
