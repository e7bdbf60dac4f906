using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

/// <summary>A batch's memory stays its own while a body is being written from it, whatever else has happened.</summary>
public sealed class BodyUnderWayTests : IDisposable
{
    const string Refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";

    /// <summary>More than the socket buffers of both sides hold.</summary>
    const int BibLength = 4 << 20;

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    readonly CountingBatchPool _pool = new(4);
    readonly WatchedTime _time = new();
    readonly Channel<PassingBatch> _batches = Channel.CreateUnbounded<PassingBatch>();

    public void Dispose() => Assert.Equal(0, _pool.Out);

    [Theory]
    [InlineData(201)]
    [InlineData(403)]
    public async Task an_answer_that_comes_before_the_body_is_written_does_not_free_the_batch(int status)
    {
        using EarlyAnswer handler = new(status);
        PassingsUploader uploader = Uploader(new HttpClient(handler));
        Write(100);
        Write(100, first: 3); // Its passings come into the memory of the first ones.
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        await handler.Body.Begun.WaitAsync(Cancelled);
        await handler.Disposed.Task.WaitAsync(Cancelled); // The uploader has its answer and is done with it.
        Assert.False(run.IsCompleted);
        Assert.Equal(2, _pool.Out);
        handler.Body.Release();
        await EndAsync(run, uploader, status == 403);
        string body = Encoding.UTF8.GetString(handler.Body.ToArray());
        Assert.Contains("\"num_passing\":1,", body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"num_passing\":3,", body, StringComparison.Ordinal);
        Assert.DoesNotContain(CountingBatchPool.Poison, handler.Body.ToArray());
        Assert.Equal(handler.Length, handler.Body.Length);
    }

    [Fact]
    public async Task a_cancelled_run_ends_only_when_the_body_is_no_longer_read()
    {
        using EarlyAnswer handler = new(0);
        PassingsUploader uploader = Uploader(new HttpClient(handler));
        Write(100);
        using CancellationTokenSource cancel = new();
        Task run = uploader.RunAsync(_batches.Reader, cancel.Token);
        await handler.Body.Begun.WaitAsync(Cancelled);
        await cancel.CancelAsync();
        await handler.Cancelled.Task.WaitAsync(Cancelled);
        Assert.False(run.IsCompleted);
        handler.Body.Release();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(handler.Length, handler.Body.Length);
        DisposeAll(uploader);
        Assert.DoesNotContain(CountingBatchPool.Poison, handler.Body.ToArray());
    }

    [Fact]
    public async Task over_a_socket_an_early_refusal_leaves_the_batch_alone_until_the_write_has_ended()
    {
        using RefusingTcpServer server = new();
        using HttpClient http = new() { BaseAddress = new(server.Address) };
        PassingsUploader uploader = Uploader(http);
        Write(BibLength);
        _batches.Writer.Complete();
        Task run = uploader.RunAsync(_batches.Reader, Cancelled);
        using (RefusedConnection first = await server.AcceptAsync(Refusal, Cancelled))
        {
            Assert.Equal((byte)'{', await first.ReadByteAsync(Cancelled));
            Assert.Equal(1, _pool.Out);
            Assert.False(run.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(30)); // Nobody reads: the request runs out of time.
            byte[] sent = await first.ReadRestAsync(Cancelled);
            Assert.InRange(sent.Length, 1000, BibLength);
            Assert.DoesNotContain(CountingBatchPool.Poison, sent);
        }

        // This one reads the body after it has answered, so that the answer is seen.
        Task<TimeSpan> retry = _time.PassNextWaitAsync(Cancelled);
        using RefusedConnection second = await server.AcceptAsync(Refusal, Cancelled);
        await retry;
        Task<byte[]> rest = second.ReadRestAsync(Cancelled);
        await EndAsync(run, uploader, isStopped: true);
        http.Dispose(); // Ends the connection, and with it the reading.
        byte[] body = await rest;
        Assert.InRange(body.Length, 2 * BibLength, 2 * BibLength + 1000);
        Assert.DoesNotContain(CountingBatchPool.Poison, body);
    }

    [Fact]
    public async Task over_a_socket_a_cancellation_in_mid_body_leaves_the_batch_whole()
    {
        using RefusingTcpServer server = new();
        using HttpClient http = new() { BaseAddress = new(server.Address) };
        PassingsUploader uploader = Uploader(http);
        Write(BibLength);
        using CancellationTokenSource cancel = new();
        Task run = uploader.RunAsync(_batches.Reader, cancel.Token);
        using RefusedConnection connection = await server.AcceptAsync("", Cancelled);
        Assert.Equal((byte)'{', await connection.ReadByteAsync(Cancelled));
        Assert.False(run.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        DisposeAll(uploader); // Poisons: what the server still gets was taken before.
        Assert.DoesNotContain(CountingBatchPool.Poison, await connection.ReadRestAsync(Cancelled));
    }

    [Fact]
    public async Task over_http2_an_answer_is_taken_while_the_body_waits_for_the_servers_window()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, on => on.Protocols = HttpProtocols.Http2));
        await using WebApplication server = builder.Build();
        server.Run(async context =>
        {
            context.Response.StatusCode = 403;
            await context.Response.StartAsync();
            await context.Response.CompleteAsync();
            byte[] some = new byte[1000];
            await context.Request.Body.ReadExactlyAsync(some);
        });
        await server.StartAsync(Cancelled);
        using HttpClient http = new()
        {
            BaseAddress = new(server.Urls.Single() + "/v0"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        PassingsUploader uploader = Uploader(http);
        Write(BibLength);
        _batches.Writer.Complete();
        await EndAsync(uploader.RunAsync(_batches.Reader, Cancelled), uploader, isStopped: true);
    }

    PassingsUploader Uploader(HttpClient http)
    {
        PassingsUploader uploader = new(new(http, ScriptedCloud.Key), new() { CanRead = false }, _time);
        uploader.AttachSession("Finish", "T");
        return uploader;
    }

    void Write(int bibLength, int first = 1) =>
        _batches.Writer.TryWrite(_pool.Make("Finish", first, 2, bibLength: bibLength));

    static async Task EndAsync(Task run, PassingsUploader uploader, bool isStopped)
    {
        if (isStopped)
        {
            DeliveryStoppedException e = await Assert.ThrowsAsync<DeliveryStoppedException>(() => run);
            Assert.Equal(403, Assert.Single(e.Sessions).Status);
        }
        else
        {
            await run;
        }

        DisposeAll(uploader);
    }

    static void DisposeAll(PassingsUploader uploader)
    {
        foreach (PassingBatch batch in uploader.TakeUndelivered())
            batch.Dispose();
    }

    /// <summary>
    /// Answers the first request as soon as the body has begun to flow into a stream that blocks; status 0: when
    /// cancelled.
    /// </summary>
    sealed class EarlyAnswer(int status) : HttpMessageHandler
    {
        public BlockedStream Body { get; } = new();

        public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long? Length { get; private set; }

        bool IsFirst { get; set; } = true;

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!IsFirst)
                return new(HttpStatusCode.Created);
            IsFirst = false;
            Length = request.Content!.Headers.ContentLength;
            _ = request.Content.CopyToAsync(Body, CancellationToken.None);
            await Body.Begun;
            if (status != 0)
                return new((HttpStatusCode)status) { Content = new TellingContent(Disposed) };
            await using CancellationTokenRegistration told = cancellationToken.Register(() => Cancelled.TrySetResult());
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("Not reached.");
        }
    }

    sealed class TellingContent(TaskCompletionSource disposed) : ByteArrayContent([])
    {
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            disposed.TrySetResult();
        }
    }
}
