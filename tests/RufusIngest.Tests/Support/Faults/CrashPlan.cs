namespace RufusIngest.Tests.Support;

/// <summary>A race that is played to the real tool while it is killed again and again.</summary>
sealed record CrashPlan
{
    /// <summary>Decides logs, faults, aims and moments.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Passings of each of the readers, which have a location each.</summary>
    public int Crossings { get; init; } = 3_000;

    public int Readers { get; init; } = 2;

    /// <summary>
    /// Of the readers while there are kills to come; then they play as fast as they can. Pieces come more often than
    /// the journal commits, so that there is nearly always something taken and not kept, and seldom something not
    /// taken.
    /// </summary>
    public LogPace Pace { get; init; } = new(64, TimeSpan.FromMilliseconds(1));

    /// <summary>
    /// Kills at least, as far as the readers have enough to play; none: what the others are compared with.
    /// </summary>
    public int Kills { get; init; }

    /// <summary>Kills of each of the four phases at least, as far as the readers have enough to play.</summary>
    public int KillsOfEach { get; init; }

    /// <summary>Faults of the requests that no kill waits for.</summary>
    public IReadOnlyList<FaultChance> Faults { get; init; } = [];

    /// <summary>Little enough that retries do not take the most of the time.</summary>
    public static IReadOnlyList<FaultChance> LightFaults { get; } =
    [
        new(10, Fault.Reset(FaultPoint.InRequest)) { MostBytes = 2_000 },
        new(10, Fault.Close(FaultPoint.BeforeForward)),
        new(10, Fault.Reset(FaultPoint.AfterForward)),
        new(10, Fault.Close(FaultPoint.InAnswer)) { MostBytes = 200 },
        new(10, Fault.Answer(500)),
        new(10, Fault.Answer(429, retryAfterSeconds: 0)),
        new(40, Fault.Delay(FaultPoint.AfterForward, TimeSpan.FromMilliseconds(20))),
    ];
}

/// <summary>What a race came to.</summary>
/// <param name="Kills">How many of each phase, by the evidence.</param>
/// <param name="Faults">How many exchanges each fault hit.</param>
/// <param name="Stored">What the venue holds: location, number, time, bib and chip, in order.</param>
/// <param name="Violations">What must not be.</param>
sealed record CrashResult(
    IReadOnlyDictionary<CrashPhase, int> Kills, IReadOnlyDictionary<string, int> Faults, IReadOnlyList<string> Stored,
    IReadOnlyList<string> Violations);
