using RufusIngest.Reads;

namespace RufusIngest.Fuzz;

/// <summary>A read's time must never make the resolver behind the parser throw.</summary>
static class ResolvedTimes
{
    const long Arrival = 1_779_004_800L * TimeSpan.TicksPerSecond;

    static readonly ZoneRules Zone = new(120);

    public static void Check(List<ChipRead> reads)
    {
        if (reads.Count == 0)
            return;
        ReadTimeResolver live = new(Zone);
        ReadTimeResolver file = new(Zone, ignoreStatedZone: true, sessionDate: new DateOnly(2026, 5, 17));
        foreach (ChipRead read in reads)
        {
            ChipRead copy = read;
            if (live.TryResolve(ref copy, Arrival, out long utc))
                _ = DateTime.UnixEpoch.AddTicks(utc);
            copy = read;
            if (file.TryResolve(ref copy, 0, out utc))
                _ = DateTime.UnixEpoch.AddTicks(utc);
        }
    }
}
