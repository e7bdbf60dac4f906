using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed class UltraParserTests
{
    const string Record = "0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,0,29319";
    const string Guard = "0,413A35,1170518702,5,1,-8,0,1,1,1,456789,7";
    const string Export = "3,11274,0,\"11:22:47.392\",1,3";

    static readonly string[] OwnLines =
    [
        Record, Guard, Export, "0,0,1170518701,698,0,,0,3,1,0000000000000000,0,5", "V=25.0000", "S=11",
        "9:5:7 3-2-2017 (0)", "Connected,1170518000", "1,Connected,1170518000", "U\x1a" + "255.255.255.255", "u\x09\x02",
        "11274\t2017-02-03 9:05:07.25\t2\t4", "0,E2801160600002054CC5A1B2,1170518701,0,4,-60,1,1,1,0,0,8,more,fields",
    ];

    [Theory]
    [Frames<UltraParser>(From = nameof(OwnLines), Guard = Guard, End = "\n")]
    [Frames<UltraParser>(From = nameof(OwnLines), Guard = Guard, End = "\r\n")]
    public void Lines_keep_the_contract_with_any_line_end(FrameCheck check) => check.Run();

    [Fact]
    public void The_quoted_record()
    {
        ParserRun run = Run(Record);
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("11055 2017-02-02 16:05:01.698", Show(read));
        Assert.Equal((1, -7100, 2), (read.Antenna, read.RssiCentiDbm, read.SubReader));
        Assert.Equal((29319, 1UL, ReadFlags.None, ReadKind.Chip), (read.Number, read.Detail, read.Flags, read.Kind));
        Assert.Empty(run.Controls);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void The_sample_of_a_simulator()
    {
        ChipRead read = Assert.Single(Run("0,413A35,1170518701,5,1,-8,0,1,1,1,456789,7").Reads);
        Assert.Equal("413A35 2017-02-02 16:05:01.005", Show(read));
        Assert.Equal((-800, 7L), (read.RssiCentiDbm, read.Number));
    }

    [Theory]
    [InlineData("1,11055,1170518701,698,1,-71,1,2,1,0,0,9", ReadFlags.Rewind)]
    [InlineData("0,11055,1170518701,698,1,-71,2,2,1,0,0,9", ReadFlags.FieldDropped)]
    [InlineData("0,11055,1170518701,698,1,loud,1,2,1,0,0,9", ReadFlags.Rewind | ReadFlags.FieldDropped)]
    [InlineData("0,11055,1170518701,698,1,-400,0,2,1,0,0,9", ReadFlags.FieldDropped)]
    [InlineData("0,11055,1170518701,698,1,-71,0,2,99999,0,0,9", ReadFlags.FieldDropped)]
    [InlineData("0,11055,1170518701,698,1,-71,0,x,1,0,0,9", ReadFlags.FieldDropped)]
    [InlineData("0,11055,1170518701,698,1,-71,0,2,1,0,0,9x", ReadFlags.FieldDropped)]
    [InlineData("0,11055,1170518701,698,1,,,,,,,", ReadFlags.None)]
    [InlineData("0,11055,1170518701,698,1,,,,,opaque,what,,and,more", ReadFlags.None)]
    public void Optional_fields_never_cost_a_read(string line, ReadFlags flags)
    {
        ParserRun run = Run(line);
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("11055 2017-02-02 16:05:01.698", Show(read));
        Assert.Equal(flags, read.Flags);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Absent_fields_are_not_given()
    {
        ChipRead read = Assert.Single(Run("0,11055,1170518701,698,1,,,,,,,").Reads);
        Assert.Equal((-1L, ChipRead.NoRssi, 0, 0UL), (read.Number, read.RssiCentiDbm, read.SubReader, read.Detail));
    }

    [Fact]
    public void A_clock_never_set_is_still_a_read() =>
        Assert.Equal("11055 1980-01-01 00:00:12.000", Show(Assert.Single(Run("0,11055,12,0,1,-71,0,2,1,0,0,9").Reads)));

    [Theory]
    [InlineData("0,0,1170518701,698,0,-71,0,2,1,0,0,9", 0)]
    [InlineData("0,0,1170518701,698,4,-71,0,2,1,0,0,9", 4)]
    public void Chip_0_is_the_start_input(string line, int antenna)
    {
        ParserRun run = Run(line);
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Gun, true, antenna), (read.Kind, read.Chip.IsEmpty, read.Antenna));
        Assert.Equal((ControlKind.Gun, 0L, line), Assert.Single(run.Controls));
    }

    [Theory]
    [InlineData("0,11055,1170518701,698,0,-71,0,2,1,0,0,9", RejectReason.BadAntenna)]
    [InlineData("0,11055,1170518701,698,5,-71,0,2,1,0,0,9", RejectReason.BadAntenna)]
    [InlineData("0,11055,1170518701,698,,-71,0,2,1,0,0,9", RejectReason.BadAntenna)]
    [InlineData("0,0,1170518701,698,5,-71,0,2,1,0,0,9", RejectReason.BadAntenna)]
    [InlineData("0,11055,1170518701,698,1,-71,0,2,1,0,0", RejectReason.TooFewFields)]
    [InlineData("0,11055", RejectReason.TooFewFields)]
    [InlineData("0,", RejectReason.TooFewFields)]
    [InlineData("0,11055,,698,1,-71,0,2,1,0,0,9", RejectReason.BadNumber)]
    [InlineData("0,11055,1170518701,1000,1,-71,0,2,1,0,0,9", RejectReason.BadNumber)]
    [InlineData("0,11055,1170518701,-1,1,-71,0,2,1,0,0,9", RejectReason.BadNumber)]
    [InlineData("0,11055,11705187o1,698,1,-71,0,2,1,0,0,9", RejectReason.BadNumber)]
    [InlineData("0,11055,999999999999999999,698,1,-71,0,2,1,0,0,9", RejectReason.BadNumber)]
    [InlineData("0,,1170518701,698,1,-71,0,2,1,0,0,9", RejectReason.NoChip)]
    [InlineData("0,1234567890123456789012345678901,1170518701,698,1,-71,0,2,1,0,0,9", RejectReason.ChipTooLong)]
    [InlineData("2,11055,1170518701,698,1,-71,0,2,1,0,0,9", RejectReason.UnknownFrame)]
    [InlineData("V=low", RejectReason.BadNumber)]
    [InlineData("V=25.", RejectReason.BadNumber)]
    [InlineData("V=25.0x", RejectReason.BadNumber)]
    [InlineData("S=", RejectReason.UnknownFrame)]
    [InlineData("Connected", RejectReason.UnknownFrame)]
    [InlineData("9:5:7 31-2-2017 (0)", RejectReason.BadTime)]
    [InlineData("9:5", RejectReason.BadTime)]
    [InlineData("9:5:7 3-2-2017x", RejectReason.BadTime)]
    [InlineData("3,11274,0,\"25:22:47.392\",1,3", RejectReason.BadTime)]
    [InlineData("3,11274,0,\"11:22:47.392\",1", RejectReason.TooFewFields)]
    [InlineData("3,,0,\"11:22:47.392\",1,3", RejectReason.NoChip)]
    [InlineData("11274\t11:22:47.392", RejectReason.TooFewFields)]
    [InlineData("hello", RejectReason.UnknownFrame)]
    [InlineData(",", RejectReason.UnknownFrame)]
    public void A_bad_line_is_one_reject(string line, RejectReason reason)
    {
        ParserRun run = Run(line);
        Assert.Equal((reason, line), Assert.Single(run.Rejects));
        Assert.Empty(run.Reads);
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("V=25.0000", ControlKind.KeepAlive, 25_000)]
    [InlineData("V=22.9", ControlKind.KeepAlive, 22_900)]
    [InlineData("V=9.12399", ControlKind.KeepAlive, 9_123)]
    [InlineData("V=24", ControlKind.KeepAlive, 24_000)]
    [InlineData("S=11", ControlKind.Status, 11)]
    [InlineData("S=0?", ControlKind.Status, 0)]
    [InlineData("U\u001a\u00ff\u0080", ControlKind.Status, 0)]
    [InlineData("u\u0009\u0002", ControlKind.Status, 0)]
    [InlineData("Connected,1170518000", ControlKind.Greeting, 1_170_518_000)]
    [InlineData("1,Connected,1170518000", ControlKind.Greeting, 1_170_518_000)]
    [InlineData("0,Connected,", ControlKind.Greeting, 0)]
    [InlineData("Connected,1,2", ControlKind.Greeting, 0)]
    public void Lines_between_the_reads(string line, ControlKind kind, long number)
    {
        ParserRun run = Run(line);
        Assert.Equal((kind, number, line), Assert.Single(run.Controls));
        Assert.Empty(run.Reads);
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("9:5:7 3-2-2017 (0)", "2017-02-03 09:05:07.000")]
    [InlineData("23:59:59 31-12-2026", "2026-12-31 23:59:59.000")]
    public void A_clock_reply_gives_the_wall_clock(string line, string time)
    {
        var control = Assert.Single(Run(line).Controls);
        Assert.Equal(ControlKind.Clock, control.Kind);
        Assert.Equal(time, Time(control.Number));
    }

    [Theory]
    [InlineData(Export, "11274 1970-01-01 11:22:47.392", 3, 3, ReadFlags.NoDate)]
    [InlineData("1,11274,0,\"9:22:47.392\",1,9", "11274 1970-01-01 09:22:47.392", 1, 0, ReadFlags.NoDate)]
    [InlineData("2,A1,A1,\"2017-02-03 09:05:07.250\",2,4", "A1 2017-02-03 09:05:07.250", 2, 4, ReadFlags.None)]
    [InlineData("11274\t2017-02-03 9:05:07.25\t2\t4", "11274 2017-02-03 09:05:07.250", 2, 4, ReadFlags.None)]
    [InlineData("11274\t\"9:05:07\"\t2\tx", "11274 1970-01-01 09:05:07.000", 2, 0, ReadFlags.NoDate | ReadFlags.FieldDropped)]
    public void Lines_of_text_exports(string line, string shown, int reader, int antenna, ReadFlags flags)
    {
        ParserRun run = Run(line);
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal((shown, reader, antenna, flags), (Show(read), read.SubReader, read.Antenna, read.Flags));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_binary_frame_is_skipped_by_its_length_however_it_is_cut()
    {
        byte[] stream = [.. Bytes(Record + "\n"), 3, 7, 0, 10, 13, 10, 3, 200, 0, .. Bytes(Guard + "\n")];
        foreach (var pieces in Splits.Of(stream))
        {
            ParserRun run = ParserRun.Of<UltraParser>(pieces);
            Assert.Equal(["11055", "413A35"], run.Chips);
            Assert.Equal((ControlKind.Status, 0L, "\u0003\u0007\0\n\r\n\u0003\u00c8\0"), Assert.Single(run.Controls));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void A_stray_3_does_not_swallow_the_lines_behind_it()
    {
        byte[] stream = [3, (byte)'o', .. Bytes("nnected,1\n" + Record + "\n" + Guard + "\n" + Record + "\n")];
        ParserRun run = ParserRun.OfWhole<UltraParser>(stream);
        Assert.Equal(["11055", "413A35", "11055"], run.Chips);
        Assert.Equal((RejectReason.Truncated, "\u0003onnected,1"), Assert.Single(run.Rejects));

        ParserRun atTheEnd = ParserRun.OfWhole<UltraParser>([3, 255, 10, .. Bytes(Record + "\n")]);
        Assert.Equal(["11055"], atTheEnd.Chips);
    }

    [Fact]
    public void The_live_record_and_the_export_line_of_the_captures()
    {
        ParserRun live = ParserRun.OfWhole<UltraParser>(Captures.Read("rfid-ultra", "live-record.txt"));
        Assert.Equal("11055 2017-02-02 16:05:01.698", Show(Assert.Single(live.Reads)));
        ParserRun export = ParserRun.OfWhole<UltraParser>(Captures.Read("rfid-ultra", "file-export-lines.txt"));
        Assert.Equal("11274 1970-01-01 11:22:47.392", Show(Assert.Single(export.Reads)));
        Assert.Equal((3, ReadFlags.NoDate), (export.Reads[0].SubReader, export.Reads[0].Flags));
    }

    [Fact]
    public void The_composed_stream_of_the_captures()
    {
        foreach (var pieces in Splits.Of(Captures.Read("rfid-ultra", "composed-stream.bin")))
        {
            ParserRun run = ParserRun.Of<UltraParser>(pieces);
            Assert.Equal(["11055 2017-02-02 16:05:01.698", "413A35 2017-02-02 16:05:02.005"], run.Reads.Select(Show));
            Assert.Equal([29319L, 7L], run.Reads.Select(read => read.Number));
            Assert.Equal(
                [
                    (ControlKind.Greeting, 1_170_518_000), (ControlKind.KeepAlive, 25_000), (ControlKind.Status, 11),
                    (ControlKind.Clock, 1_486_112_707L * TimeSpan.TicksPerSecond), (ControlKind.KeepAlive, 22_900L),
                ],
                run.Controls.Select(c => (c.Kind, c.Number)));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void Random_bytes_are_only_rejects() =>
        ParserChecks.SurvivesRandomBytes<UltraParser>(
            [.. OwnLines.Select(line => Bytes(line + "\n"))], "0123456789,,,-:\"\tVSUu=.\u0003\r\n");

    [Fact]
    public void Nothing_is_allocated() =>
        ParserChecks.AllocatesNothing<UltraParser>(
            Bytes(string.Join("\r\n", OwnLines) + "\r\nbad\n0,1,2\n\0\0V=x\n\u0003\u0001\u0001"));

    [Fact]
    public void Generated_and_damaged_records_read_as_by_Split_and_Parse()
    {
        Gen<string> number = Gen.OneOf(
            Gen.Int[0, 5].Select(Plain), Gen.Int[0, 1200].Select(Plain), Gen.Int.Select(Plain), Gen.Const(""),
            Gen.OneOf("x", "-71", "+3", "0000000000000000", "1234567890123456789", " 1", "1.5"));
        Gen<string> chip = Gen.OneOf(
            Gen.Char["0123456789ABCDEFabcdefxyz"].Array[0, 34].Select(c => new string(c)), Gen.Const("0"));
        Gen<string[]> good = Gen.Select(
            chip, Gen.Int[0, int.MaxValue], Gen.Int[0, 999], Gen.Int[0, 4], Gen.Int[-99, 0], Gen.Int[0, 1], Gen.Int[0, 70_000],
            Gen.Int[1, int.MaxValue], (c, s, ms, port, rssi, rewind, reader, log) => new[]
            {
                "0", c, Plain(s), Plain(ms), Plain(port), Plain(rssi), Plain(rewind), Plain(reader), "1", "0", "0", Plain(log),
            });
        Gen<string> line = Gen.Select(
            good, Gen.Int[-8, 11], number, Gen.Int[9, 24], (fields, at, value, count) =>
            {
                if (at > 0)
                    fields[at] = value;
                // Mostly whole records, some short and some long ones.
                string[] sized = count < 12 ? fields[..count] : count > 21 ? [.. fields, "more"] : fields;
                return string.Join(',', sized);
            });
        line.Array[1, 5].Sample(lines =>
        {
            ParserRun run = ParserRun.OfWhole<UltraParser>(Bytes(string.Join('\n', lines) + "\n"));
            string[] slow = [.. lines.Select(Slow)];
            Assert.Equal(slow.Where(text => !Enum.TryParse<RejectReason>(text, out _)), run.Reads.Select(read => ParserRun.Describe(read)));
            Assert.Equal(
                slow.Where(text => Enum.TryParse<RejectReason>(text, out _)), run.Rejects.Select(r => r.Reason.ToString()));
        }, iter: 3_000);
    }

    static string Slow(string line)
    {
        string[] f = line.Split(',');
        if (f.Length < 12)
            return nameof(RejectReason.TooFewFields);
        if (!Digits(f[2], out long seconds) || seconds > 253_086_768_000 || !Digits(f[3], out long ms) || ms > 999)
            return nameof(RejectReason.BadNumber);
        if (!Digits(f[4], out long port) || port > 4)
            return nameof(RejectReason.BadAntenna);
        ChipRead read = default;
        read.Reset();
        bool gun = f[1] == "0";
        if (f[1].Length == 0)
            return nameof(RejectReason.NoChip);
        if (!gun && !ChipCode.TryFromText(Bytes(f[1]), out ChipCode chip))
            return nameof(RejectReason.ChipTooLong);
        if (port == 0 && !gun)
            return nameof(RejectReason.BadAntenna);
        read.Chip = gun ? default : ChipCode.FromText(f[1]);
        read.Kind = gun ? ReadKind.Gun : ReadKind.Chip;
        read.Time = (new DateTime(1980, 1, 1).AddSeconds(seconds).AddMilliseconds(ms) - DateTime.UnixEpoch).Ticks;
        read.Antenna = (ushort)port;
        bool dropped = false;
        bool negative = f[5].StartsWith('-');
        if (Digits(negative || f[5].StartsWith('+') ? f[5][1..] : f[5], out long rssi) && rssi <= 327)
            read.RssiCentiDbm = (short)(rssi * (negative ? -100 : 100));
        else
            dropped |= f[5] != "";
        read.Number = Digits(f[11], out long log) ? log : -1;
        dropped |= read.Number < 0 && f[11] != "";
        bool again = Digits(f[6], out long rewind) && rewind == 1;
        dropped |= f[6] != "" && !(Digits(f[6], out rewind) && rewind <= 1);
        read.SubReader = Digits(f[7], out long reader) && reader < 65536 ? (ushort)reader : (ushort)0;
        dropped |= f[7] != "" && !(Digits(f[7], out reader) && reader < 65536);
        read.Detail = Digits(f[8], out long box) && box < 65536 ? (ulong)box : 0;
        dropped |= f[8] != "" && !(Digits(f[8], out box) && box < 65536);
        read.Flags = (again ? ReadFlags.Rewind : 0) | (dropped ? ReadFlags.FieldDropped : 0);
        return ParserRun.Describe(read);
    }

    static bool Digits(string text, out long value)
    {
        value = 0;
        return text.Length <= 18 && text.All(char.IsAsciiDigit)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    static string Plain(int value) => value.ToString(CultureInfo.InvariantCulture);

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static ParserRun Run(string line) => ParserRun.OfWhole<UltraParser>(Bytes(line + "\n"));

    static string Show(ChipRead read) => $"{read.Chip} {Time(read.Time)}";

    static string Time(long ticks) => DateTime.UnixEpoch.AddTicks(ticks).ToString("yyyy-MM-dd HH:mm:ss.fff");
}
