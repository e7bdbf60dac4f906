using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.WiclaxProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class WiclaxTests
{
    const string Full = "01539;22-09-2011 02:41:30.620;0A;559;;0";
    const string Guard = "77;03-12-2007 10:15:30.200;;;;0";

    [Theory]
    [Frames<Parser>(
        Full, "chip;03-12-2007 10:15:30.200;dev;1;3;1", "*", "RACESTART 23:59:59,999", "CLOCK 03-12-2007 10:15:30",
        "CLOCKOK", "READOK", "HELLO", "7;03-12-2007 10:15:30", Guard = Guard, End = "\r")]
    [Frames<Parser>(Full, Guard = Guard, End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    sealed class MaskedAttribute(string mask, params string[] frames) : FramesAttribute<Parser>(frames)
    {
        protected override Parser Initial => new(WiclaxProtocol.Parse(mask));
    }

    [Theory]
    [Masked("C,YYYYMMDDhhmmssccc,@", "chip 7,20260517081530250,mat", Guard = "77,20260517080000000,m", End = "\r")]
    [Masked(
        "CCCCCCCCCCC YYYYMMDDhhmmssccc @@", "12345678901 20260517081530200 21", "        901 20260517081530200 21",
        Guard = "00000000077 20260517080000000 21", End = "\r")]
    [Masked("L;C;u", "12;0077;1779004862.25", "CLOCKOK", "*", Guard = "1;77;1779004860", End = "\r")]
    public void Frames_of_a_mask_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("C,YYYYMMDDhhmmssccc,@", "chipId,20071203101530200,deviceId", "chipId 2007-12-03 10:15:30.200 -1 deviceId")]
    [InlineData("CCCCCCCCCCC YYYYMMDDhhmmssccc @@", "12345678901 20071203101530200 21", "12345678901 2007-12-03 10:15:30.200 -1 21")]
    [InlineData("CCCC DD.MM.YYYY hh:mm:ss", " 901 03.12.2007 10:15:30", "901 2007-12-03 10:15:30.000 -1 ")]
    [InlineData("L;C;u", "12;0077;1779004862", "0077 2026-05-17 08:01:02.000 12 ")]
    public void A_device_may_have_its_own_mask(string mask, string line, string expected)
    {
        ParserRun run = ParserRun.OfWhole(Bytes(line + "\r"), initial: new Parser(WiclaxProtocol.Parse(mask)));
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal(expected, $"{Show(read)} {read.Number} {string.Concat(run.Points.ToList())}");
    }

    [Theory]
    [InlineData("C,YYYYMMDDhhmmssccc,@", ",20071203101530200,x", RejectReason.NoChip)]
    [InlineData("C,YYYYMMDDhhmmssccc,@", "7,20071303101530200,x", RejectReason.BadTime)]
    [InlineData("C,YYYYMMDDhhmmssccc,@", "7,2007", RejectReason.TooFewFields)]
    [InlineData("C,YYYYMMDDhhmmssccc,@", "7,20071203101530200;x", RejectReason.BadSyntax)]
    [InlineData("C,YYYYMMDDhhmmssccc,@", "CLOCKOK77;03-12-2007 10:15:30.200;;;;0", RejectReason.UnknownFrame)]
    [InlineData("C,u", "7,now", RejectReason.BadTime)]
    public void A_line_that_does_not_fit_the_mask_is_a_reject(string mask, string line, RejectReason reason) =>
        Assert.Equal(
            [(reason, line)], ParserRun.OfWhole(Bytes(line + "\r"), initial: new Parser(WiclaxProtocol.Parse(mask))).Rejects);

    [Theory]
    [InlineData("YYYYMMDDhhmmss", "the mask has no chip, C.")]
    [InlineData("C,hhmmss", "the mask has no time: YYYY, MM, DD, hh, mm and ss are needed, or u.")]
    [InlineData("Cu", "behind C a character must show where it ends.")]
    [InlineData("C,u;é", "'é' cannot stand in a mask; it is ASCII.")]
    public void A_mask_that_makes_no_sense_is_explained(string mask, string problem) =>
        Assert.Equal(
            $"Protocol 'wiclax:{mask}': {problem}",
            Assert.Throws<FormatException>(() => ReaderProtocol.Find("wiclax:" + mask)).Message);

    [Fact]
    public void A_mask_allocates_nothing() =>
        ParserChecks.AllocatesNothing(
            Bytes("7,20071203101530200,x\rbad\r*\r"), new Parser(WiclaxProtocol.Parse("C,YYYYMMDDhhmmssccc,@")));

    [Fact]
    public void A_passing_with_all_fields()
    {
        ChipRead read = Assert.Single(Run("x9;01-02-2026 23:59:59.999;loop 3;12;88;1\r").Reads);
        Assert.Equal("x9 2026-02-01 23:59:59.999", Show(read));
        Assert.Equal((12L, 89UL, ReadFlags.Rewind), (read.Number, read.Detail, read.Flags));
    }

    [Theory]
    [InlineData("x9;01-02-2026 10:00:00;loop;12;full;1", ReadFlags.Rewind | ReadFlags.FieldDropped)]
    [InlineData("x9;01-02-2026 10:00:00;;;;2", ReadFlags.FieldDropped)]
    [InlineData("x9;01-02-2026 10:00:00", ReadFlags.None)]
    public void Optional_fields_are_dropped_not_the_read(string line, ReadFlags flags) =>
        Assert.Equal(flags, Assert.Single(Run(line + "\r").Reads).Flags);

    [Theory]
    [InlineData("x9;32-01-2026 10:00:00;;;;0", RejectReason.BadTime)]
    [InlineData("x9;12-13-2026 10:00:00;;;;0", RejectReason.BadTime)]
    [InlineData("x9;2026-01-12 10:00:00;;;;0", RejectReason.BadTime)]
    [InlineData("x9;;;;;0", RejectReason.BadTime)]
    [InlineData(";01-02-2026 10:00:00;;;;0", RejectReason.NoChip)]
    [InlineData("RACESTART 25:00:00,0", RejectReason.BadTime)]
    [InlineData("RACESTART 23:59:59,99977;03-12-2007 10:15:30.200;;;;0", RejectReason.BadTime)] // It has lost its end.
    [InlineData("CLOCK yesterday", RejectReason.BadTime)]
    [InlineData("01539", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r{line}\r{Guard}\r");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void A_heartbeat_may_stand_before_a_passing()
    {
        ParserRun run = Run("**" + Full + "\r");
        Assert.Equal(2, run.Controls.Count(control => control.Kind == ControlKind.KeepAlive));
        Assert.Equal("01539 2011-09-22 02:41:30.620", Show(Assert.Single(run.Reads)));
    }

    [Theory]
    [InlineData("x9;01-02-2026 10:00:00.250", "x9 2026-02-01 10:00:00.250")]
    [InlineData("RACESTART 10:00:00,250", " 1970-01-01 10:00:00.250")]
    public void The_last_line_of_a_file_may_lack_its_end(string line, string expected)
    {
        Assert.Equal(expected, Show(Assert.Single(Run(line).Reads)));
        for (int length = 1; length < line.Length; length++)
        {
            ParserRun run = Run(line[..length]);
            Assert.Empty(run.Reads);
            Assert.Equal(RejectReason.Truncated, Assert.Single(run.Rejects).Reason);
        }
    }

    [Fact]
    public void The_gun_has_no_date()
    {
        ParserRun run = Run("RACESTART 23:59:59.999\r");
        ChipRead gun = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Gun, ReadFlags.NoDate), (gun.Kind, gun.Flags));
        Assert.Equal(new TimeSpan(0, 23, 59, 59, 999).Ticks, gun.Time);
        Assert.Equal(ControlKind.Gun, Assert.Single(run.Controls).Kind);
    }

    [Fact]
    public void The_published_lines()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read("wiclax", "passings.rx.bin"));
        Assert.Equal(["01539 2011-09-22 02:41:30.620", "chipId 2007-12-03 10:15:30.200"], run.Reads.Select(Show));
        Assert.Equal([(559L, ReadFlags.None, 0UL), (1L, ReadFlags.Rewind, 4UL)], run.Reads.Select(r => (r.Number, r.Flags, r.Detail)));
        Assert.Equal(["0A", "deviceId"], run.Points.ToList());
        Assert.Equal(2, run.Controls.Count);
        Assert.Empty(run.Rejects);

        ParserRun dialogue = ParserRun.OfWhole<Parser>(Captures.Read("wiclax", "dialogue.txt"));
        Assert.Empty(dialogue.Rejects);
        Assert.Equal(new TimeSpan(0, 23, 59, 59, 999).Ticks, Assert.Single(dialogue.Reads).Time);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Full + "\r"), Bytes(Guard + "\r")], "0123456789;:-. *\r");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{Full}\r{Guard}\r*\rbad\rx;y\r{Full}\r"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> chip = Gen.OneOf("1", "01539", "E2801160600002054CC5A1B2", "", "MC 9");
        Gen<string> time = Gen.DateTime[new DateTime(1999, 1, 1), new DateTime(2030, 1, 1)]
            .Select(t => t.ToString("dd-MM-yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture));
        Gen<string> text = Gen.OneOf("", "0", "1", "7", "65535", "65536", "x", "-1", "0A");
        Gen<string> line = Gen.Select(chip, Gen.Frequency((9, time), (1, text)), text.Array[0, 4], (c, t, rest) =>
            string.Join(';', [c, t, .. rest]));
        line.List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(string.Concat(lines.Select(l => l + "\r")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(r => $"{Show(r)} {r.Number} {r.Detail} {r.Flags}"));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string line)
    {
        string[] fields = [.. line.Split(';'), "", "", "", ""];
        if (fields[0].Length == 0 || !DateTime.TryParseExact(
                fields[1], "dd-MM-yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
            return null;
        bool dropped = false;
        long number = -1;
        if (long.TryParse(fields[3], NumberStyles.None, null, out long n))
            number = n;
        else
            dropped |= fields[3].Length > 0;
        int battery = 0;
        if (ushort.TryParse(fields[4], NumberStyles.None, null, out ushort b))
            battery = b + 1;
        else if (fields[4].Length > 0)
            (battery, dropped) = (1, true);
        bool rewind = fields[5] == "1";
        dropped |= fields[5] is not ("" or "0" or "1");
        ReadFlags flags = (rewind ? ReadFlags.Rewind : 0) | (dropped ? ReadFlags.FieldDropped : 0);
        return $"{fields[0]} {time:yyyy-MM-dd HH:mm:ss.fff} {number} {battery} {flags}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
