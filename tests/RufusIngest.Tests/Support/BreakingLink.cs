using System.Net;

namespace RufusIngest.Tests.Support;

/// <summary>
/// A network to a server that breaks by a seed: requests that do not arrive, answers that get lost, 503. Told so, it ends
/// somebody's run in the middle of a request.
/// </summary>
sealed class BreakingLink(int seed) : DelegatingHandler(new SocketsHttpHandler())
{
    readonly Random _random = new(seed);
    readonly Lock _lock = new();

    /// <summary>In percent.</summary>
    public int Breaks { get; set; }

    /// <summary>After so many more POSTs <see cref="End"/> is cancelled, before or after the server has had the last.</summary>
    public int? EndAfter { get; set; }

    /// <summary>After so many requests none arrives.</summary>
    public int? BreakAfter { get; set; }

    public CancellationTokenSource End { get; set; } = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        int draw;
        bool ends;
        lock (_lock)
        {
            if (BreakAfter is { } most && (BreakAfter = most - 1) < 0)
                throw new HttpRequestException("the cable is out");
            draw = _random.Next(300);
            ends = request.Method == HttpMethod.Post && EndAfter is { } left && (EndAfter = left - 1) == 0;
        }

        bool isLostBefore = draw < Breaks;
        bool isLostAfter = draw is >= 100 && draw - 100 < Breaks;
        if (ends && draw % 2 == 0)
            await End.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        if (isLostBefore)
            throw new HttpRequestException("the cable is out");
        if (draw >= 200 && draw - 200 < Breaks)
            return new(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("") };
        HttpResponseMessage answer = await base.SendAsync(request, cancellation);
        if (ends)
            await End.CancelAsync();
        if (!isLostAfter)
            return answer;
        answer.Dispose();
        throw new HttpRequestException("the answer got lost");
    }
}
