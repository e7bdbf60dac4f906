using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace RufusIngest.Simulators;

/// <summary>
/// One reader as a TCP server on a free loopback port. It plays to one client at a time and waits for the next when
/// that one closes, even by half; a client that does not read slows it down. What a client sends is read and ignored.
/// After the last byte it ends the connection and stops listening. Each connection after the first begins with the last
/// 36 reads again; what a client left unread when it closed by itself is lost to it beyond those. Members may be read
/// from any thread.
/// </summary>
public sealed class SimulatedReader : IAsyncDisposable
{
    internal const int ReplayedReads = 36;
    private const int FlushAt = 64 * 1024;

    private readonly ReaderScript _script;
    private readonly PlayClock _clock;
    private readonly SegmentSizes _segments;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ArrayBufferWriter<byte> _pending = new(2 * FlushAt);
    private readonly List<Task> _connections = [];
    private readonly Task _run;
    private int _next; // first item not yet handed to TCP
    private int _cutAt; // item in which the connection is cut; −1 = none, or done
    private int _readsSent;
    private long _bytesSent;
    private int _disposed;

    internal SimulatedReader(ReaderScript script, PlayClock clock, int? cutAfterReads)
    {
        _script = script;
        _clock = clock;
        _segments = new SegmentSizes(script.Protocol);
        _cutAt = cutAfterReads is { } reads ? IndexOfRead(script.Items, reads) : -1;
        TotalReads = script.ReadCount + (_cutAt < 0 ? 0 : Math.Min(ReplayedReads, cutAfterReads ?? 0));
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _run = RunAsync(_stop.Token);
    }

    /// <summary>Location and protocol, such as <c>START ipico</c>.</summary>
    public string Name => $"{Location} {Protocol}";

    /// <summary><c>ipico</c>, <c>cloudbox</c> or <c>ultra</c>.</summary>
    public string Protocol => _script.ProtocolName;

    /// <summary><c>START</c>, <c>5K</c> or <c>FINISH</c>.</summary>
    public string Location => _script.Location;

    /// <summary>Stamps on the wire minus UTC: the race's offset, or zero for the CloudBox, which sends UTC.</summary>
    public TimeSpan LocalOffset => _script.LocalOffset;

    /// <summary>Where to connect. Valid from the start to the end of the play.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>
    /// Chip reads the whole play sends: repeats and the reads replayed after a planned cut included, gun records not.
    /// </summary>
    public int TotalReads { get; }

    /// <summary>Whole chip reads handed to TCP so far, counted as in <see cref="TotalReads"/>.</summary>
    public int ReadsSent => Volatile.Read(ref _readsSent);

    /// <summary>Bytes handed to TCP so far, greetings and a frame cut short included.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>
    /// Ends when the last byte and the end of the stream are handed to TCP, which may be before the client has read
    /// them; cancelled if the reader is disposed before.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>Stops playing and closes the port. Bytes already handed to TCP after completion still arrive.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
        await Task.WhenAll(_connections).ConfigureAwait(false);
        _listener.Dispose();
        _stop.Dispose();
    }

    private static int IndexOfRead(ReadOnlySpan<ScriptItem> items, int read)
    {
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].Kind == ScriptKind.Read && read-- == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var finished = false;
            while (!finished)
            {
                var client = await _listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
                client.NoDelay = true;
                var left = DrainAndCloseAsync(client, cancellationToken);
                _connections.Add(left);
                _clock.Start();
                finished = await PlayToAsync(client, left, cancellationToken).ConfigureAwait(false);
            }

            _listener.Stop();
            _completion.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            _completion.TrySetCanceled(cancellationToken);
        }
        catch (Exception failure)
        {
            _completion.TrySetException(failure);
        }
    }

    /// <summary>
    /// Owns the socket. Unread input would turn its close into a reset, which discards what the client has yet to read;
    /// so does closing before the client has: both are why a connection lives until the client ends it.
    /// </summary>
    private static async Task DrainAndCloseAsync(Socket client, CancellationToken cancellationToken)
    {
        using var owned = client;
        var ignored = new byte[1024];
        try
        {
            while (await client.ReceiveAsync(ignored, SocketFlags.None, cancellationToken).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException)
        {
        }

        try
        {
            // Disposing alone resets the connection when a send or receive has not quite returned.
            client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The client was faster.
        }
    }

    /// <summary>True when the script is at its end, false when the connection is and the script is not.</summary>
    private async Task<bool> PlayToAsync(Socket client, Task left, CancellationToken cancellationToken)
    {
        _pending.Clear();
        try
        {
            await SendAsync(client, BeginConnection(), _next, cancellationToken).ConfigureAwait(false);
            while (_next < _script.Items.Length)
            {
                var wait = _clock.Until(_script.Items[_next].SendUtcMs);
                if (wait > TimeSpan.Zero)
                {
                    var due = _clock.DelayAsync(wait, cancellationToken);
                    if (_clock.Until(_script.Items[_next].SendUtcMs) == TimeSpan.Zero)
                    {
                        continue; // the clock leapt after the wait was reckoned, before it began
                    }

                    if (await Task.WhenAny(due, left).ConfigureAwait(false) == left)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        return false;
                    }

                    await due.ConfigureAwait(false);
                    continue;
                }

                var reads = EncodeWhatIsDue(out var upTo);
                await SendAsync(client, reads, upTo, cancellationToken).ConfigureAwait(false);
                if (_next == _cutAt)
                {
                    await SendHalfAFrameAsync(client, cancellationToken).ConfigureAwait(false);
                    return false;
                }
            }

            client.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Greets and, after a break, puts the last reads before it in front of what follows.</summary>
    private int BeginConnection()
    {
        var items = _script.Items;
        _script.WriteGreeting(_pending, LastStampBefore(items, _next));
        var from = _next;
        for (var reads = 0; from > 0 && reads < ReplayedReads; from--)
        {
            reads += items[from - 1].Kind == ScriptKind.Read ? 1 : 0;
        }

        return Encode(from, _next, rewound: true);
    }

    private static long LastStampBefore(ReadOnlySpan<ScriptItem> items, int end)
    {
        while (--end >= 0)
        {
            if (items[end].Kind != ScriptKind.Notice)
            {
                return items[end].UtcMs;
            }
        }

        return 0;
    }

    private int EncodeWhatIsDue(out int upTo)
    {
        var items = _script.Items;
        var reads = 0;
        upTo = _next;
        while (upTo < items.Length
            && upTo != _cutAt
            && _pending.WrittenCount < FlushAt
            && _clock.Until(items[upTo].SendUtcMs) == TimeSpan.Zero)
        {
            reads += Encode(upTo, upTo + 1, rewound: false);
            upTo++;
        }

        return reads;
    }

    private int Encode(int from, int to, bool rewound)
    {
        var reads = 0;
        foreach (ref readonly var item in _script.Items[from..to])
        {
            if (item.Kind == ScriptKind.Read)
            {
                reads++;
            }
            else if (rewound)
            {
                continue; // a second gun would be another gun, and notices are not kept
            }

            _script.Write(_pending, item, rewound);
        }

        return reads;
    }

    /// <summary>Only a complete write moves the script on, so that a break in the middle loses nothing here.</summary>
    private async Task SendAsync(Socket client, int reads, int upTo, CancellationToken cancellationToken)
    {
        await SendBytesAsync(client, _pending.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _pending.Clear();
        _next = upTo;
        Volatile.Write(ref _readsSent, _readsSent + reads);
    }

    private async Task SendBytesAsync(Socket client, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var segment = bytes[..Math.Min(bytes.Length, _segments.Next())];
            var sent = await client.SendAsync(segment, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _bytesSent, sent);
            bytes = bytes[sent..];
        }
    }

    private async Task SendHalfAFrameAsync(Socket client, CancellationToken cancellationToken)
    {
        _cutAt = -1;
        _script.Write(_pending, _script.Items[_next], rewound: false);
        var half = _pending.WrittenMemory[..(_pending.WrittenCount / 2)];
        await SendBytesAsync(client, half, cancellationToken).ConfigureAwait(false);
        _pending.Clear();
        client.Shutdown(SocketShutdown.Send);
    }
}
