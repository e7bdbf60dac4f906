using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RufusIngest.Server;

/// <summary>Sends arrivals as server-sent events: first what is there, then what comes.</summary>
sealed class PageStream(LiveFeed live, PageData data, PageAccess access, TimeProvider timeProvider)
{
    /// <summary>
    /// How often something is sent when nothing arrives, so that both ends notice a broken connection.
    /// </summary>
    public static TimeSpan Heartbeat { get; } = TimeSpan.FromSeconds(15);

    /// <summary>The least time between events; the arrivals of that time are in one, the last ones at least.</summary>
    public static TimeSpan Pace { get; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A listener that has not taken an event by then is dropped.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(10);

    public async Task SendAsync(HttpContext context, int company)
    {
        using var listener = live.TryListen(company);
        if (listener is null)
        {
            context.Response.Headers.RetryAfter = "10";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
        try
        {
            context.Response.ContentType = MediaTypeNames.Text.EventStream;
            var recent = await data.RecentAsync(company, ended.Token).ConfigureAwait(false);
            await WriteAsync(context, "event: recent\ndata: "u8.ToArray(), recent, ended.Token).ConfigureAwait(false);
            await SendArrivalsAsync(context, company, listener, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A server that stops waits for its requests to end, and this one would not end by itself.
        }
    }

    /// <summary>Goes on while the listener may see the company's data.</summary>
    async Task SendArrivalsAsync(
        HttpContext context, int company, LiveListener listener, CancellationToken cancellationToken)
    {
        while (access.Company(context) == company)
        {
            var arrived = await listener.NextAsync(Heartbeat, timeProvider, cancellationToken).ConfigureAwait(false);
            if (access.Company(context) != company)
                return;
            if (arrived.Count == 0)
            {
                await WriteAsync(context, ":\n\n"u8.ToArray(), null, cancellationToken).ConfigureAwait(false);
                continue;
            }

            await WriteAsync(context, "data: "u8.ToArray(), arrived, cancellationToken).ConfigureAwait(false);
            await Task.Delay(Pace, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    async Task WriteAsync(
        HttpContext context, byte[] head, IEnumerable<LivePassing>? passings, CancellationToken cancellationToken)
    {
        var pipe = context.Response.BodyWriter;
        pipe.Write(head);
        if (passings is not null)
        {
            using (var json = Responses.Writer(pipe))
                PageData.Write(json, passings);
            pipe.Write("\n\n"u8);
        }

        using var patience = new CancellationTokenSource(Patience, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await pipe.FlushAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (patience.IsCancellationRequested)
        {
            throw new ConnectionAbortedException("A listener was too slow.", exception);
        }
    }
}
