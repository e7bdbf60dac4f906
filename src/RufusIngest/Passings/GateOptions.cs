namespace RufusIngest.Passings;

/// <summary>How reads of one location become passings. Immutable; the times are reader time.</summary>
public sealed record GateOptions
{
    /// <summary>More reads of a chip within this time of its time of record make no new passing. Default 5 s.</summary>
    public TimeSpan DeadTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A burst goes on while its reads are at most this far apart, however long it lasts: a runner standing on the mat
    /// passes once. Default 0.85 s.
    /// </summary>
    public TimeSpan BurstGap { get; init; } = TimeSpan.FromSeconds(0.85);

    /// <summary>
    /// How long the first read is held for an earlier one that may still come. Default 0.25 s; 0 decides at once. Not
    /// more than <see cref="BurstGap"/>.
    /// </summary>
    public TimeSpan ReorderDelay { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// Bursts that may be held at one location. At the bound the oldest is decided early, flagged and counted.
    /// Default 65,536.
    /// </summary>
    public int MaxOpenBursts { get; init; } = 65_536;

    /// <summary>What is wrong with these options, or null.</summary>
    internal string? Problem =>
        DeadTime < TimeSpan.Zero ? $"{nameof(DeadTime)} is negative."
        : BurstGap < TimeSpan.Zero ? $"{nameof(BurstGap)} is negative."
        : ReorderDelay < TimeSpan.Zero ? $"{nameof(ReorderDelay)} is negative."
        : ReorderDelay > BurstGap ? $"{nameof(ReorderDelay)} is longer than {nameof(BurstGap)}."
        : DeadTime > TimeSpan.FromDays(1) ? $"{nameof(DeadTime)} is longer than a day."
        : BurstGap > TimeSpan.FromDays(1) ? $"{nameof(BurstGap)} is longer than a day."
        : MaxOpenBursts < 1 ? $"{nameof(MaxOpenBursts)} must be at least 1."
        : null;
}

/// <summary>Bounds of the gate over all locations.</summary>
public sealed record GateLimits
{
    /// <summary>
    /// Chips remembered, counted once a location. A read of one more makes a passing of its own, flagged and counted.
    /// Default 2,097,152; about 100 bytes each.
    /// </summary>
    public int MaxChips { get; init; } = 1 << 21;

    /// <summary>
    /// Earlier passings remembered beside the newest of each chip and location. At the bound the newest one forgets the
    /// one before, counted: a late read near that one would then make a passing again. Default 4,194,304; 40 bytes each.
    /// </summary>
    public int MaxEarlierPassings { get; init; } = 1 << 22;

    /// <summary>What is wrong with these limits, or null.</summary>
    internal string? Problem =>
        MaxChips < 1 ? $"{nameof(MaxChips)} must be at least 1."
        : MaxEarlierPassings < 0 ? $"{nameof(MaxEarlierPassings)} is negative."
        : null;
}
