using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.AmbProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class AmbTests
{
    const string Folder = "amb-p98-tranx";
    const string Guard = "@\t7\t1\t7007\t77.77\t7\t70\t0";
    const string Tranx = "$09000F423F000186A0FF8700";

    static IEnumerable<string> P98 =>
    [
        WithCrc("@\t101\t44\t8110999\t2434.835\t190\t40\t2\t"),
        WithCrc("\x01@\t101\t45\t8110999\t2434,8\t190\t40\t2\t"),
        "@\t101\t45\t8110999\t1\t190\t40\t2", "@\t101\t45\t8110999\t0.5",
        WithCrc("\x01#\t101\t46\t12\t"), "#\t101\t47\t0",
        WithCrc("$\t40\t3\t5\t28800\t"),
    ];

    [Theory]
    [Frames<Parser>(From = nameof(P98), Guard = Guard, End = "\r\n")]
    [Frames<Parser>(From = nameof(P98), Guard = Guard, End = "\n")]
    [Frames<Parser>(Tranx, "#0970", Guard = "$0900000007000003E8050600", End = "\r\n")]
    public void Lines_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("2434.835", 24_348_350_000)]
    [InlineData("2434,835", 24_348_350_000)]
    [InlineData("4,1", 41_000_000)]
    [InlineData("0", 0)]
    [InlineData("999999999.999", 9_999_999_999_990_000)]
    public void A_passing_of_P98_with_all_fields(string seconds, long ticks)
    {
        foreach (string mark in (string[])["", "\x01"])
        {
            string line = WithCrc($"{mark}@\t101\t44\t8110999\t{seconds}\t190\t40\t2\t");
            ChipRead read = Assert.Single(Run(line + "\r\n").Reads);
            Assert.Equal("8110999", read.Chip.ToString());
            Assert.Equal((ticks, 44L, 190, 101), (read.Time, read.Number, read.Hits, read.SubReader));
            Assert.Equal((0x2_0028UL, ReadFlags.SinceStart), (read.Detail, read.Flags));
        }
    }

    [Fact]
    public void A_passing_of_TranX_with_all_fields()
    {
        ChipRead read = Assert.Single(Run("$0900FFFFFFFFFFFFFE351702\r\n").Reads);
        Assert.Equal("16777215", read.Chip.ToString());
        Assert.Equal((4_294_967_294L * 10_000, 0x35, 0x900_0002_0017UL), (read.Time, read.Hits, read.Detail));
        Assert.Equal((-1L, ReadFlags.SinceStart), (read.Number, read.Flags));
        Assert.Equal("999999", Assert.Single(Run(Tranx.ToLowerInvariant() + "\n").Chips));
        Assert.Equal(1, Assert.Single(Run("$09000F423F000186A0008700\n").Reads).Hits);
    }

    [Theory]
    [InlineData("@\t70000\t44\t8110999\t1\t190\t40\t2")]
    [InlineData("@\tx\t44\t8110999\t1\t190\t40\t2")]
    [InlineData("@\t101\tx\t8110999\t1\t190\t40\t2")]
    [InlineData("@\t101\t44\t8110999\t1\t0\t40\t2")]
    [InlineData("@\t101\t44\t8110999\t1\t190\tstrong\t2")]
    [InlineData("@\t101\t44\t8110999\t1\t190\t40\tq")]
    public void Optional_fields_are_dropped_not_the_read(string line) =>
        Assert.Equal(ReadFlags.FieldDropped | ReadFlags.SinceStart, Assert.Single(Run(line + "\r\n").Reads).Flags);

    [Theory]
    [InlineData("@\t101\t44\t8110999\t1\t190\t40\t2\tx0000", RejectReason.BadCheck)]
    [InlineData("@\t101\t44\t8110999\t1\t190\t40\t2\tx000", RejectReason.BadCheck)]
    [InlineData("@\t101\t44\t8110999\t1\t190\t40\t2\txwxyz", RejectReason.BadCheck)]
    [InlineData("@\t101\t44\t8110999\t1\t190\t40\t2\t0000", RejectReason.BadCheck)]
    [InlineData("#\t101\t44\t0\tx0000", RejectReason.BadCheck)]
    [InlineData("#\t101\t44\t0\t0000", RejectReason.BadCheck)]
    [InlineData("@\t101\t44\t8110999", RejectReason.TooFewFields)]
    [InlineData("@\t101\t44\t\t1\t190\t40\t2", RejectReason.NoChip)]
    [InlineData("@\t101\t44\tchip\t1\t190\t40\t2", RejectReason.BadNumber)]
    [InlineData("@\t101\t44\t8110999\tlate\t190\t40\t2", RejectReason.BadTime)]
    [InlineData("@\t101\t44\t8110999\t1.\t190\t40\t2", RejectReason.BadTime)]
    [InlineData("@\t101\t44\t8110999\t-1\t190\t40\t2", RejectReason.BadTime)]
    [InlineData("@\t101\t44\t8110999\t999999999999\t190\t40\t2", RejectReason.BadTime)]
    [InlineData("@\t101\t44\t8110999\t\t190\t40\t2", RejectReason.BadTime)]
    [InlineData("#\t101\t44", RejectReason.TooFewFields)]
    [InlineData("#\t101\t44\tloud", RejectReason.BadNumber)]
    [InlineData("?\t101\t44", RejectReason.UnknownFrame)]
    [InlineData("$09000F423F000186A0FF870", RejectReason.TooFewFields)]
    [InlineData("$09000F423F000186A0FF87000", RejectReason.TooLong)]
    [InlineData("$09000F423F000186A0FF87x0", RejectReason.BadNumber)]
    [InlineData("$09000F4g3F000186A0FF8700", RejectReason.BadNumber)]
    [InlineData("$09000F423F00o186A0FF8700", RejectReason.BadNumber)]
    [InlineData("#097", RejectReason.TooFewFields)]
    [InlineData("#09700", RejectReason.TooLong)]
    [InlineData("#09h0", RejectReason.BadNumber)]
    [InlineData("\x01", RejectReason.UnknownFrame)]
    [InlineData("noise", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r\n{line}\r\n{Guard}\r\n");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void A_line_is_found_behind_one_that_lost_its_end()
    {
        string good = WithCrc("\x01@\t101\t44\t8110999\t5\t190\t40\t2\t");
        for (int length = 1; length <= good.Length; length++)
        {
            ParserRun run = Run($"{good[..length]}{good}\r\n");
            Assert.Equal("8110999", run.Reads[^1].Chip.ToString());
            Assert.Equal(2, run.Reads.Count + run.Rejects.Count);
        }
    }

    [Theory]
    [InlineData("@\t101\t44\t8110999\t2434.8")]
    [InlineData("\x01@\t101\t44\t8110999\t2434.8")]
    [InlineData("@\t101\t4")]
    [InlineData("#\t101\t44\t1")]
    [InlineData("$09000F42")]
    [InlineData("#09")]
    [InlineData("noise")]
    public void Half_a_line_costs_no_other_and_is_no_read(string half)
    {
        foreach (string mark in (string[])["", "\x01"])
        {
            string good = WithCrc($"{mark}@\t101\t45\t8110777\t5\t190\t40\t2\t");
            ParserRun run = Run($"{half}{good}\r\n{half}{Tranx}\r\n{half}#0970\r\n");
            Assert.Equal(["8110777", "999999"], run.Chips);
            Assert.Equal([half, half, half], run.Rejects.Select(reject => reject.Text));
            var status = Assert.Single(run.Controls);
            Assert.Equal((ControlKind.Status, 0x970L), (status.Kind, status.Number));
        }
    }

    [Fact]
    public void A_line_of_another_kind_is_a_control_when_its_check_is_good()
    {
        ParserRun run = Run(WithCrc("\x01%\t101\t44\t7\t") + "\r\n");
        Assert.Equal(ControlKind.Unknown, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Status_lines_are_controls_with_the_noise()
    {
        string status = WithCrc("\x01#\t101\t46\t12\t");
        ParserRun run = Run($"{status}\r\n\r\n#096F\r\n{WithCrc("\x01$\t40\t3\t5\t28800\t")}\r\n");
        Assert.Equal(
            [(ControlKind.Status, 12L), (ControlKind.Status, 0x96F), (ControlKind.Unknown, 0)],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void The_lines_of_a_device()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read(Folder, "p98-lines.bin"));
        Assert.Empty(run.Rejects);
        Assert.Equal(
            [
                (1379L, "2434.835", 190), (1381, "2438.000", 146), (1383, "2441.156", 187), (1385, "2444.320", 130),
                (1386, "2447.476", 159),
            ],
            run.Reads.Select(read => (read.Number, Seconds(read), read.Hits)));
        Assert.All(run.Reads, read => Assert.Equal(
            ("8110984", 101, 0x2_0028UL, ReadFlags.SinceStart),
            (read.Chip.ToString(), read.SubReader, read.Detail, read.Flags)));
        Assert.Equal(5, run.Controls.Count);
        Assert.All(run.Controls, control => Assert.Equal((ControlKind.Status, 0), (control.Kind, control.Number)));

        ParserRun two = ParserRun.OfWhole<Parser>(Captures.Read(Folder, "p98-two-lines.bin"));
        Assert.Empty(two.Rejects);
        ChipRead read = Assert.Single(two.Reads);
        Assert.Equal((9788L, "52083.691", 127, 40UL), (read.Number, Seconds(read), read.Hits, read.Detail & 0xFFFF));
        Assert.Equal(ControlKind.Status, Assert.Single(two.Controls).Kind);
    }

    [Fact]
    public void The_stream_of_a_TranX()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read(Folder, "tranx2-stream.txt"));
        Assert.Empty(run.Rejects);
        Assert.Equal(
            [("144831", 876_011_553L, 53, 135UL), ("144831", 876_039_133, 49, 135), ("144831", 876_068_524, 62, 136)],
            run.Reads.Select(read => (read.Chip.ToString(), read.Time / 10_000, read.Hits, read.Detail & 0xFFFF)));
        Assert.Equal(22, run.Controls.Count);
        Assert.All(run.Controls, control => Assert.Equal(ControlKind.Status, control.Kind));
        Assert.Equal(0x970, run.Controls[0].Number);
    }

    [Theory]
    [InlineData("p98-lines.bin")]
    [InlineData("p98-two-lines.bin")]
    [InlineData("tranx2-stream.txt")]
    public void Captures_in_pieces(string name)
    {
        byte[] file = Captures.Read(Folder, name);
        string whole = ParserRun.OfWhole<Parser>(file).Describe();
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(file))
            Assert.Equal(whole, ParserRun.Of<Parser>(pieces).Describe());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        List<byte[]> lines =
            [.. P98.Append(Tranx).Append("#0970").Append("@\tbad").Select(line => Bytes(line + "\r\n"))];
        ParserChecks.SurvivesRandomBytes<Parser>(lines, "0123456789\t@#$x.,\x01\r\nABCDEF");
        ParserChecks.AllocatesNothing<Parser>([.. lines.SelectMany(line => line)]);
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> field = Gen.OneOf("101", "8110999", "0", "", "x", "12.5", "3,25", "2434.835");
        Gen<string> line = Gen.Select(field.Array[3, 8], Gen.Int[0, 3], (fields, crc) =>
        {
            string text = "@\t" + string.Join('\t', fields);
            return crc switch { 0 => text, 1 => text + "\txABCD", _ => WithCrc(text + "\t") };
        });
        line.List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(string.Concat(lines.Select(l => l + "\r\n")));
            Assert.Equal(
                lines.Select(Slow).OfType<string>(),
                run.Reads.Select(r => $"{r.Chip} {r.Time} {r.Number} {r.SubReader} {r.Hits} {r.Detail} {r.Flags}"));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string line)
    {
        string[] fields = line.Split('\t');
        bool hasCrc = fields[^1].Length > 0 && fields[^1][0] == 'x';
        if (hasCrc && WithCrc(line[..(line.Length - fields[^1].Length)]) != line)
            return null;
        fields = hasCrc ? fields[..^1] : fields;
        if (!hasCrc && fields.Length > 8 && fields[^1].Length > 0)
            return null;
        if (fields.Length < 5 || !long.TryParse(fields[3], NumberStyles.None, null, out _)
            || !decimal.TryParse(
                fields[4].Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out decimal seconds))
            return null;
        bool dropped = false;
        long Number(int index, long least, long most, long otherwise)
        {
            string text = index < fields.Length ? fields[index] : "";
            if (long.TryParse(text, NumberStyles.None, null, out long number) && number >= least && number <= most)
                return number;
            dropped |= text.Length > 0;
            return otherwise;
        }

        long decoder = Number(1, 0, 65_535, 0);
        long sequence = Number(2, 0, long.MaxValue, -1);
        long hits = Number(5, 1, int.MaxValue, 1);
        long detail = Number(6, 0, 65_535, 0) | (Number(7, 0, 65_535, 0) << 16);
        ReadFlags flags = ReadFlags.SinceStart | (dropped ? ReadFlags.FieldDropped : 0);
        return $"{fields[3]} {(long)(seconds * 10_000_000)} {sequence} {decoder} {hits} {detail} {flags}";
    }

    /// <summary>A line up to its last tab, with its CRC behind it, in the slow way of its description.</summary>
    static string WithCrc(string line)
    {
        int register = 0xFFFF;
        foreach (char c in line.TrimStart('\x01'))
        {
            int high = register >> 8 << 8;
            for (int bit = 0; bit < 8; bit++)
                high = ((high << 1) ^ ((high & 0x8000) != 0 ? 0x1021 : 0)) & 0xFFFF;
            register = (high ^ (register << 8) ^ c) & 0xFFFF;
        }

        return $"{line}x{register:X4}";
    }

    static string Seconds(ChipRead read) => (read.Time / 1e7).ToString("0.000", CultureInfo.InvariantCulture);

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
