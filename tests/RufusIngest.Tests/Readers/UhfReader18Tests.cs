using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowUhfReader18;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.UhfReader18Protocol>;

namespace RufusIngest.Tests.Readers;

public sealed class UhfReader18Tests
{
    const string Folder = "uhfreader18";

    /// <summary>One tag of the 288 family at antenna 2.</summary>
    const string Guard = "\u0011\u0000\u0001\u0003\u0002\u0001\u0008\u00A1\u00A2\u00A3\u00A4\u00A5\u00A6\u00A7"
        + "\u00A8\u0055\u00D2\u0026";

    const string Epc = "49440000000000000A000412";
    const string Other = "E28011700000020A5D1B00FF";

    static byte[] Answer(byte command, string data) => Frame(0, command, Hex(data));

    static byte[] OldTwo { get; } = Answer(1, $"03 02 0C {Epc} 0C {Other}");

    static byte[] NewTwo { get; } = Answer(1, $"03 04 02 0C {Epc} 6B 08 A1A2A3A4A5A6A7A8 64");

    static byte[] Active { get; } = Answer(0xEE, $"00 08 0C {Epc} 41");

    static IEnumerable<byte[]> All =>
    [
        OldTwo, NewTwo, Active, Answer(1, $"01 01 0C {Epc}"), Answer(1, $"01 01 01 0C {Epc} 6B"),
        Answer(1, "02 01 01 04 00323039 6D"),
        Answer(1, $"03 01 01 98 {Epc} E2003412FFFF0123456789AB 50"), Answer(1, "FB"), Answer(1, "01 01 00"),
        Answer(1, "01"),
        Answer(1, "26 01 0011 00000005"), Answer(1, "F8 01"), Answer(1, "FE"),
        Answer(0xEE, "28 00000001 0000000000000000 00000002"),
        Answer(0x21, "00 0102 09 03 4E 00 1E 0A"), Answer(0x93, "00"), Answer(0, "FD"),
        Frame(0, 1), Frame(0xFF, 0x21), Frame(0, 0x93), Frame(0, 1, Hex("0F 00 00 00 00 00 00 80 14")),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard, Noise = "\u0001\u0002\u0003")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_tag_without_a_code_does_not_cost_the_others()
    {
        byte[] frame = Frame(0, 1, [1, 1, 3, 4, 1, 2, 3, 4, 0x60, 0, 0x61, 4, 5, 6, 7, 8, 0x62]);
        ParserRun run = ParserRun.OfWhole<Parser>(frame);
        Assert.Equal(["01020304", "05060708"], run.Chips);
        Assert.Equal(RejectReason.NoChip, Assert.Single(run.Rejects).Reason);
    }

    [Fact]
    public void Both_layouts_are_told_by_what_fits()
    {
        Assert.Equal(
            [
                $"{Epc} 1970-01-01 00:00:00 a3 d107 NoTime", "A1A2A3A4A5A6A7A8 1970-01-01 00:00:00 a3 d100 NoTime",
                $"{Epc} 1970-01-01 00:00:00 NoTime", $"{Other} 1970-01-01 00:00:00 NoTime",
                $"{Epc} 1970-01-01 00:00:00 a4 d65 NoTime", "00323039 1970-01-01 00:00:00 a1 d109 NoTime",
            ],
            Run<Parser>(NewTwo, OldTwo, Active, Answer(1, "02 01 01 04 00323039 6D")).Reads.Select(Show));
        Assert.Empty(Run<Parser>([.. All]).Rejects);
    }

    /// <summary>As UHFReader18: 2 tags of 1 and 11 bytes. As 288: antenna 2, 1 tag of 11 bytes.</summary>
    [Fact]
    public void Where_both_layouts_fit_the_last_answer_that_told_decides()
    {
        byte[] both = Answer(1, "01 02 01 0B 0B 0102030405060708090A 77");
        string[] old = ["0B", "0102030405060708090A77"];
        string[] modern = ["0B0102030405060708090A"];
        Assert.Equal(modern, Run<Parser>(both).Chips);
        Assert.Equal([.. modern, Epc, Other, .. old, .. old], Run<Parser>(both, OldTwo, both, both).Chips);
        Assert.Equal([Epc, Other, Epc, "A1A2A3A4A5A6A7A8", .. modern], Run<Parser>(OldTwo, NewTwo, both).Chips);
        Assert.Equal(old, As("18", both).Chips);
        Assert.Equal(modern, As("288", both).Chips);
        Assert.Equal(modern, As("", both).Chips);
        Assert.Throws<FormatException>(() => UhfReader18Protocol.Parse("19"));
    }

    [Fact]
    public void A_family_that_is_known_has_one_layout()
    {
        Assert.Equal([(RejectReason.BadSyntax, Latin(OldTwo))], As("288", OldTwo, NewTwo).Rejects);
        Assert.Equal([(RejectReason.BadSyntax, Latin(NewTwo))], As("18", OldTwo, NewTwo).Rejects);
        Assert.Equal([Epc, Other], As("18", OldTwo, NewTwo).Chips);
        Assert.Equal([Epc, "A1A2A3A4A5A6A7A8"], As("288", OldTwo, NewTwo).Chips);
    }

    [Theory]
    [InlineData("01", 1, ReadFlags.NoTime)]
    [InlineData("02", 2, ReadFlags.NoTime)]
    [InlineData("08", 4, ReadFlags.NoTime)]
    [InlineData("80", 8, ReadFlags.NoTime)]
    [InlineData("00", 0, ReadFlags.NoTime)]
    [InlineData("03", 0, ReadFlags.NoTime | ReadFlags.FieldDropped)]
    public void Antennas_are_a_mask(string mask, int antenna, ReadFlags flags)
    {
        byte[] polled = Answer(1, $"03 {mask} 01 0C {Epc} 6B");
        foreach (byte[] frame in (byte[][])[polled, Answer(0xEE, $"00 {mask} 0C {Epc} 6B")])
        {
            ChipRead read = Assert.Single(Run<Parser>(frame).Reads);
            Assert.Equal((antenna, flags, 0x6BUL), (read.Antenna, read.Flags, read.Detail));
            Assert.Equal((Epc, ChipRead.NoRssi), (read.Chip.ToString(), read.RssiCentiDbm));
        }
    }

    [Fact]
    public void A_serial_number_behind_the_EPC_is_left_out() => Assert.Equal(
        [Epc, Epc, "A1A2"],
        Run<Parser>(
            Answer(1, $"03 01 02 98 {Epc} E2003412FFFF0123456789AB 50 0C {Epc} 51"),
            Answer(1, "03 01 01 82 A1A2 50")).Chips);

    [Fact]
    public void What_is_no_tag_is_a_control() => Assert.Equal(
        [
            (ControlKind.KeepAlive, 0xFB, 1), (ControlKind.KeepAlive, 1, 1), (ControlKind.KeepAlive, 1, 1),
            (ControlKind.KeepAlive, 2, 1), (ControlKind.Response, 3, 1), (ControlKind.Status, 0x26, 1),
            (ControlKind.Status, 0xF8, 1), (ControlKind.Response, 0xFE, 1), (ControlKind.KeepAlive, 0x28, 0xEE),
            (ControlKind.Response, 0, 0x21), (ControlKind.Response, 0xFD, 0), (ControlKind.Command, 0, 1),
            (ControlKind.Command, 0, 0x21), (ControlKind.Command, 0x0F, 1), (ControlKind.KeepAlive, 1, 1),
        ],
        Controls<Parser>(
            Answer(1, "FB"), Answer(1, "01 01 00"), Answer(1, "01"), Answer(1, "02"), Answer(1, "03"),
            Answer(1, "26 01 0011 00000005"), Answer(1, "F8"), Answer(1, "FE"), Answer(0xEE, "28 00000001"),
            Answer(0x21, "00 0102"), Answer(0, "FD"), Frame(0, 1), Frame(0xFF, 0x21),
            Frame(0, 1, Hex("0F 00 00 00 00 00 00 80 14")), Answer(1, "01 00")));

    [Fact]
    public void Bad_frames_are_rejects()
    {
        byte[] wrong = [.. NewTwo[..^1], (byte)(NewTwo[^1] + 1)];
        byte[] one = Answer(1, $"03 01 01 0C {Epc} 6B");
        AreRejected<Parser>(
            one,
            (RejectReason.BadCheck, wrong),
            (RejectReason.UnknownFrame, [3, 2, 1, 0]),
            (RejectReason.BadSyntax, Answer(1, $"03 02 0C {Epc}")),
            (RejectReason.BadSyntax, Answer(1, $"03 01 0C {Epc} 6B 6B")),
            (RejectReason.BadSyntax, Answer(1, $"03 01 02 0C {Epc} 6B")),
            (RejectReason.BadSyntax, Answer(1, $"03 01 01 0D {Epc} 6B")),
            (RejectReason.BadSyntax, Answer(1, $"03 01 01 0B {Epc} 6B")),
            (RejectReason.NoChip, Answer(1, "03 01 01 00 6B")),
            (RejectReason.ChipTooLong, Answer(1, $"03 01 01 1F {new string('7', 62)} 6B")),
            (RejectReason.BadSyntax, Answer(0xEE, "00")),
            (RejectReason.BadSyntax, Answer(0xEE, $"00 01 0E {Epc} 41")),
            (RejectReason.NoChip, Answer(0xEE, "00 01 00 41")));
    }

    [Fact]
    public void A_tag_that_is_too_long_costs_no_other()
    {
        ParserRun run = Run<Parser>(Answer(1, $"03 01 02 1F {new string('7', 62)} 6B 0C {Epc} 6C"));
        Assert.Equal([Epc], run.Chips);
        Assert.Equal(RejectReason.ChipTooLong, Assert.Single(run.Rejects).Reason);
    }

    [Fact]
    public void The_published_frames()
    {
        Dictionary<string, byte[]> frames = Vectors(Folder, hexAt: 3);
        Assert.Equal(11, frames.Count);
        byte[] stream = [.. frames.Values.SelectMany(frame => frame)];
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        const string First = "000000000000000000000313";
        Assert.Equal(
            [
                (First, 0, 0UL), (First, 0, 0), ("000000000000000000000314", 0, 0), (First, 1, 0x6B),
                ("49440000000000000A000334", 3, 0x64), ("00323038", 1, 0x6D),
            ],
            run.Reads.Select(read => (read.Chip.ToString(), (int)read.Antenna, read.Detail)));
        Assert.Equal([(RejectReason.BadCheck, Latin(frames["bad-crc-288"]))], run.Rejects);
        Assert.Equal(
            [
                (ControlKind.Command, 0L), (ControlKind.Command, 0), (ControlKind.Command, 0),
                (ControlKind.KeepAlive, 0xFB), (ControlKind.KeepAlive, 1),
            ],
            run.Controls.Select(control => (control.Kind, control.Number)));
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "\0\u0001\u0003\u0004\u0005\u000C\u00EE");
        ParserChecks.AllocatesNothing<Parser>([1, 2, .. All.SelectMany(frame => frame), .. OldTwo[..20], .. NewTwo]);
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<byte[]> epc = Gen.OneOf(0, 1, 2, 4, 8, 12, 12, 12, 12, 26, 31)
            .SelectMany(length => Gen.Frequency((2, Gen.Byte), (1, Gen.Byte[0, 13])).Array[length]);
        Gen<byte[]> old = epc.Select(bytes => (byte[])[(byte)bytes.Length, .. bytes]);
        Gen<byte[]> modern = Gen.Select(epc, Gen.Byte, Gen.OneOf(0, 0, 0, 0x80), (bytes, signal, serial) =>
            (byte[])[(byte)(bytes.Length | serial), .. bytes, signal]);
        Gen<byte[]> small = Gen.Byte[0, 13].Array[0, 8]; // Often fits both ways.
        Gen<byte> status = Gen.OneOf<byte>(1, 2, 3, 3, 3, 3, 4, 0, 0xFB);
        Gen<byte> mask = Gen.OneOf<byte>(1, 2, 4, 8, 128, 0, 5);
        Gen<int> wrong = Gen.OneOf(0, 0, 0, 0, 0, 0, 1);
        Gen<byte[]> frame = Gen.OneOf(
            Gen.Select(status, old.Array[0, 4], wrong, (s, tags, more) =>
                Frame(0, 1, [s, (byte)(tags.Length + more), .. tags.SelectMany(tag => tag)])),
            Gen.Select(status, mask, modern.Array[0, 4], wrong, (s, antennas, tags, more) =>
                Frame(0, 1, [s, antennas, (byte)(tags.Length + more), .. tags.SelectMany(tag => tag)])),
            Gen.Select(status, small, (s, bytes) => Frame(0, 1, [s, .. bytes])),
            Gen.Select(Gen.Byte, epc, wrong, (antennas, bytes, more) =>
                Frame(0, 0xEE, [0, antennas, (byte)(bytes.Length + more), .. bytes, 0x41])),
            Gen.Select(Gen.Byte, Gen.Byte.Array[0, 20], (command, data) => Frame(0, command, data)));
        foreach (int fixedFamily in (int[])[0, 18, 288])
        {
            AgreesWith(
                frame, LengthAt,
                frames =>
                {
                    int family = fixedFamily;
                    return frames.SelectMany(f => ReadsOf(f, ref family, fixedFamily != 0));
                },
                new Parser(UhfReader18Protocol.Parse(fixedFamily == 0 ? "" : $"{fixedFamily}")));
        }
    }

    static ParserRun As(string family, params byte[][] frames) => ParserRun.OfWhole(
        [.. frames.SelectMany(frame => frame)], initial: new Parser(UhfReader18Protocol.Parse(family)));
}
