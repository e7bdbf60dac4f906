namespace RufusIngest.Passings;

/// <summary>Chips of one line that do not move on: few, so that a list will do.</summary>
sealed class ParkedChips
{
    readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    /// <summary>Location's time at which one of them has to be looked at.</summary>
    public long NextCheck { get; private set; } = long.MaxValue;

    public Entry this[int index] => _entries[index];

    /// <summary>Watches an interval.</summary>
    /// <param name="track">Its track.</param>
    /// <param name="interval">Its interval there.</param>
    /// <param name="check">When to look at it.</param>
    /// <param name="report">When to say that it is still there.</param>
    public void Add(int track, int interval, long check, long report)
    {
        _entries.Add(new Entry(track, interval, check, report));
        NextCheck = Math.Min(NextCheck, check);
    }

    public void Set(int index, long check, long report) =>
        _entries[index] = _entries[index] with { Check = check, Report = report };

    public void RemoveAt(int index) => _entries.RemoveAt(index);

    /// <summary>After a round: when the next one is due.</summary>
    public void SetNextCheck()
    {
        NextCheck = long.MaxValue;
        foreach (Entry entry in _entries)
            NextCheck = Math.Min(NextCheck, entry.Check);
    }

    /// <summary>An interval is kept elsewhere now.</summary>
    public void Moved(int track, int from, int to)
    {
        if (Find(track, from) is var index and >= 0)
            _entries[index] = _entries[index] with { Interval = to };
    }

    /// <summary>An interval is no more.</summary>
    public void Forget(int track, int interval)
    {
        if (Find(track, interval) is var index and >= 0)
            _entries.RemoveAt(index);
    }

    int Find(int track, int interval)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Track == track && _entries[i].Interval == interval)
                return i;
        }

        return -1;
    }

    public readonly record struct Entry(int Track, int Interval, long Check, long Report);
}
