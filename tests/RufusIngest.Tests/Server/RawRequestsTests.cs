using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
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
