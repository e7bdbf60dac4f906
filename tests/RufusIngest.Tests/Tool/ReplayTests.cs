using System.Text.Json;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

public sealed class ReplayTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("replay-").FullName;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    string Ipico() => Write(
        "ipico.txt",
        "aa0005800012860800012603062027472353\r\naa0005800012860800012603062027472656\r\n"
        + "noise\r\nab000a2c260306052004151b2782ae\r\naa00058000120e3800012603062027510376");

    [Fact]
    public async Task It_counts_what_is_in_a_file()
    {
        ToolRun run = await ToolRun.Of("replay", Ipico(), "--protocol", "ipico");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Matches(@"reads received +3 ", run.Output);
        Assert.Matches(@"reads suppressed +1 ", run.Output);
        Assert.Matches(@"rejected: UnknownFrame +1 ", run.Output);
        Assert.Matches(@"control: Gun +1 ", run.Output);
        Assert.Matches(@"passings +2 ", run.Output);
    }

    [Fact]
    public async Task It_shows_every_read_with_what_became_of_it()
    {
        ToolRun run = await ToolRun.Of("replay", Ipico(), "--protocol", "ipico", "--reads", "--json", "--zone", "+01:00");
        Assert.Equal(
            ["Chip Opened", "Chip SameBurst", "Gun Signal", "Chip Opened"],
            run.Lines.Where(line => line.TryGetProperty("read", out _)).Select(line => line.GetProperty("read"))
                .Select(read => $"{read.GetProperty("kind")} {read.GetProperty("outcome")}"));
        JsonElement first = run.Lines[0].GetProperty("read");
        Assert.Equal("2026-03-06T20:27:47.350", first.GetProperty("reader_time").GetString());
        Assert.Equal("2026-03-06T19:27:47.350Z", first.GetProperty("utc").GetString());
        Assert.Equal("01", first.GetProperty("q").GetString());
        Assert.Equal(3, run.Lines[^1].GetProperty("summary").GetProperty("reads").GetInt32());
        Assert.Equal(2, run.Lines.Count(line => line.TryGetProperty("passing", out _)));
    }

    [Fact]
    public async Task Plain_reads_are_aligned()
    {
        ToolRun run = await ToolRun.Of("replay", Ipico(), "--protocol", "ipico", "--reads");
        string[] lines = [.. run.Output.Split('\n').Take(5)];
        int column = lines[0].IndexOf("outcome", StringComparison.Ordinal);
        Assert.Equal(["Opened", "SameBurst", "Signal", "Opened"], lines.Skip(1).Select(line => line[column..].Split(' ')[0]));
    }

    [Fact]
    public async Task Passings_go_to_a_file_with_their_bibs()
    {
        string bibs = Write("bibs.csv", "058000128608;101\n");
        string output = Path.Combine(_folder, "out.jsonl");
        ToolRun run = await ToolRun.Of("replay", Ipico(), "--protocol", "ipico", "--bibs", bibs, "--out", output);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        string[] lines = await File.ReadAllLinesAsync(output, Cancellation);
        Assert.Equal(
            ["101", "058000120e38"],
            lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("bib").GetString()));
    }

    [Fact]
    public async Task A_file_posted_twice_is_stored_once()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string device = (await venue.PostAsync("devices", """{"model":"m","serial_number":"s"}""")).Body.Split('"')[7];
        string token = (await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Body.Split('"')[7];
        string[] args =
        [
            "replay", Ipico(), "--protocol", "ipico", "--json", "--post", venue.Server.BaseAddress.ToString(),
            "--api-key", TestVenue.ReadWriteKey, "--session", token,
        ];
        ToolRun first = await ToolRun.Of(args);
        ToolRun second = await ToolRun.Of(args);
        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Equal(2, second.Lines[^1].GetProperty("summary").GetProperty("duplicates").GetInt32());
        Assert.Equal(2, venue.Server.Counters.Inserted);
    }

    [Fact]
    public async Task A_file_without_passings_is_posted_without_complaint()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ToolRun run = await ToolRun.Of(
            "replay", Write("empty.txt", "\n"), "--protocol", "ipico", "--post", venue.Server.BaseAddress.ToString(),
            "--api-key", TestVenue.ReadWriteKey, "--session", "ANY");
        Assert.Equal(ExitCode.Done, run.ExitCode);
    }

    [Fact]
    public async Task The_file_to_be_read_is_never_overwritten()
    {
        string file = Ipico();
        ToolRun run = await ToolRun.Of("replay", file, "--protocol", "ipico", "--out", file);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.NotEmpty(await File.ReadAllTextAsync(file, Cancellation));
    }

    [Fact]
    public async Task A_closed_session_is_one_clear_line()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ToolRun run = await ToolRun.Of(
            "replay", Ipico(), "--protocol", "ipico", "--post", venue.Server.BaseAddress.ToString(),
            "--api-key", TestVenue.ReadWriteKey, "--session", "GONE");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("Session not found or closed", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_without_a_date_take_the_session_date_and_without_one_it_is_said()
    {
        string file = Write("ultra.txt", "3,11274,0,\"11:22:47.392\",1,3\n");
        ToolRun without = await ToolRun.Of("replay", file, "--protocol", "ultra");
        Assert.Contains("--session-date", without.Error, StringComparison.Ordinal);
        Assert.Matches(@"passings +0 ", without.Output);
        ToolRun dated = await ToolRun.Of(
            "replay", file, "--protocol", "ultra", "--session-date", "2026-05-17", "--zone", "Europe/Madrid", "--json");
        Assert.Equal(
            "2026-05-17T09:22:47.392Z", dated.Lines[0].GetProperty("passing").GetProperty("timestamp").GetString());
    }

    [Theory]
    [InlineData("there is no file", "replay", "nowhere.txt", "--protocol", "ipico")]
    [InlineData("there is no protocol 'x'", "replay", "nowhere.txt", "--protocol", "x")]
    [InlineData("there is no file", "replay", "nowhere.txt")]
    public async Task What_is_wrong_is_said(string message, params string[] args)
    {
        ToolRun run = await ToolRun.Of(args);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_bibs_with_mistakes_is_told_line_by_line()
    {
        string bibs = Write("bibs.csv", "58;101\n59\n");
        ToolRun run = await ToolRun.Of("replay", Ipico(), "--protocol", "ipico", "--bibs", bibs);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("bibs.csv, line 2:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_capture_of_four_tags_gives_four_passings()
    {
        string capture = Captures.PathOf("ipico", "raw-4-tags.rx.txt");
        ToolRun run = await ToolRun.Of("replay", capture, "--protocol", "ipico", "--json");
        JsonElement summary = run.Lines[^1].GetProperty("summary");
        Assert.Equal(41, summary.GetProperty("reads").GetInt32());
        Assert.Equal(4, summary.GetProperty("passings").GetInt32());
        Assert.Equal(3, summary.GetProperty("controls").EnumerateObject().Sum(pair => pair.Value.GetInt32()));
    }

    [Theory]
    [InlineData("fsls-direct", 8, 4)]
    [InlineData("event-mode", 2, 1)]
    [InlineData("fsls-single", 1, 1)]
    [InlineData("fsls-multiple", 3, 1)]
    [InlineData("gun-time", 0, 0)]
    public async Task Captures_give_the_passings_their_readme_states(string name, int reads, int passings)
    {
        ToolRun run = await ToolRun.Of(
            "replay", Captures.PathOf("ipico", name + ".rx.txt"), "--protocol", "ipico", "--json");
        JsonElement summary = run.Lines[^1].GetProperty("summary");
        Assert.Equal(reads, summary.GetProperty("reads").GetInt32());
        Assert.Equal(passings, summary.GetProperty("passings").GetInt32());
    }
}
