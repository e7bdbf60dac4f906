using System.Runtime.CompilerServices;

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

    /// <summary>Adds a slot with <c>default</c> content and returns its index.</summary>
    public int Add()
    {
        int piece = Count >> Shift;
        if (piece == _pieces.Length)
            Array.Resize(ref _pieces, Math.Max(4, piece * 2));
        if (piece == _memory.Count)
        {
            byte[] memory = GC.AllocateArray<byte>((Size * sizeof(Track)) + CacheLine, pinned: true);
            _memory.Add(memory);
            nint start = (nint)Unsafe.AsPointer(ref memory[0]);
            _pieces[piece] = (start + CacheLine - 1) & ~(nint)(CacheLine - 1);
        }

        return Count++;
    }
}
