using System.Buffers;
using System.Text;
using RufusIngest.Simulators;
using Xunit;

namespace RufusIngest.Tests.Simulators;

public sealed class UltraFramesTests
{
    [Fact]
    public void The_documented_record_comes_out_byte_for_byte()
    {
        var time = new DateTime(2017, 2, 2, 16, 5, 1, 698);
        var writer = new ArrayBufferWriter<byte>();

        UltraFrames.WriteRecord(writer, "11055", time, 1, -71, false, 2, 1, 29319);

        Assert.Equal(
            "0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,0,29319\n",
            Encoding.ASCII.GetString(writer.WrittenSpan));
    }

    [Fact]
    public void The_greeting_carries_the_time_of_the_last_record()
    {
        var writer = new ArrayBufferWriter<byte>();

        UltraFrames.WriteGreeting(writer, null);
        UltraFrames.WriteGreeting(writer, new DateTime(2017, 2, 2, 16, 5, 1, 698));

        Assert.Equal("Connected,0\nConnected,1170518701\n", Encoding.ASCII.GetString(writer.WrittenSpan));
    }

    [Fact]
    public void Every_line_of_a_race_says_what_the_script_says()
    {
        var script = Race.Generate(new RaceOptions { Runners = 200 }).Scripts[2];
        var lines = Encoding.ASCII.GetString(RaceTests.Bytes(script)).Split('\n');
        var items = RaceTests.Items(script);

        Assert.Equal(items.Length + 1, lines.Length);
        foreach (var (line, item) in lines.Zip(items))
        {
            if (item.Kind == ScriptKind.Notice)
            {
                Assert.Matches(@"^(V=2[345]\.[0-9]{4}|S=10)$", line);
                continue;
            }

            var fields = line.Split(',');
            Assert.Equal(12, fields.Length);
            var isGun = item.Kind == ScriptKind.Gun;
            Assert.Equal(isGun ? "0" : script.RunnerOf(item).UltraChip, fields[1]);
            Assert.InRange(int.Parse(fields[4]), isGun ? 0 : 1, isGun ? 0 : 4);
            Assert.Equal(item.Rssi, int.Parse(fields[5]));
            Assert.Equal("0", fields[6]);
            Assert.Equal(item.Number, int.Parse(fields[11]));

            // 315,532,800 s lie between 1970 and 1980; the box shows local time, two hours ahead.
            var utcMs = ((long.Parse(fields[2]) + 315_532_800 - 7_200) * 1000) + int.Parse(fields[3]);
            Assert.Equal(item.UtcMs, utcMs);
        }

        Assert.Contains("S=10", lines);
    }
}
