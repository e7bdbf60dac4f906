using System.Text.Json.Serialization;

namespace RufusIngest.Passings;

/// <summary>How reads of one location become passings. Immutable; the times are reader time.</summary>
public sealed record GateOptions
{
    /// <summary>Which read of a burst gives the time of record. Default <see cref="PassingPolicy.First"/>.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<PassingPolicy>))]
    public PassingPolicy Policy { get; init; } = PassingPolicy.First;

    /// <summary>More reads of a chip within this time of its time of record make no new passing. Default 5 s.</summary>
    public TimeSpan DeadTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A burst goes on while its reads are at most this far apart, however long it lasts: a runner standing on the mat
    /// passes once. Default 0.85 s; with <see cref="PassingPolicy.Last"/> the dead time when that is longer.
    /// </summary>
    public TimeSpan BurstGap { get; init; } = TimeSpan.FromSeconds(0.85);

    /// <summary>
    /// How long a burst is held for reads that come out of order. Default 0.25 s; with 0 <see cref="PassingPolicy.First"/>
    /// decides at once.
    /// </summary>
    public TimeSpan ReorderDelay { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// A burst that goes on for longer is decided with what came until then; the rest of it makes no passing. Without
    /// effect for <see cref="PassingPolicy.First"/>. Default (null): 10 s, and 10 min for <see cref="PassingPolicy.Last"/>,
    /// because people stand on a start line.
    /// </summary>
    public TimeSpan? MaxBurst { get; init; }

    /// <summary>A passing nearer than this to another one of the chip is suppressed. Default 0: none is.</summary>
    public TimeSpan MinLap { get; init; }

    /// <summary>
    /// A passing at the backup line counts only when the primary line has none of that chip this near, before or after;
    /// it waits that long. Less than half the shortest time between two crossings. Default 10 s.
    /// </summary>
    public TimeSpan BackupWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Suppresses chips that are not in the chip list and are seen at one instant only: codes made from noise. Off by
    /// default. While it is on, such a chip's passing waits until its burst has ended.
    /// </summary>
    public bool IgnoreGhosts { get; init; }

    /// <summary>
    /// Tells as an event what a burst had become when it ended, where that is more than its passing said. Off by default:
    /// every burst is then followed to its end, which costs memory and time.
    /// </summary>
    public bool ReportCompleted { get; init; }

    /// <summary>A chip read without pause for longer is told as parked. Default 60 s.</summary>
    public TimeSpan ParkedAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Parked chips that are told and watched at one line; more are counted. Default 1,024.</summary>
    public int MaxParked { get; init; } = 1024;

    /// <summary>
    /// Bursts that may be held at one line of a location. At the bound the one due first is decided early, flagged and
    /// counted. Default 262,144; about 170 bytes each when used, 330 more with <see cref="PassingPolicy.Fitted"/>.
    /// </summary>
    public int MaxOpenBursts { get; init; } = 262_144;

    /// <summary>
    /// The gap that counts: for <see cref="PassingPolicy.Last"/> at least the dead time. Within it no other passing could come,
    /// and who is read again after a pause has not left yet.
    /// </summary>
    internal TimeSpan Gap => Policy == PassingPolicy.Last && DeadTime > BurstGap ? DeadTime : BurstGap;

    /// <summary><see cref="MaxBurst"/> with its default.</summary>
    internal TimeSpan LongestBurst =>
        MaxBurst ?? (Policy == PassingPolicy.Last ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(10));

    /// <summary>What is wrong with these options, or null.</summary>
    internal string? Problem =>
        Policy is not (PassingPolicy.First or PassingPolicy.Peak or PassingPolicy.Fitted or PassingPolicy.Last)
            ? $"{nameof(Policy)} cannot be {Policy}."
        : ProblemOf(DeadTime, nameof(DeadTime)) ?? ProblemOf(BurstGap, nameof(BurstGap))
        ?? ProblemOf(ReorderDelay, nameof(ReorderDelay)) ?? ProblemOf(LongestBurst, nameof(MaxBurst))
        ?? ProblemOf(MinLap, nameof(MinLap)) ?? ProblemOf(BackupWindow, nameof(BackupWindow))
        ?? ProblemOf(ParkedAfter, nameof(ParkedAfter))
        ?? (MaxOpenBursts < 1 ? $"{nameof(MaxOpenBursts)} must be at least 1."
        : MaxParked < 0 ? $"{nameof(MaxParked)} is negative."
        : null);

    static string? ProblemOf(TimeSpan span, string name) =>
        span < TimeSpan.Zero ? $"{name} is negative."
        : span > TimeSpan.FromDays(1) ? $"{name} is longer than a day."
        : null;
}

/// <summary>Bounds of the gate over all locations.</summary>
public sealed record GateLimits
{
    /// <summary>
    /// Chips remembered, counted once a line. A read of one more makes a passing of its own, flagged and counted.
    /// Default 2,097,152, at most 16,777,214; about 85 bytes each.
    /// </summary>
    public int MaxChips { get; init; } = 1 << 21;

    /// <summary>
    /// Earlier bursts remembered beside the newest of each chip and line. At the bound the newest one forgets the
    /// one before, counted: a late read near that one would then make a passing again. Default 4,194,304; 40 bytes each.
    /// </summary>
    public int MaxEarlierPassings { get; init; } = 1 << 22;

    /// <summary>What is wrong with these limits, or null.</summary>
    internal string? Problem =>
        MaxChips is < 1 or > TrackTable.MaxTracks
            ? $"{nameof(MaxChips)} must be between 1 and {TrackTable.MaxTracks}."
        : MaxEarlierPassings < 0 ? $"{nameof(MaxEarlierPassings)} is negative."
        : null;
}
