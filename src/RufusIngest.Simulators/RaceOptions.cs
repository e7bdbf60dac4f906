namespace RufusIngest.Simulators;

/// <summary>What one simulated race is made from. Equal options give equal bytes, on every machine.</summary>
public sealed record RaceOptions
{
    /// <summary>Size of the field, 1 to 50,000 (default 2,000, some 200,000 reads; about 100 reads a runner).</summary>
    public int Runners { get; init; } = 2000;

    /// <summary>Any value; everything random in the race follows from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// The gun. Its year must be 2000 to 2098, since IPICO sends two digits. Fractions of a millisecond are dropped.
    /// </summary>
    public DateTimeOffset StartUtc { get; init; } = new(2026, 5, 17, 8, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Local minus UTC, the same all day: what the clocks of the IPICO and the Ultra show. Whole minutes within ±14 h.
    /// </summary>
    public TimeSpan LocalOffset { get; init; } = TimeSpan.FromHours(2);

    internal long GunUtcMs => StartUtc.ToUnixTimeMilliseconds();

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Runners, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Runners, 50_000);
        if (StartUtc.UtcDateTime.Year is < 2000 or > 2098)
        {
            throw new ArgumentOutOfRangeException(nameof(StartUtc), StartUtc, "The race must start in 2000 to 2098.");
        }

        if (LocalOffset.Duration() > TimeSpan.FromHours(14) || LocalOffset.Ticks % TimeSpan.TicksPerMinute != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(LocalOffset), LocalOffset, "The offset must be whole minutes within 14 hours of UTC.");
        }
    }
}
