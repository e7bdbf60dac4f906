using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class RawRequestsTests
{
    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n{\"token_session\":")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n10\r\n{\"tok")]
    [InlineData("Content-Length: 100\r\n")]
    public async Task a_client_that_leaves_in_the_middle_is_no_fault_of_the_server(string rest)
    {
        using var logs = new CapturedLogs();
        await using (var venue = await TestVenue.StartAsync(TestVenue.Options with { LoggerFactory = logs }))
        {
            using (var socket = await ConnectAsync(venue, rest))
                socket.LingerState = new LingerOption(true, 0);
            Assert.NotNull(await venue.OpenAsync());
            await venue.Server.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.DoesNotContain(logs.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task broken_chunk_framing_is_400()
    {
        await using var venue = await TestVenue.StartAsync();
        using var socket = await ConnectAsync(venue, "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("""{"description":"The request could not be read"}""", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Content-Encoding: gzip\r\n")]
    [InlineData("Content-Encoding: br\r\n")]
    public async Task a_body_that_never_comes_to_its_end_is_408(string encoding)
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        using var socket = await ConnectAsync(
            venue, $"Expect: 100-continue\r\n{encoding}Transfer-Encoding: chunked\r\n\r\n");
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);

        // The server asks for the body when it has begun to read it.
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        clock.Advance(VenueServerOptions.MaxBodyTime);
        await IsTooSlowAsync(venue, reader);
    }

    [Fact]
    public async Task a_body_that_drips_is_408()
    {
        await using var venue = await TestVenue.StartAsync(
            TestVenue.Options with { BodyGracePeriod = TimeSpan.FromSeconds(1.1) });
        using var socket = await ConnectAsync(venue, "Content-Length: 100\r\n\r\n{\"tok");
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        await IsTooSlowAsync(venue, reader);
    }

    static async Task IsTooSlowAsync(TestVenue venue, StreamReader reader)
    {
        const string Words = """{"description":"The body came too slowly"}""";
        var answer = new StringBuilder();
        var piece = new char[Words.Length];
        while (!answer.ToString().EndsWith(Words, StringComparison.Ordinal))
        {
            var length = await reader.ReadAsync(piece, TestContext.Current.CancellationToken);
            Assert.NotEqual(0, length);
            answer.Append(piece, 0, length);
        }

        Assert.Contains("HTTP/1.1 408 ", answer.ToString(), StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, venue.Server.Counters.BadRequests);
        Assert.NotNull(await venue.OpenAsync());
    }

    static async Task<Socket> ConnectAsync(TestVenue venue, string rest)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var cancelled = TestContext.Current.CancellationToken;
        await socket.ConnectAsync("127.0.0.1", venue.Server.BaseAddress.Port, cancelled);
        var head = $"POST /v0/passings HTTP/1.1\r\nHost: x\r\napi_key: {TestVenue.ReadWriteKey}\r\n{rest}";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head), cancelled);
        return socket;
    }
}
