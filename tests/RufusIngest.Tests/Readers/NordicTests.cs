using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using static RufusIngest.Tests.Readers.Binary;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.NordicProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class NordicTests
{
    // Signal, scaled, stamp, frequency, data length, PC, channel, antenna, EPC.
    const string First = "C4 32 D204 A0270D00 00 0030 05 01 E28011600000000000000A01";
    const string WithData = "BA 28 0100 A0270D00 02 0010 05 02 11223344 BEEF";

    static byte[] Packet(string payload)
    {
        byte[] body = Hex(payload);
        int crc = SlowFrames.Usual(body, 0x1021, 0xFFFF);
        byte[] head = [0xA5, (byte)(body.Length + 2), (byte)((body.Length + 2) >> 8), 0, 0];
        return [.. head, (byte)head.Aggregate(0xFF, (check, b) => check ^ b), .. body, (byte)crc, (byte)(crc >> 8)];
    }

    static string WithLength(string entry) => $"{Hex(entry).Length:X2}{entry}";

    static IEnumerable<string> Frames =>
    [
        Latin(Packet("07 00" + First)), Latin(Packet("07 00" + First + WithData)),
        Latin(Packet("07 00" + WithLength(First) + WithLength(WithData))), Latin(Packet("01")), Latin(Packet("01 00 4F4B")),
        Latin(Packet("80 00")), Latin(Packet("82 00 0001")), Latin(Packet("07 00")), Latin(Packet("30 20")),
    ];

    [Theory]
    [Frames<Parser>(
        From = nameof(Frames), Noise = "noise",
        Guard = "\xA5\x15\0\0\0\x4F\x07\0\xC4\x32\0\0\0\0\0\0\0\0\x10\x05\x01\x01\x02\x03\x04\xA5\xB4")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void The_printed_ping_has_the_checks_that_are_computed_here() =>
        Assert.Equal("A5030000005901D1F1", Convert.ToHexString(Packet("01")));

    [Fact]
    public void Tags_of_the_buffer_with_and_without_lengths()
    {
        string[] expected =
        [
            "E28011600000000000000A01 1970-01-01 00:00:00 a1 r-6000 d1234 NoTime",
            "11223344 1970-01-01 00:00:00 a2 r-7000 d1 NoTime",
        ];
        Assert.Equal(expected, ParserRun.OfWhole<Parser>(Packet("07 00" + First + WithData)).Reads.Select(ReadText.Show));
        Assert.Equal(
            expected,
            ParserRun.OfWhole<Parser>(Packet("07 00" + WithLength(First) + WithLength(WithData))).Reads.Select(ReadText.Show));
    }

    [Theory]
    [InlineData("01", ControlKind.Command, 0)]
    [InlineData("01 00 4F4B", ControlKind.KeepAlive, 0)]
    [InlineData("80 00", ControlKind.Greeting, 0)]
    [InlineData("82 00 0001", ControlKind.Status, 0)]
    [InlineData("30 20", ControlKind.Response, 0x20)]
    public void Everything_else_is_a_control(string payload, ControlKind kind, long number)
    {
        (ControlKind Kind, long Number, string Text) control = Assert.Single(ParserRun.OfWhole<Parser>(Packet(payload)).Controls);
        Assert.Equal((kind, number), (control.Kind, control.Number));
    }

    [Fact]
    public void Damage_is_counted_and_costs_its_own_packet_only()
    {
        byte[] good = Packet("07 00" + First);
        byte[] head = [.. good];
        head[5] ^= 1;
        byte[] payload = [.. good];
        payload[20] ^= 1;
        byte[] entry = Packet("07 00" + First[..^2]);
        byte[] empty = Packet("07 00 C4 32 D204 A0270D00 00 0000 05 01");
        Assert.Equal(RejectReason.BadCheck, Assert.Single(Around(head)).Reason);
        Assert.Equal(RejectReason.BadCheck, Assert.Single(Around(payload)).Reason);
        Assert.Equal(RejectReason.BadSyntax, Assert.Single(Around(entry)).Reason);
        Assert.Equal(RejectReason.NoChip, Assert.Single(Around(empty)).Reason);

        IReadOnlyList<(RejectReason Reason, string Text)> Around(byte[] bad)
        {
            ParserRun run = ParserRun.OfWhole<Parser>([.. good, .. bad, .. good]);
            Assert.Equal(2, run.Reads.Count);
            return run.Rejects;
        }
    }

    [Fact]
    public void Tags_are_read_as_they_were_written() =>
        Gen.Select(Gen.UShort.Array[1, 15], Gen.SByte, Gen.UShort, Gen.Byte).Array[1, 8].Select(Gen.Bool).Sample((tags, lengths) =>
        {
            List<byte> payload = [7, 0];
            foreach ((ushort[] words, sbyte signal, ushort stamp, byte antenna) in tags)
            {
                byte[] epc = [.. words.SelectMany(word => new[] { (byte)(word >> 8), (byte)word })];
                byte[] entry =
                    [(byte)signal, 50, (byte)stamp, (byte)(stamp >> 8), 0, 0, 0, 0, 0, 0, (byte)(words.Length << 3), 1, antenna, .. epc];
                payload.AddRange(lengths ? [(byte)entry.Length, .. entry] : entry);
            }

            ParserRun run = ParserRun.OfWhole<Parser>(Packet(Convert.ToHexString([.. payload])), destination: 1);
            Assert.Equal(
                tags.Select(t => $"{string.Concat(t.Item1.Select(w => w.ToString("X4")))} {t.Item2 * 100} {t.Item3} {t.Item4}"),
                run.Reads.Select(read => $"{read.Chip} {read.RssiCentiDbm} {read.Detail} {read.Antenna}"));
        });

    [Fact]
    public void Random_bytes_and_cuts_change_nothing() =>
        ParserChecks.SurvivesRandomBytes<Parser>([Packet("07 00" + First + WithData), Packet("01")], "\xA5\0\x03\x07");

    [Fact]
    public void Nothing_is_allocated() =>
        ParserChecks.AllocatesNothing<Parser>([.. Packet("07 00" + First + WithData), 0xA5, 1, .. Packet("01")]);
}
