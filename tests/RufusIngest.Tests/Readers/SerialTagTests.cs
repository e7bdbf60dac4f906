using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed class SerialTagTests
{
    const string Checked = "\x02" + "0100A2B3C4" + "D4" + "\x03";
    const string Binary = "\x02\x0A\x02\x06\x00\x11\x22\x33\x0E\x03";
    const string Short = "\x02\x09\x02\x00\x11\x22\x33\x0B\x03";

    [Theory]
    [Frames<SerialTagParser>(Checked, Binary, Short, Guard = "\x02" + "0100A2B3C5" + "D5" + "\x03", Noise = "\nnoise\r")]
    [Frames<SerialTagParser>("0F0184F07A", Guard = "0F0184F07B", Noise = "noise", End = "\r")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void The_three_framings()
    {
        ParserRun run = Run("\n0F0184F07A\r" + Checked + Binary + Short);
        Assert.Equal(["0F0184F07A", "0100A2B3C4", "0600112233", "00112233"], run.Chips);
        Assert.Equal([0UL, 0, 2, 2], run.Reads.Select(read => read.Detail));
        Assert.All(run.Reads, read => Assert.Equal(ReadFlags.NoTime, read.Flags));
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("\x02" + "0100A2B3C4" + "D5" + "\x03", RejectReason.BadCheck)]
    [InlineData("\x02\x0A\x02\x06\x00\x11\x22\x33\x0F\x03", RejectReason.BadCheck)]
    [InlineData("\x02\x0A\x02\x06\x00\x11\x22\x33\x0E\x04", RejectReason.BadSyntax)]
    [InlineData("\x02" + "0100A2B3CX" + "D4" + "\x03", RejectReason.BadSyntax)]
    [InlineData("\n0F0184F07\r", RejectReason.UnknownFrame)]
    [InlineData("\n0F0184F0XX\r", RejectReason.BadNumber)]
    public void A_bad_frame_is_a_reject(string frame, RejectReason reason)
    {
        ParserRun run = Run(Checked + frame + Checked);
        Assert.Equal(reason, run.Rejects[0].Reason);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void A_frame_that_was_cut_does_not_swallow_the_next() =>
        Assert.Equal(["0100A2B3C4", "0600112233"], Run("\x02" + "0100A2" + Checked + Binary[..7] + Binary).Chips);

    [Fact]
    public void The_printed_frames()
    {
        Assert.Equal("0F0184F07A", Assert.Single(Captured("serial-lf-hex10-cr.bin").Chips));
        ChipRead card = Assert.Single(Captured("rdm6300-stx.bin").Reads);
        Assert.Equal("100086F444", card.Chip.ToString());
        ChipRead em = Assert.Single(Captured("stx-binary-em4100.bin").Reads);
        Assert.Equal(("06008E6D5D", 2UL), (em.Chip.ToString(), em.Detail));
        ParserRun altered = Captured("rdm6300-bad-checksum.bin");
        Assert.Empty(altered.Reads);
        Assert.Equal(RejectReason.BadCheck, Assert.Single(altered.Rejects).Reason);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        byte[] all = Bytes("\n0F0184F07A\r" + Checked + Binary);
        ParserChecks.SurvivesRandomBytes<SerialTagParser>([Bytes(Checked), Bytes(Binary), all], "\x02\x03\x0A\r\n01AB");
        ParserChecks.AllocatesNothing<SerialTagParser>([.. all, .. Bytes("\x02" + "bad"), .. all]);
    }

    [Fact]
    public void Every_card_and_its_check()
    {
        Gen.Byte.Array[5].Sample(code =>
        {
            int check = code.Aggregate(0, (sum, b) => sum ^ b);
            string hex = Convert.ToHexString(code);
            byte[] binary = [2, 10, 2, .. code, (byte)(check ^ 10 ^ 2), 3];
            ParserRun run = ParserRun.OfWhole<SerialTagParser>([.. Bytes($"\x02{hex}{check:X2}\x03"), .. binary]);
            Assert.Equal([hex, hex], run.Chips);
            Assert.Empty(run.Rejects);
        });
    }

    static ParserRun Captured(string file) => ParserRun.OfWhole<SerialTagParser>(Captures.Read("csv-and-wedge", file));

    static ParserRun Run(string text) => ParserRun.OfWhole<SerialTagParser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
