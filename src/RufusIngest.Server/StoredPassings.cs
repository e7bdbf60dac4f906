namespace RufusIngest.Server;

/// <summary>
/// A session's passings by number. Not safe for concurrent use: the session locks. Numbers a client counts up from 1
/// are found through an array; those far beyond the count go to a dictionary until the array grows past them.
/// </summary>
sealed class StoredPassings
{
    /// <summary>Most passings of one session, so that its memory has a bound.</summary>
    public const int Max = 1 << 24;

    const int BlockRows = 1024;
    const int DenseSlack = 65_536;

    readonly List<StoredPassing[]> _blocks = [];
    readonly Dictionary<long, int> _wild = [];
    readonly TextArena _arena = new();
    int[] _dense = new int[1024]; // Row + 1 by number; every number in _wild is beyond its end.
    long[]? _wildSorted;

    public int Count { get; private set; }

    public byte[][] Chunks => _arena.Chunks;

    public ref readonly StoredPassing this[int row] => ref _blocks[row / BlockRows][row % BlockRows];

    /// <summary>The row of a number, or -1.</summary>
    public int Find(long number)
    {
        if (number < _dense.Length)
            return _dense[number] - 1;
        return _wild.TryGetValue(number, out var row) ? row : -1;
    }

    public void Add(in ParsedPassing passing, ReadOnlySpan<byte> body)
    {
        if (Count % BlockRows == 0)
            _blocks.Add(new StoredPassing[BlockRows]);
        _blocks[^1][Count % BlockRows] = StoredPassing.Copy(passing, body, _arena);
        var number = passing.Number;
        if (number >= _dense.Length && number < (4L * Count) + DenseSlack)
            GrowDense((int)number + 1);
        if (number < _dense.Length)
        {
            _dense[number] = Count + 1;
        }
        else
        {
            _wild.Add(number, Count);
            _wildSorted = null;
        }

        Count++;
    }

    /// <summary>
    /// Copies the passings of a range in the order of their numbers, leaving out the first <paramref name="skip"/>;
    /// tells how many were copied and how many there are.
    /// </summary>
    public (int Copied, int Total) Read(in PassingRange range, long skip, Span<StoredPassing> destination)
    {
        var (copied, total) = (0, 0);
        var (first, last, timed) = (range.First, range.Last, range.IsTimed);
        var end = Math.Min(last, _dense.Length - 1);
        for (var number = first; number <= end; number++)
        {
            if (_dense[number] != 0)
                Take(_dense[number] - 1, range, destination);
        }

        if (_wild.Count > 0 && last >= _dense.Length)
        {
            var sorted = _wildSorted ??= SortWild();
            var from = Array.BinarySearch(sorted, first);
            for (var i = from < 0 ? ~from : from; i < sorted.Length && sorted[i] <= last; i++)
                Take(_wild[sorted[i]], range, destination);
        }

        return (copied, total);

        void Take(int row, in PassingRange range, Span<StoredPassing> to)
        {
            if (timed && !range.Holds(this[row].TimeMs))
                return;
            if (total++ >= skip && copied < to.Length)
                to[copied++] = this[row];
        }
    }

    /// <summary>Adds the keys of all passings in the range's times.</summary>
    public void Collect(in PassingRange range, int session, List<PassingKey> keys)
    {
        for (var row = 0; row < Count; row++)
        {
            ref readonly var passing = ref this[row];
            if (range.Holds(passing.TimeMs))
                keys.Add(new(passing.TimeMs, session, passing.Number, row));
        }
    }

    void GrowDense(int length)
    {
        Array.Resize(ref _dense, Math.Max(length, _dense.Length * 2));
        foreach (var (number, row) in _wild)
        {
            if (number < _dense.Length)
            {
                _dense[number] = row + 1;
                _wild.Remove(number); // Allowed while enumerating.
            }
        }

        _wildSorted = null;
    }

    long[] SortWild()
    {
        var numbers = _wild.Keys.ToArray();
        Array.Sort(numbers);
        return numbers;
    }
}
