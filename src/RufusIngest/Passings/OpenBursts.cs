using System.Runtime.InteropServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>What is known of a burst until its passing is emitted.</summary>
[StructLayout(LayoutKind.Auto)]
struct OpenBurst
{
    public Passing Passing;

    /// <summary>Reader time of the location at which it is emitted.</summary>
    public long Due;

    /// <summary>Its track, and its interval there (−1 for the newest).</summary>
    public int Track;
    public int Interval;

    /// <summary>Links of the time bucket, kept by <see cref="BurstRing"/>; <see cref="Next"/> also links free slots.</summary>
    public int Next;
    public int Previous;
    public int Bucket;

    /// <summary>Counts a read in; the interval's own ends are kept by the gate.</summary>
    public void Add(long time, in ChipRead read)
    {
        Passing.Hits += read.Hits;
        Passing.Antennas |= read.Antenna == 0 ? 0 : 1u << Math.Min((int)read.Antenna, 31);
        if (time > Passing.Last)
            Passing.Last = time;
        if (read.RssiCentiDbm > Passing.BestRssiCentiDbm)
        {
            Passing.BestRssiCentiDbm = read.RssiCentiDbm;
            Passing.Peak = time;
        }
    }
}

/// <summary>Slots for open bursts, reused through a free list; grows to the largest number ever open.</summary>
sealed class OpenBursts
{
    OpenBurst[] _bursts = new OpenBurst[1024];
    int _used;
    int _free = -1;

    public ref OpenBurst this[int index] => ref _bursts[index];

    public int Rent()
    {
        if (_free >= 0)
        {
            int index = _free;
            _free = _bursts[index].Next;
            return index;
        }

        if (_used == _bursts.Length)
            Array.Resize(ref _bursts, _bursts.Length * 2);
        return _used++;
    }

    public void Return(int index)
    {
        _bursts[index].Next = _free;
        _free = index;
    }
}
