using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.WedgeProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class WedgeTests
{
    /// <summary>A wedge takes every text, so that only a length shows what is no code.</summary>
    sealed class TenDigitsAttribute(params string[] frames) : FramesAttribute<Parser>(frames)
    {
        protected override Parser Initial => With("length=10,digits=hex");
    }

    [Theory]
    [TenDigits("0F0184F07A", Guard = "0F0184F07B", End = "\r")]
    [TenDigits("0F0184F07A", Guard = "0F0184F07B", End = "\r\n")]
    [TenDigits("0F0184F07A", Guard = "0F0184F07B", End = "\t")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("", "  card 7 ", "card 7")]
    [InlineData("prefix=%", "%123", "123")]
    [InlineData("digits=hex,to=decimal", "0086F444", "8844356")]
    [InlineData("digits=decimal,to=hex", "8844356", "0086F444")]
    [InlineData("digits=decimal,to=hex,bytes=5", "8844356", "000086F444")]
    [InlineData("digits=hex,reverse,to=hex", "44F48600", "0086F444")]
    [InlineData("digits=hex,reverse,to=decimal", "44F48600", "8844356")]
    [InlineData("digits=decimal,reverse", "1156875776", "8844356")]
    [InlineData("digits=hex,length=16,to=decimal", "FFFFFFFFFFFFFFFF", "18446744073709551615")]
    public void A_code_becomes_what_the_options_make_of_it(string options, string typed, string chip)
    {
        ChipRead read = Assert.Single(Run(options, typed + "\r").Reads);
        Assert.Equal((chip, ReadFlags.NoTime), (read.Chip.ToString(), read.Flags));
    }

    [Theory]
    [InlineData("length=8-10", "1234567", RejectReason.TooFewFields)]
    [InlineData("length=8-10", "12345678901", RejectReason.TooLong)]
    [InlineData("digits=decimal", "12A", RejectReason.BadNumber)]
    [InlineData("digits=hex", "12G", RejectReason.BadNumber)]
    [InlineData("prefix=%", "123", RejectReason.BadSyntax)]
    [InlineData("digits=decimal,to=hex", "4294967296", RejectReason.BadNumber)]
    [InlineData("", " ", RejectReason.NoChip)]
    [InlineData("digits=hex,to=decimal", "00123456789ABCDEF", RejectReason.BadNumber)]
    public void What_does_not_fit_is_a_reject(string options, string typed, RejectReason reason)
    {
        ParserRun run = Run(options, typed + "\r\n");
        Assert.Empty(run.Reads);
        Assert.Equal([(reason, typed)], run.Rejects);
    }

    [Fact]
    public void A_code_without_its_end_may_be_cut_and_is_no_read() =>
        Assert.Equal([(RejectReason.Truncated, "0F01")], Run("", "0F0184F07A\r0F01").Rejects);

    [Theory]
    [InlineData("length=x", "'length=x': a number from 1 to 60 is needed.")]
    [InlineData("length=0", "'length=0': a number from 1 to 60 is needed.")]
    [InlineData("digits=octal", "'digits=octal': it can be hex or decimal.")]
    [InlineData("to=decimal", "'to' and 'reverse' need 'digits=hex' or 'digits=decimal': what the reader types.")]
    [InlineData("size=4", "there is no 'size'; there are: length, digits, prefix, to, bytes, reverse.")]
    [InlineData("reverse,reverse", "'reverse' is given twice.")]
    public void Options_that_make_no_sense_are_explained(string options, string problem)
    {
        FormatException fault = Assert.Throws<FormatException>(() => ReaderProtocol.Find("wedge:" + options));
        Assert.Equal($"Protocol 'wedge:{options}': {problem}", fault.Message);
    }

    [Fact]
    public void A_printed_frame() =>
        Assert.Equal("0F0184F07A", Assert.Single(
            ParserRun.OfWhole<Parser>(Captures.Read("csv-and-wedge", "serial-lf-hex10-cr.bin")).Chips));

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes([Bytes("0F0184F07A\r\n")], "0123ABC %\t\r\n", With("length=4-10,digits=hex,reverse"));
        ParserChecks.AllocatesNothing(Bytes("0F0184F07A\r\nbad\r00\r"), With("length=4-10,digits=hex,reverse,to=decimal"));
    }

    [Fact]
    public void It_converts_as_the_framework_does() =>
        Gen.UInt.Sample(number =>
        {
            string hex = number.ToString("X8");
            uint turned = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(number);
            Assert.Equal([number.ToString()], Run("digits=hex,to=decimal", hex + "\r").Chips);
            Assert.Equal([hex], Run("digits=decimal,to=hex", number + "\r").Chips);
            Assert.Equal([turned.ToString("X8")], Run("digits=hex,reverse,to=hex", hex + "\r").Chips);
            Assert.Equal([turned.ToString()], Run("digits=decimal,reverse", number + "\r").Chips);
        });

    static ParserRun Run(string options, string text) => ParserRun.OfWhole(Bytes(text), initial: With(options));

    static Parser With(string options) => new(WedgeProtocol.Parse(options));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
