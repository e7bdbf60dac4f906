using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Asks a server again where that may help: after a second, then after twice as long each time, up to a minute.</summary>
sealed class Patience(TimeProvider time)
{
    static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60);
    static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>Calls until there is an answer, or a failure that no waiting heals.</summary>
    /// <param name="call">Is called again and again.</param>
    /// <param name="failed">Hears of a failure and whether it is the first one; may throw to end it.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> AskAsync<T>(
        Func<Task<T>> call, Action<RufusCloudException, bool> failed, CancellationToken cancellation)
    {
        for (TimeSpan delay = FirstDelay; ; delay = Min(delay * 2, MaxDelay))
        {
            TimeSpan asked;
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (RufusCloudException exception) when (exception.MayHeal)
            {
                failed(exception, delay == FirstDelay);
                asked = Min(exception.RetryAfter ?? TimeSpan.Zero, MaxRetryAfter);
            }

            await Task.Delay(asked > delay ? asked : delay, time, cancellation).ConfigureAwait(false);
        }
    }

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
