namespace RufusIngest.Server;

/// <summary>A company's arrivals: a ring of the last, and those who wait for more.</summary>
sealed class CompanyFeed
{
    /// <summary>
    /// Passings in the ring. A listener that takes longer than these last does not see the older ones.
    /// </summary>
    public const int Kept = 50;

    readonly Lock _gate = new();
    readonly LivePassing[] _ring = new LivePassing[Kept];
    readonly List<LiveListener> _listeners = [];
    long _written;
    volatile bool _isHeard;

    public ArrivalMinutes Arrivals { get; } = new();

    public bool IsHeard => _isHeard;

    public void Add(List<LivePassing> passings)
    {
        lock (_gate)
        {
            foreach (var passing in passings)
                _ring[_written++ % Kept] = passing;
            foreach (var listener in _listeners)
                listener.Wake();
        }
    }

    /// <summary>What came since a position, which moves to the end.</summary>
    public List<LivePassing> Take(ref long position)
    {
        lock (_gate)
        {
            var passings = new List<LivePassing>();
            for (var at = Math.Max(position, _written - Kept); at < _written; at++)
                passings.Add(_ring[at % Kept]);
            position = _written;
            return passings;
        }
    }

    /// <summary>The position the listener starts from.</summary>
    public long Enter(LiveListener listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
            _isHeard = true;
            return _written;
        }
    }

    public void Leave(LiveListener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
            _isHeard = _listeners.Count > 0;
        }
    }
}
