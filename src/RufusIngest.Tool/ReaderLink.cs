using System.IO.Pipelines;
using System.Net.Sockets;

namespace RufusIngest.Tool;

/// <summary>Keeps one reader connected: connects, reads to the end, connects again.</summary>
sealed class ReaderLink(ReaderSpec reader, Terminal terminal)
{
    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.1);
    static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    public int Connections { get; private set; }

    /// <summary>Reads until cancelled, or until the reader is said to be over when a connection has ended.</summary>
    /// <param name="pipeline">Gets the bytes.</param>
    /// <param name="isOver">True when no further connection is worth a try.</param>
    /// <param name="cancellation">Ends it; what was read stays.</param>
    public async Task RunAsync(IngestPipeline pipeline, Func<bool> isOver, CancellationToken cancellation)
    {
        TimeSpan delay = FirstDelay;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using Socket socket = await ConnectAsync(cancellation).ConfigureAwait(false);
                Connections++;
                delay = FirstDelay;
                if (Connections > 1)
                    terminal.Say($"{reader.Name}: connected again.");
                await ReadAsync(socket, pipeline, cancellation).ConfigureAwait(false);
                if (!isOver())
                    terminal.Say($"{reader.Name}: the connection ended; connecting again.");
            }
            catch (Exception exception) when (exception is SocketException or IOException or TimeoutException)
            {
                if (delay == FirstDelay && !isOver())
                    terminal.Say($"{reader.Name}: {exception.Message}; trying again.");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }

            if (isOver())
                return;
            await Task.Delay(delay, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    /// <summary>Finds out whether the reader answers, before anything is changed at the server.</summary>
    /// <exception cref="ToolException">It does not.</exception>
    public async Task ProbeAsync(CancellationToken cancellation)
    {
        try
        {
            using Socket socket = await ConnectAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or IOException or TimeoutException)
        {
            throw new ToolException(
                ExitCode.Unreachable,
                $"reader {reader.Name} cannot be reached: {exception.Message} (--wait-for-readers waits for it).",
                exception);
        }
    }

    async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTimeout);
        try
        {
            // A reader that loses its power says nothing; only probes can tell.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(reader.Host, reader.Port, limit.Token).ConfigureAwait(false);
            return socket;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"no answer within {ConnectTimeout.TotalSeconds:0} s");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task ReadAsync(Socket socket, IngestPipeline pipeline, CancellationToken cancellation)
    {
        using NetworkStream stream = new(socket);
        PipeReader source = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        await pipeline.ReadAsync(reader.Name, source, cancellation: cancellation).ConfigureAwait(false);
    }
}
