using System.Text;
using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Tests.Readers;

public sealed class ChecksumTests
{
    [Fact]
    public void The_checks_have_the_published_values()
    {
        Assert.Equal(0xA69D, Checksum.Amb("123456789"u8));
        Assert.Equal(0xE5CC, Checksum.Amb("123456789\0\0"u8));
        Assert.Equal(0xFFFF, Checksum.Amb([]));
        Assert.Equal(0x6F91, Checksum.Mcrf4xx("123456789"u8));
        Assert.Equal(0x29B1, Checksum.CcittFalse("123456789"u8));
        Assert.Equal(0xFEE8, Checksum.Buypass("123456789"u8));
        Assert.Equal(0, Checksum.Mcrf4xx([.. "123456789"u8, 0x91, 0x6F]));
    }

    [Fact]
    public void The_amb_crc_goes_on_from_part_to_part() =>
        Assert.Equal(0xA69D, Checksum.Amb("6789"u8, Checksum.Amb("12345"u8)));

    [Fact]
    public void The_sum_counts_bytes_without_sign() => Assert.Equal(255 + 128 + 1, Checksum.Sum([255, 128, 1]));

    [Fact]
    public void The_slow_ways_of_other_tests_have_the_published_values()
    {
        byte[] digits = Encoding.ASCII.GetBytes("123456789");
        Assert.Equal(0xA69D, SlowFrames.Amb(digits));
        Assert.Equal(0x6F91, SlowFrames.Mcrf4xx(digits));
        Assert.Equal(0x29B1, SlowFrames.Usual(digits, 0x1021, 0xFFFF));
        Assert.Equal(0, (digits.Sum(b => b) + SlowFrames.NegatedSum(digits)) % 256);
    }

    [Fact]
    public void Many_bytes_at_once_check_as_bit_after_bit() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 300]).Sample((bytes, cut) =>
        {
            int at = Math.Min(cut, bytes.Length);
            Assert.Equal(SlowFrames.Amb(bytes), Checksum.Amb(bytes));
            Assert.Equal(SlowFrames.Amb(bytes), Checksum.Amb(bytes.AsSpan(at), Checksum.Amb(bytes.AsSpan(0, at))));
            Assert.Equal(SlowFrames.Mcrf4xx(bytes), Checksum.Mcrf4xx(bytes));
            Assert.Equal(SlowFrames.Usual(bytes, 0x1021, 0xFFFF), Checksum.CcittFalse(bytes));
            Assert.Equal(SlowFrames.Usual(bytes, 0x8005, 0), Checksum.Buypass(bytes));
            Assert.Equal(bytes.Sum(b => b), Checksum.Sum(bytes));
        });
}
