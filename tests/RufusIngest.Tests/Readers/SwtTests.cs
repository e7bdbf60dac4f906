using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowSwt;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.SwtProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class SwtTests
{
    const string Folder = "swt-active";

    /// <summary>An active tag of reader 01020304050607 at antenna 4.</summary>
    const string Guard = "\u0043\u0054\u0000\u0018\u0000\u0045\u0001\u0001\u0002\u0003\u0004\u0005\u0006\u0007"
        + "\u0001\u000B\u0001\u0004\u00A1\u00A2\u00A3\u00A4\u00A5\u00A6\u00A7\u00A8\u0037\u0083";

    const string Serial = "C4DD938E170412";
    const string Epc = "E2002075601001820480E412";
    const string Other = "43544354435400CC53570003"; // Full of heads.

    static byte[] Active(string data) => Answer(0, 0x45, Hex($"01 {Serial} {data}"));

    static byte[] Two { get; } = Active($"02 0F 01 02 {Epc} 33 0F 01 03 {Other} 34");

    static byte[] Three { get; } = Answer(
        0, 1, Hex($"01 0003 0F 01 02 {Epc} 49 07 01 01 A1A2A3A4 48 0F 01 04 {Other} 4D"));

    static byte[] NoTag { get; } = Answer(0, 1, 0);

    static IEnumerable<byte[]> All =>
    [
        Two, Three, NoTag, Active($"01 0F 01 02 {Epc} 33"), Answer(0, 0x41, 1),
        Answer(0, 0x10, Hex($"01 0104 1401 {Serial}")),
        Answer(0, 0xFF, Hex($"01 {Serial}")), Answer(0, 0x2B, Hex("01 1A 03 07 09 1E 0A")), Answer(0, 0x24, 0),
        Active("00"),
        Answer(1, 0xE0, 1, 1), Answer(0, 0x20, 1, 2, 3, 4),
        Command(0x41), Command(0x40), Command(1), Command(0x24, 5, 0x1A), Command(0x45),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Tags_with_all_fields()
    {
        ParserRun run = ParserRun.OfWhole<Parser>([.. Two, .. Three], destination: 1);
        Assert.Equal(
            [
                $"{Epc} 1970-01-01 00:00:00 a2 d{0x33C4DD938E170412} NoTime",
                $"{Other} 1970-01-01 00:00:00 a3 d{0x34C4DD938E170412} NoTime",
                $"{Epc} 1970-01-01 00:00:00 a2 d{0x49L << 56} NoTime",
                $"A1A2A3A4 1970-01-01 00:00:00 a1 d{0x48L << 56} NoTime",
                $"{Other} 1970-01-01 00:00:00 a4 d{0x4DL << 56} NoTime",
            ],
            run.Reads.Select(Show));
        Assert.Empty(run.Controls);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void What_is_no_tag_is_a_control()
    {
        long ticks = (new DateTime(2026, 3, 7, 9, 30, 10) - DateTime.UnixEpoch).Ticks;
        Assert.Equal(
            [
                (ControlKind.KeepAlive, 0, 1), (ControlKind.KeepAlive, 1, 0x45), (ControlKind.KeepAlive, 1, 0xFF),
                (ControlKind.KeepAlive, 1, 1), (ControlKind.Response, 1, 0x41), (ControlKind.Response, 0, 0x24),
                (ControlKind.Response, 1, 0x10), (ControlKind.Clock, ticks, 0x2B), (ControlKind.Response, 1, 0x2B),
                (ControlKind.Response, 1, 0x2B), (ControlKind.Response, 1, 0x2B), (ControlKind.Response, 1, 0x2B),
                (ControlKind.Command, 0, 0x41), (ControlKind.Command, 0, 0x24), (ControlKind.Response, 0, 0x40),
            ],
            Controls<Parser>(
                NoTag, Active("00"), Answer(0, 0xFF, Hex($"01 {Serial}")), Answer(0, 1, 1, 0, 0), Answer(0, 0x41, 1),
                Answer(0, 0x24, 0), Answer(0, 0x10, Hex($"01 0104 1401 {Serial}")),
                Answer(0, 0x2B, Hex("01 1A 03 07 09 1E 0A")),
                Answer(0, 0x2B, Hex("01 1A 0D 07 09 1E 0A")), Answer(0, 0x2B, Hex("01 1A 02 1D 09 1E 0A")),
                Answer(0, 0x2B, Hex("01 1A 03 07 18 1E 0A")), Answer(0, 0x2B, Hex("01 1A 03 07 09")),
                Command(0x41), Command(0x24, 5, 0x1A), Answer(0, 0x40)));
    }

    [Fact]
    public void Bad_frames_are_rejects()
    {
        byte[] wrong = Active($"01 0F 01 02 {Epc} 33");
        wrong[^1]++;
        AreRejected<Parser>(
            Active($"01 0F 01 02 {Epc} 33"),
            (RejectReason.BadCheck, wrong),
            (RejectReason.UnknownFrame, [1, 2, 3]),
            (RejectReason.UnknownFrame, [0x43, 0x57, 0, 4]),
            (RejectReason.UnknownFrame, [0x53, 0x54, 0, 4]),
            (RejectReason.UnknownFrame, [0x43, 0x54, 0, 2, 7, 7]),
            (RejectReason.UnknownFrame, [0x43, 0x54, 4, 1, 7, 7]),
            (RejectReason.BadSyntax, Active($"02 0F 01 02 {Epc} 33")),
            (RejectReason.BadSyntax, Active($"00 0F 01 02 {Epc} 33")),
            (RejectReason.BadSyntax, Active($"01 0F 01 02 {Epc} 33 00")),
            (RejectReason.BadSyntax, Active($"01 10 01 02 {Epc} 33")),
            (RejectReason.BadSyntax, Active("01 02 01 02")),
            (RejectReason.BadSyntax, Answer(0, 1, Hex($"01 0000 0F 01 02 {Epc} 33"))),
            (RejectReason.BadSyntax, Answer(0, 1, Hex($"01 0101 0F 01 02 {Epc} 33"))),
            (RejectReason.TooFewFields, Answer(0, 0x45, Hex("01 C4DD938E170412"))),
            (RejectReason.TooFewFields, Answer(0, 1, 1, 0)),
            (RejectReason.NoChip, Active("01 03 01 02 33")),
            (RejectReason.ChipTooLong, Active($"01 22 01 02 {new string('7', 62)} 33")));
    }

    [Fact]
    public void A_tag_without_an_EPC_costs_no_other()
    {
        ParserRun run = Run<Parser>(Active($"03 0F 01 02 {Epc} 33 03 01 02 34 0F 01 03 {Other} 35"));
        Assert.Equal([Epc, Other], run.Chips);
        Assert.Equal([(RejectReason.NoChip, "\u0003\u0001\u0002\u0034")], run.Rejects);
    }

    /// <summary>As the vendor's manual prints one.</summary>
    [Fact]
    public void A_frame_that_declares_a_byte_too_many_costs_no_other()
    {
        byte[] tooLong = Hex("43 54 00 05 01 E0 00 83");
        ParserRun run = Run<Parser>(tooLong, Two);
        Assert.Equal([(RejectReason.BadCheck, Latin(tooLong))], run.Rejects);
        Assert.Equal([Epc, Other], run.Chips);
        Assert.Empty(ParserRun.OfWhole<Parser>(tooLong, endOfStream: false).Rejects);
    }

    [Fact]
    public void The_longest_frame()
    {
        byte[] longest = Answer(0, 0x20, new byte[1021]);
        Assert.Equal([(ControlKind.Response, 0, 0x20)], Controls<Parser>(longest));
        Assert.Equal(1028, longest.Length);
    }

    [Fact]
    public void The_published_frames()
    {
        Dictionary<string, byte[]> frames = Vectors(Folder, hexAt: 2);
        Assert.Equal(15, frames.Count);
        byte[] stream = [.. frames.Values.SelectMany(frame => frame)];
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Equal(
            [
                ("E2002075601001820480E064", 2, 0x33C4DD938E170123UL),
                ("E3002075601001820480E064", 3, 0x34C4DD938E170123),
                ("E2002067551602701270920F", 2, 0x49UL << 56), ("E200207560100186251016A3", 2, 0x48UL << 56),
                ("E20020756010018501010101", 2, 0x4DUL << 56),
            ],
            run.Reads.Select(read => (read.Chip.ToString(), (int)read.Antenna, read.Detail)));
        Assert.Equal(
            [(ControlKind.Command, 6), (ControlKind.Response, 6), (ControlKind.KeepAlive, 1)],
            run.Controls.CountBy(control => control.Kind).Select(pair => (pair.Key, pair.Value)));
        Assert.Equal(
            [(RejectReason.BadCheck, Latin(frames["bad-check"])), (RejectReason.UnknownFrame, "\0\u0011\u00223")],
            run.Rejects);
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "CTSW\0\u0001\u0003\u0045");
        ParserChecks.AllocatesNothing<Parser>([1, 2, .. All.SelectMany(frame => frame), .. Two[..10], .. Three]);
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<byte> value = Gen.Frequency((5, Gen.Byte), (1, Gen.OneOf((byte)'C', (byte)'T', (byte)'S', (byte)'W')));
        Gen<byte[]> tag = Gen.OneOf(0, 2, 8, 12, 12, 12, 30, 31).SelectMany(length => value.Array[length + 3])
            .Select(bytes => (byte[])[(byte)bytes.Length, .. bytes]);
        Gen<int> wrong = Gen.OneOf(0, 0, 0, 0, 0, 0, 1);
        Gen<byte> status = Gen.OneOf<byte>(1, 1, 1, 0);
        Gen<byte[]> frame = Gen.OneOf(
            Gen.Select(status, value.Array[7], tag.Array[0, 4], wrong, (s, serial, tags, more) =>
                Answer(0, 0x45, [s, .. serial, (byte)(tags.Length + more), .. tags.SelectMany(t => t)])),
            Gen.Select(status, tag.Array[0, 4], wrong, (s, tags, more) =>
                Answer(0, 1, [s, (byte)(more * 7), (byte)tags.Length, .. tags.SelectMany(t => t)])),
            Gen.Select(Gen.OneOf<byte>(1, 0x45, 0x2B, 0xFF), value.Array[0, 20], (command, data) =>
                Answer(0, command, data)),
            Gen.Select(Gen.OneOf<byte>(1, 0x45), value.Array[0, 20], Command));
        AgreesWith<Parser>(frame, LengthAt, frames => frames.SelectMany(ReadsOf));
    }
}
