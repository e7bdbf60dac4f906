using System.Net;
using System.Net.Sockets;

namespace RufusIngest.Tests.Support;

/// <summary>How a connection to a <see cref="LogReader"/> ended.</summary>
enum LogReaderEnd
{
    None,

    /// <summary>The client had taken every byte that was handed to the socket.</summary>
    AllTaken,

    /// <summary>The client's system threw bytes away that were handed over: the client had not taken them.</summary>
    BytesLost,
}

/// <summary>How fast a <see cref="LogReader"/> plays.</summary>
/// <param name="Bytes">Handed over at a time.</param>
/// <param name="Pause">Between two times; zero: as fast as they are taken.</param>
readonly record struct LogPace(int Bytes, TimeSpan Pause)
{
    public static LogPace Full { get; } = new(64 * 1024, TimeSpan.Zero);
}

/// <summary>
/// A TCP reader with a memory: each new connection gets the same bytes from the beginning. What an earlier connection
/// was given already comes as fast as it is taken, the rest at a stated pace; behind the last byte the stream ends.
/// One connection at a time. Members may be used from any thread.
/// </summary>
sealed class LogReader : IAsyncDisposable
{
    readonly byte[] _log;
    readonly TimeProvider _time;
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Signal _changed = new();
    readonly Task _run;
    long _handed;
    long _mostHanded;
    int _connections;
    volatile int _lastEnd;
    volatile bool _isPaused;
    int _timesPlayedOut;

    public LogReader(byte[] log, LogPace pace, TimeProvider? time = null)
    {
        (_log, Pace, _time) = (log, pace, time ?? TimeProvider.System);
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _run = RunAsync();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Set it only while no connection is open.</summary>
    public LogPace Pace { get; set; }

    /// <summary>Hands nothing over while it is set; a piece under way still goes.</summary>
    public bool IsPaused
    {
        get => _isPaused;
        set
        {
            _isPaused = value;
            _changed.Raise();
        }
    }

    public int Length => _log.Length;

    /// <summary>Connections made so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes handed to the socket of the last connection.</summary>
    public long Handed => Interlocked.Read(ref _handed);

    /// <summary>The most that any connection was handed.</summary>
    public long MostHanded => Interlocked.Read(ref _mostHanded);

    /// <summary>How the last connection ended; none while it is open.</summary>
    public LogReaderEnd LastEnd => (LogReaderEnd)_lastEnd;

    /// <summary>
    /// How often a connection was given everything and its client closed it after taking everything. A client that was
    /// killed then may have lost what it took.
    /// </summary>
    public int TimesPlayedOut => Volatile.Read(ref _timesPlayedOut);

    /// <summary>Ends when the condition holds; looked at when bytes were handed over or a connection ended.</summary>
    public Task UntilAsync(Func<bool> condition, CancellationToken cancellation) =>
        _changed.UntilAsync(condition, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _listener.Dispose();
        _stop.Dispose();
    }

    async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                client.NoDelay = true;
                Interlocked.Exchange(ref _handed, 0);
                _lastEnd = (int)LogReaderEnd.None;
                Interlocked.Increment(ref _connections);
                using var left = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                Task<LogReaderEnd> end = WatchAsync(client, left);
                bool wasReset = await PlayAsync(client, left.Token);
                LogReaderEnd ended = await end;
                if (wasReset)
                    ended = LogReaderEnd.BytesLost;
                if (ended == LogReaderEnd.AllTaken && Handed == _log.Length)
                    Interlocked.Increment(ref _timesPlayedOut);
                _lastEnd = (int)ended;
                _changed.Raise();
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Stop();
        }
    }

    /// <summary>Waits for the client to leave. A system that throws unread bytes away resets the connection.</summary>
    async Task<LogReaderEnd> WatchAsync(Socket client, CancellationTokenSource left)
    {
        byte[] ignored = new byte[256];
        try
        {
            while (await client.ReceiveAsync(ignored, _stop.Token) > 0)
            {
                // What a client says is nothing to it.
            }

            return LogReaderEnd.AllTaken;
        }
        catch (SocketException)
        {
            return LogReaderEnd.BytesLost;
        }
        finally
        {
            await left.CancelAsync();
        }
    }

    /// <summary>
    /// Ends early, without an error, when the client leaves. True when it was told of the reset, which is told once.
    /// </summary>
    async Task<bool> PlayAsync(Socket client, CancellationToken left)
    {
        try
        {
            while (Handed < _log.Length)
            {
                if (_isPaused)
                    await _changed.UntilAsync(() => !_isPaused, left);
                long at = Handed;
                int most = at < MostHanded
                    ? (int)Math.Min(MostHanded - at, LogPace.Full.Bytes)
                    : (int)Math.Min(Pace.Bytes, _log.Length - at);
                int sent = await client.SendAsync(_log.AsMemory((int)at, most), left);
                at = Interlocked.Add(ref _handed, sent);
                bool isNew = at > MostHanded;
                Interlocked.Exchange(ref _mostHanded, Math.Max(at, MostHanded));
                _changed.Raise();
                if (isNew && Pace.Pause > TimeSpan.Zero)
                    await Task.Delay(Pace.Pause, _time, left);
            }

            client.Shutdown(SocketShutdown.Send);
            return false;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            _stop.Token.ThrowIfCancellationRequested();
            return exception is SocketException;
        }
    }
}
