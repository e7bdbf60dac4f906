namespace RufusIngest.Tool.Relay;

/// <summary>Numbers as ranges of consecutive ones: as small as their gaps are few.</summary>
sealed class NumberRanges
{
    readonly List<(int First, int Last)> _ranges = []; // Ascending, with a gap between any two.

    /// <summary>How many numbers there are.</summary>
    public long Count { get; private set; }

    public bool Contains(int number)
    {
        int index = LastFrom(number);
        return index >= 0 && number <= _ranges[index].Last;
    }

    /// <summary>The lowest number, from a given one, that is not there.</summary>
    public long FirstMissing(int from)
    {
        int index = LastFrom(from);
        return index >= 0 && from <= _ranges[index].Last ? _ranges[index].Last + 1L : from;
    }

    /// <summary>Adds numbers, of which some may be there.</summary>
    /// <returns>The range they are in now.</returns>
    public (int First, int Last) Add(int first, int last)
    {
        // All ranges that touch the new one, or lie next to it, become one.
        int from = LastFrom(first);
        if (from < 0 || _ranges[from].Last + 1L < first)
            from++;
        int to = from;
        while (to < _ranges.Count && _ranges[to].First <= last + 1L)
        {
            (int otherFirst, int otherLast) = _ranges[to++];
            (first, last) = (Math.Min(first, otherFirst), Math.Max(last, otherLast));
            Count -= Length(otherFirst, otherLast);
        }

        _ranges.RemoveRange(from, to - from);
        _ranges.Insert(from, (first, last));
        Count += Length(first, last);
        return (first, last);
    }

    static long Length(int first, int last) => last - (long)first + 1;

    /// <summary>Index of the last range that begins at a number or before it; -1: none does.</summary>
    int LastFrom(int number)
    {
        (int low, int high) = (0, _ranges.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].First <= number)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }
}
