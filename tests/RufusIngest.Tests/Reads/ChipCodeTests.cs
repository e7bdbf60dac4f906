using System.Runtime.CompilerServices;
using System.Text;
using CsCheck;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Reads;

public sealed class ChipCodeTests
{
    [Fact]
    public void It_takes_32_bytes_and_a_read_stays_small()
    {
        Assert.Equal(32, Unsafe.SizeOf<ChipCode>());
        Assert.InRange(Unsafe.SizeOf<ChipRead>(), 1, 96);
    }

    [Theory]
    [InlineData("3D2E372D39293A313C313734")]
    [InlineData("3d2e372d39293a313c313734")]
    [InlineData("058000123b32")]
    [InlineData("MC00169")]
    [InlineData("0")]
    [InlineData("0011055")]
    [InlineData("Zoë 7")]
    public void It_is_spelt_as_it_came(string text) => Assert.Equal(text, ChipCode.FromText(text).ToString());

    [Fact]
    public void Hex_text_and_the_binary_epc_are_one_chip_in_either_case()
    {
        Assert.True(ChipCode.TryFromEpc(Convert.FromHexString("3D2E372D39293A313C313734"), 96, out ChipCode epc));
        Assert.Equal(epc, ChipCode.FromText("3d2e372d39293a313c313734"));
        Assert.Equal(epc.GetHashCode(), ChipCode.FromText("3d2e372d39293a313c313734").GetHashCode());
        Assert.Equal(epc, ChipCode.FromText("3D2E372D39293A313C313734"));
        Assert.Equal("3D2E372D39293A313C313734", epc.ToString());
    }

    [Theory]
    [InlineData("MC00169", "mc00169")]
    [InlineData("0011055", "11055")]
    [InlineData("ABC", "abc")]
    [InlineData("3D2E372D39293A313C313734", "3D2E372D39293A313C31373400")]
    public void Other_texts_differ(string one, string other) =>
        Assert.NotEqual(ChipCode.FromText(one), ChipCode.FromText(other));

    [Fact]
    public void Bits_count()
    {
        Assert.True(ChipCode.TryFromEpc([0xAB, 0xC0], 12, out ChipCode twelve));
        Assert.True(ChipCode.TryFromEpc([0xAB, 0xCF], 12, out ChipCode same));
        Assert.True(ChipCode.TryFromEpc([0xAB, 0xC0], 16, out ChipCode sixteen));
        Assert.Equal(twelve, same);
        Assert.NotEqual(twelve, sixteen);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(31, 248)]
    [InlineData(30, 241)]
    [InlineData(1, 9)]
    public void Too_many_or_no_bits_are_refused(int bytes, int bits) =>
        Assert.False(ChipCode.TryFromEpc(new byte[bytes], bits, out _));

    [Fact]
    public void Text_over_the_limit_is_refused_not_cut()
    {
        Assert.True(ChipCode.TryFromText(Encoding.UTF8.GetBytes(new string('x', 30)), out _));
        Assert.False(ChipCode.TryFromText(Encoding.UTF8.GetBytes(new string('x', 31)), out _));
        Assert.True(ChipCode.TryFromText(Encoding.UTF8.GetBytes(new string('A', 60)), out _));
        Assert.False(ChipCode.TryFromText(Encoding.UTF8.GetBytes(new string('A', 62)), out _));
        Assert.False(ChipCode.TryFromText([], out _));
    }

    [Theory]
    [InlineData("0011055", "11055")]
    [InlineData("000", "000")]
    [InlineData("00MC9", "MC9")]
    public void Leading_zeros_go_only_when_asked(string text, string without) =>
        Assert.Equal(without, ChipCode.FromText(text).WithoutLeadingZeros().ToString());

    [Fact]
    public void Text_comes_back_and_equality_is_that_of_its_canonical_form()
    {
        Gen<string> text = Gen.Frequency((2, Of("0123456789abcdefABCDEF", 14)), (1, Of("0aA-Z z", 12)));
        Gen.Select(text, text).Sample((a, b) =>
        {
            Assert.Equal(Canonical(a) == Canonical(b), ChipCode.FromText(a) == ChipCode.FromText(b));
            Assert.Equal(Canonical(a), Canonical(ChipCode.FromText(a).ToString()));
        });

        static Gen<string> Of(string characters, int most) =>
            Gen.Int[0, characters.Length - 1].Array[1, most].Select(at => string.Concat(at.Select(i => characters[i])));

        static string Canonical(string s) =>
            s.Length >= 8 && s.Length % 2 == 0 && s.All(Uri.IsHexDigit) ? "epc:" + s.ToUpperInvariant() : s;
    }
}
