using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

public sealed class IngestTests
{
    const string Frame = "aa0005800012860800012603062027472353\r\n";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_reads_reconnects_sends_and_ends_with_the_table()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        using TcpListener reader = new(IPAddress.Loopback, 0);
        reader.Start();
        string bibs = Path.Combine(Path.GetTempPath(), $"bibs-{Guid.NewGuid():N}.csv");
        await File.WriteAllTextAsync(bibs, "chip,bib\n058000128608,101\n", Cancellation);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<ToolRun> run = ToolRun.Of(
            stop.Token, "ingest", "--reader", $"ipico=tcp://{reader.LocalEndpoint};location=FINISH;zone=+01:00",
            "--post", venue.Server.BaseAddress.ToString(), "--api-key", TestVenue.ReadWriteKey, "--bibs", bibs);
        (await reader.AcceptSocketAsync(Cancellation)).Dispose(); // it looks whether the reader answers
        using (Socket first = await reader.AcceptSocketAsync(Cancellation))
            await first.SendAsync(Encoding.ASCII.GetBytes(Frame + Frame[..20]), Cancellation);
        using Socket second = await reader.AcceptSocketAsync(Cancellation);
        await second.SendAsync(Encoding.ASCII.GetBytes(Frame), Cancellation);

        // The burst is decided by ticks of host time, then sent, while both go on.
        while (venue.Server.Counters.Inserted == 0)
            await Task.Yield();
        await stop.CancelAsync();
        ToolRun ended = await run;

        Assert.Equal(ExitCode.Done, ended.ExitCode);
        Assert.Matches(@"reads received +2 ", ended.Output);
        Assert.Matches(@"passings +1 ", ended.Output);
        Assert.Matches(@"rejected: Truncated +1 ", ended.Output);
        Assert.Equal(1, venue.Server.Counters.Inserted);
        Assert.DoesNotContain(TestVenue.ReadWriteKey, ended.Output + ended.Error, StringComparison.Ordinal);
        string token = ended.Error.Split("opened session ")[1][..64];
        Answer stored = await venue.GetAsync($"passings/session/{token}");
        Assert.Contains("\"bib\":\"101\"", stored.Body, StringComparison.Ordinal);
        Assert.Contains("2026-03-06T19:27:47.350Z", stored.Body, StringComparison.Ordinal);
        File.Delete(bibs);
    }

    [Fact]
    public async Task Passings_of_a_session_that_is_gone_are_written_to_a_file_and_none_is_lost()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string token = await OpenSessionAsync(venue);
        using TcpListener reader = new(IPAddress.Loopback, 0);
        reader.Start();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<ToolRun> run = ToolRun.Of(
            stop.Token, "ingest", "--json", "--reader", $"ipico=tcp://{reader.LocalEndpoint};session={token}",
            "--post", venue.Server.BaseAddress.ToString(), "--api-key", TestVenue.ReadWriteKey);
        (await reader.AcceptSocketAsync(Cancellation)).Dispose();
        using Socket connection = await reader.AcceptSocketAsync(Cancellation);
        await venue.PatchAsync($"sessions/close/{token}");
        await connection.SendAsync(Encoding.ASCII.GetBytes(Frame), Cancellation);
        connection.Shutdown(SocketShutdown.Send);
        _ = await connection.ReceiveAsync(new byte[1], Cancellation);
        await stop.CancelAsync();
        ToolRun ended = await run;

        Assert.Equal(ExitCode.Refused, ended.ExitCode);
        JsonElement result = Assert.Single(ended.Lines);
        Assert.Equal(1, result.GetProperty("unsent").GetInt32());
        string file = result.GetProperty("unsent_file").GetString()!;
        string line = Assert.Single(await File.ReadAllLinesAsync(file, Cancellation));
        Assert.Contains("\"chip\":\"058000128608\"", line, StringComparison.Ordinal);
        Assert.Contains("404", ended.Error, StringComparison.Ordinal);
        File.Delete(file);
    }

    static async Task<string> OpenSessionAsync(TestVenue venue)
    {
        string device = (await venue.PostAsync("devices", """{"model":"m","serial_number":"s"}""")).Body.Split('"')[7];
        return (await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Body.Split('"')[7];
    }

    [Fact]
    public async Task A_session_that_has_passings_is_refused_because_its_numbers_would_repeat()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string token = await OpenSessionAsync(venue);
        await venue.PostAsync(
            "passings",
            $$"""
            {"token_session":"{{token}}","passings_list":[{"bib":"1","num_passing":1,"timestamp":"2026-05-17T08:00:00.000Z"}]}
            """);
        ToolRun run = await ToolRun.Of(
            "ingest", "--wait-for-readers", "--reader", $"ipico=tcp://127.0.0.1:1;session={token}",
            "--post", venue.Server.BaseAddress.ToString(), "--api-key", TestVenue.ReadWriteKey);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("has 1 passings already", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("soon")]
    public async Task A_time_to_flush_that_makes_no_sense_is_said_at_the_start(string seconds)
    {
        ToolRun run = await ToolRun.Of(
            "ingest", "--reader", "ipico=tcp://127.0.0.1:1", "--post", "http://127.0.0.1:1/v0", "--api-key", "ror-x",
            "--flush-seconds", seconds);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
    }

    [Fact]
    public async Task A_wrong_key_is_one_clear_line()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ToolRun run = await ToolRun.Of(
            "ingest", "--wait-for-readers", "--reader", "ipico=tcp://127.0.0.1:1",
            "--post", venue.Server.BaseAddress.ToString(), "--api-key", "ror-wrong");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("KeyRefused", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("ror-wrong", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_cannot_be_reached_is_one_clear_line()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ToolRun run = await ToolRun.Of(
            "ingest", "--reader", "ipico=tcp://127.0.0.1:1", "--post", venue.Server.BaseAddress.ToString(),
            "--api-key", TestVenue.ReadWriteKey);
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("reader ipico 127.0.0.1:1 cannot be reached", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_one_clear_line()
    {
        ToolRun run = await ToolRun.Of(
            "ingest", "--wait-for-readers", "--reader", "ipico=tcp://127.0.0.1:1",
            "--post", "http://127.0.0.1:1/v0", "--api-key", "ror-x");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.StartsWith("rufus-ingest: Unreachable: POST devices", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nmea=tcp://127.0.0.1:1", "there is no protocol 'nmea'; there are: alien, ")]
    [InlineData("ipico", "is no reader; write it as PROTOCOL=tcp://HOST:PORT")]
    [InlineData("ipico=http://127.0.0.1:1", "is no reader")]
    [InlineData("ipico=tcp://127.0.0.1", "is no reader")]
    [InlineData("ipico=tcp://127.0.0.1:1;zone=Europe/Madird", "there is no time zone 'Europe/Madird'")]
    [InlineData("ipico=tcp://127.0.0.1:1;date=17.5.2026", "'17.5.2026' is no date")]
    [InlineData("ipico=tcp://127.0.0.1:1;lcation=X", "'lcation' in")]
    [InlineData("ipico=tcp://127.0.0.1:1;location", "needs a value")]
    public async Task A_reader_that_makes_no_sense_is_said(string reader, string message)
    {
        ToolRun run = await ToolRun.Of(
            "ingest", "--reader", reader, "--post", "http://127.0.0.1:1/v0", "--api-key", "ror-x");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_in_full_is_understood()
    {
        ReaderSpec spec = ReaderSpec.Parse(
            "ULTRA=tcp://[::1]:23;location=5 K;zone=Europe/Madrid;date=2026-05-17;session=ABC");
        Assert.Equal(("ultra", "::1", 23, "5 K"), (spec.Protocol, spec.Host, spec.Port, spec.Location));
        Assert.Equal(("ABC", new DateOnly(2026, 5, 17)), (spec.Session, spec.SessionDate));
    }
}
