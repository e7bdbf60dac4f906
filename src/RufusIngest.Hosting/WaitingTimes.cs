namespace RufusIngest.Hosting;

/// <summary>
/// How long passings have waited, from looks at their numbers: a mark says that up to this number all had been numbered
/// when it was seen. Thread-safe.
/// </summary>
sealed class WaitingTimes(TimeProvider time)
{
    /// <summary>Marks of a session; at one a second the oldest waits for a quarter of an hour by then.</summary>
    const int MaxMarks = 1024;

    readonly Lock _lock = new();
    readonly Dictionary<(string Location, int Session), Queue<(int UpTo, long Seen)>> _marks = [];

    /// <summary>Looks, and says how long the oldest one that is not acknowledged has waited.</summary>
    public TimeSpan Observe(string location, int session, int lastNumber, int acknowledgedNumber)
    {
        lock (_lock)
        {
            if (!_marks.TryGetValue((location, session), out Queue<(int UpTo, long Seen)>? marks))
                _marks.Add((location, session), marks = new());
            while (marks.TryPeek(out (int UpTo, long Seen) first) && first.UpTo <= acknowledgedNumber)
                marks.Dequeue();
            int known = marks.Count == 0 ? acknowledgedNumber : marks.Last().UpTo;
            if (lastNumber > known && marks.Count < MaxMarks)
                marks.Enqueue((lastNumber, time.GetTimestamp()));
            return marks.TryPeek(out (int UpTo, long Seen) oldest) ? time.GetElapsedTime(oldest.Seen) : TimeSpan.Zero;
        }
    }
}
