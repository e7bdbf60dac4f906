using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace RufusIngest.Tests.Support;

/// <summary>A line to PostgreSQL that breaks behind a COMMIT: the database has done it, and nobody is told.</summary>
sealed class CommitCutter : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly NpgsqlConnectionStringBuilder _to;
    readonly Task _accepting;
    TaskCompletionSource _hasCut = new();
    int _isArmed;

    public CommitCutter(string connectionString)
    {
        _to = new(connectionString);
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1",
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
            SslMode = SslMode.Disable,
        }.ConnectionString;
        _accepting = AcceptAsync();
    }

    public string ConnectionString { get; }

    /// <summary>Ends when the line was cut.</summary>
    public Task HasCut => _hasCut.Task;

    public void CutNext()
    {
        _hasCut = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _isArmed, 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    async Task AcceptAsync()
    {
        List<Task> lines = [];
        try
        {
            while (true)
                lines.Add(PassAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        finally
        {
            await Task.WhenAll(lines).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task PassAsync(TcpClient client)
    {
        using TcpClient server = new();
        using (client)
        {
            await server.ConnectAsync(_to.Host!, _to.Port, _end.Token);
            NetworkStream up = server.GetStream();
            NetworkStream down = client.GetStream();
            TaskCompletionSource commits = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task answers = AnswerAsync(up, down, commits.Task);
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = await down.ReadAsync(buffer, _end.Token)) > 0)
            {
                if (buffer.AsSpan(0, read).IndexOf("COMMIT\0"u8) >= 0 && Interlocked.Exchange(ref _isArmed, 0) == 1)
                    commits.SetResult();
                await up.WriteAsync(buffer.AsMemory(0, read), _end.Token);
                if (commits.Task.IsCompleted)
                    break;
            }

            await answers;
        }
    }

    /// <summary>Brings answers back, up to the one that is to be lost.</summary>
    async Task AnswerAsync(NetworkStream up, NetworkStream down, Task commits)
    {
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await up.ReadAsync(buffer, _end.Token)) > 0)
        {
            if (commits.IsCompleted)
            {
                _hasCut.TrySetResult();
                return;
            }

            await down.WriteAsync(buffer.AsMemory(0, read), _end.Token);
        }
    }
}
