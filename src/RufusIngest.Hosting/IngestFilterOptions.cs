using RufusIngest.Passings;

namespace RufusIngest.Hosting;

/// <summary>As <see cref="ReadFilter"/>, but bindable from configuration.</summary>
public sealed class IngestFilterOptions
{
    /// <summary>As <see cref="ReadFilter.IgnoreBefore"/>. Write it with its offset; without one it is this machine's time.</summary>
    public DateTimeOffset? IgnoreBefore { get; set; }

    /// <summary>As <see cref="ReadFilter.IgnoreAfter"/>. Write it with its offset; without one it is this machine's time.</summary>
    public DateTimeOffset? IgnoreAfter { get; set; }

    /// <summary>As <see cref="ReadFilter.Deny"/>.</summary>
    public IList<string> Deny { get; } = [];

    /// <summary>As <see cref="ReadFilter.Allow"/>.</summary>
    public IList<string> Allow { get; } = [];

    /// <summary>As <see cref="ReadFilter.Prefixes"/>.</summary>
    public IList<string> Prefixes { get; } = [];

    /// <summary>As <see cref="ReadFilter.MinRssiDbm"/>.</summary>
    public decimal? MinRssiDbm { get; set; }

    internal ReadFilter ToFilter() => new()
    {
        IgnoreBefore = IgnoreBefore,
        IgnoreAfter = IgnoreAfter,
        Deny = [.. Deny],
        Allow = [.. Allow],
        Prefixes = [.. Prefixes],
        MinRssiDbm = MinRssiDbm,
    };
}
