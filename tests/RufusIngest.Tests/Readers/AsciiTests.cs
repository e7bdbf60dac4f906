using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Tests.Readers;

public sealed class AsciiTests
{
    [Fact]
    public void Unsigned_numbers_are_those_of_long_Parse()
    {
        Gen<string> digits = Gen.Char["0123456789"].Array[0, 20].Select(c => new string(c));
        Gen<string> mostly = Gen.Char["0123456789/:-+ \u00b0"].Array[0, 20].Select(c => new string(c));
        Gen.OneOf(digits, mostly).Sample(text =>
        {
            bool good = text.Length is > 0 and <= 18 && text.All(char.IsAsciiDigit);
            Assert.Equal(good, AsciiNumber.TryUnsigned(Encoding.Latin1.GetBytes(text), out long value));
            if (good)
                Assert.Equal(long.Parse(text, CultureInfo.InvariantCulture), value);
        }, iter: 3_000);
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("ff", 255L)]
    [InlineData("0A1b2C3d4E5f607", 0x0A1b2C3d4E5f607L)]
    [InlineData("0A1b2C3d4E5f6078", null)]
    [InlineData("", null)]
    [InlineData("1g", null)]
    [InlineData("-1", null)]
    [InlineData("0x1", null)]
    public void Hex_numbers(string text, long? expected)
    {
        bool good = AsciiNumber.TryHex(Encoding.ASCII.GetBytes(text), out long value);
        Assert.Equal((expected is not null, expected ?? 0), (good, value));
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("1874.975", 18_749_750_000L)]
    [InlineData("1874,9", 18_749_000_000L)]
    [InlineData("1777716733.123456789", 17_777_167_331_234_567L)]
    [InlineData("253402214399", 2_534_022_143_990_000_000L)]
    [InlineData("253402300800", null)]
    [InlineData("1.1234567890", null)]
    [InlineData("1.", null)]
    [InlineData(".5", null)]
    [InlineData("-1", null)]
    [InlineData("1e3", null)]
    [InlineData("1.2.3", null)]
    [InlineData("", null)]
    public void Decimal_seconds(string text, long? expected) =>
        Assert.Equal(expected, AsciiTime.TrySeconds(Encoding.ASCII.GetBytes(text), out long ticks) ? ticks : null);

    [Theory]
    [InlineData("00:00:00", "00:00:00")]
    [InlineData("9:05:07.5", "09:05:07.5")]
    [InlineData("23:59:59.999999999", "23:59:59.9999999")]
    [InlineData("24:00:00", null)]
    [InlineData("23:60:00", null)]
    [InlineData("23:59:60", null)]
    [InlineData("::22:47", null)]
    [InlineData(":22:47", null)]
    [InlineData("1:2:3", null)]
    [InlineData("11:22:47.", null)]
    [InlineData("11:22:47.1234567890", null)]
    [InlineData("11:22:47,5", "11:22:47.5")]
    [InlineData("11:22:4", null)]
    [InlineData("111:22:47", null)]
    [InlineData("", null)]
    public void Times_of_day(string text, string? expected)
    {
        bool good = AsciiTime.TryTimeOfDay(Encoding.ASCII.GetBytes(text), out long ticks);
        Assert.Equal(
            expected, good ? new TimeSpan(ticks).ToString(expected!.Length > 8 ? "hh\\:mm\\:ss\\.FFFFFFF" : "c") : null);
    }

    [Theory]
    [InlineData("2026-03-07 9:05:07.250", "2026-03-07T09:05:07.250")]
    [InlineData("2024-02-29T23:59:59", "2024-02-29T23:59:59.000")]
    [InlineData("2026-02-29 00:00:00", null)]
    [InlineData("2026-13-01 00:00:00", null)]
    [InlineData("0000-00-00 00:00:00", null)]
    [InlineData("2026-03-07_00:00:01.5", "2026-03-07T00:00:01.500")]
    [InlineData("2026-03-07-00:00:00", null)]
    [InlineData("2026-03-07 ", null)]
    [InlineData("2026/03/07 00:00:00", "2026-03-07T00:00:00.000")]
    public void Dates_with_times(string text, string? expected)
    {
        bool good = AsciiTime.TryDateAndTime(Encoding.ASCII.GetBytes(text), out long ticks);
        Assert.Equal(expected, good ? DateTime.UnixEpoch.AddTicks(ticks).ToString("yyyy-MM-ddTHH:mm:ss.fff") : null);
    }

    [Theory]
    [InlineData("1772877600", "2026-03-07T10:00:00.0000000")]
    [InlineData("1772877600250", "2026-03-07T10:00:00.2500000")]
    [InlineData("1772877600250123", "2026-03-07T10:00:00.2501230")]
    [InlineData("1772877600999999999", "2026-03-07T10:00:00.9999999")]
    [InlineData("0000000000", "1970-01-01T00:00:00.0000000")]
    [InlineData("9999999999", "2286-11-20T17:46:39.0000000")]
    [InlineData("177287760", null)]
    [InlineData("17728776000000000000", null)]
    [InlineData("-772877600", null)]
    [InlineData("177287760x", null)]
    [InlineData("17728776002x0", null)]
    [InlineData("1772877600.25", null)]
    [InlineData("", null)]
    public void Unix_time_in_digits(string text, string? expected)
    {
        bool good = AsciiTime.TryUnixDigits(Encoding.ASCII.GetBytes(text), out long ticks);
        Assert.Equal(expected, good ? DateTime.UnixEpoch.AddTicks(ticks).ToString("yyyy-MM-ddTHH:mm:ss.fffffff") : null);
    }
}
