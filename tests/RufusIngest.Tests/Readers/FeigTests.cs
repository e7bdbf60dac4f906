using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using static RufusIngest.Tests.Readers.Binary;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.FeigProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class FeigTests
{
    // EPC; EPC and antenna; EPC, blocks, timer, date, antenna.
    const string One = "05 22 00 01 0001 000B 84 00 08 E2801160600002B7";
    const string Three = "00 22 00 11 0003 0008 84 00 04 11223344 01 0008 84 00 04 11223355 02 0008 84 00 04 11223366 04";
    const string Full = "00 22 00 73 0001 0017 84 00 04 AABBCCDD 02 02 01020304 00BC614E 1407020A00 03";

    static byte[] Standard(string hex)
    {
        byte[] body = Hex(hex);
        return WithCrc([(byte)(body.Length + 3), .. body]);
    }

    static byte[] Advanced(string hex)
    {
        byte[] body = Hex(hex);
        int length = body.Length + 5;
        return WithCrc([2, (byte)(length >> 8), (byte)length, .. body]);
    }

    static byte[] WithCrc(byte[] frame)
    {
        int crc = SlowFrames.Mcrf4xx(frame);
        return [.. frame, (byte)crc, (byte)(crc >> 8)];
    }

    static IEnumerable<string> Frames =>
    [
        Latin(Standard(One)), Latin(Standard(Three)), Latin(Standard(Full)), Latin(Advanced(One)), Latin(Advanced(Three)),
        Latin(Standard("00 22 83")), Latin(Standard("FF 22 0001")), Latin(Standard("00 31 00 0007")), Latin(Advanced("00 32")),
        Latin(Standard("00 22 00 01 0000")), Latin(Standard("00 22 84 01 0001 0007 84 00 04 01020304")),
    ];

    [Theory]
    [Frames<Parser>(
        From = nameof(Frames), Noise = "\x01\x03\x04\x01",
        Guard = "\x12\0\"\0\x01\0\x01\0\x07\x84\0\x04\x0A\x0B\x0C\x0D\xCE\xCB")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void The_printed_command_has_the_check_that_is_computed_here() =>
        Assert.Equal("07FF2200018C62", Convert.ToHexString(Standard("FF 22 0001")));

    [Fact]
    public void Records_of_the_buffer()
    {
        ParserRun run = ParserRun.OfWhole<Parser>([.. Standard(One), .. Advanced(Three), .. Standard(Full)]);
        Assert.Equal(
            [
                "E2801160600002B7 1970-01-01 00:00:00 NoTime", "11223344 1970-01-01 00:00:00 a1 NoTime",
                "11223355 1970-01-01 00:00:00 a2 NoTime", "11223366 1970-01-01 00:00:00 a4 NoTime",
                "AABBCCDD 1970-01-01 00:00:00 a3 d12345678 NoTime",
            ],
            run.Reads.Select(ReadText.Show));
    }

    [Fact]
    public void A_length_may_count_itself()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(Standard("00 22 00 01 0002 0009 84 00 04 01020304 0009 84 00 04 01020305"));
        Assert.Equal(["01020304", "01020305"], run.Chips);
    }

    [Theory]
    [InlineData("00 22 00 01 0001 000C 84 00 08 E2801160600002B7", RejectReason.BadSyntax)]
    [InlineData("00 22 00 01 0002 000B 84 00 08 E2801160600002B7", RejectReason.BadSyntax)]
    [InlineData("00 22 00 01 0001 000B 84 00 09 E2801160600002B7", RejectReason.TooFewFields)]
    [InlineData("00 22 00 21 0001 000B 84 00 08 E2801160600002B7", RejectReason.TooFewFields)]
    [InlineData("00 22 00 10 0001 0001 05", RejectReason.NoChip)]
    [InlineData("00 22 00 01 0001 0003 84 00 00", RejectReason.NoChip)]
    [InlineData("00 22 00 81 00 00", RejectReason.TooFewFields)]
    [InlineData(
        "00 22 00 01 0001 0022 84 00 1F 01020304050607080910111213141516171819202122232425262728293031", RejectReason.ChipTooLong)]
    public void A_bad_record_is_a_reject(string hex, RejectReason reason)
    {
        ParserRun run = ParserRun.OfWhole<Parser>([.. Standard(One), .. Standard(hex), .. Standard(One)]);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void A_length_that_no_frame_has_is_not_waited_for()
    {
        ParserRun run = ParserRun.OfWhole<Parser>([2, 0x20, 1, .. Standard(One), .. Standard(One)], endOfStream: false);
        Assert.Equal((RejectReason.TooLong, "\u0002"), run.Rejects[0]);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void Records_are_read_as_a_slow_reading_reads_them() =>
        Gen.Select(
            Gen.Select(Gen.Byte.Array[1, 30], Gen.Byte, Gen.UInt).Array[1, 7], Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample((tags, countsItself, withTimer, withAntenna) =>
            {
                List<byte> body = [0, 0x22, 0, (byte)(1 | (withTimer ? 0x20 : 0) | (withAntenna ? 0x10 : 0)), 0, (byte)tags.Length];
                List<string> expected = [];
                foreach ((byte[] epc, byte antenna, uint timer) in tags)
                {
                    byte[] time = [(byte)(timer >> 24), (byte)(timer >> 16), (byte)(timer >> 8), (byte)timer];
                    byte[] record =
                        [0x84, 0, (byte)epc.Length, .. epc, .. withTimer ? time : [], .. withAntenna ? new[] { antenna } : []];
                    int length = record.Length + (countsItself ? 2 : 0);
                    body.AddRange([(byte)(length >> 8), (byte)length, .. record]);
                    expected.Add($"{Convert.ToHexString(epc)} {(withAntenna ? antenna : 0)} {(withTimer ? timer : 0)}");
                }

                ParserRun run = ParserRun.OfWhole<Parser>(Advanced(Convert.ToHexString([.. body])), destination: 2);
                Assert.Equal(expected, run.Reads.Select(read => $"{read.Chip} {read.Antenna} {read.Detail}"));
            });

    [Fact]
    public void Random_bytes_and_cuts_change_nothing() =>
        ParserChecks.SurvivesRandomBytes<Parser>([Standard(One), Advanced(Three), Standard(Full)], "\x02\x05\0\"\x10");

    [Fact]
    public void Nothing_is_allocated() => ParserChecks.AllocatesNothing<Parser>([.. Standard(Three), 1, 2, 3, .. Standard(Full)]);
}
