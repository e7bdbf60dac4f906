using System.Text;
using CsCheck;
using RufusIngest.Server;
using Xunit;

namespace RufusIngest.Tests.Server;

public class Rfc3339Tests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01t00:00:00z", 0)]
    [InlineData("1970-01-01 00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:00.1Z", 100)]
    [InlineData("1970-01-01T00:00:00.0019999Z", 1)]
    [InlineData("1969-12-31T23:59:59.9999Z", -1)]
    [InlineData("1970-01-01T01:00:00+01:00", 0)]
    [InlineData("1969-12-31T23:29:00.000-00:31", 0)]
    [InlineData("1970-01-01T00:00:00-00:00", 0)]
    [InlineData("1998-12-31T23:59:60Z", 915_148_800_000)]
    [InlineData("2024-02-29T12:00:00Z", 1_709_208_000_000)]
    [InlineData("0001-01-01T00:00:00Z", -62_135_596_800_000)]
    [InlineData("9999-12-31T23:59:59.999Z", 253_402_300_799_999)]
    public void any_rfc_3339_form_is_read(string text, long expected)
    {
        Assert.True(Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out var milliseconds));
        Assert.Equal(expected, milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1970-01-01")]
    [InlineData("1970-01-01T00:00:00")]
    [InlineData("1970-01-01T00:00:00.Z")]
    [InlineData("1970-01-01T00:00:00.123")]
    [InlineData("1970-01-01T00:00:00ZZ")]
    [InlineData("1970-01-01T00:00:00+0100")]
    [InlineData("1970-01-01T00:00:00+24:00")]
    [InlineData("1970-01-01T00:00:00+01:60")]
    [InlineData("1970-01-01T00:00:00+1:000")]
    [InlineData("1970-01-01\000:00:00Z")]
    [InlineData("1970-00-01T00:00:00Z")]
    [InlineData("1970-13-01T00:00:00Z")]
    [InlineData("1970-01-00T00:00:00Z")]
    [InlineData("2023-02-29T00:00:00Z")]
    [InlineData("1970-01-01T24:00:00Z")]
    [InlineData("1970-01-01T00:60:00Z")]
    [InlineData("1970-01-01T00:00:61Z")]
    [InlineData("197x-01-01T00:00:00Z")]
    [InlineData("1970/01/01T00:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("19700101T000000.000000Z")]
    public void anything_else_is_not(string text) =>
        Assert.False(Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void what_is_written_is_the_frameworks_form_and_reads_back() =>
        Gen.Long[-62_135_596_800_000, 253_402_300_799_999].Sample(milliseconds =>
        {
            var text = new byte[Rfc3339.Length];
            Rfc3339.Format(milliseconds, text);
            var time = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
            Assert.Equal(time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"), Encoding.UTF8.GetString(text));
            Assert.True(Rfc3339.TryParse(text, out var again));
            Assert.Equal(milliseconds, again);
        });
}
