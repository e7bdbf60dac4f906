using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RufusIngest.AotCheck;

/// <summary>One request as it came over the wire.</summary>
sealed record ArrivedRequest(string Head, string Body);

/// <summary>
/// The other end of the wire: takes requests with a Content-Length on loopback, answers 201 and keeps their bytes. It
/// shares no code with the library or with ASP.NET Core, which a native client must not need.
/// </summary>
sealed class LoopbackCloud : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentQueue<ArrivedRequest> _requests = new();
    readonly Task _run;

    public LoopbackCloud()
    {
        _listener.Start();
        _run = AcceptAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/v0/");

    public IReadOnlyCollection<ArrivedRequest> Requests => _requests;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _run;
        _stop.Dispose();
    }

    async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                while (await TryReadHeadAsync(stream) is { } head)
                {
                    byte[] body = new byte[ContentLength(head)];
                    await stream.ReadExactlyAsync(body, _stop.Token);
                    _requests.Enqueue(new ArrivedRequest(head, Encoding.UTF8.GetString(body)));
                    await stream.WriteAsync("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The client hung up or the check is over; what arrived is judged by the caller.
            }
        }
    }

    async Task<string?> TryReadHeadAsync(NetworkStream stream)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one, _stop.Token) == 1)
        {
            head.Add(one[0]);
            if (head is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'])
                return Encoding.ASCII.GetString([.. head]);
        }

        return null;
    }

    static int ContentLength(string head)
    {
        const string Name = "\r\nContent-Length: ";
        int start = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (start < 0)
            return 0;
        start += Name.Length;
        return int.Parse(head.AsSpan(start, head.IndexOf('\r', start) - start));
    }
}
