using System.Runtime.CompilerServices;

namespace RufusIngest.Passings;

/// <summary>A list that grows by whole segments, so that growing never moves or copies what is there.</summary>
/// <param name="shift">A segment has 2 to the power of this.</param>
sealed class Segments<T>(int shift = 12)
    where T : struct
{
    T[][] _segments = new T[16][];

    public int Count { get; private set; }

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _segments[index >> shift][index & ((1 << shift) - 1)];
    }

    /// <summary>Adds a slot with <c>default</c> content and returns its index.</summary>
    public int Add()
    {
        int segment = Count >> shift;
        if (segment == _segments.Length)
            Array.Resize(ref _segments, segment * 2);
        _segments[segment] ??= new T[1 << shift];
        return Count++;
    }
}
