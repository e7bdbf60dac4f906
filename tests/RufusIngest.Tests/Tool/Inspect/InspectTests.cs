using System.Text.Json;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool.Inspect;

public sealed class InspectTests : IDisposable
{
    const string Ipico =
        "aa0005800012860800012603062027472353\r\naa0005800012860800012603062027472656\r\n"
        + "noise\r\nab000a2c260306052004151b2782ae\r\naa00058000120e3800012603062027510376";

    // Two chips of 125 kHz, with their checks; such readers have no clock.
    const string Cards = "\x02" + "0100000001" + "00" + "\x03" + "\x02" + "0200000001" + "03" + "\x03";

    const long Noon = 17_790_192_000_000_000; // 2026-05-17T12:00:00Z

    readonly string _folder = Directory.CreateTempSubdirectory("inspect-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    [Fact]
    public async Task It_names_the_protocol_and_what_is_in_the_file()
    {
        ToolRun run = await ToolRun.Of("inspect", Write("finish.txt", Ipico));
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(
            """
            finish.txt: 151 bytes
              ipico            certain: 5 of 6 frames, 96 % of the bytes; less likely: wedge (4 of 5 frames, 76 % of the bytes)
              reads            3 of 2 chips
              guns, markers    1
              first            2026-03-06T20:27:47.350  local
              last             2026-03-06T20:27:51.030
              backward steps   0
              rejected         UnknownFrame 1, first at byte 76: 6e6f697365  noise
              controls         Gun 1

            """,
            run.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Json_has_all_of_it()
    {
        ToolRun run = await ToolRun.Of("inspect", Write("finish.txt", Ipico), "--json");
        JsonElement stream = Assert.Single(run.Lines).GetProperty("streams")[0];
        JsonElement counts = stream.GetProperty("counts");
        Assert.Equal(
            ("ipico", true, 3, 2, "local", "6e6f697365"),
            (stream.GetProperty("protocol").GetString(), stream.GetProperty("certain").GetBoolean(),
                counts.GetProperty("reads").GetInt32(), counts.GetProperty("chips").GetInt32(),
                counts.GetProperty("time").GetString(),
                counts.GetProperty("rejects").GetProperty("UnknownFrame").GetProperty("hex").GetString()));
    }

    [Fact]
    public async Task Steps_back_are_counted_with_the_largest()
    {
        string text = "0,17,1463472005,0,1,-67,0,2,1,0000000000000000,0,1\n0,17,1463472003,500,1,-67,0,2,1,0000000000000000,0,2\n"
            + "0,17,1463472009,0,1,-67,0,2,1,0000000000000000,0,3\n0,17,1463472008,0,1,-67,0,2,1,0000000000000000,0,4\n";
        ToolRun run = await ToolRun.Of("inspect", Write("log.txt", text), "--json");
        JsonElement counts = run.Lines[0].GetProperty("streams")[0].GetProperty("counts");
        Assert.Equal(
            (2, 1.5m),
            (counts.GetProperty("backward_steps").GetInt32(), counts.GetProperty("largest_backward_step").GetDecimal()));
    }

    [Fact]
    public async Task Several_files_are_several_results_and_one_that_is_not_certain_is_told_by_the_exit_code()
    {
        ToolRun run = await ToolRun.Of("inspect", Write("finish.txt", Ipico), Write("empty.txt", ""), "--json");
        Assert.Equal(ExitCode.CheckFailed, run.ExitCode);
        Assert.Equal([true, false], run.Lines.Select(line => line.GetProperty("certain").GetBoolean()));
    }

    [Fact]
    public async Task A_file_of_columns_is_told_how_to_be_read()
    {
        ToolRun run = await ToolRun.Of("inspect", Write("rows.csv", "17;x;9\n18;y;8\n19;z;7\n20;z;6\n"));
        Assert.Equal(ExitCode.CheckFailed, run.ExitCode);
        Assert.Contains("--protocol \"csv:chip;time;-\"", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_protocol_that_is_told_is_taken()
    {
        ToolRun run = await ToolRun.Of("inspect", Write("finish.txt", Ipico), "--protocol", "wedge");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains("taken as         wedge:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_in_hex_is_read_as_its_bytes()
    {
        string dump = string.Join('\n', Ascii(Ipico).Chunk(16).Select(row => string.Join(' ', row.Select(one => $"{one:x2}"))));
        string file = Write("dump.txt", dump);
        Assert.Contains("as hex text: 151 bytes\n  ipico            certain", (await ToolRun.Of("inspect", file)).Output, StringComparison.Ordinal);
        ToolRun replay = await ToolRun.Of("replay", file, "--json");
        Assert.Equal(3, replay.Lines[^1].GetProperty("summary").GetProperty("reads").GetInt32());
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("clean")]
    public async Task The_protocol_need_not_be_told_where_it_is_certain(string command)
    {
        ToolRun run = await ToolRun.Of(command, Write("finish.txt", Ipico));
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains("The protocol is ipico.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("clean")]
    public async Task Where_it_is_not_certain_the_candidates_are_named(string command)
    {
        ToolRun run = await ToolRun.Of(command, Write("one.txt", "3,11274,0,\"11:22:47.392\",1,3\n"));
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("the protocol of one.txt is not certain: it may be ultra or ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_two_protocols_are_not_one_reader_s()
    {
        string other = Write("other.txt", string.Concat(Enumerable.Range(1, 4).Select(
            number => $"0,17,146347200{number},0,1,-67,0,2,1,0000000000000000,0,{number}\n")));
        ToolRun run = await ToolRun.Of("replay", Write("finish.txt", Ipico), other);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("more than one protocol in it: ipico, ultra", run.Error, StringComparison.Ordinal);
    }

    string Capture(string text, bool isSecond = false)
    {
        byte[] bytes = Ascii(text);
        PacketWriter file = new PacketWriter().Segment(Noon, 99, PacketWriter.Syn, []);
        int half = bytes.Length / 2;
        file.Segment(Noon, 7, PacketWriter.Ack, "hello"u8, isBack: true);
        file.Segment(Noon + TimeSpan.TicksPerSecond, 100, PacketWriter.Ack, bytes.AsSpan(0, half));
        file.Segment(Noon + (60 * TimeSpan.TicksPerSecond), 100u + (uint)half, PacketWriter.Ack, bytes.AsSpan(half));
        if (isSecond)
            file.Segment(Noon + (90 * TimeSpan.TicksPerSecond), 5000, PacketWriter.Syn, [])
                .Segment(Noon + (99 * TimeSpan.TicksPerSecond), 5001, PacketWriter.Ack, bytes);
        return Write("finish.pcap", file.ToArray());
    }

    [Fact]
    public async Task Packets_are_put_together_and_each_direction_is_a_stream()
    {
        ToolRun run = await ToolRun.Of("inspect", Capture(Ipico));
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Matches(@"10\.0\.0\.2:10000 → 10\.0\.0\.1:50000 +151 +1 +0 +ipico, certain", run.Output);
        Assert.Matches(@"10\.0\.0\.1:50000 → 10\.0\.0\.2:10000 +5 +1 +0 +(nothing known|not certain)", run.Output);
        Assert.Contains("reads            3 of 2 chips", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packets_are_replayed_as_the_connections_they_were()
    {
        ToolRun run = await ToolRun.Of("replay", Capture(Ipico, isSecond: true), "--json", "--reads");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(6, run.Lines[^1].GetProperty("summary").GetProperty("reads").GetInt32());
        Assert.Equal(2, run.Lines[^1].GetProperty("summary").GetProperty("passings").GetInt32());
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("clean")]
    public async Task The_times_of_packets_are_those_of_reads_that_have_none(string command)
    {
        ToolRun run = await ToolRun.Of(command, Capture(Cards), "--protocol", "serialtag", "--json");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        string[] times = [.. run.Lines.Where(line => line.TryGetProperty("passing", out _)).Select(line => line.GetRawText())];
        Assert.Equal(2, times.Length);
        Assert.Contains("2026-05-17T12:00:01.000Z", times[0], StringComparison.Ordinal);
        Assert.Contains("2026-05-17T12:01:00.000Z", times[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_s_own_dates_are_not_held_against_the_packets_times()
    {
        ToolRun run = await ToolRun.Of("replay", Capture(Ipico), "--json");
        Assert.Contains("2026-03-06T20:27:47.350Z", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_capture_is_told()
    {
        string file = Capture(Ipico);
        await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken))[..^9], TestContext.Current.CancellationToken);
        ToolRun run = await ToolRun.Of("inspect", file);
        Assert.Contains("the file ends inside a packet, at byte ", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no file", "inspect", "nowhere.txt")]
    [InlineData("there is no protocol 'x'", "inspect", "nowhere.txt", "--protocol", "x")]
    public async Task What_is_wrong_is_said(string message, params string[] args)
    {
        ToolRun run = await ToolRun.Of(args);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }
}
