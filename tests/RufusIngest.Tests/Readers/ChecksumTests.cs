using RufusIngest.Readers.Framing;

namespace RufusIngest.Tests.Readers;

public sealed class ChecksumTests
{
    [Fact]
    public void The_amb_crc_has_the_check_values_of_its_description()
    {
        Assert.Equal(0xA69D, Checksum.Amb("123456789"u8));
        Assert.Equal(0xE5CC, Checksum.Amb("123456789\0\0"u8));
        Assert.Equal(0xFFFF, Checksum.Amb([]));
    }

    [Fact]
    public void The_amb_crc_goes_on_from_part_to_part() =>
        Assert.Equal(0xA69D, Checksum.Amb("6789"u8, Checksum.Amb("12345"u8)));

    [Fact]
    public void The_sum_counts_bytes_without_sign() => Assert.Equal(255 + 128 + 1, Checksum.Sum([255, 128, 1]));
}
