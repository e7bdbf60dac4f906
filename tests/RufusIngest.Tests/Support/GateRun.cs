using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>Drives a gate of one location as one reader would: each read moves the time on.</summary>
sealed class GateRun
{
    public GateRun(GateOptions? options = null, GateLimits? limits = null)
    {
        Gate = new PassingGate(limits ?? new GateLimits(), Take, (in GateEvent told) => Events.Add(told));
        Gate.SetLocations([options ?? new GateOptions()]);
    }

    public PassingGate Gate { get; }

    public List<Passing> Passings { get; } = [];

    public List<GateEvent> Events { get; } = [];

    public Dictionary<ReadOutcome, int> Outcomes { get; } = [];

    public long Watermark { get; private set; } = long.MinValue;

    public static long Seconds(double seconds) => (long)Math.Round(seconds * TimeSpan.TicksPerSecond);

    public static ChipRead Read(string chip, short rssi = ChipRead.NoRssi, ReadFlags flags = ReadFlags.None)
    {
        ChipRead read = default;
        read.Reset();
        read.Chip = ChipCode.FromText(chip);
        read.RssiCentiDbm = rssi;
        read.Flags = flags;
        return read;
    }

    public ReadOutcome Add(string chip, double seconds, short rssi = ChipRead.NoRssi, ReadFlags flags = ReadFlags.None) =>
        AddTicks(chip, Seconds(seconds), rssi, flags);

    public ReadOutcome AddTicks(
        string chip, long ticks, short rssi = ChipRead.NoRssi, ReadFlags flags = ReadFlags.None)
    {
        ReadOutcome outcome = Gate.Add(0, ticks, Read(chip, rssi, flags), 0);
        Gate.Outcomes[(int)outcome]++;
        Outcomes[outcome] = Outcomes.GetValueOrDefault(outcome) + 1;
        Watermark = Math.Max(Watermark, ticks);
        AdvanceTo(Watermark);
        return outcome;
    }

    public void AdvanceTo(long ticks) => Gate.Advance(0, ticks);

    public void Flush() => Gate.Flush(0);

    void Take(ref Passing passing)
    {
        passing.Session = 1;
        passing.Number = Passings.Count + 1;
        Passings.Add(passing);
    }

    public IEnumerable<(string Chip, double Seconds)> Times =>
        Passings.Select(passing => (passing.Chip.ToString(), passing.Time / (double)TimeSpan.TicksPerSecond));
}
