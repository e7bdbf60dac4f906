using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RufusIngest.Tests.Support;

/// <summary>
/// An HTTP/1.1 proxy on the loopback between a client and its server, that spoils exchanges at stated points. Each
/// connection of the client has one of its own to the server. Members may be used from any thread.
/// </summary>
sealed class FaultProxy : IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Channel<HeldRequest> _held = Channel.CreateUnbounded<HeldRequest>();
    readonly List<RequestInfo> _requests = [];
    readonly HashSet<Task> _connections = [];
    readonly Signal _changed = new();
    readonly Task _run;

    /// <summary>Starts it.</summary>
    /// <param name="server">Base address of the server.</param>
    /// <param name="rule">What happens to each treated request, asked when its head is here; null: nothing.</param>
    public FaultProxy(Uri server, Func<RequestInfo, Fault>? rule = null)
    {
        Server = server;
        Rule = rule ?? (_ => Fault.None);
        _listener.Start();
        BaseAddress = new UriBuilder(server) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _run = AcceptAsync();
    }

    public Uri Server { get; }

    /// <summary>The server's base address with the proxy's port.</summary>
    public Uri BaseAddress { get; }

    /// <summary>May be set while it runs; counts from the next request on.</summary>
    public Func<RequestInfo, Fault> Rule { get; set; }

    /// <summary>Which requests are treated and kept. The others pass as they are.</summary>
    public Func<HttpHead, bool> Treats { get; init; } = head =>
        head.FirstLine.StartsWith("POST ", StringComparison.Ordinal)
        && head.FirstLine.Split(' ')[1].EndsWith("/passings", StringComparison.Ordinal);

    /// <summary>
    /// Called by the exchange itself when it stands still, before anything else can happen to it: the way to be faster
    /// than a client that has its answer. May be set while it runs.
    /// </summary>
    public Action<RequestInfo>? OnHeld { get; set; }

    /// <summary>The clock of delays.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Connections that clients made.</summary>
    public int Connections { get; private set; }

    /// <summary>The treated requests so far, in order.</summary>
    public IReadOnlyList<RequestInfo> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    /// <summary>How many exchanges each fault hit, by <see cref="Fault.Name"/>.</summary>
    public IReadOnlyDictionary<string, int> Counts =>
        Requests.Where(request => request.HasActed || request.Fault.Act == FaultAct.None)
            .CountBy(request => request.Fault.Name).ToDictionary();

    /// <summary>The next exchange that stands still and was not told yet.</summary>
    public ValueTask<HeldRequest> NextHeldAsync(CancellationToken cancellation) =>
        _held.Reader.ReadAsync(cancellation);

    /// <summary>Ends when the condition holds; looked at when an exchange has reached another point.</summary>
    public Task UntilAsync(Func<bool> condition, CancellationToken cancellation) =>
        _changed.UntilAsync(condition, cancellation);

    /// <summary>Breaks what is under way and closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        Task[] connections;
        lock (_gate)
            connections = [.. _connections];
        await Task.WhenAll(connections);
        _listener.Dispose();
        _stop.Dispose();
    }

    internal RequestInfo Begin(HttpHead head)
    {
        if (!Treats(head))
            return new RequestInfo(0, head);
        RequestInfo request;
        lock (_gate)
        {
            request = new RequestInfo(_requests.Count + 1, head);
            request.Fault = Rule(request);
            _requests.Add(request);
        }

        _changed.Raise();
        return request;
    }

    internal void SayChanged() => _changed.Raise();

    internal async Task<bool> HoldAsync(RequestInfo request)
    {
        OnHeld?.Invoke(request);
        HeldRequest held = new(request);
        _held.Writer.TryWrite(held);
        return await held.GoesOn.WaitAsync(_stop.Token);
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                Connections++;
                Task connection = RunAsync(client);
                lock (_gate)
                {
                    _connections.RemoveWhere(task => task.IsCompleted);
                    _connections.Add(connection);
                }
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Stop();
        }
    }

    async Task RunAsync(Socket client)
    {
        using ProxyConnection connection = new(this, client);
        try
        {
            await connection.RunAsync(_stop.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // One of the sides is no more, or the proxy ends.
        }
    }
}
