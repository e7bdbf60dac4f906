using System.Runtime.CompilerServices;

namespace RufusIngest.Passings;

/// <summary>A list that grows by whole segments, so that growing never moves or copies what is there.</summary>
sealed class Segments<T>
    where T : struct
{
    const int Shift = 12;
    const int Size = 1 << Shift;

    T[][] _segments = new T[16][];

    public int Count { get; private set; }

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _segments[index >> Shift][index & (Size - 1)];
    }

    /// <summary>Adds a slot with <c>default</c> content and returns its index.</summary>
    public int Add()
    {
        int segment = Count >> Shift;
        if (segment == _segments.Length)
            Array.Resize(ref _segments, segment * 2);
        _segments[segment] ??= new T[Size];
        return Count++;
    }
}
