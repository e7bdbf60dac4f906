using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Asks a server again where that may help: after a while, then after twice as long each time, up to a bound.</summary>
/// <param name="time">Clock of the waits.</param>
/// <param name="firstDelay">The first wait; null: a second.</param>
/// <param name="maxDelay">The longest; null: a minute.</param>
sealed class Patience(TimeProvider time, TimeSpan? firstDelay = null, TimeSpan? maxDelay = null)
{
    static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>Calls until there is an answer, or a failure that no waiting heals.</summary>
    /// <param name="call">Is called again and again.</param>
    /// <param name="failed">Hears of a failure and whether it is the first one; may throw to end it.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> AskAsync<T>(
        Func<Task<T>> call, Action<RufusCloudException, bool> failed, CancellationToken cancellation)
    {
        TimeSpan longest = maxDelay ?? TimeSpan.FromSeconds(60);
        TimeSpan delay = firstDelay ?? TimeSpan.FromSeconds(1);
        for (bool isFirst = true; ; isFirst = false, delay = Min(delay * 2, longest))
        {
            TimeSpan asked;
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (RufusCloudException exception) when (exception.MayHeal)
            {
                failed(exception, isFirst);
                asked = Min(exception.RetryAfter ?? TimeSpan.Zero, MaxRetryAfter);
            }

            await Task.Delay(asked > delay ? asked : delay, time, cancellation).ConfigureAwait(false);
        }
    }

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
