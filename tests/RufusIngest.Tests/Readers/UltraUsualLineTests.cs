using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed class UltraUsualLineTests
{
    const string Usual = "0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,0,29319";

    static int Take(string text, out ChipRead read)
    {
        read = default;
        return UltraUsualLine.TryTake(Encoding.Latin1.GetBytes(text), ref read);
    }

    static string InSight(string line) => line + "\n" + new string('\n', UltraUsualLine.Reach);

    [Theory]
    [InlineData(Usual)]
    [InlineData("1,1,1170518701,0,4,327,1,0,9999,ffffffffffffffff,1170518701,1")]
    [InlineData("0,1234567,9999999999,5,2,5,0,9,0012,,,12345678")]
    [InlineData("0,00000,1170518701,70,3,-327,0,1,12,what,ever,10")]
    [InlineData("0,413A35C0FFEE413A35C0FFEE,1170518701,005,4,-8,0,1,1,1,456789,7")]
    [InlineData("0,E2801160600002054CC5A1B2E2801160600002054CC5A1B2,1170518701,698,4,-60,1,1,1,0000000000000000,0,1000000")]
    public void Usual_lines_are_taken(string line)
    {
        Assert.Equal(line.Length, Take(InSight(line), out ChipRead read));
        ParserRun slow = ParserRun.OfWhole<UltraParser>(Encoding.Latin1.GetBytes(line));
        Assert.Equal(slow.Describe().Trim(), ParserRun.Describe(read));
    }

    [Theory]
    [InlineData("0,0,1170518701,698,0,,0,3,1,0000000000000000,0,5")]
    [InlineData("0,11055,170518701,698,1,-71,0,2,1,0000000000000000,0,29319")]
    [InlineData("0,11055,1170518701,698,5,-71,0,2,1,0000000000000000,0,29319")]
    [InlineData("0,11055,1170518701,698,1,-328,0,2,1,0000000000000000,0,29319")]
    [InlineData("0,11055,1170518701,698,1,-71,2,2,1,0000000000000000,0,29319")]
    [InlineData("0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,0,123456789")]
    [InlineData("0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,0,29319,more")]
    [InlineData("0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,29319")]
    [InlineData("0,Connected,1170518701,698,1,-71,0,2,1,0000000000000000,0,29319")]
    public void Other_lines_are_left(string line) => Assert.Equal(0, Take(InSight(line), out _));

    [Fact]
    public void A_line_whose_end_may_be_out_of_reach_is_left()
    {
        Assert.Equal(0, Take(InSight(Usual)[..(UltraUsualLine.Reach - 1)], out _));
        Assert.Equal(Usual.Length, Take(InSight(Usual)[..UltraUsualLine.Reach], out _));
    }

    static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    /// <summary>What stands in a field: mostly what belongs there, else something near it.</summary>
    static Gen<string> Field(string usual, params string[] others)
    {
        string[] odd = ["", "-", "+5", "x", "1x", "/", ":", "12345678901", "\u0003", .. others];
        return Gen.Frequency((40, Gen.Const(usual)), (1, OneOf(odd)));
    }

    static readonly Gen<string> Lines = Gen.Select(
        Gen.Select(
            Field("0", "1", "2"), Gen.Int[0, 2_000_000_000].Select(i => $"{i}"), Field("1170518701", "0", "253402300799"),
            Gen.Int[0, 1_050].Select(i => $"{i}"), Field("3", "0", "4", "5"), Gen.Int[-340, 340].Select(i => $"{i}")),
        Gen.Select(
            Field("0", "1", "2"), Field("2", "12"), Field("12", "7", "70000"), Field("0000000000000000"), Field("0"),
            Gen.Int[0, 110_000_000].Select(i => $"{i}")),
        OneOf("\n", "\r\n", "\r", "\0", ",\n", ",,more\n"),
        (first, second, end) => string.Join(',', first.Item1, first.Item2, first.Item3, first.Item4, first.Item5,
            first.Item6, second.Item1, second.Item2, second.Item3, second.Item4, second.Item5, second.Item6) + end);

    [Fact]
    public void The_quick_way_gives_what_the_slow_way_gives()
    {
        int quick = 0;
        Gen.Select(Lines.Array[1, 4], Gen.Int[0, 400], Gen.Int[0, 255]).Sample((lines, at, other) =>
        {
            byte[] text = Encoding.Latin1.GetBytes(string.Concat(lines) + "\n");
            if (at < text.Length - 1)
                text[at] = (byte)other;
            byte[] inSight = [.. text, .. Encoding.Latin1.GetBytes(InSight(""))];
            quick += Take(Encoding.Latin1.GetString(inSight), out _) > 0 ? 1 : 0;

            // With a byte at a time no line is looked at with its end in sight.
            ParserRun slow = ParserRun.Of<UltraParser>(text.Select(b => new ReadOnlyMemory<byte>([b])));
            Assert.Equal(slow.Describe(), ParserRun.OfWhole<UltraParser>(inSight).Describe());
        }, iter: 10_000, threads: 1);
        Assert.InRange(quick, 1_000, int.MaxValue);
    }
}
