using System.Text;
using CsCheck;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Reads;

public sealed class ChipCodeTextTests
{
    static readonly Gen<string> Codes = Gen.OneOf(
        Text("0123456789abcdef", 62), Text("0123456789ABCDEF", 62), Text("0123456789abcdefABCDEF", 62),
        Text("0123456789", 62), Text("0123456789abcdefABCDEF/:@G`g\u0010\u00b1", 62), Text("00000000g", 62));

    [Fact]
    public void A_text_comes_back_as_it_was_spelt()
    {
        Codes.Sample(text =>
        {
            bool hex = text.Length >= 8 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);
            int limit = hex ? 60 : 30;
            bool good = ChipCode.TryFromText(Encoding.Latin1.GetBytes(text), out ChipCode code);
            Assert.Equal(text.Length > 0 && text.Length <= limit, good);
            Assert.Equal(!good, code.IsEmpty);
            if (!good)
                return;
            Assert.Equal(hex, code.IsEpc);
            bool mixed = hex && text.Any(char.IsAsciiLetterLower) && text.Any(char.IsAsciiLetterUpper);
            byte[] spelt = new byte[ChipCode.MaxTextLength];
            Assert.Equal(mixed ? text.ToUpperInvariant() : text, Encoding.Latin1.GetString(spelt, 0, code.Format(spelt)));
        }, iter: 5_000);
    }

    [Fact]
    public void Hex_text_and_the_same_bits_are_one_chip()
    {
        Gen.Byte.Array[4, 30].Sample(epc =>
        {
            Assert.True(ChipCode.TryFromEpc(epc, epc.Length * 8, out ChipCode bits));
            ChipCode upper = ChipCode.FromText(Convert.ToHexString(epc));
            ChipCode lower = ChipCode.FromText(Convert.ToHexStringLower(epc));
            Assert.Equal(bits, upper);
            Assert.Equal(bits, lower);
            Assert.Equal(bits.GetHashCode(), lower.GetHashCode());
            epc[^1] ^= 1;
            Assert.NotEqual(bits, ChipCode.FromText(Convert.ToHexString(epc)));
        }, iter: 2_000);
    }

    static Gen<string> Text(string alphabet, int longest) =>
        Gen.Char[alphabet].Array[0, longest].Select(chars => new string(chars));
}
