using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowMercury;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.MercuryProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class MercuryTests
{
    const string Folder = "mercury-m6e";

    /// <summary>A streamed tag with hits and signal only.</summary>
    const string Guard = "\u00FF\u0016\u0022\u0000\u0000\u0010\u0000\u0013\u0000\u0003\u0001\u0002\u00C8\u0000"
        + "\u0060\u0030\u0000\u00A1\u00A2\u00A3\u00A4\u00A5\u00A6\u00A7\u00A8\u0012\u0034\u00F5"
        + "\u0012";

    const string Epc = "FFFF0000000000000000154A";

    /// <summary>All nine fields: 3 times, −60 dBm, antenna 2, 923.2 MHz, 295 ms, 171°, Gen2, no data, GPIO.</summary>
    const string Metadata = "03 C4 21 0E1640 00000127 00AB 05 0000 0F";

    static byte[] Streamed(string data) => Answer(0x22, 0, Hex($"10 001B {data}"));

    static byte[] Buffered(string data) => Answer(0x29, 0, Hex(data));

    static byte[] Whole { get; } = Streamed($"01FF 01 {Metadata} 0080 3000 {Epc} E94A");

    static byte[] Three { get; } = Buffered(
        $"0007 00 03 05D011 0080 3000 {Epc} 1234 01CB01 0060 2000 A1A2A3A4A5A6A7A8 5678"
        + "02FF20 0040 1000 E200FF01 9ABC");

    static IEnumerable<byte[]> All =>
    [
        Whole, Three,
        Streamed($"0000 01 0080 3000 {Epc} E94A"), Answer(0x22, 0, Hex($"00 001B 01 0080 3000 {Epc} E94A")),
        Streamed($"0080 01 0018 ABCDEF 0090 3200 0001 {Epc} E94A"),
        Streamed($"0010 01 00FF00FF 00A0 3200 8001 0002 {Epc} E94A"),
        Streamed("01FF 02 01020304 050607"), Streamed("01FF 00"), Answer(0x22, 0, Hex("10 001B 01FF 02 0000002A")),
        Answer(0x22, 0x0400), Answer(0x22, 0x0504),
        Answer(0x03, 0, Hex("14120800 30000002 20161213 01070102 00000010")),
        Answer(0x22, 0, Hex("00 0013 00000010")), Buffered("01FF 00 00"), Answer(0x2A, 0), Answer(0x2F, 0, 1, 0x22, 0),
        Answer(0x61, 0, 1, 1), Answer(0x21, 0x0105),
        Command(0x03), Command(0x22, Hex("00 0013 03E8")), Command(0x29, Hex("01FF 00")),
        Command(0x2F, Hex("0000 01 22 0000 05 07 22 10 001B 03E8 01FF")), Command(0x2F, 0, 0, 2),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard, Noise = "\u0001\u0002\u0003")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_streamed_tag_with_all_fields()
    {
        Assert.Equal(
            $"{Epc} 1970-01-01 00:00:00 a2 r-6000 h3 d{(0xABL << 32) | 0x127} NoTime",
            Show(Assert.Single(Run<Parser>(Whole).Reads)));
        Assert.Equal(47, Whole.Length);
    }

    [Fact]
    public void Buffered_tags_come_one_after_the_other()
    {
        ParserRun run = ParserRun.OfWhole<Parser>([.. Three, .. Three], destination: 1);
        string[] tags =
        [
            $"{Epc} 1970-01-01 00:00:00 a1 r-4800 h5 NoTime", "A1A2A3A4A5A6A7A8 1970-01-01 00:00:00 a16 r-5300 NoTime",
            "E200FF01 1970-01-01 00:00:00 a2 r-100 h2 NoTime",
        ];
        Assert.Equal([.. tags, .. tags], run.Reads.Select(Show));
        Assert.Empty(run.Controls);
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("0000", "", 0)]
    [InlineData("0001", "00", 0)]
    [InlineData("0004", "1F", 0)]
    [InlineData("0008", "FFFFFF", 0)]
    [InlineData("0010", "89ABCDEF", 0x89ABCDEFUL)]
    [InlineData("0020", "00B4", 0xB4_0000_0000UL)]
    [InlineData("0040", "05", 0)]
    [InlineData("0080", "0000", 0)]
    [InlineData("0080", "0009 FFFF", 0)]
    [InlineData("0100", "FF", 0)]
    [InlineData("00C0", "05 0010 0102", 0)]
    public void Each_field_stands_there_only_if_its_flag_is_set(string flags, string fields, ulong detail)
    {
        ChipRead read = Assert.Single(Run<Parser>(Streamed($"{flags} 01 {fields} 0080 3000 {Epc} E94A")).Reads);
        Assert.Equal((Epc, detail, ChipRead.NoRssi), (read.Chip.ToString(), read.Detail, read.RssiCentiDbm));
        Assert.Equal((flags == "0004" ? 1 : 0, 1), (read.Antenna, read.Hits));
    }

    [Fact]
    public void Words_that_the_PC_announces_are_no_part_of_the_EPC() => Assert.Equal(
        [Epc, Epc, "8001" + Epc],
        Run<Parser>(
            Streamed($"0000 01 0090 3200 0001 {Epc} E94A"), Streamed($"0000 01 00A0 3200 8001 0002 {Epc} E94A"),
            Streamed($"0000 01 0090 3000 8001 {Epc} E94A")).Chips);

    [Fact]
    public void What_is_no_tag_is_a_control() => Assert.Equal(
        [
            (ControlKind.KeepAlive, 0x400, 0x22), (ControlKind.Status, 0x504, 0x22), (ControlKind.Status, 0, 0x22),
            (ControlKind.Status, 0, 0x22), (ControlKind.Response, 0, 0x22), (ControlKind.Response, 0, 0x22),
            (ControlKind.Response, 0, 0x03), (ControlKind.Response, 0x105, 0x21), (ControlKind.Response, 0, 0x29),
            (ControlKind.Command, 0, 0x03), (ControlKind.Command, 0, 0x29), (ControlKind.Command, 0, 0x2F),
        ],
        Controls<Parser>(
            Answer(0x22, 0x0400), Answer(0x22, 0x0504), Streamed("01FF 02 0102"), Answer(0x22, 0, new byte[10]),
            Streamed("01FF 00"), Answer(0x22, 0, Hex("00 0013 00000010")), Answer(0x03, 0, 1, 2), Answer(0x21, 0x0105),
            Buffered("01FF 00 00"), Command(0x03), Command(0x29, Hex("01FF 00")), Command(0x2F, 0, 0, 2)));

    [Fact]
    public void A_command_waits_for_as_much_as_an_answer_would_have()
    {
        byte[] command = Command(0x03);
        Assert.Equal(5, ParserRun.OfWhole<Parser>(command, endOfStream: false).Unconsumed);
        ParserRun run = ParserRun.OfWhole<Parser>([.. command, .. command[..2]], endOfStream: false);
        Assert.Equal((2, 1), (run.Unconsumed, run.Controls.Count));
    }

    [Fact]
    public void Bad_frames_are_rejects()
    {
        byte[] wrong = [.. Whole[..^1], (byte)(Whole[^1] + 1)];
        AreRejected<Parser>(
            Whole,
            (RejectReason.BadCheck, wrong),
            (RejectReason.UnknownFrame, [1, 2, 3]),
            (RejectReason.BadSyntax, Streamed($"01FF 01 {Metadata} 0080 3000 {Epc[2..]} E94A")),
            (RejectReason.BadSyntax, Streamed($"01FF 01 {Metadata} 0080 3000 {Epc} E94A 00")),
            (RejectReason.BadSyntax, Streamed("01FF 01 03 C4 21 0E1640 0000")),
            (RejectReason.BadSyntax, Streamed("0080 01 FFFF 010203")),
            (RejectReason.BadSyntax, Streamed($"0200 01 00 0080 3000 {Epc} E94A")),
            (RejectReason.BadNumber, Streamed($"0000 01 007F 3000 {Epc} E94A")),
            (RejectReason.NoChip, Streamed("0000 01 0020 0000 E94A")),
            (RejectReason.NoChip, Streamed("0000 01 0018 0000 E9")),
            (RejectReason.NoChip, Streamed("0000 01 0000")),
            (RejectReason.NoChip, Streamed("0000 01 0030 0200 0001 E94A")),
            (RejectReason.NoChip, Streamed("0000 01 0030 0200 8001 E94A")),
            (RejectReason.ChipTooLong, Streamed($"0000 01 0118 F800 {new string('7', 62)} E94A")),
            (RejectReason.BadSyntax, Buffered($"0000 00 02 0080 3000 {Epc} E94A")),
            (RejectReason.BadSyntax, Buffered($"0000 00 00 0080 3000 {Epc} E94A")));
    }

    [Fact]
    public void A_buffered_tag_without_an_EPC_costs_no_other()
    {
        ParserRun run = Run<Parser>(
            Buffered("0000 00 03 0040 1000 E2000001 1111 0020 0000 2222 0040 1000 E2000003 3333"));
        Assert.Equal(["E2000001", "E2000003"], run.Chips);
        Assert.Equal([(RejectReason.NoChip, "\0\u0020\0\0\"\"")], run.Rejects);
    }

    [Fact]
    public void A_head_in_noise_costs_no_frame()
    {
        ParserRun run = Run<Parser>([0xFF, 0xFF, 0x28, 0xFF], Whole, [0xFF], Three, [0xFF, 3]);
        Assert.Equal(4, run.Reads.Count);
        Assert.Equal(["\u00FF\u00FF\u0028\u00FF", "\u00FF", "\u00FF\u0003"], run.Rejects.Select(reject => reject.Text));
    }

    [Theory]
    [InlineData("read", 42)]
    [InlineData("readUser", 38)]
    [InlineData("gpi", 28)]
    [InlineData("gpo", 58)]
    [InlineData("kill", 50)]
    [InlineData("lock", 48)]
    [InlineData("write", 50)]
    [InlineData("blockErase", 50)]
    [InlineData("blockPermalockRead", 40)]
    public void Traces_of_a_module(string name, int frames)
    {
        List<(bool IsSent, byte[] Bytes)> trace = Trace(name);
        Assert.Equal(frames, trace.Count);
        List<SlowRead> reads = [.. trace.Where(frame => !frame.IsSent).SelectMany(frame => ReadsOf(frame.Bytes))];
        int tagFrames = trace.Count(frame => !frame.IsSent && ReadsOf(frame.Bytes).Count > 0);
        foreach (byte[][] heard in (byte[][][])
            [[.. trace.Select(f => f.Bytes)], [.. trace.Where(f => !f.IsSent).Select(f => f.Bytes)]])
        {
            ParserRun run = Run<Parser>(heard);
            Assert.Empty(run.Rejects);
            Assert.Equal(reads, run.Reads.Select(SlowRead.Of));
            Assert.Equal(heard.Length, run.Controls.Count + tagFrames);
            Assert.Equal(
                heard.Length == frames ? trace.Count(frame => frame.IsSent) : 0,
                run.Controls.Count(control => control.Kind == ControlKind.Command));
            AnySplitGivesTheSame<Parser>([.. heard.SelectMany(frame => frame)], mostCuts: 150);
        }
    }

    [Fact]
    public void The_buffered_tags_of_a_module()
    {
        string[] rows = [.. File.ReadLines(Captures.PathOf(Folder, "read.expected-tags.csv")).Skip(1)];
        ParserRun run = Run<Parser>([.. Trace("read").Select(frame => frame.Bytes)]);
        Assert.Equal(16, rows.Length);
        Assert.Equal(
            rows.Select(row => row.Split(',')).Select(row =>
                $"{row[1].ToUpperInvariant()} {row[4]} {row[5]}00 {row[6][2]} {row[8]} {row[9]}"),
            run.Reads.Select(read =>
                $"{read.Chip} {read.Hits} {read.RssiCentiDbm} {read.Antenna} {(uint)read.Detail} {read.Detail >> 32}"));
        Assert.All(run.Reads, read => Assert.Equal(ReadFlags.NoTime, read.Flags));
    }

    /// <summary>The frames of a trace: a line for each with its direction, behind it its bytes as a hex dump.</summary>
    static List<(bool IsSent, byte[] Bytes)> Trace(string name)
    {
        List<(bool IsSent, byte[] Bytes)> frames = [];
        foreach (string line in File.ReadLines(Captures.PathOf(Folder, $"{name}.transport")))
        {
            if (!line.StartsWith(' '))
                frames.Add((line.StartsWith("Sending", StringComparison.Ordinal), []));
            else
                frames[^1] = (frames[^1].IsSent, [.. frames[^1].Bytes, .. Hex(line.Split('|')[0])]);
        }

        return frames;
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "\u00FF\0\u0001\u0022\u0029\u0003\u0010");
        ParserChecks.AllocatesNothing<Parser>([1, 2, .. All.SelectMany(frame => frame), .. Whole[..20], .. Three]);
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<int> option = Gen.OneOf(0x10, 0x10, 0x10, 0);
        Gen<byte> type = Gen.OneOf<byte>(1, 1, 1, 1, 1, 0, 2);
        Gen<int> wrong = Gen.OneOf(0, 0, 0, 0, 1);
        Gen<(int Count, Func<int, byte[]> Of)> several = Gen.Int[0, 3].SelectMany(n => Tags(n).Select(tags => (n, tags)));
        Gen<byte[]> frame = Gen.OneOf(
            Gen.Select(Flags, option, type, Tags(1), (flags, o, t, tag) => o == 0
                ? Answer(0x22, 0, [0, 0, 0x1B, t, .. tag(0)])
                : Answer(0x22, 0, [0x10, 0, 0x1B, .. Word(flags), t, .. tag(flags)])),
            Gen.Select(Flags, several, wrong, (flags, tags, more) =>
                Answer(0x29, 0, [.. Word(flags), 0, (byte)(tags.Count + more), .. tags.Of(flags)])),
            Gen.Select(Gen.OneOf<byte>(0x22, 0x29, 0x03), Gen.OneOf(0, 0, 0x400), Gen.Byte.Array[0, 30], Answer),
            Gen.Select(Gen.OneOf<byte>(0x22, 0x29, 0x2F), Gen.Byte.Array[0, 30], Command));
        AgreesWith<Parser>(frame, LengthAt, frames => frames.SelectMany(ReadsOf));
    }

    static Gen<int> Flags => Gen.Frequency((9, Gen.Int[0, 0x1FF]), (1, Gen.Int[0, 0xFFFF]));

    static byte[] Word(int value) => [(byte)(value >> 8), (byte)value];

    /// <summary>Tags whose fields are those of some flags; now and then one byte is missing.</summary>
    static Gen<Func<int, byte[]>> Tags(int count)
    {
        Gen<(byte[] Before, int DataBits, int Bits, byte[] Tag)> one = Gen.Select(
            Gen.Byte.Array[20], Gen.OneOf(0, 0, 5, 16), Gen.OneOf(128, 128, 96, 32, 48, 24, 121, 0),
            Gen.OneOf<byte>(0x30, 0x32).SelectMany(pc => Gen.Byte.Array[16].Select(tag => (byte[])[pc, .. tag[1..]])),
            (before, data, bits, tag) => (before, data, bits, tag));
        Gen<int> missing = Gen.OneOf(0, 0, 0, 0, 0, 1);
        return Gen.Select(one.Array[count], missing, (tags, less) => new Func<int, byte[]>(flags =>
        {
            List<byte> bytes = [];
            foreach (var (before, dataBits, bits, tag) in tags)
            {
                int[] sizes = [1, 1, 1, 3, 4, 2, 1];
                int fields = sizes.Where((_, bit) => (flags >> bit & 1) != 0).Sum();
                bytes.AddRange(before[..fields]);
                if ((flags & 0x80) != 0)
                    bytes.AddRange([.. Word(dataBits), .. before[..((dataBits + 7) / 8)]]);
                if ((flags & 0x100) != 0)
                    bytes.Add(before[^1]);
                bytes.AddRange([.. Word(bits), .. tag[..((bits + 7) / 8)]]);
            }

            return [.. bytes.Take(bytes.Count - less)];
        }));
    }
}
