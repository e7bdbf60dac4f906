namespace RufusIngest.Passings;

/// <summary>Chips of one line that do not move on: few, so that a list will do.</summary>
sealed class ParkedChips
{
    readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    /// <summary>Location's time at which one of them has to be looked at.</summary>
    public long NextCheck { get; private set; } = long.MaxValue;

    public Entry this[int index]
    {
        get => _entries[index];
        set => _entries[index] = value;
    }

    public void Add(Entry entry)
    {
        _entries.Add(entry);
        NextCheck = Math.Min(NextCheck, entry.Check);
    }

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

    /// <summary>A parked chip.</summary>
    /// <param name="Track">Its track.</param>
    /// <param name="Interval">Its interval there.</param>
    /// <param name="Lag">How far its reads lie behind the location's time.</param>
    /// <param name="Check">Location's time at which to look again.</param>
    /// <param name="Report">Location's time from which to say that it is still there.</param>
    public readonly record struct Entry(int Track, int Interval, long Lag, long Check, long Report);
}
