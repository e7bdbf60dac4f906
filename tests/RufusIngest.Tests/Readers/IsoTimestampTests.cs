using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Readers;

public sealed class IsoTimestampTests
{
    [Theory]
    [InlineData("2024-09-17;14:34:23.123Z", "2024-09-17T14:34:23.1230000", ReadFlags.ZoneKnown)]
    [InlineData("2024-09-17T14:34:23", "2024-09-17T14:34:23.0000000", ReadFlags.None)]
    [InlineData("2024-09-17t14:34:23,1z", "2024-09-17T14:34:23.1000000", ReadFlags.ZoneKnown)]
    [InlineData("2024-09-17 14:34:23.999999999", "2024-09-17T14:34:23.9999999", ReadFlags.None)]
    [InlineData("2024-09-17T14:34:23.5+02:00", "2024-09-17T12:34:23.5000000", ReadFlags.ZoneKnown)]
    [InlineData("2024-09-17T14:34:23-0330", "2024-09-17T18:04:23.0000000", ReadFlags.ZoneKnown)]
    [InlineData(
        "2024-12-31T23:59:60.2-01:00", "2025-01-01T00:59:59.9990000", ReadFlags.ZoneKnown | ReadFlags.TimeClamped)]
    [InlineData("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.9999999", ReadFlags.None)]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000", ReadFlags.ZoneKnown)]
    public void Every_written_form_is_read(string text, string expected, ReadFlags flags)
    {
        Assert.True(IsoTimestamp.TryParse(CloudBoxSamples.Bytes(text), out long ticks, out ReadFlags seen));
        Assert.Equal(expected, EpochTime.ToUtc(ticks).ToString("O").TrimEnd('Z'));
        Assert.Equal(flags, seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2024-09-17")]
    [InlineData("2024-09-17;14:34")]
    [InlineData("2024-09-17_14:34:23")]
    [InlineData("2024/09/17;14:34:23")]
    [InlineData("2024-09-17;14-34-23")]
    [InlineData("0000-09-17;14:34:23")]
    [InlineData("2024-00-17;14:34:23")]
    [InlineData("2024-13-17;14:34:23")]
    [InlineData("2024-04-31;14:34:23")]
    [InlineData("2024-09-00;14:34:23")]
    [InlineData("2100-02-29;14:34:23")]
    [InlineData("2024-09-17;24:00:00")]
    [InlineData("2024-09-17;14:60:23")]
    [InlineData("2024-09-17;14:34:61")]
    [InlineData("2024-09-17;14:34:2x")]
    [InlineData("2x24-09-17;14:34:23")]
    [InlineData("2024-09-17;14:34:23.")]
    [InlineData("2024-09-17;14:34:23.Z")]
    [InlineData("2024-09-17;14:34:23.1234567890")]
    [InlineData("2024-09-17;14:34:23.123 ")]
    [InlineData("2024-09-17;14:34:23.123ZZ")]
    [InlineData("2024-09-17;14:34:23+2:00")]
    [InlineData("2024-09-17;14:34:23+02")]
    [InlineData("2024-09-17;14:34:23+02.00")]
    [InlineData("2024-09-17;14:34:23+24:00")]
    [InlineData("2024-09-17;14:34:23+02:60")]
    [InlineData("2024-09-17;14:34:23*02:00")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    public void What_is_no_time_is_refused(string text) =>
        Assert.False(IsoTimestamp.TryParse(CloudBoxSamples.Bytes(text), out _, out _));
}
