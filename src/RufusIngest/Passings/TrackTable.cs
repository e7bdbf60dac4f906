using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>When a chip was at a location: from its first to its last read, and the time of record in between.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Interval
{
    public long First;
    public long Last;
    public long Record;

    /// <summary>The interval before it, or −1.</summary>
    public int Older;

    /// <summary>Its open burst, or −1 once its passing is emitted.</summary>
    public int Open;

    /// <summary>A last-seen record has ended it.</summary>
    public bool Ended;
}

/// <summary>All that is known of one chip at one location.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Track
{
    public ChipCode Chip;

    /// <summary>The newest interval, in place because nearly every read concerns it.</summary>
    public Interval Newest;

    public int Location;

    public bool HasInterval;
}

/// <summary>
/// Tracks by (chip, location): open addressing over 8-byte slots that hold half the hash and the track's index. The full
/// code is compared always; a chip is never taken for another.
/// </summary>
sealed class TrackTable(int maxTracks)
{
    const int GuessedAtOnce = 64;
    const ulong TagMask = 0xFFFF_FFFF_0000_0000;

    readonly Segments<Track> _tracks = new();
    ulong[] _slots = new ulong[1024];

    public int Count => _tracks.Count;

    public ref Track this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _tracks[index];
    }

    /// <summary>Where the tracks of many reads probably are, asked for together so that memory answers together.</summary>
    /// <param name="reads">The reads, all of one location.</param>
    /// <param name="location">Index of the location.</param>
    /// <param name="guesses">As many as reads; each becomes a track's index or −1, for <see cref="FindOrAdd"/>.</param>
    [SkipLocalsInit]
    public void Guess(ReadOnlySpan<ChipRead> reads, int location, Span<int> guesses)
    {
        ulong[] slots = _slots;
        int mask = slots.Length - 1;
        Span<ulong> hashes = stackalloc ulong[GuessedAtOnce];
        for (int from = 0; from < reads.Length; from += GuessedAtOnce)
        {
            ReadOnlySpan<ChipRead> some = reads[from..Math.Min(from + GuessedAtOnce, reads.Length)];
            for (int i = 0; i < some.Length; i++)
            {
                hashes[i] = Hash(some[i].Chip, location);
                Prefetch(ref slots[(int)hashes[i] & mask]);
            }

            for (int i = 0; i < some.Length; i++)
                guesses[from + i] = Guess(slots, hashes[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int Guess(ulong[] slots, ulong hash)
    {
        int mask = slots.Length - 1;
        int at = (int)hash & mask;
        while (slots[at] is var slot and not 0)
        {
            if (((slot ^ hash) & TagMask) == 0)
            {
                int index = (int)(uint)slot - 1;
                ref Track track = ref _tracks[index];
                Prefetch(ref track.Chip);
                Prefetch(ref track.Location);
                return index;
            }

            at = (at + 1) & mask;
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void Prefetch<T>(ref T at)
    {
        // An address that the garbage collector makes stale does no harm here: nothing is read from it.
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref at));
    }

    static ulong Hash(in ChipCode chip, int location) => chip.Hash() + ((ulong)location * 0x9E3779B97F4A7C15);

    /// <summary>The track of a chip at a location, made when there is none; −1 when the table is full.</summary>
    /// <param name="chip">The chip.</param>
    /// <param name="location">Index of the location.</param>
    /// <param name="guess">Where it may be, or −1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindOrAdd(in ChipCode chip, int location, int guess)
    {
        if (guess >= 0)
        {
            ref Track track = ref _tracks[guess];
            if (track.Chip == chip && track.Location == location)
                return guess;
        }

        return FindOrAddSlow(chip, location);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int FindOrAddSlow(in ChipCode chip, int location)
    {
        ulong hash = Hash(chip, location);
        ulong[] slots = _slots;
        int mask = slots.Length - 1;
        int at = (int)hash & mask;
        while (true)
        {
            ulong slot = slots[at];
            if (slot == 0)
                return Add(chip, location, hash, at);
            if (((slot ^ hash) & TagMask) == 0)
            {
                int index = (int)(uint)slot - 1;
                ref Track track = ref _tracks[index];
                if (track.Chip == chip && track.Location == location)
                    return index;
            }

            at = (at + 1) & mask;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int Add(in ChipCode chip, int location, ulong hash, int at)
    {
        if (_tracks.Count >= maxTracks)
            return -1;
        int index = _tracks.Add();
        ref Track track = ref _tracks[index];
        track.Chip = chip;
        track.Location = location;
        _slots[at] = (hash & TagMask) | (uint)(index + 1);
        if (_tracks.Count * 2 > _slots.Length)
            Grow();
        return index;
    }

    void Grow()
    {
        ulong[] slots = new ulong[_slots.Length * 2];
        int mask = slots.Length - 1;
        for (int i = 0; i < _tracks.Count; i++)
        {
            ulong hash = Hash(_tracks[i].Chip, _tracks[i].Location);
            int at = (int)hash & mask;
            while (slots[at] != 0)
                at = (at + 1) & mask;
            slots[at] = (hash & TagMask) | (uint)(i + 1);
        }

        _slots = slots;
    }
}
