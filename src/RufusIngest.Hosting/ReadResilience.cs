using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;

namespace RufusIngest.Hosting;

/// <summary>
/// The message handler for a RufusCloudClient: reads (GET) are asked again when they fail for the moment, and every
/// other method goes straight to the network. A POST of passings is repeated by the delivery alone, which knows what was sent
/// and may have been stored; a standard resilience handler would repeat it behind its back. Needs no dependency
/// injection.
/// </summary>
public static class ReadResilience
{
    /// <summary>
    /// A handler for an <see cref="HttpClient"/>. A read is asked again after 408, 429, a 5xx, a failure of the network
    /// and a time-out; any other answer, and the last one, is handed on as it is.
    /// </summary>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="primary">What sends; disposed with the handler. Null: <see cref="CreatePrimaryHandler"/>.</param>
    /// <param name="time">Clock of waits and time-outs; null for the system's.</param>
    /// <exception cref="ArgumentException">An option is out of its bounds; the message names it.</exception>
    public static HttpMessageHandler CreateHandler(
        ReadResilienceOptions? options = null, HttpMessageHandler? primary = null, TimeProvider? time = null)
    {
        options ??= new();
        foreach ((string option, string fault) in options.Faults())
            throw new ArgumentException($"{option} {fault}.", nameof(options));
        return new ReadRetryHandler(
            CreatePipeline(options, time ?? TimeProvider.System), primary ?? CreatePrimaryHandler());
    }

    /// <summary>
    /// What sends when no other handler is given: follows no redirect, which would take the key elsewhere, connects
    /// within 10 s, and looks a name up again after 5 min.
    /// </summary>
    public static SocketsHttpHandler CreatePrimaryHandler() => new()
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    static ResiliencePipeline<HttpResponseMessage> CreatePipeline(ReadResilienceOptions options, TimeProvider time)
    {
        ResiliencePipelineBuilder<HttpResponseMessage> builder = new() { TimeProvider = time };
        if (options.MaxAttempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.MaxAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.FirstDelay,
                MaxDelay = options.MaxDelay,
                ShouldHandle = args => ValueTask.FromResult(
                    HttpClientResiliencePredicates.IsTransient(args.Outcome)
                    && !(RetryAfter(args.Outcome.Result, time) > options.MaxDelay)),
                DelayGenerator = args => ValueTask.FromResult(
                    RetryAfter(args.Outcome.Result, time) is { } asked && asked > options.FirstDelay
                        ? asked
                        : (TimeSpan?)null),
            });
        }

        return builder.AddTimeout(options.AttemptTimeout).Build();
    }

    /// <summary>What the server asks to wait; a date is measured against its own where it tells one.</summary>
    static TimeSpan? RetryAfter(HttpResponseMessage? response, TimeProvider time)
    {
        if (response?.Headers.RetryAfter is not { } asked)
            return null;
        return asked.Delta ?? (asked.Date - (response.Headers.Date ?? time.GetUtcNow()));
    }
}
