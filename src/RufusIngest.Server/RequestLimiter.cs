using System.Threading.RateLimiting;

namespace RufusIngest.Server;

/// <summary>
/// Bounds how often each key may ask. Requests without a key that is known share one budget of the same size, so that
/// guessing is bounded wherever it comes from and costs no good key anything.
/// </summary>
sealed class RequestLimiter : IDisposable
{
    public const int MostPerSecond = 10_000;

    /// <summary>When there is a request again in an empty budget: always within a second.</summary>
    public const string RetryAfterSeconds = "1";

    readonly PartitionedRateLimiter<ulong> _budgets;

    /// <param name="perSecond">What a budget gains in a second, and the most it saves up.</param>
    public RequestLimiter(int perSecond)
    {
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1) / perSecond,
        };
        _budgets = PartitionedRateLimiter.Create<ulong, ulong>(
            key => RateLimitPartition.GetTokenBucketLimiter(key, _ => options));
        Words = $"Too many requests: at most {perSecond} a second with a key";
    }

    /// <summary>What a refused client is told.</summary>
    public string Words { get; }

    /// <summary>Takes one request out of the budget; false when it is empty.</summary>
    /// <param name="key">A key's <see cref="StoredKey.Id"/>; 0: none that is known.</param>
    public bool TryTake(ulong key)
    {
        using var lease = _budgets.AttemptAcquire(key);
        return lease.IsAcquired;
    }

    public void Dispose() => _budgets.Dispose();
}
