using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>When a chip was at a line: from its first to its last read, and the time of record.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Interval
{
    /// <summary>Values of <see cref="Open"/> without an open burst.</summary>
    public const int Decided = -1;
    public const int Suppressed = -2;
    public const int Unused = -3;

    /// <summary>A time of record that hides nothing; small enough to be subtracted from any time.</summary>
    public const long NoRecord = long.MinValue / 4;

    public long First;
    public long Last;
    public long Record;

    /// <summary>The interval before it, or −1. In an unused newest one: the track whose intervals the chip shares.</summary>
    public int Older;

    /// <summary>Its burst while that is followed, or one of the constants.</summary>
    public int Open;
}

/// <summary>What is seldom asked of an interval.</summary>
[StructLayout(LayoutKind.Sequential)]
struct IntervalFacts
{
    /// <summary>The passing that it is, or that stands for it; 0 while there is none.</summary>
    public int Number;
    public ushort Session;

    /// <summary>Outcome of the reads it takes within the gap.</summary>
    public ReadOutcome Outcome;

    byte _flags;

    /// <summary>A last-seen record has ended it.</summary>
    public bool HasEnded
    {
        readonly get => (_flags & 1) != 0;
        set => _flags = (byte)(value ? _flags | 1 : _flags & ~1);
    }

    /// <summary>It was told, or counted, as parked.</summary>
    public bool IsParked
    {
        readonly get => (_flags & 2) != 0;
        set => _flags = (byte)(value ? _flags | 2 : _flags & ~2);
    }
}

/// <summary>An interval that is not the newest of its chip.</summary>
[StructLayout(LayoutKind.Sequential)]
struct EarlierInterval
{
    public Interval Interval;
    public IntervalFacts Facts;
}

/// <summary>
/// All that is asked of a chip at a line for nearly every read, 64 bytes: one line of the processor's cache.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
struct Track
{
    public ChipCode Chip;

    /// <summary>The newest interval, in place because nearly every read concerns it.</summary>
    public Interval Newest;
}

/// <summary>Chips remembered over all lines, against their bound.</summary>
sealed class TrackBudget(int max)
{
    public int Count { get; private set; }

    public bool TryTake()
    {
        if (Count >= max)
            return false;
        Count++;
        return true;
    }
}

/// <summary>
/// Tracks of one line by chip: open addressing over 4-byte slots that hold 8 bits of the hash and the track's index. The
/// full code is compared always; a chip is never taken for another.
/// </summary>
sealed class TrackTable(TrackBudget budget)
{
    const int GuessedAtOnce = 64;

    /// <summary>So few slots stay in the processor's nearest cache and need not be asked for ahead.</summary>
    const int NearSlots = 4096;
    const uint TagMask = 0xFF00_0000;
    const uint IndexMask = ~TagMask;

    /// <summary>What a slot can name.</summary>
    public const int MaxTracks = (int)IndexMask - 1;

    readonly TrackMemory _tracks = new();
    readonly Segments<IntervalFacts> _facts = new();

    // A tag and one more than the index; 0: empty.
    uint[] _slots = new uint[1024];

    public int Count => _tracks.Count;

    public ref Track this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _tracks[index];
    }

    /// <summary>What is seldom asked of a track's newest interval.</summary>
    public ref IntervalFacts Facts(int index) => ref _facts[index];

    /// <summary>Where the tracks of many reads probably are, asked for together so that memory answers together.</summary>
    /// <param name="reads">The reads.</param>
    /// <param name="guesses">As many as reads; each becomes a track's index or −1, for <see cref="FindOrAdd"/>.</param>
    [SkipLocalsInit]
    public void Guess(ReadOnlySpan<ChipRead> reads, Span<int> guesses)
    {
        uint[] slots = _slots;
        if (slots.Length <= NearSlots)
        {
            for (int i = 0; i < reads.Length; i++)
                guesses[i] = Guess(slots, reads[i].Chip.Hash());
            return;
        }

        int mask = slots.Length - 1;
        Span<ulong> hashes = stackalloc ulong[GuessedAtOnce];
        for (int from = 0; from < reads.Length; from += GuessedAtOnce)
        {
            ReadOnlySpan<ChipRead> some = reads[from..Math.Min(from + GuessedAtOnce, reads.Length)];
            for (int i = 0; i < some.Length; i++)
            {
                hashes[i] = some[i].Chip.Hash();
                Prefetch(ref slots[(int)hashes[i] & mask]);
            }

            for (int i = 0; i < some.Length; i++)
                guesses[from + i] = Guess(slots, hashes[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int Guess(uint[] slots, ulong hash)
    {
        int mask = slots.Length - 1;
        int at = (int)hash & mask;
        while (slots[at] is var slot and not 0)
        {
            if ((slot & TagMask) == Tag(hash))
            {
                int index = (int)(slot & IndexMask) - 1;
                Prefetch(ref _tracks[index]);
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

    /// <summary>The track of a chip, made when there is none; −1 when there is no room.</summary>
    /// <param name="chip">The chip.</param>
    /// <param name="guess">Where it may be, or −1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindOrAdd(in ChipCode chip, int guess)
    {
        // Also a guess that was made for another line.
        return _tracks.IsAt(guess, chip) ? guess : FindOrAddSlow(chip);
    }

    // The upper bits; the lower ones choose the slot.
    static uint Tag(ulong hash) => (uint)(hash >> 32) & TagMask;

    /// <summary>The track of a chip, or −1.</summary>
    public int Find(in ChipCode chip)
    {
        int at = SlotOf(chip, chip.Hash());
        return (int)(_slots[at] & IndexMask) - 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int FindOrAddSlow(in ChipCode chip)
    {
        ulong hash = chip.Hash();
        int at = SlotOf(chip, hash);
        int index = (int)(_slots[at] & IndexMask) - 1;
        return index >= 0 ? index : Add(chip, hash, at);
    }

    /// <summary>The slot with the chip, or the empty one where it would go.</summary>
    int SlotOf(in ChipCode chip, ulong hash)
    {
        uint[] slots = _slots;
        int mask = slots.Length - 1;
        int at = (int)hash & mask;
        while (slots[at] is var slot and not 0)
        {
            if ((slot & TagMask) == Tag(hash) && _tracks[(int)(slot & IndexMask) - 1].Chip.Is(chip))
                return at;
            at = (at + 1) & mask;
        }

        return at;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int Add(in ChipCode chip, ulong hash, int at)
    {
        if (!budget.TryTake())
            return -1;
        int index = _tracks.Add();
        _facts.Add();
        ref Track track = ref _tracks[index];
        track.Chip = chip;
        track.Newest = new Interval { First = long.MaxValue, Older = -1, Open = Interval.Unused };
        _slots[at] = Tag(hash) | (uint)(index + 1);
        if (_tracks.Count * 2 > _slots.Length)
            Grow();
        return index;
    }

    void Grow()
    {
        uint[] slots = new uint[_slots.Length * 2];
        int mask = slots.Length - 1;
        for (int i = 0; i < _tracks.Count; i++)
        {
            ulong hash = _tracks[i].Chip.Hash();
            int at = (int)hash & mask;
            while (slots[at] != 0)
                at = (at + 1) & mask;
            slots[at] = Tag(hash) | (uint)(i + 1);
        }

        _slots = slots;
    }
}
