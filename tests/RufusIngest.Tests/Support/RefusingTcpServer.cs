using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RufusIngest.Tests.Support;

/// <summary>
/// A real server on the loopback that reads a request's headers, says what it is told to, and then reads nothing until
/// it is asked for the rest.
/// </summary>
sealed class RefusingTcpServer : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RefusingTcpServer() => _listener.Start();

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v0";

    /// <summary>Takes a connection, reads up to the blank line and answers.</summary>
    public async Task<RefusedConnection> AcceptAsync(string answer, CancellationToken cancellationToken)
    {
        Socket socket = await _listener.AcceptSocketAsync(cancellationToken);
        socket.ReceiveBufferSize = 16 * 1024;
        List<byte> received = [];
        byte[] one = new byte[1];
        while (!Encoding.Latin1.GetString([.. received]).EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.Equal(1, await socket.ReceiveAsync(one, cancellationToken));
            received.Add(one[0]);
        }

        await socket.SendAsync(Encoding.Latin1.GetBytes(answer), cancellationToken);
        return new(socket);
    }

    public void Dispose() => _listener.Dispose();
}

/// <summary>The connection of a request that was answered before its body was read.</summary>
sealed class RefusedConnection(Socket socket) : IDisposable
{
    /// <summary>Reads one byte of the body: the body is being written.</summary>
    public async Task<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        byte[] one = new byte[1];
        Assert.Equal(1, await socket.ReceiveAsync(one, cancellationToken));
        return one[0];
    }

    /// <summary>Reads until the other side ends or breaks the connection.</summary>
    public async Task<byte[]> ReadRestAsync(CancellationToken cancellationToken)
    {
        using MemoryStream rest = new();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0;)
                rest.Write(buffer, 0, read);
        }
        catch (SocketException)
        {
            // Reset: what came before counts.
        }

        return rest.ToArray();
    }

    public void Dispose() => socket.Dispose();
}
