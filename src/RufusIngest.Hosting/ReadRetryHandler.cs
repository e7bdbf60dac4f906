using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Timeout;

namespace RufusIngest.Hosting;

/// <summary>GET takes the way through a resilience pipeline; nothing else does.</summary>
sealed class ReadRetryHandler(ResiliencePipeline<HttpResponseMessage> pipeline, HttpMessageHandler primary)
    : DelegatingHandler(primary)
{
    readonly HttpMessageInvoker _reads = new(
        new ResilienceHandler(pipeline) { InnerHandler = primary }, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Method == HttpMethod.Get
            ? ReadAsync(request, cancellationToken)
            : base.SendAsync(request, cancellationToken);

    async Task<HttpResponseMessage> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _reads.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException e)
        {
            throw new HttpRequestException($"No answer within {e.Timeout.TotalSeconds:0.###} s.", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _reads.Dispose();
        base.Dispose(disposing);
    }
}
