namespace RufusIngest.Server;

/// <summary>
/// How many passings were stored in each of the last minutes. Every member may be called from any thread.
/// </summary>
sealed class ArrivalMinutes
{
    /// <summary>Minutes kept, the one that is running among them.</summary>
    public const int Count = 60;

    /// <summary>Milliseconds of a minute.</summary>
    public const long MinuteMs = 60_000;

    readonly Lock _gate = new();
    readonly long[] _minutes = new long[Count];
    readonly long[] _passings = new long[Count];

    public void Add(long nowMs, int passings)
    {
        var minute = nowMs / MinuteMs;
        var slot = minute % Count;
        lock (_gate)
        {
            if (_minutes[slot] != minute)
                (_minutes[slot], _passings[slot]) = (minute, 0);
            _passings[slot] += passings;
        }
    }

    /// <summary>The minutes up to the one that is running, which is the last.</summary>
    public long[] UpTo(long nowMs)
    {
        var counts = new long[Count];
        var first = (nowMs / MinuteMs) - Count + 1;
        lock (_gate)
        {
            for (var i = 0; i < Count; i++)
            {
                var slot = (first + i) % Count;
                counts[i] = _minutes[slot] == first + i ? _passings[slot] : 0;
            }
        }

        return counts;
    }
}
