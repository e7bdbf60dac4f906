using System.Runtime.CompilerServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>
/// Tracks in pieces that never move, each track on one line of the processor's cache: with a million chips, nearly every read
/// waits for memory, and for one line less than if tracks lay across two.
/// </summary>
sealed unsafe class TrackMemory
{
    const int Shift = 10;
    const int Size = 1 << Shift;
    const int CacheLine = 64;

    readonly List<byte[]> _memory = [];
    nint[] _pieces = [];

    public int Count { get; private set; }

    public ref Track this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref ((Track*)_pieces[index >> Shift])[index & (Size - 1)];
    }

    /// <summary>Whether a chip is at an index, which may be any number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAt(int index, in ChipCode chip)
    {
        return (uint)index < (uint)Count && this[index].Chip.Is(chip);
    }

    /// <summary>Adds a slot with <c>default</c> content and returns its index.</summary>
    public int Add()
    {
        int piece = Count >> Shift;
        if (piece == _pieces.Length)
        {
            byte[] memory = GC.AllocateArray<byte>((Size * sizeof(Track)) + CacheLine, pinned: true);
            _memory.Add(memory);
            nint start = (nint)Unsafe.AsPointer(ref memory[0]);
            _pieces = [.. _pieces, (start + CacheLine - 1) & ~(nint)(CacheLine - 1)];
        }

        return Count++;
    }
}
