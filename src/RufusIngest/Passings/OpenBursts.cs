using System.Runtime.InteropServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>A burst whose end has not been seen.</summary>
[StructLayout(LayoutKind.Auto)]
struct OpenBurst
{
    /// <summary>Value of <see cref="SettlesFrom"/> for a burst that is decided by its own times.</summary>
    public const long OwnTimes = long.MinValue;

    /// <summary>What is known of its passing.</summary>
    public Passing Passing;

    /// <summary>Location's time at which it is looked at; not later than when it falls due.</summary>
    public long Due;

    /// <summary>For a burst that came late: the location's time at its last read.</summary>
    public long SettlesFrom;

    /// <summary>Its track and its interval there (−1 for the newest).</summary>
    public int Track;
    public int Interval;

    /// <summary>Reads it has taken.</summary>
    public int Reads;

    /// <summary>Its passing is out; it is followed to its end for what comes to light later.</summary>
    public bool IsDecided;

    public bool SawFirstSeen;
    public bool SawLastSeen;

    /// <summary>Something came to light after the passing.</summary>
    public bool HasMore;

    /// <summary>Links of the time bucket, kept by <see cref="BurstRing"/>; <see cref="Next"/> also links free slots.</summary>
    public int Next;
    public int Previous;
    public int Bucket;

    /// <summary>Counts a read in; the interval's own ends are kept by the gate.</summary>
    public void Add(long time, in ChipRead read, long locationTime)
    {
        Reads++;
        if (SettlesFrom != OwnTimes)
            SettlesFrom = Math.Max(SettlesFrom, locationTime);
        Passing.Hits += read.Hits;
        Passing.Antennas |= AntennaBit(read);
        if (time > Passing.Last)
            Passing.Last = time;
        if (read.RssiCentiDbm > Passing.BestRssiCentiDbm
            || (read.RssiCentiDbm == Passing.BestRssiCentiDbm && time < Passing.Peak))
        {
            Passing.BestRssiCentiDbm = read.RssiCentiDbm;
            Passing.Peak = time;
        }

        HasMore = IsDecided;
        SawFirstSeen |= (read.Flags & ReadFlags.FirstSeen) != 0;
        SawLastSeen |= (read.Flags & ReadFlags.LastSeen) != 0;
    }

    /// <summary>Adds what a later burst knew.</summary>
    public void Join(in OpenBurst later)
    {
        Reads += later.Reads;
        SettlesFrom = Math.Max(SettlesFrom, later.SettlesFrom);
        Passing.Hits += later.Passing.Hits;
        Passing.Antennas |= later.Passing.Antennas;
        Passing.Flags |= later.Passing.Flags;
        Passing.Last = Math.Max(Passing.Last, later.Passing.Last);
        if (later.Passing.BestRssiCentiDbm > Passing.BestRssiCentiDbm)
            (Passing.BestRssiCentiDbm, Passing.Peak) = (later.Passing.BestRssiCentiDbm, later.Passing.Peak);
        SawFirstSeen |= later.SawFirstSeen;
        SawLastSeen |= later.SawLastSeen;
    }

    public static uint AntennaBit(in ChipRead read) => read.Antenna == 0 ? 0 : 1u << Math.Min((int)read.Antenna, 31);
}

/// <summary>Slots for open bursts, reused through a free list; grows to the largest number ever open.</summary>
sealed class OpenBursts
{
    readonly Segments<OpenBurst> _bursts = new(shift: 8);
    readonly Segments<StrongestReads> _strongest = new(shift: 8);
    int _free = -1;

    public ref OpenBurst this[int index] => ref _bursts[index];

    /// <summary>The strongest reads of a burst; memory for them is taken only where a fitted peak is asked for.</summary>
    public ref StrongestReads Strongest(int index)
    {
        while (_strongest.Count <= index)
            _strongest.Add();
        return ref _strongest[index];
    }

    public int Rent()
    {
        if (_free < 0)
            return _bursts.Add();
        int index = _free;
        _free = _bursts[index].Next;
        return index;
    }

    public void Return(int index)
    {
        _bursts[index].Next = _free;
        _free = index;
    }
}
