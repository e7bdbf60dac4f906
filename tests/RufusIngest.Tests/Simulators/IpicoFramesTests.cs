using System.Buffers;
using System.Globalization;
using System.Text;
using RufusIngest.Simulators;
using Xunit;

namespace RufusIngest.Tests.Simulators;

public sealed class IpicoFramesTests
{
    [Fact]
    public void The_documented_read_frame_comes_out_byte_for_byte()
    {
        var time = new DateTime(2001, 12, 30, 18, 45, 59, 399);

        Assert.Equal(
            "aa400000000123450a2a01123018455927a7\r\n",
            Text(w => IpicoFrames.WriteRead(w, 0x40, "000000012345", 0x0a, 0x2a, time)));
    }

    [Fact]
    public void The_documented_gun_and_clock_frames_come_out_byte_for_byte()
    {
        Assert.Equal(
            "ab000a2c260306052004151b2782ae\r\n",
            Text(w => IpicoFrames.WriteGun(w, new DateTime(2026, 3, 6, 20, 4, 15, 270))));
        Assert.Equal(
            "ab000902260306051855443727cf\r\n",
            Text(w => IpicoFrames.WriteClock(w, new DateTime(2026, 3, 6, 18, 55, 44, 550))));
    }

    [Fact]
    public void Every_frame_of_a_race_has_a_good_check_and_says_what_the_script_says()
    {
        var race = Race.Generate(new RaceOptions { Runners = 200, LocalOffset = TimeSpan.FromHours(-3.5) });
        var script = race.Scripts[0];
        var lines = Encoding.ASCII.GetString(RaceTests.Bytes(script)).Split("\r\n");
        var items = RaceTests.Items(script);

        Assert.Equal(items.Length + 1, lines.Length);
        Assert.Equal("", lines[^1]);
        foreach (var (line, item) in lines.Zip(items))
        {
            if (line.StartsWith("ARM9", StringComparison.Ordinal))
            {
                Assert.Equal(ScriptKind.Notice, item.Kind);
                continue;
            }

            var sum = line[2..^2].Sum(c => c) & 0xff;
            Assert.Equal($"{sum:x2}", line[^2..]);
            Assert.Equal(item.Kind == ScriptKind.Read ? "aa" : "ab", line[..2]);
            if (item.Kind == ScriptKind.Read)
            {
                Assert.Equal(36, line.Length);
                Assert.Equal(script.RunnerOf(item).IpicoTag, line[4..16]);
                var local = DateTime.ParseExact(line[20..32], "yyMMddHHmmss", CultureInfo.InvariantCulture)
                    .AddMilliseconds(10 * int.Parse(line[32..34], NumberStyles.HexNumber));
                Assert.Equal(item.UtcMs, new DateTimeOffset(local, TimeSpan.FromHours(-3.5)).ToUnixTimeMilliseconds());
            }
        }

        Assert.Contains(lines, l => l.StartsWith("ab000902", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("ARM9", StringComparison.Ordinal));
        Assert.Single(lines, l => l.StartsWith("ab000a2c", StringComparison.Ordinal));
    }

    private static string Text(Action<ArrayBufferWriter<byte>> write)
    {
        var writer = new ArrayBufferWriter<byte>();
        write(writer);
        return Encoding.ASCII.GetString(writer.WrittenSpan);
    }
}
