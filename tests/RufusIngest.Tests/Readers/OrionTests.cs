using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.OrionProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class OrionTests
{
    [Theory]
    [Frames<Parser>("$P;1;4711;x;y;36000123;z", "$P,1,4711,x,y,36000123,", "$T;1;2", Guard = "$P;1;77;;;1000;", End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_passing_has_a_time_of_day()
    {
        ChipRead read = Assert.Single(Run("$P;1;0077;x;y;36000123\r\n").Reads);
        Assert.Equal(("0077", ReadFlags.NoDate), (read.Chip.ToString(), read.Flags));
        Assert.Equal(new TimeSpan(0, 10, 0, 0, 123).Ticks, read.Time);
    }

    [Theory]
    [InlineData("$P;1;77;x;y", RejectReason.TooFewFields)]
    [InlineData("$P;1;;x;y;1", RejectReason.NoChip)]
    [InlineData("$P;1;77;x;y;86400000", RejectReason.BadTime)]
    [InlineData("$P;1;77;x;y;10:00:00", RejectReason.BadTime)]
    [InlineData("P;1;77;x;y;1", RejectReason.UnknownFrame)]
    [InlineData("$", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason) =>
        Assert.Equal([(reason, line)], Run(line + "\r\n").Rejects);

    [Theory]
    [InlineData("$T;1;2")]
    [InlineData("$PX;1;77;x;y;1000")]
    [InlineData("$TIME,12")]
    [InlineData("$T")]
    public void Other_messages_are_controls(string line)
    {
        ParserRun run = Run(line + "\r\n");
        Assert.Equal(ControlKind.Unknown, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Rejects);
        Assert.Empty(run.Reads);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes("$P;1;77;;;1000\r\n")], "$P;,0123\r\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes("$P;1;77;;;1000\r\n$X\r\nbad\r\n$P;\r\n"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read() =>
        Gen.Select(Gen.OneOf("7", "007", ""), Gen.Int[-5, 86_400_005], Gen.OneOf(';', ',')).Sample((chip, ms, separator) =>
        {
            string line = string.Join(separator, ["$P", "1", chip, "", "x", $"{ms}"]);
            string[] fields = line.Split(separator);
            bool good = fields[2].Length > 0 && int.Parse(fields[5]) is >= 0 and < 86_400_000;
            string[] expected = good ? [$"{chip} {ms}"] : [];
            Assert.Equal(expected, Run(line + "\n").Reads.Select(read => $"{read.Chip} {read.Time / TimeSpan.TicksPerMillisecond}"));
        });

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
