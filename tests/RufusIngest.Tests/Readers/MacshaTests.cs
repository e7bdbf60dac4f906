using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.MacshaProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class MacshaTests
{
    const string Folder = "macsha-one4all";
    const string Guard = "9;ZZ;90009;2021-05-06;07:08:09.010;1;1;0f0f0";
    const string Passing = "77;MC;04711;2020-02-29;23:59:59.999;8;17;q7Yz0";
    const string Session = "DM00999;2021/03/15;06:02:55.029;06:02:57.311;3;006";
    const string Fixed = "MC00042D20160229T120755416T120758010A1R034TV";
    const string Cloud = "3;02;2021-03-11 12:25:01.649;16.5;-93.1165421;Sent;;;GMT-06:00";

    [Theory]
    [Frames<Parser>(
        Passing, Session, Cloud, "4;;2021-03-11 12:25:01.649;;;Sent;MC00001;12;", "CONECTADO_4", "CONECTADO_4" + Fixed,
        "CONECTADO_4" + Passing, "HELLO;One4All", "GETTIME;2021-12-23;15:30:55", "PING;PONG",
        "READBATTERY;VOLTS;25.5;PERCENT;90;HASPOWER;false", "START-OK_4", "ID2-20210315-062124- 77-e: 500_2",
        "20210315-163626-694", Guard = Guard, End = "\r\n")]
    [Frames<Parser>(Passing, "PASSINGS;190;MC00001;MC00002", Guard = Guard, End = "\n")]
    [Frames<Parser>(
        Fixed, "MC00042D20160229T120755416T120758010A1R03", "CONECTADO_12", "CONECTADO_4" + Fixed, Session, "STOP-OK_4",
        "MC00042D2016\r\n0229T12075\n5416T12\r0758010A1R034TV",
        Guard = "ZZ90009D20210506T070809010T070809011A1R001TV", End = "|")]
    [Frames<Parser>(Fixed, Guard = "ZZ90009D20210506T070809010T070809011A1R001TV", End = "|\r\n")]
    public void Rows_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_passing_of_generation_5_with_all_fields()
    {
        ChipRead read = Assert.Single(Run(Passing + "\r\n").Reads);
        Assert.Equal("MC04711 2020-02-29 23:59:59.999", Show(read));
        Assert.Equal((77L, (ushort)8, 17, "q7Yz0"), (read.Number, read.Antenna, read.Hits, Code(read)));
        Assert.Equal(ReadFlags.None, read.Flags);
    }

    [Theory]
    [InlineData("DM00999;2021/03/15;06:02:55.029;06:02:57.311;3;006", false, "DM00999 2021-03-15 06:02:57.311", 2_282)]
    [InlineData("DM00999;2021/03/15;06:02:55.029;06:02:57.311;3;006", true, "DM00999 2021-03-15 06:02:55.029", 2_282)]
    [InlineData("DM00999;2020/12/31;23:59:59.900;00:00:00.100;3;006", false, "DM00999 2021-01-01 00:00:00.100", 200)]
    [InlineData("DM00999;2020/12/31;23:59:59.900;00:00:00.100;3;006", true, "DM00999 2020-12-31 23:59:59.900", 200)]
    [InlineData("MC00042D20160229T120755416T120758010A3R006TV", false, "MC00042 2016-02-29 12:07:58.010", 2_594)]
    [InlineData("MC00042D20160229T120755416T120758010A3R006TV", true, "MC00042 2016-02-29 12:07:55.416", 2_594)]
    [InlineData("MC00042D20161231T235959999T000000000A3R006TV", false, "MC00042 2017-01-01 00:00:00.000", 1)]
    public void Older_rows_have_an_entry_and_an_exit(string row, bool entry, string expected, int stay)
    {
        Parser parser = new(MacshaProtocol.Parse(entry ? "entry" : ""));
        ChipRead read = Assert.Single(ParserRun.OfWhole(Bytes(row + "\r\n"), initial: parser).Reads);
        Assert.Equal(expected, Show(read));
        Assert.Equal((3, 6, stay), (read.Antenna, read.Hits, (int)read.Detail));
        Assert.Equal((-1L, ReadFlags.None), (read.Number, read.Flags));
    }

    [Fact]
    public void An_unreadable_zone_does_not_move_the_time()
    {
        ChipRead read = Assert.Single(Run(Cloud.Replace("-06:00", "-06:\u00FF0", StringComparison.Ordinal) + "\n").Reads);
        Assert.Equal("02 2021-03-11 12:25:01.649", Show(read));
        Assert.Equal(ReadFlags.FieldDropped | ReadFlags.HasPosition, read.Flags);
    }

    [Fact]
    public void An_empty_line_behind_a_pipe_is_the_same_in_any_pieces()
    {
        byte[] stream = Bytes($"{Fixed}|\r\n\n{Fixed}|\n|\n\n");
        string whole = ParserRun.OfWhole<Parser>(stream).Describe();
        Assert.Equal(2, whole.Split("EndOfFetch").Length - 1);
        Assert.All(Splits.Of(stream), pieces => Assert.Equal(whole, ParserRun.Of<Parser>(pieces).Describe()));
    }

    [Theory]
    [InlineData("HELLO")]
    [InlineData("HELLO One4All ")]
    public void A_greeting_may_stand_right_before_a_passing(string greeting)
    {
        ParserRun run = Run($"{greeting}{Passing}\r\nHELLO;One4All;5\r\n");
        Assert.Equal(Run(Passing + "\n").Reads, run.Reads);
        Assert.Equal([ControlKind.Greeting, ControlKind.Greeting], run.Controls.Select(control => control.Kind));
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("GETPROTOCOL")]
    [InlineData("STOP")]
    [InlineData("PING")]
    [InlineData("Start:")]
    [InlineData("Stop:")]
    public void The_hosts_commands_may_come_back(string command)
    {
        ParserRun run = Run(command + "\r\n");
        Assert.Equal(ControlKind.Unknown, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Another_parameter_is_an_error_that_names_the_right_one()
    {
        FormatException error = Assert.Throws<FormatException>(() => MacshaProtocol.Parse("exit"));
        Assert.Contains("'exit'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'entry'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_the_cloud_is_UTC_with_a_place()
    {
        ParserRun run = Run(
            $"{Cloud}\n4;701;2021-03-11 23:25:01;;;Sent;MC00001;;GMT+05:30\n5;8;2021-03-11 12:00:00;;;;;;GMT\n");
        Assert.Equal(
            ["02 2021-03-11 18:25:01.649", "MC00001 2021-03-11 17:55:01.000", "8 2021-03-11 12:00:00.000"],
            run.Reads.Select(Show));
        Assert.Equal([3L, 4, 5], run.Reads.Select(read => read.Number));
        Assert.Equal([1UL, 0, 1], run.Reads.Select(read => read.Detail));
        Assert.Equal(
            [ReadFlags.ZoneKnown | ReadFlags.HasPosition, ReadFlags.ZoneKnown, ReadFlags.ZoneKnown],
            run.Reads.Select(read => read.Flags));
        Assert.Equal((165_000_000, -931_165_421), (run.Reads[0].LatitudeE7, run.Reads[0].LongitudeE7));
    }

    [Theory]
    [InlineData("77;MC;04711;2020-02-29;10:00:00;x;17;q7Yz0")]
    [InlineData("77;MC;04711;2020-02-29;10:00:00;8;0;q7Yz0")]
    [InlineData("77;MC;04711;2020-02-29;10:00:00;8;17;more than 8")]
    [InlineData("DM00999;2021/03/15;06:02:55.029;06:02:57.311;x;006")]
    [InlineData("DM00999;2021/03/15;06:02:55.029;06:02:57.311;3;000")]
    [InlineData("MC00042D20160229T120755416T120758010A1X034TV")]
    [InlineData("MC00042D20160229T120755416T120758010B1R034TV")]
    [InlineData("MC00042D20160229T120755416T120758010A1Rx34TV")]
    [InlineData("3;02;2021-03-11 12:25:01.649;91;5;Sent;;;GMT-06:00")]
    [InlineData("3;02;2021-03-11 12:25:01.649;;;Sent;;;America/Merida")]
    public void Optional_fields_are_dropped_not_the_read(string row) =>
        Assert.Equal(ReadFlags.FieldDropped, Assert.Single(Run(row + "\n").Reads).Flags & ~ReadFlags.ZoneKnown);

    [Theory]
    [InlineData("77;MC;04711;2020-02-29;10:00:00.000;8;17", RejectReason.TooFewFields)]
    [InlineData("77;MC;04711;0000-00-00;10:00:00.000;8;17;q7Yz0", RejectReason.BadTime)]
    [InlineData("77;MC;04711;2020-02-30;10:00:00.000;8;17;q7Yz0", RejectReason.BadTime)]
    [InlineData("77;MC;04711;2020-02-29;10.00;8;17;q7Yz0", RejectReason.BadTime)]
    [InlineData("7x;MC;04711;2020-02-29;10:00:00.000;8;17;q7Yz0", RejectReason.BadNumber)]
    [InlineData("77;MC;;2020-02-29;10:00:00.000;8;17;q7Yz0", RejectReason.NoChip)]
    [InlineData("77;MC;0\u000147;2020-02-29;10:00:00.000;8;17;q7Yz0", RejectReason.BadSyntax)]
    [InlineData("77;MC;0123456789012345678901234567890;2020-02-29;10:00:00.000;8;17;q7Yz0", RejectReason.ChipTooLong)]
    [InlineData("VOIDTAG;0000/00/00;00:00:00.000;00:00:00.000;0;000", RejectReason.NoChip)]
    [InlineData("DM00999;0000/00/00;06:02:55.029;06:02:57.311;3;006", RejectReason.BadTime)]
    [InlineData("DM00999;2021/03/15;06:02:55.029;06:02:60.311;3;006", RejectReason.BadTime)]
    [InlineData("DM00999;2021/03/15;06:02:55.029;06:02:57.311;3", RejectReason.TooFewFields)]
    [InlineData("VOIDTAGD20160229T120755416T120758010A1R034TV", RejectReason.NoChip)]
    [InlineData("MC00042D20160230T120755416T120758010A1R034TV", RejectReason.BadTime)]
    [InlineData("MC00042D20160229T120755416T126058010A1R034TV", RejectReason.BadTime)]
    [InlineData("MC00042D20160229T120755416X120758010A1R034TV", RejectReason.BadTime)]
    [InlineData("MC00042D20160229T1207554x6T120758010A1R0", RejectReason.TooFewFields)]
    [InlineData("3;;2021-03-11 12:25:01.649;16.5;-93.1;Sent;;;GMT-06:00", RejectReason.NoChip)]
    [InlineData("3;02;2021-03-11 25:25:01.649;16.5;-93.1;Sent;;;GMT-06:00", RejectReason.BadTime)]
    [InlineData("DM00999;what;else", RejectReason.UnknownFrame)]
    [InlineData("noise", RejectReason.UnknownFrame)]
    public void A_bad_row_is_a_reject(string row, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r\n{row}\r\n{Guard}\r\n");
        Assert.Equal([(reason, row)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void A_fixed_row_goes_on_behind_a_line_end_when_it_is_too_short()
    {
        for (int cut = 8; cut < MacshaFixedRow.Least; cut++)
        {
            foreach (string end in (string[])["\r\n", "\n", "\r"])
            {
                ParserRun run = Run($"|{end}{Fixed[..cut]}{end}{Fixed[cut..]}|{end}{Fixed}{end}|{Fixed}|");
                Assert.Equal(Enumerable.Repeat("MC00042 2016-02-29 12:07:58.010", 3), run.Reads.Select(Show));
                Assert.Empty(run.Rejects);
                Assert.Empty(run.Controls);
            }
        }
    }

    [Theory]
    [InlineData(Passing + "\r\n")]
    [InlineData(Fixed + "|")]
    [InlineData("CONECTADO_4|" + Fixed + "|")]
    [InlineData("HELLO\r\n" + Passing + "\r\n")]
    public void Half_a_fixed_row_costs_only_itself(string next)
    {
        for (int cut = 8; cut < MacshaFixedRow.Least; cut++)
        {
            foreach (string end in (string[])["\r\n", "\n", "|"])
            {
                ParserRun run = Run($"{Fixed[..cut]}{end}{next}");
                ParserRun alone = Run(next);
                Assert.Equal(alone.Reads.Select(Show), run.Reads.Select(Show));
                Assert.Equal(alone.Controls, run.Controls);
                (RejectReason reason, string text) = Assert.Single(run.Rejects);
                Assert.Equal((RejectReason.TooFewFields, Fixed[..cut]), (reason, text.TrimEnd()));
            }
        }
    }

    [Theory]
    [InlineData("CONECTADO_4MC00042D20160229T120755416T120758010A1R034TV|", 4, "CONECTADO_4")]
    [InlineData("CONECTADO_12|MC00042D20160229T120755416T120758010A1R034TV|", 12, "CONECTADO_12")]
    [InlineData("CONECTADO_12\r\nMC00042D20160229T120755416T120758010A1R034TV|", 12, "CONECTADO_12")]
    [InlineData("CONECTADO_4DM00999;2021/03/15;06:02:55.029;06:02:57.311;3;006|", 4, "CONECTADO_4")]
    [InlineData("CONECTADO_415;MC;04711;2020-02-29;23:59:59.999;8;17;q7Yz0\r\n", 4, "CONECTADO_4")]
    public void A_greeting_may_stand_before_a_passing(string stream, int box, string greeting)
    {
        ParserRun run = Run(stream);
        Assert.Equal([(ControlKind.KeepAlive, (long)box, greeting)], run.Controls);
        Assert.Single(run.Reads);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Answers_are_controls()
    {
        string[] rows =
        [
            "HELLO", "CONECTADO_x", "GETTIME;2021-12-23;15:30:55", "GETTIME;ERR", "READBATTERY;VOLTS;25.5;PERCENT;90",
            "READBATTERY;ERR", "PING;PONG", "OPERATION-MODE-STARTED_4", "MODO-REMOTE-OFF_4", "GETFILE;ERR",
            "NEWTHING;1", "passing;bib;date_time", "",
        ];
        ParserRun run = Run(string.Join("\r\n", rows) + "\r\n");
        long clock = (new DateTime(2021, 12, 23, 15, 30, 55) - DateTime.UnixEpoch).Ticks;
        Assert.Equal(
            [
                (ControlKind.Greeting, 0), (ControlKind.KeepAlive, 0), (ControlKind.Clock, clock),
                (ControlKind.Response, 0), (ControlKind.KeepAlive, 25_500), (ControlKind.Response, 0),
                (ControlKind.KeepAlive, 0), (ControlKind.Response, 0), (ControlKind.Response, 0),
                (ControlKind.Response, 0), (ControlKind.Unknown, 0), (ControlKind.Status, 0),
                (ControlKind.EndOfFetch, 0L),
            ],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_session_file_of_generation_5()
    {
        byte[] file = Captures.Read(Folder, "gen5-20191212-first-900.csv");
        ParserRun run = ParserRun.OfWhole<Parser>(file);
        Assert.Empty(run.Rejects);
        Assert.Empty(run.Controls);
        Assert.Equal(Enumerable.Range(1, 900).Select(i => (long)i), run.Reads.Select(read => read.Number));
        Assert.Equal(344, run.Chips.Distinct().Count());
        Assert.Equal(
            [("MC", 704), ("LY", 196)], run.Chips.CountBy(chip => chip[..2]).Select(pair => (pair.Key, pair.Value)));
        Assert.Equal("MC02976 2019-12-12 09:02:07.295", Show(run.Reads[0]));
        Assert.Equal((3, 4, "937f6"), (run.Reads[0].Antenna, run.Reads[0].Hits, Code(run.Reads[0])));
        Assert.Equal("MC02786 2019-12-12 09:16:53.260", Show(run.Reads[^1]));
        IEnumerable<string> lines = Encoding.ASCII.GetString(file).TrimEnd().Split('\n');
        Assert.Equal(
            lines.Select(line => line.TrimEnd().Split(';'))
                .Select(f => $"{f[1]}{f[2]} {f[3]} {f[4]} {f[5]} {f[6]} {f[7]}"),
            run.Reads.Select(read => $"{Show(read)} {read.Antenna} {read.Hits} {Code(read)}"));
    }

    [Fact]
    public void A_session_file_of_generation_4()
    {
        byte[] file = Captures.Read(Folder, "gen4-azul.csv");
        ParserRun run = ParserRun.OfWhole<Parser>(file);
        Assert.Equal(17, run.Rejects.Count);
        Assert.All(run.Rejects, reject => Assert.Equal(RejectReason.NoChip, reject.Reason));
        // Header and footer.
        Assert.Equal([ControlKind.Status, ControlKind.Status], run.Controls.Select(control => control.Kind));
        Assert.Equal(767, run.Reads.Count);
        Assert.Equal("DM00328 2020-03-15 06:02:55.311", Show(run.Reads[0]));
        Assert.Equal((3, 6, 282UL), (run.Reads[0].Antenna, run.Reads[0].Hits, run.Reads[0].Detail));
        Assert.Equal("DM00293 2020-03-15 16:32:16.784", Show(run.Reads[^1]));
        string[][] rows =
        [
            .. Encoding.ASCII.GetString(file).Split("\r\n").Select(line => line.Split(';'))
                .Where(f => f.Length == 6 && f[0] != "VOIDTAG"),
        ];
        Assert.Equal(
            rows.Select(f => $"{f[0]} {f[1].Replace('/', '-')} {f[3]} {f[4]} {f[5]}"),
            run.Reads.Select(read => $"{Show(read)} {read.Antenna} {read.Hits:000}"));
        ParserRun entries = ParserRun.OfWhole(file, initial: new Parser(MacshaProtocol.Parse("entry")));
        Assert.Equal(rows.Select(f => $"{f[0]} {f[1].Replace('/', '-')} {f[2]}"), entries.Reads.Select(Show));

        // The README counts them over all 784 rows, in which a VOIDTAG at 0:00 makes a step back.
        Assert.Equal(112, BackwardSteps(Encoding.ASCII.GetString(file).Split("\r\n").Select(line => line.Split(';'))
            .Where(f => f.Length == 6).Select(f => f[3])));
        Assert.Equal(rows.Length - 1 - BackwardSteps(rows.Select(f => f[3])), Steps(run.Reads, (a, b) => a <= b));
    }

    static int BackwardSteps(IEnumerable<string> times)
    {
        string[] all = [.. times];
        return all.Zip(all.Skip(1)).Count(pair => string.CompareOrdinal(pair.Second, pair.First) < 0);
    }

    static int Steps(IReadOnlyList<ChipRead> reads, Func<long, long, bool> holds) =>
        reads.Zip(reads.Skip(1)).Count(pair => holds(pair.First.Time, pair.Second.Time));

    [Fact]
    public void The_other_captures()
    {
        ParserRun cloud = ParserRun.OfWhole<Parser>(Captures.Read(Folder, "cloud-export.csv"));
        Assert.Empty(cloud.Rejects);
        Assert.Equal(
            ["02 2020-03-11 18:25:01.649", "701 2020-03-11 18:24:24.255", "800 2020-03-11 18:24:17.131"],
            cloud.Reads.Select(Show));
        Assert.All(cloud.Reads, read => Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.HasPosition, read.Flags));
        Assert.Equal((167_578_038, -931_165_420), (cloud.Reads[0].LatitudeE7, cloud.Reads[0].LongitudeE7));
        Assert.Equal(ControlKind.Status, Assert.Single(cloud.Controls).Kind);

        ParserRun dialogue = ParserRun.OfWhole<Parser>(Captures.Read(Folder, "gen5-dialogue.rx.txt"));
        Assert.Empty(dialogue.Rejects);
        Assert.Equal(
            ["MC00001 2017-04-23 13:30:45.492", "MC00002 2017-04-23 13:30:46.543", "MC00015 2017-04-23 13:30:46.993"],
            dialogue.Reads.Select(Show));
        Assert.Equal(
            "Response Response Response Clock Response Response EndOfFetch Response KeepAlive KeepAlive Response "
            + "Response Response Response",
            string.Join(' ', dialogue.Controls.Select(control => control.Kind)));

        byte[] old = Captures.Read(Folder, "gen3-row.txt");
        Assert.Equal("MC00001 2015-04-14 12:07:58.010", Show(Assert.Single(ParserRun.OfWhole<Parser>(old).Reads)));
        ParserRun first = ParserRun.OfWhole(old, initial: new Parser(MacshaProtocol.Parse("entry")));
        Assert.Equal("MC00001 2015-04-14 12:07:55.416", Show(Assert.Single(first.Reads)));
    }

    [Theory]
    [InlineData("cloud-export.csv")]
    [InlineData("gen3-row.txt")]
    [InlineData("gen4-azul.csv")]
    [InlineData("gen5-20191212-first-900.csv")]
    [InlineData("gen5-dialogue.rx.txt")]
    public void Captures_in_pieces(string name)
    {
        byte[] file = Captures.Read(Folder, name);
        file = file[..Math.Min(file.Length, 6_000)];
        string whole = ParserRun.OfWhole<Parser>(file).Describe();
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(file, 100))
            Assert.Equal(whole, ParserRun.Of<Parser>(pieces).Describe());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        string[] rows =
            [Passing, Session, Fixed, Cloud, "CONECTADO_4", "GETTIME;2021-12-23;15:30:55", Fixed[..20], "x;y"];
        ParserChecks.SurvivesRandomBytes<Parser>(
            [.. rows.SelectMany(row => (byte[][])[Bytes(row + "\r\n"), Bytes(row + "|")])], "0123456789;:-/DTA|\r\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(string.Join("\r\n", rows) + "|\r\n\r\n"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> number = Gen.OneOf("1", "900", "x", "0001");
        Gen<string> chip = Gen.OneOf("MC;00001", "LY;12345", ";9", "MC;");
        Gen<string> time = Gen.DateTime[new DateTime(1999, 1, 1), new DateTime(2030, 1, 1)]
            .Select(t => t.ToString("yyyy-MM-dd;HH:mm:ss.fff", CultureInfo.InvariantCulture));
        Gen<string> bad = Gen.OneOf("0000-00-00;00:00:00.000", "2020-02-30;10:00:00.000", "2020-02-29;24:00:00.000");
        Gen<string> rest = Gen.OneOf("3;1;abcde", "8;x;Z1y39", ";;", "3;1", "300;17;0;more");
        Gen<string> row = Gen.Select(
            number, chip, Gen.Frequency((9, time), (1, bad)), rest, (n, c, t, r) => $"{n};{c};{t};{r}");
        row.List[1, 8].Sample(rows =>
        {
            ParserRun run = Run(string.Concat(rows.Select(r => r + "\r\n")));
            Assert.Equal(
                rows.Select(Slow).OfType<string>(),
                run.Reads.Select(r => $"{r.Number} {Show(r)} {r.Antenna} {r.Hits} {Code(r)} {r.Flags}"));
            Assert.Equal(rows.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string row)
    {
        string[] f = row.Split(';');
        if (f.Length < 8 || f[2].Length == 0 || !long.TryParse(f[0], NumberStyles.None, null, out long number)
            || !DateTime.TryParseExact(
                $"{f[3]} {f[4]}", "yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture, DateTimeStyles.None,
                out DateTime time))
            return null;
        int hits = int.TryParse(f[6], NumberStyles.None, null, out int seen) ? seen : 1;
        string antenna = f[5].Length == 0 ? "0" : f[5];
        ReadFlags flags = f[6] == "x" ? ReadFlags.FieldDropped : ReadFlags.None;
        return $"{number} {f[1]}{f[2]} {time:yyyy-MM-dd HH:mm:ss.fff} {antenna} {hits} {f[7]} {flags}";
    }

    /// <summary>The code of generation 5.</summary>
    static string Code(ChipRead read) => Encoding.ASCII.GetString(BitConverter.GetBytes(read.Detail)).TrimEnd('\0');

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
