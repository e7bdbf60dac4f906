using RufusIngest.Simulators;

namespace RufusIngest.Tests.Support;

/// <summary>A fault and how often it comes.</summary>
/// <param name="PerMille">Of the requests outside bursts.</param>
/// <param name="Fault">What happens.</param>
sealed record FaultChance(int PerMille, Fault Fault)
{
    /// <summary>How many requests in a row it hits at most, 1 to this.</summary>
    public int LongestBurst { get; init; } = 1;

    /// <summary>Highest <see cref="Fault.Bytes"/>; drawn from 0 to it.</summary>
    public int MostBytes { get; init; }
}

/// <summary>
/// Faults from a seed: the n-th request gets the same fault in every run, whatever it is. Thread-safe.
/// </summary>
sealed class FaultPlan
{
    readonly Lock _gate = new();
    readonly SplitMix64 _random;
    readonly IReadOnlyList<FaultChance> _chances;
    Fault _burst = Fault.None;
    int _burstLeft;

    public FaultPlan(ulong seed, params IReadOnlyList<FaultChance> chances)
    {
        if (chances.Sum(chance => chance.PerMille) > 1_000)
            throw new ArgumentException("The chances are more than 1.", nameof(chances));
        _random = new SplitMix64(seed);
        _chances = chances;
    }

    /// <summary>A bad day: a third of the requests are hit, in every way there is but holding.</summary>
    public static IReadOnlyList<FaultChance> BadDay { get; } =
    [
        new(30, Fault.Reset(FaultPoint.RequestHead)),
        new(30, Fault.Reset(FaultPoint.InRequest)) { MostBytes = 4_000 },
        new(30, Fault.Close(FaultPoint.InRequest)) { MostBytes = 4_000 },
        new(30, Fault.Close(FaultPoint.BeforeForward)),
        new(40, Fault.Reset(FaultPoint.AfterForward)),
        new(40, Fault.Close(FaultPoint.AfterForward)),
        new(30, Fault.Close(FaultPoint.InAnswer)) { MostBytes = 200 },
        new(20, Fault.Close(FaultPoint.AnswerPassed)),
        new(20, Fault.Answer(500)) { LongestBurst = 3 },
        new(20, Fault.Answer(500, point: FaultPoint.AfterForward)),
        new(10, Fault.Answer(429, retryAfterSeconds: 0)) { LongestBurst = 3 },
        new(10, Fault.Answer(413)),
        new(20, Fault.Delay(FaultPoint.AfterForward, TimeSpan.FromMilliseconds(20))),
    ];

    /// <summary>The next request's fault.</summary>
    public Fault Next()
    {
        lock (_gate)
        {
            if (_burstLeft > 0)
            {
                _burstLeft--;
                return _burst;
            }

            int draw = _random.Next(0, 999);
            foreach (FaultChance chance in _chances)
            {
                draw -= chance.PerMille;
                if (draw >= 0)
                    continue;
                _burstLeft = _random.Next(1, chance.LongestBurst) - 1;
                _burst = chance.MostBytes == 0
                    ? chance.Fault
                    : chance.Fault with { Bytes = _random.Next(0, chance.MostBytes) };
                return _burst;
            }

            return Fault.None;
        }
    }
}
