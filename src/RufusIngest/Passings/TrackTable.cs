using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    readonly Segments<Track> _tracks = new();
    ulong[] _slots = new ulong[1024];

    public int Count => _tracks.Count;

    public ref Track this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _tracks[index];
    }

    /// <summary>The track of a chip at a location, made when there is none; −1 when the table is full.</summary>
    public int FindOrAdd(in ChipCode chip, int location)
    {
        ulong hash = chip.Hash() + ((ulong)location * 0x9E3779B97F4A7C15);
        ulong tag = hash & 0xFFFF_FFFF_0000_0000;
        ulong[] slots = _slots;
        int mask = slots.Length - 1;
        int at = (int)hash & mask;
        while (true)
        {
            ulong slot = slots[at];
            if (slot == 0)
                return Add(chip, location, hash, at);
            if ((slot & 0xFFFF_FFFF_0000_0000) == tag)
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
        _slots[at] = (hash & 0xFFFF_FFFF_0000_0000) | (uint)(index + 1);
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
            ulong hash = _tracks[i].Chip.Hash() + ((ulong)_tracks[i].Location * 0x9E3779B97F4A7C15);
            int at = (int)hash & mask;
            while (slots[at] != 0)
                at = (at + 1) & mask;
            slots[at] = (hash & 0xFFFF_FFFF_0000_0000) | (uint)(i + 1);
        }

        _slots = slots;
    }
}
