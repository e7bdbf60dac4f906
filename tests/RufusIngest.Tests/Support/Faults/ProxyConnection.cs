using System.Net.Sockets;

namespace RufusIngest.Tests.Support;

/// <summary>One client's connection through the proxy, with its connection to the server.</summary>
sealed class ProxyConnection(FaultProxy proxy, Socket client) : IDisposable
{
    static readonly byte[] Continue = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();

    readonly NetworkStream _client = new(client);
    readonly HttpFramer _requests = new(new NetworkStream(client));
    Socket? _serverSocket;
    NetworkStream? _server;
    HttpFramer? _answers;

    /// <summary>Carries exchanges until a side ends or a fault cuts.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        client.NoDelay = true;
        while (await _requests.ReadHeadAsync(cancellation) is { } head)
        {
            RequestInfo request = proxy.Begin(head);
            try
            {
                if (!await ExchangeAsync(head, request, cancellation) || head.Closes)
                    return;
            }
            finally
            {
                request.IsOver = true;
                proxy.SayChanged();
            }
        }
    }

    public void Dispose()
    {
        client.Dispose();
        _serverSocket?.Dispose();
    }

    /// <summary>False when the connection is at its end.</summary>
    async Task<bool> ExchangeAsync(HttpHead head, RequestInfo request, CancellationToken cancellation)
    {
        Fault fault = request.Fault;
        if (!await GoesOnAsync(request, FaultPoint.RequestHead, cancellation))
            return false;
        if (head.WantsContinue)
            await _client.WriteAsync(Continue, cancellation);
        using MemoryStream body = new();
        if (fault.Point == FaultPoint.InRequest && fault.Act != FaultAct.None)
        {
            long most = Math.Max(0, (head.ContentLength ?? long.MaxValue) - 1);
            await _requests.ReadBodyAsync(body, Math.Min(fault.Bytes, most), cancellation);
            await ForwardAsync(head.Bytes, request, cancellation);
            await ForwardAsync(body.ToArray(), request, cancellation);
            if (!await GoesOnAsync(request, FaultPoint.InRequest, cancellation))
                return false;
        }

        await _requests.ReadBodyAsync(body, long.MaxValue, cancellation);
        request.Body = body.ToArray();
        if (!await GoesOnAsync(request, FaultPoint.BeforeForward, cancellation))
            return false;
        if (fault.Act == FaultAct.Answer && fault.Point <= FaultPoint.BeforeForward)
        {
            // An answer to the head alone was given already.
            return fault.Point == FaultPoint.RequestHead || await AnswerAsync(request, cancellation);
        }

        if (request.BytesForwarded == 0)
            await ForwardAsync(head.Bytes, request, cancellation);
        await ForwardAsync(request.Body.AsMemory(request.BytesForwarded - head.Bytes.Length), request, cancellation);
        request.IsForwarded = true;
        return await PassAnswerAsync(request, cancellation);
    }

    async Task<bool> PassAnswerAsync(RequestInfo request, CancellationToken cancellation)
    {
        HttpHead head;
        do
        {
            head = await _answers!.ReadHeadAsync(cancellation)
                ?? throw new EndOfStreamException("The server ended the connection instead of answering.");
        }
        while (head.Status < 200);
        using MemoryStream answer = new();
        answer.Write(head.Bytes);
        await _answers.ReadBodyAsync(answer, long.MaxValue, cancellation);
        request.ServerStatus = head.Status;
        Fault fault = request.Fault;
        if (!await GoesOnAsync(request, FaultPoint.AfterForward, cancellation))
            return false;
        if (fault is { Act: FaultAct.Answer, Point: FaultPoint.AfterForward })
            return await AnswerAsync(request, cancellation);

        Memory<byte> rest = answer.ToArray();
        if (fault.Point == FaultPoint.InAnswer && fault.Act != FaultAct.None)
        {
            int first = Math.Min(fault.Bytes, rest.Length - 1);
            await PassAsync(rest[..first], request, cancellation);
            if (!await GoesOnAsync(request, FaultPoint.InAnswer, cancellation))
                return false;
            rest = rest[first..];
        }

        await PassAsync(rest, request, cancellation);
        return await GoesOnAsync(request, FaultPoint.AnswerPassed, cancellation)
            && !head.Closes && !_answers.IsAtEnd;
    }

    /// <summary>Says that a point is reached, and lets the fault act if it is there.</summary>
    async Task<bool> GoesOnAsync(RequestInfo request, FaultPoint point, CancellationToken cancellation)
    {
        request.Reached = point;
        Fault fault = request.Fault;
        bool acts = fault.Act != FaultAct.None && fault.Point == point;
        request.HasActed |= acts;
        if (request.Ordinal > 0)
            proxy.SayChanged();
        if (!acts)
            return true;
        switch (fault.Act)
        {
            case FaultAct.Delay:
                await Task.Delay(fault.Wait, proxy.Time, cancellation);
                return true;
            case FaultAct.Hold:
                return await proxy.HoldAsync(request) || Cut(reset: true);
            case FaultAct.Close or FaultAct.Reset:
                return Cut(fault.Act == FaultAct.Reset);
            default:
                return point != FaultPoint.RequestHead || await AnswerAsync(request, cancellation);
        }
    }

    bool Cut(bool reset)
    {
        foreach (Socket? socket in (ReadOnlySpan<Socket?>)[client, _serverSocket])
        {
            if (socket is null)
                continue;
            if (reset)
                socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }

        return false;
    }

    async Task<bool> AnswerAsync(RequestInfo request, CancellationToken cancellation)
    {
        await PassAsync(request.Fault.AnswerBytes(), request, cancellation);
        return true;
    }

    async Task PassAsync(ReadOnlyMemory<byte> bytes, RequestInfo request, CancellationToken cancellation)
    {
        await _client.WriteAsync(bytes, cancellation);
        request.BytesAnswered += bytes.Length;
    }

    async Task ForwardAsync(ReadOnlyMemory<byte> bytes, RequestInfo request, CancellationToken cancellation)
    {
        if (_server is null)
        {
            _serverSocket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await _serverSocket.ConnectAsync(proxy.Server.Host, proxy.Server.Port, cancellation);
            _server = new NetworkStream(_serverSocket);
            _answers = new HttpFramer(_server);
        }

        await _server.WriteAsync(bytes, cancellation);
        request.BytesForwarded += bytes.Length;
    }
}
