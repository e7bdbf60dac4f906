using RufusIngest.Readers;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Tests.Readers;

public sealed class ScaledNumberTests
{
    [Theory]
    [InlineData("-58", 2, -5800)]
    [InlineData("+7", 0, 7)]
    [InlineData("007.50", 1, 75)]
    [InlineData("1.005", 2, 101)]
    [InlineData("-1.005", 2, -101)]
    [InlineData("1.0049999999999999999999", 2, 100)]
    [InlineData("0.4999999999999999999", 0, 0)]
    [InlineData("41.28425", 7, 412_842_500)]
    [InlineData("5e-7", 7, 5)]
    [InlineData("1.25E+2", 1, 1250)]
    [InlineData("1e-9999", 7, 0)]
    [InlineData("0e9999", 7, 0)]
    [InlineData("999999999999999999", 0, 999_999_999_999_999_999)]
    [InlineData("0.00000000000000000000001e25", 0, 100)]
    public void A_number_is_scaled_and_rounded(string text, int decimals, long expected)
    {
        Assert.True(ScaledNumber.TryParse(CloudBoxSamples.Bytes(text), decimals, out long value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+-1")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1e")]
    [InlineData("1e99999")]
    [InlineData("1e1.5")]
    [InlineData("1 ")]
    [InlineData("0x1")]
    [InlineData("1,5")]
    [InlineData("1000000000000000000")]
    [InlineData("99999999999999999.5")]
    public void What_is_no_number_or_too_large_is_refused(string text) =>
        Assert.False(ScaledNumber.TryParse(CloudBoxSamples.Bytes(text), 2, out _));
}
