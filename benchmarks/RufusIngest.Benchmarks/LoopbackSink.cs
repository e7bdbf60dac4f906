using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RufusIngest.Benchmarks;

/// <summary>The least an HTTP server can do: reads each request, counts its passings and answers 201.</summary>
sealed class LoopbackSink : IAsyncDisposable
{
    static readonly byte[] Answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly List<Task> _connections = [];
    readonly Task _accepting;
    long _passings;

    public LoopbackSink()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v0/");

    public long Passings => Interlocked.Read(ref _passings);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptSocketAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    async Task ServeAsync(Socket socket)
    {
        byte[] buffer = new byte[256 * 1024];
        int filled = 0;
        using (socket)
        {
            socket.NoDelay = true;
            while (true)
            {
                int end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
                if (end < 0)
                {
                    int read = await socket.ReceiveAsync(buffer.AsMemory(filled));
                    if (read == 0)
                        return;
                    filled += read;
                    continue;
                }

                int left = LengthIn(buffer.AsSpan(0, end));
                int body = Math.Min(left, filled - end - 4);
                Count(buffer.AsSpan(end + 4, body));
                buffer.AsSpan(end + 4 + body, filled - end - 4 - body).CopyTo(buffer);
                filled -= end + 4 + body;
                for (left -= body; left > 0;)
                {
                    int read = await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)));
                    if (read == 0)
                        return;
                    Count(buffer.AsSpan(0, read));
                    left -= read;
                }

                Interlocked.Decrement(ref _passings); // The body's own brace.
                await socket.SendAsync(Answer);
            }
        }
    }

    /// <summary>Each passing is one object.</summary>
    void Count(ReadOnlySpan<byte> body) => Interlocked.Add(ref _passings, body.Count((byte)'{'));

    static int LengthIn(ReadOnlySpan<byte> head)
    {
        string text = Encoding.ASCII.GetString(head);
        int at = text.IndexOf("Content-Length:", StringComparison.OrdinalIgnoreCase) + 15;
        int end = text.IndexOf('\r', at);
        return int.Parse(end < 0 ? text[at..] : text[at..end]);
    }
}
