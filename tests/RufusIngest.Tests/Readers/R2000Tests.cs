using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowR2000;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.R2000Protocol>;

namespace RufusIngest.Tests.Readers;

public sealed class R2000Tests
{
    const string Folder = "r2000-a0";

    /// <summary>A tag of 4 words at antenna 1.</summary>
    const string Guard = "\u00A0\u000F\u0001\u0089\u0004\u0020\u0000\u00A1\u00A2\u00A3\u00A4\u00A5\u00A6\u00A7"
        + "\u00A8\u0041\u003E";

    const string Epc = "300833B2DDD9014000000412";

    static byte[] Answer(byte command, string data) => Frame(1, command, Hex(data));

    static byte[] Tag { get; } = Answer(0x89, $"8E 3000 {Epc} 37");

    /// <summary>The head stands in it too.</summary>
    static byte[] HeadInside { get; } = Answer(0x8B, "07 3000 A0A0A00B018BA0FFA0000107 22");

    static byte[] Stored { get; } = Answer(0x90, $"0002 10 3000 {Epc} 1234 40 15 07");

    static IEnumerable<byte[]> All =>
    [
        Tag, HeadInside, Stored, Answer(0x8A, "00 1000 E2000017 7F"),
        Answer(0x89, "01 4000 00112233445566778899AABBCCDDEEFF 80"),
        Answer(0x91, "0001 08 1000 E2000017 5678 30 02 01"),
        Answer(0x89, "00 0011 00000005"), Answer(0x8B, "00 0000 00000000"), Answer(0x8A, "000007 000001F4"),
        Answer(0x89, "22"), Answer(0x8B, "36"), Answer(0x8A, "11"), Answer(0x90, "38"), Answer(0x74, "02"),
        Answer(0x72, "0801"),
        Answer(0x92, "0010"), Answer(0x76, "10"), Answer(0x81, "36"),
        Frame(1, 0x89, 1), Frame(0xFF, 0x8B, 1, 0, 1), Frame(1, 0x72), Frame(1, 0x8B),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Tags_with_all_fields() => Assert.Equal(
        [
            $"{Epc} 1970-01-01 00:00:00 a3 r-7400 d{0x378E} NoTime",
            $"A0A0A00B018BA0FFA0000107 1970-01-01 00:00:00 a4 r-9500 d{0x2207} NoTime",
            $"{Epc} 1970-01-01 00:00:00 a2 r-6500 h7 d{0x4015} NoTime",
        ],
        Run<Parser>(Tag, HeadInside, Stored).Reads.Select(Show));

    [Theory]
    [InlineData(0x00, -12_900)]
    [InlineData(0x5A, -3_900)]
    [InlineData(0x7F, -200)]
    [InlineData(0x80, ChipRead.NoRssi)]
    [InlineData(0xFF, ChipRead.NoRssi)]
    public void The_signal_is_raw(byte raw, short signal)
    {
        ChipRead read = Assert.Single(Run<Parser>(Answer(0x89, $"00 3000 {Epc} {raw:X2}")).Reads);
        Assert.Equal((signal, (ulong)raw << 8), (read.RssiCentiDbm, read.Detail));
    }

    [Fact]
    public void A_battery_level_is_no_antenna()
    {
        Parser parser = new(R2000Protocol.Parse("battery"));
        byte[] frame = Answer(0x8B, "70 3000 000000000000000000001C0D 12");
        ChipRead read = Assert.Single(ParserRun.OfWhole(frame, initial: parser).Reads);
        Assert.Equal((0, 0x1270UL, "000000000000000000001C0D"), (read.Antenna, read.Detail, read.Chip.ToString()));
        read = Assert.Single(ParserRun.OfWhole(frame, initial: new Parser(R2000Protocol.Parse(""))).Reads);
        Assert.Equal(1, read.Antenna);
        Assert.Throws<FormatException>(() => R2000Protocol.Parse("active"));
    }

    [Fact]
    public void What_is_no_tag_is_a_control() => Assert.Equal(
        [
            (ControlKind.KeepAlive, 5, 0x89), (ControlKind.KeepAlive, 70_000, 0x8B), (ControlKind.KeepAlive, 7, 0x8A),
            (ControlKind.Status, 0x22, 0x89), (ControlKind.KeepAlive, 0x36, 0x8B), (ControlKind.Response, 0x11, 0x8A),
            (ControlKind.Response, 0x38, 0x90), (ControlKind.Response, 0x10, 0x76), (ControlKind.Response, 0, 0x72),
            (ControlKind.Command, 1, 0x89), (ControlKind.Command, 0, 0x8B), (ControlKind.Command, 0, 0x72),
            (ControlKind.Command, 0, 0x89),
        ],
        Controls<Parser>(
            Answer(0x89, "00 0011 00000005"), Answer(0x8B, "03 0011 00011170"), Answer(0x8A, "000007 000001F4"),
            Answer(0x89, "22"), Answer(0x8B, "36"), Answer(0x8A, "11"), Answer(0x90, "38"), Answer(0x76, "10"),
            Answer(0x72, "0801"), Frame(1, 0x89, 1), Frame(0xFF, 0x8B, 1, 0, 1), Frame(1, 0x72), Frame(1, 0x89)));

    [Fact]
    public void Bad_frames_are_rejects()
    {
        byte[] wrong = [.. Tag[..^1], (byte)(Tag[^1] + 1)];
        AreRejected<Parser>(
            Tag,
            (RejectReason.BadCheck, wrong),
            (RejectReason.BadCheck, Hex("A00A018900001E00000001BC")),
            (RejectReason.UnknownFrame, [0xA0, 2, 1, 0x5D]),
            (RejectReason.UnknownFrame, [1, 2, 3]),
            (RejectReason.BadSyntax, Answer(0x89, $"00 2800 {Epc} 37")),
            (RejectReason.BadSyntax, Answer(0x8B, $"00 3800 {Epc} 37")),
            (RejectReason.BadSyntax, Answer(0x8B, "00 1000 E200000000 37")),
            (RejectReason.BadSyntax, Answer(0x8A, "00 0800 37")),
            (RejectReason.NoChip, Answer(0x89, "00 0000 37")),
            (RejectReason.ChipTooLong, Answer(0x89, $"00 8000 {new string('7', 64)} 37")),
            (RejectReason.BadSyntax, Answer(0x90, $"0002 11 3000 {Epc} 1234 40 15 07")),
            (RejectReason.BadSyntax, Answer(0x91, $"0002 10 2800 {Epc} 1234 40 15 07")),
            (RejectReason.BadSyntax, Answer(0x90, "0002 01 30 40 15 07")),
            (RejectReason.NoChip, Answer(0x90, "0002 04 0000 1234 40 15 07")));
    }

    [Fact]
    public void The_published_frames()
    {
        Dictionary<string, byte[]> frames = Vectors(Folder, hexAt: 2);
        Assert.Equal(9, frames.Count);
        byte[] stream = [.. frames.Values.SelectMany(frame => frame)];
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Equal(
            [
                ("300833B2DDD9014000000001", 1, -7_400), ("E2004074850A0103163070E1", 1, -7_500),
                ("000000000000000000001BFC", 1, -11_100),
            ],
            run.Reads.Select(read => (read.Chip.ToString(), (int)read.Antenna, (int)read.RssiCentiDbm)));
        Assert.Equal([35 << 2, 29 << 2, 0x70], run.Reads.Select(read => (int)(read.Detail & 0xFF)));
        Assert.Equal(
            [
                (ControlKind.Command, 1L), (ControlKind.Command, 0), (ControlKind.Command, 0),
                (ControlKind.KeepAlive, 5),
                (ControlKind.KeepAlive, 0),
            ],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Equal([(RejectReason.BadCheck, Latin(frames["bad-check"]))], run.Rejects);
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "\u00A0\0\u0001\u0003\u0004\u0089\u008B\u000A");
        ParserChecks.AllocatesNothing<Parser>([1, 2, .. All.SelectMany(frame => frame), .. Tag[..10], .. Tag]);
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<byte> command = Gen.OneOf<byte>(0x89, 0x8A, 0x8B, 0x89, 0x90, 0x91, 0x72);
        Gen<byte[]> epc = Gen.OneOf(0, 1, 2, 4, 6, 6, 6, 6, 13, 16).SelectMany(words =>
            Gen.Select(Gen.Byte.Array[words * 2], Gen.OneOf(0, 0, 0, 0, 0, 1), Gen.Byte, (bytes, more, low) =>
                (byte[])[(byte)(((words + more) << 3) | (low & 7)), low, .. bytes]));
        Gen<byte[]> frame = Gen.OneOf(
            Gen.Select(command, Gen.Byte, epc, Gen.Byte, (c, place, tag, signal) =>
                Frame(1, c, [place, .. tag, signal])),
            Gen.Select(command, Gen.Byte, epc, Gen.Byte, Gen.OneOf(0, 0, 0, 1), (c, place, tag, hits, more) =>
                Frame(1, c, [0, 1, (byte)(tag.Length + 2 + more), .. tag, 0x12, 0x34, 0x40, place, hits])),
            Gen.Select(command, Gen.Byte.Array[0, 16], (c, data) => Frame(1, c, data)));
        AgreesWith<Parser>(frame, LengthAt, frames => frames.SelectMany(f => ReadsOf(f)));
        AgreesWith(
            frame, LengthAt, frames => frames.SelectMany(f => ReadsOf(f, isBattery: true)),
            new Parser(R2000Protocol.Parse("battery")));
    }
}
