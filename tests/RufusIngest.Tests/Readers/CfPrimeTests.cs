using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowCfPrime;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.CfPrimeProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class CfPrimeTests
{
    const string Folder = "cf-prime";

    /// <summary>A tag at antenna 2, channel 7.</summary>
    const string Guard = "\u00CF\u0000\u0000\u0001\u000E\u0000\u00FD\u00DA\u0002\u0007\u0008\u00A1\u00A2\u00A3"
        + "\u00A4\u00A5\u00A6\u00A7\u00A8\u0080\u003E";

    const string Epc = "E28011700000020A5D1B0412";

    static byte[] Report(string data) => Frame(0, 1, Hex($"00 {data}"));

    static byte[] Tag { get; } = Report($"FDC6 03 0B 0C {Epc}");

    static IEnumerable<byte[]> All =>
    [
        Tag, Report("0064 01 00 0C CFCFCF0000010600CF00CF00"), Report("FF38 04 07 01 CF"),
        Report($"FE00 01 02 0C {Epc} 99"),
        Report("8000 01 02 02 E200"), Frame(0, 1, 0x12), Frame(0, 1, 0x01), Frame(0, 2, 0),
        Frame(0, 0x72, Hex("00 0102030405 2600")),
        Frame(0, 0x82, 0, 1, 2), Frame(0, 1, 0x14, 0, 0, 0, 0, 0, 0),
        Frame(0xFF, 1, 0, 0, 0, 0, 0), Frame(0xFF, 2), Frame(0xFF, 0x72), Frame(0, 0x70),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard, Noise = "ConfigReader OK\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Tags_with_all_fields() => Assert.Equal(
        [
            $"{Epc} 1970-01-01 00:00:00 a3 r-5700 d11 NoTime",
            "CFCFCF0000010600CF00CF00 1970-01-01 00:00:00 a1 r1000 NoTime",
            "CF 1970-01-01 00:00:00 a4 r-2000 d7 NoTime", "E200 1970-01-01 00:00:00 a1 d2 NoTime, FieldDropped",
            $"{Epc} 1970-01-01 00:00:00 a1 r-5120 d2 NoTime",
        ],
        Run<Parser>(
            Tag, Report("0064 01 00 0C CFCFCF0000010600CF00CF00"), Report("FF38 04 07 01 CF"),
            Report("8000 01 02 02 E200"),
            Report($"FE00 01 02 0C {Epc} 99")).Reads.Select(Show));

    [Fact]
    public void What_is_no_tag_is_a_control() => Assert.Equal(
        [
            (ControlKind.KeepAlive, 0x12, 1), (ControlKind.Response, 1, 1), (ControlKind.Response, 0x14, 1),
            (ControlKind.Response, 0, 2), (ControlKind.Response, 0, 0x72), (ControlKind.Status, 0, 0x82),
            (ControlKind.Command, 0, 1), (ControlKind.Command, 0, 2), (ControlKind.Command, 0, 0x70),
        ],
        Controls<Parser>(
            Frame(0, 1, 0x12), Frame(0, 1, 1), Frame(0, 1, 0x14, 0, 0, 0, 0, 0, 0), Frame(0, 2, 0),
            Frame(0, 0x72, 0, 1),
            Frame(0, 0x82, 0, 1, 2), Frame(0xFF, 1, 0, 0, 0, 0, 0), Frame(0xFF, 2), Frame(0xFF, 0x70)));

    [Fact]
    public void Bad_frames_are_rejects()
    {
        byte[] wrong = [.. Tag[..^1], (byte)(Tag[^1] + 1)];
        byte[] swapped = [.. Tag[..^2], Tag[^1], Tag[^2]];
        AreRejected<Parser>(
            Tag,
            (RejectReason.BadCheck, wrong),
            (RejectReason.BadCheck, swapped),
            (RejectReason.UnknownFrame, Bytes("ConfigReader OK\r\n")),
            (RejectReason.BadSyntax, Report($"FDC6 03 0B 0D {Epc}")),
            (RejectReason.NoChip, Report("FDC6 03 0B 00")),
            (RejectReason.ChipTooLong, Report($"FDC6 03 0B 1F {new string('7', 62)}")));
    }

    [Fact]
    public void Several_frames_behind_a_banner()
    {
        byte[] stream = [.. "ConfigReader OK\r\n"u8, .. Tag, .. Report("FF38 04 07 01 CF"), .. Frame(0, 1, 0x12)];
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Equal([Epc, "CF"], run.Chips);
        Assert.Equal([(RejectReason.UnknownFrame, "ConfigReader OK\r\n")], run.Rejects);
        Assert.Single(run.Controls);
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void The_published_frames()
    {
        Dictionary<string, byte[]> frames = Vectors(Folder, hexAt: 2);
        Assert.Equal(5, frames.Count);
        byte[] stream = [.. frames.Values.SelectMany(frame => frame)];
        Assert.Equal(
            [
                (ControlKind.Command, 0, 2), (ControlKind.Response, 0, 2), (ControlKind.Command, 0, 0x72),
                (ControlKind.Response, 0, 0x72), (ControlKind.Command, 0, 0x70),
            ],
            Controls<Parser>([.. frames.Values]));
        Assert.Empty(ParserRun.OfWhole<Parser>(stream).Rejects);
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "\u00CF\0\u0001\u0002\u0006\u0012");
        ParserChecks.AllocatesNothing<Parser>([1, 2, .. All.SelectMany(frame => frame), .. Tag[..10], .. Tag]);
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<byte> value = Gen.Frequency((5, Gen.Byte), (1, Gen.Const((byte)0xCF)));
        Gen<byte[]> frame = Gen.OneOf(
            Gen.Select(
                Gen.OneOf<byte>(0, 0, 0, 0, 0x12), value.Array[4], Gen.OneOf(0, 1, 8, 12, 12, 12, 30, 31),
                Gen.OneOf(-1, 0, 0, 0, 0, 1),
                value.Array[32],
                (status, head, length, more, epc) =>
                    Frame(0, 1, [status, .. head, (byte)length, .. epc[..Math.Max(0, length + more)]])),
            Gen.Select(Gen.OneOf(1, 2, 0x82), value.Array[0, 20], (command, data) => Frame(0, command, data)));
        AgreesWith<Parser>(frame, LengthAt, frames => frames.SelectMany(ReadsOf));
    }
}
