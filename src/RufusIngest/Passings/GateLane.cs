namespace RufusIngest.Passings;

/// <summary>One line of a location: its rules, time, open bursts, and the chips that were there.</summary>
sealed class GateLane(int index, TrackBudget budget, GateClock clock)
{
    /// <summary>Place among the lanes: twice the location's, and one more for the backup line.</summary>
    public int Index { get; } = index;

    public int Location { get; } = index >> 1;

    public bool IsBackup { get; } = (index & 1) != 0;

    public TrackTable Tracks { get; } = new(budget);

    public BurstRing Ring { get; } = new();

    public ParkedChips Parked { get; } = new();

    /// <summary>The location's time.</summary>
    public long Time => clock.Time;

    public PassingPolicy Policy { get; private set; }

    public long BurstGap { get; private set; }

    public long DeadTime { get; private set; }

    public long ReorderDelay { get; private set; }

    public long MaxBurst { get; private set; }

    public long MinLap { get; private set; }

    public long BackupWindow { get; private set; }

    public long ParkedAfter { get; private set; }

    /// <summary>An interval of up to this length takes a read without a closer look.</summary>
    public long PlainLength { get; private set; }

    public bool IgnoreGhosts { get; private set; }

    public bool ReportCompleted { get; private set; }

    public int MaxOpenBursts { get; private set; }

    public int MaxParked { get; private set; }

    public void Set(GateOptions options)
    {
        Policy = options.Policy;
        BurstGap = options.Gap.Ticks;
        DeadTime = options.DeadTime.Ticks;
        ReorderDelay = options.ReorderDelay.Ticks;
        MaxBurst = options.LongestBurst.Ticks;
        MinLap = options.MinLap.Ticks;
        BackupWindow = options.BackupWindow.Ticks;
        ParkedAfter = options.ParkedAfter.Ticks;
        IgnoreGhosts = options.IgnoreGhosts;
        ReportCompleted = options.ReportCompleted;
        MaxOpenBursts = options.MaxOpenBursts;
        MaxParked = options.MaxParked;
        PlainLength = IgnoreGhosts ? -1 : Policy == PassingPolicy.First ? ParkedAfter : Math.Min(ParkedAfter, MaxBurst);
    }

    /// <summary>Watches a parked interval.</summary>
    public void Park(int track, int interval, long last)
    {
        // Reads of a slow reader always lie behind the location's time; that they do does not mean that they have ended.
        long lag = Time > last ? Time - last : 0;
        ParkedChips.Entry entry = new(track, interval, lag, EndOf(last, lag), last + lag + ReportEvery);
        Parked.Add(entry);
        clock.Wake = Math.Min(clock.Wake, entry.Check);
    }

    /// <summary>Location's time at which a parked chip's reads have ended.</summary>
    public long EndOf(long last, long lag) => last + lag + BurstGap + ReorderDelay;

    /// <summary>How often a parked chip is told as still there.</summary>
    public long ReportEvery => Math.Max(ParkedAfter, BurstGap);

    /// <summary>Location's time that a burst waits for.</summary>
    public long DueOf(in OpenBurst burst, bool mayBeGhost)
    {
        bool isQuick = Policy == PassingPolicy.First && !burst.IsDecided && !mayBeGhost;
        long wait = ReorderDelay + (IsBackup && !burst.IsDecided ? BackupWindow : 0);
        if (burst.SettlesFrom != OpenBurst.OwnTimes)
            return burst.SettlesFrom + wait + (isQuick ? 0 : BurstGap);
        if (isQuick)
            return burst.Passing.First + wait;
        if (burst.IsDecided || Policy == PassingPolicy.First)
            return burst.Passing.Last + BurstGap + wait;
        long longest = burst.Passing.First + MaxBurst;
        bool awaitsLastSeen = burst.SawFirstSeen && !burst.SawLastSeen;
        return (awaitsLastSeen ? longest : Math.Min(burst.Passing.Last + BurstGap, longest)) + wait;
    }

    /// <summary>The location's time is so far on that a read of that time comes late.</summary>
    public bool IsLate(long time) => time < Time - BurstGap - ReorderDelay && Time != long.MinValue;
}

/// <summary>How far a location has come, for both its lines.</summary>
sealed class GateClock
{
    public long Time { get; set; } = long.MinValue;

    /// <summary>Before this time nothing falls due.</summary>
    public long Wake { get; set; } = long.MinValue;
}
