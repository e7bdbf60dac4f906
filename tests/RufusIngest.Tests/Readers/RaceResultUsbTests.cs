using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.RaceResultUsbProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class RaceResultUsbTests
{
    const string Reference = "EPOCHREFGET;00\n6553f100;00a00000\n\n"; // 2023-11-14 22:13:20 UTC
    const string Full = "ZKLMN42;2af8;00a00180;3c;65;1d;15;1;2;3;40;0";
    const string Guard = "#P;GUARD01;0000;00a00100;04;10;1d;14;0;1;1;00;0";

    [Theory]
    [Frames<Parser>(
        Full, "#P;" + Full, "_____127;0000;00a00200;01;00;00;00;0;0;0;00;0", "EOR", "PASSINGGET;00000005", "00000005;03",
        "TIMESTAMPGET;00", "00a00100", "CONFSET;05;06", "05;06", "#N;1",
        Guard = Guard, End = "\n")]
    [Frames<Parser>(
        Full, "#P;" + Full, "PASSINGGET;10", "00a00100", Preamble = Reference, Guard = Guard, End = "\n")]
    [Frames<Parser>(
        "00000001;00000002;00000003;0001;5", Preamble = "PASSINGINFOGET;00\n", Guard = Guard, End = "\n")]
    [Frames<Parser>(Full, "AUTOBOOT", "EPOCHREFADJ1D;00", Guard = Guard, End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("ZKLMN42;2af8;00a0")]
    [InlineData("#P;ZKLMN42;2af8;00a00180;3c;65;1d;15;1;2")]
    [InlineData("PASSINGG")]
    public void Half_a_line_costs_no_pushed_passing(string half)
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Encoding.Latin1.GetBytes($"{half}{Guard}\n"));
        Assert.Equal(["GUARD01"], run.Chips);
        Assert.Equal(half, Assert.Single(run.Rejects).Text);
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void A_passing_may_lack_its_end_before_a_pushed_one()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Encoding.Latin1.GetBytes($"{Full}{Guard}\n"));
        Assert.Equal(["ZKLMN42", "GUARD01"], run.Chips);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_passing_with_all_fields_behind_a_reference()
    {
        ChipRead read = Assert.Single(Run(Reference + Full + "\n").Reads);
        Assert.Equal("ZKLMN42 2023-11-14 22:13:21.500", Show(read));
        Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.Rewind, read.Flags);
        Assert.Equal((-1L, 60, (short)-6600, (ushort)2), (read.Number, read.Hits, read.RssiCentiDbm, read.Antenna));
        Assert.Equal(0x01_40_03_15_1d_65_2af8UL, read.Detail);
    }

    [Fact]
    public void Without_a_reference_the_time_counts_from_the_start()
    {
        ChipRead read = Assert.Single(Run("A1;0000;00000301;01;00;00;00;0;0;0;00;0\n").Reads);
        Assert.Equal((ReadFlags.SinceStart, 30_039_062L, (short)-9000), (read.Flags, read.Time, read.RssiCentiDbm));
    }

    [Theory]
    [InlineData("fffffff0", "00000010", 1_250_000)]
    [InlineData("00a00000", "009fff00", -10_000_000)]
    [InlineData("00000000", "02a30000", 1_728_000_000_000)]
    public void The_count_wraps_and_goes_back(string reference, string tick, long ticks)
    {
        ParserRun run = Run($"EPOCHREFSET;6553f100\n6553f100;{reference}\nA1;0;{tick};1;0;0;0;0;0;0;0;0\n");
        Assert.Equal((0x6553f100 * TimeSpan.TicksPerSecond) + ticks, Assert.Single(run.Reads).Time);
    }

    [Fact]
    public void The_pair_of_another_answer_is_no_reference()
    {
        const string Line = "A1;0000;00000100;01;00;00;00;0;0;0;00;0\n";
        Assert.Equal(ReadFlags.SinceStart, Assert.Single(Run("00000000;03\n" + Line).Reads).Flags);
        Assert.Equal(ReadFlags.SinceStart, Assert.Single(Run("PASSINGGET;10\n00000001;00000020\n" + Line).Reads).Flags);
        Assert.Equal(ReadFlags.ZoneKnown, Assert.Single(Run("PASSINGGET;10\nEOR\n6553f100;00000020\n" + Line).Reads).Flags);
        Assert.Equal(ReadFlags.SinceStart, Assert.Single(Run(Reference + "AUTOBOOT\n" + Line).Reads).Flags);
    }

    [Fact]
    public void Fetched_passings_are_numbered_from_the_head()
    {
        ParserRun run = Run($"PASSINGGET;0000000f\n0000000f;02\n{Full}\n{Guard}\n{Full}\n{Full}\nEOR\n");
        Assert.Equal([15L, -1L, 16L, -1L], run.Reads.Select(read => read.Number));
        Assert.Equal(
            [(ControlKind.Response, 0), (ControlKind.Response, 2), (ControlKind.EndOfFetch, 0)],
            run.Controls.Select(control => (control.Kind, (int)control.Number)));
    }

    [Fact]
    public void A_reference_and_a_tick_tell_the_clock()
    {
        ParserRun run = Run("TIMESTAMPGET;00\n00000100\n\n" + Reference + "TIMESTAMPGET;00\n00a00100\n\n");
        const long Epoch = 0x6553f100 * TimeSpan.TicksPerSecond;
        Assert.Equal(
            [0L, Epoch, Epoch + TimeSpan.TicksPerSecond],
            run.Controls.Where(control => control.Kind == ControlKind.Clock).Select(control => control.Number));
        Assert.Equal(3, run.Controls.Count(control => control.Kind == ControlKind.EndOfFetch));
    }

    [Fact]
    public void The_trigger_is_a_gun()
    {
        ParserRun run = Run(Reference + "_____127;0000;00a00200;01;00;00;00;0;0;0;00;0\n");
        ChipRead gun = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Gun, true), (gun.Kind, gun.Chip.IsEmpty));
        Assert.Equal(ControlKind.Gun, run.Controls[^1].Kind);
    }

    [Theory]
    [InlineData("A1;0000;xyz;01;00;00;00;0;0;0;00;0", RejectReason.BadTime)]
    [InlineData("A1;0000;100000000;01;00;00;00;0;0;0;00;0", RejectReason.BadTime)]
    [InlineData("A1;0000;;01;00;00;00;0;0;0;00;0", RejectReason.BadTime)]
    [InlineData(";0000;00000100;01;00;00;00;0;0;0;00;0", RejectReason.NoChip)]
    [InlineData("GLBAS60;0718;01521527", RejectReason.TooFewFields)]
    [InlineData("#P;GLBAS60;0718;01521527;0c;08;9f;1a;0;1;2;00", RejectReason.TooFewFields)]
    [InlineData("01;02;03;04;05;06", RejectReason.TooFewFields)]
    [InlineData("what", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\n{line}\n{Guard}\n");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void The_printed_session()
    {
        byte[] bytes = Captures.Read("raceresult-usb-box", "session.rx.txt");
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(bytes))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            ChipRead read = Assert.Single(run.Reads);
            Assert.Equal("GLBAS60 2009-06-20 09:23:41.195", Show(read));
            Assert.Equal((12, (ushort)1, ReadFlags.ZoneKnown, 0L), (read.Hits, read.Antenna, read.Flags, read.Number));
            Assert.Equal(
                [ControlKind.Response, ControlKind.Clock, ControlKind.Response, ControlKind.Response],
                run.Controls.Select(control => control.Kind));
            Assert.Empty(run.Rejects);
        }
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Full + "\n"), Bytes(Reference), Bytes(Guard + "\n")], "0123456789abcdef;#PEORX\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{Reference}{Full}\n00000001;02\n{Guard}\nbad\nA;1\n{Full}\nEOR\n\n"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> field = Gen.OneOf("", "0", "1", "0c", "FF", "40", "x", "100", "10000");
        Gen<string> line = Gen.Select(
            Gen.OneOf("GLBAS60", "1", "", "_____127"), Gen.UInt, field.Array[9, 10], (chip, tick, rest) =>
                string.Join(';', [chip, rest[0], tick.ToString("x8", CultureInfo.InvariantCulture), .. rest]));
        line.List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(Reference + string.Concat(lines.Select(l => l + "\n")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(r =>
                $"{r.Kind} {r.Chip} {r.Time} {r.Hits} {r.RssiCentiDbm} {r.Antenna} {r.Detail:x} {r.Flags}"));
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string line)
    {
        string[] f = line.Split(';');
        if (f[0].Length == 0 || f.Length < 12)
            return null;
        int difference = unchecked((int)(Convert.ToUInt32(f[2], 16) - 0x00a00000u));
        long time = (0x6553f100 * TimeSpan.TicksPerSecond) + (long)Math.Floor(difference * 39062.5);
        bool dropped = false;
        long hits = Math.Max(1, Hex(f[3], 65_535));
        long packed = Hex(f[4], 255);
        bool hasRssi = f[4] is not ("" or "x" or "100" or "10000");
        long antenna = Hex(f[8], 65_535);
        long data = Hex(f[10], 255);
        long detail = Hex(f[1], 65_535) | (packed << 16) | (Hex(f[5], 255) << 24) | (Hex(f[6], 255) << 32) | (Hex(f[9], 255) << 40)
            | (data << 48) | (Hex(f[7], 1) << 56);
        ReadFlags flags = ReadFlags.ZoneKnown | ((data & 0x40) != 0 ? ReadFlags.Rewind : 0)
            | (dropped ? ReadFlags.FieldDropped : 0);
        bool gun = f[0] == "_____127";
        return $"{(gun ? ReadKind.Gun : ReadKind.Chip)} {(gun ? "" : f[0])} {time} {hits} "
            + $"{(hasRssi ? (-90 + ((packed & 0x70) >> 2)) * 100 : ChipRead.NoRssi)} {antenna} {detail:x} {flags}";

        long Hex(string text, long most)
        {
            bool good = long.TryParse(text, NumberStyles.AllowHexSpecifier, null, out long value) && value <= most;
            dropped |= !good && text.Length > 0;
            return good ? value : 0;
        }
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
