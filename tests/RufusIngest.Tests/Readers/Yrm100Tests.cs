using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowYrm100;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.Yrm100Protocol>;

namespace RufusIngest.Tests.Readers;

public sealed class Yrm100Tests
{
    const string Folder = "yrm100-bb";

    /// <summary>A tag of 4 words.</summary>
    const string Guard = "\u00BB\u0002\u0022\u0000\u000D\u00CC\u0020\u0000\u00A1\u00A2\u00A3\u00A4\u00A5\u00A6"
        + "\u00A7\u00A8\u0012\u0034\u0087\u007E";

    const string Epc = "30751FEB705C5904E3D50412";

    static byte[] Notified(string data) => Frame(2, 0x22, Hex(data));

    static byte[] Tag { get; } = Notified($"C9 3400 {Epc} 3A76");

    /// <summary>Head and tail stand in it too.</summary>
    static byte[] BoundsInside { get; } = Notified("BB 3000 7EBB02227EBB000011BB7E7E BB7E");

    static byte[] NoTag { get; } = Frame(1, 0xFF, 0x15);

    static IEnumerable<byte[]> All =>
    [
        Tag, BoundsInside, NoTag, Notified("00 0800 E200 1234"), Notified($"80 7800 {new string('7', 60)} 1234"),
        Frame(1, 0xFF, 0x17), Frame(1, 3, [0, .. "M100 26dBm V1.0"u8]), Frame(1, 0x28, 0), Frame(1, 0xB7, 7, 0xD0),
        Frame(2, 0x23, 1), Frame(0, 0x22), Frame(0, 0x27, Hex("22 2710")), Frame(0, 0x28),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Tags_with_all_fields() => Assert.Equal(
        [
            $"{Epc} 1970-01-01 00:00:00 a1 r-5500 NoTime",
            "7EBB02227EBB000011BB7E7E 1970-01-01 00:00:00 a1 r-6900 NoTime",
            "E200 1970-01-01 00:00:00 a1 r0 NoTime",
        ],
        Run<Parser>(Tag, BoundsInside, Notified("00 0800 E200 1234")).Reads.Select(Show));

    [Fact]
    public void What_is_no_tag_is_a_control() => Assert.Equal(
        [
            (ControlKind.KeepAlive, 0x15, 0xFF), (ControlKind.Response, 0x17, 0xFF), (ControlKind.Response, 0, 3),
            (ControlKind.Response, 0, 0x23), (ControlKind.Command, 0, 0x22), (ControlKind.Command, 0, 0x27),
            (ControlKind.Unknown, 0, 0x22), (ControlKind.Response, 0, 0xFF),
        ],
        Controls<Parser>(
            NoTag, Frame(1, 0xFF, 0x17), Frame(1, 3, 0, 77), Frame(2, 0x23, 1), Frame(0, 0x22),
            Frame(0, 0x27, Hex("22 2710")),
            Frame(3, 0x22, Hex($"C9 3000 {Epc} 3A76")), Frame(1, 0xFF)));

    [Fact]
    public void Bad_frames_are_rejects()
    {
        byte[] wrong = [.. Tag];
        wrong[^2]++;
        byte[] noTail = [.. Tag[..^1], 0x7F];
        AreRejected<Parser>(
            Tag,
            (RejectReason.BadCheck, wrong),
            (RejectReason.BadCheck, noTail),
            (RejectReason.BadCheck, Hex("BB01030010004D31303020323664426D2056322E30227E")),
            (RejectReason.UnknownFrame, [1, 2, 3]),
            (RejectReason.TooLong, [0xBB, 2, 0x22, 2, 1, 7, 7]),
            (RejectReason.TooFewFields, Notified("C9 3400 3A")),
            (RejectReason.NoChip, Notified("C9 0000 3A76")),
            (RejectReason.BadSyntax, Notified($"C9 2800 {Epc} 3A76")),
            (RejectReason.BadSyntax, Notified($"C9 3800 {Epc} 3A76")),
            (RejectReason.ChipTooLong, Notified($"C9 8000 {new string('7', 64)} 3A76")));
    }

    [Fact]
    public void The_longest_frame()
    {
        byte[] longest = Frame(1, 3, new byte[Yrm100Protocol.MostParameters]);
        Assert.Equal([(ControlKind.Response, 0, 3)], Controls<Parser>(longest));
    }

    [Fact]
    public void The_published_frames()
    {
        Dictionary<string, byte[]> frames = Vectors(Folder, hexAt: 2);
        Assert.Equal(7, frames.Count);
        byte[] stream = [.. frames.Values.SelectMany(frame => frame)];
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Equal(
            [("30751FEB705C5904E3D50D70", -5_500), ("E200001D7315016521408FC6", -6_000)],
            run.Reads.Select(read => (read.Chip.ToString(), (int)read.RssiCentiDbm)));
        Assert.Equal(
            [
                (ControlKind.Command, 0L), (ControlKind.Command, 0), (ControlKind.Command, 0),
                (ControlKind.KeepAlive, 0x15),
            ],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Equal([(RejectReason.BadCheck, Latin(frames["bad-check"]))], run.Rejects);
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "\u00BB\u007E\0\u0001\u0002\u0022\u0007");
        ParserChecks.AllocatesNothing<Parser>([1, 2, .. All.SelectMany(frame => frame), .. Tag[..10], .. Tag]);
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<byte[]> epc = Gen.OneOf(0, 1, 4, 6, 6, 6, 6, 15, 16).SelectMany(words =>
            Gen.Select(Gen.Byte.Array[words * 2], Gen.OneOf(0, 0, 0, 0, 0, 1), Gen.Byte, (bytes, more, low) =>
                (byte[])[(byte)(((words + more) << 3) | (low & 7)), low, .. bytes]));
        Gen<byte[]> frame = Gen.OneOf(
            Gen.Select(Gen.OneOf<byte>(2, 2, 2, 1, 0), Gen.Byte, epc, (type, signal, tag) =>
                Frame(type, 0x22, [signal, .. tag, 0x12, 0x34])),
            Gen.Select(Gen.OneOf<byte>(2, 1, 0), Gen.OneOf<byte>(0x22, 0xFF, 3), Gen.Byte.Array[0, 12], Frame));
        AgreesWith<Parser>(frame, LengthAt, frames => frames.SelectMany(ReadsOf));
    }
}
