using System.Runtime.CompilerServices;

namespace RufusIngest.Passings;

/// <summary>
/// Open bursts of one location by the time they fall due: a ring of narrow time buckets, each a linked list through the
/// bursts. Filing, taking out and expiry cost the same however many are open.
/// </summary>
sealed class BurstRing
{
    /// <summary>Width of a bucket: 2¹⁷ ticks, 13.1 ms. A burst is emitted at most this much after it falls due.</summary>
    const int BucketShift = 17;

    /// <summary>The ring spans 53 s; what falls due later waits in the last bucket and is filed again.</summary>
    const int Buckets = 4096;

    readonly int[] _first = new int[Buckets];
    readonly int[] _last = new int[Buckets];
    long _next = long.MinValue;

    // Bursts of the last bucket that are not due yet, while expiry is under way.
    int _aside = -1;

    public BurstRing()
    {
        Array.Fill(_first, -1);
        Array.Fill(_last, -1);
    }

    public int Count { get; private set; }

    /// <summary>True when a burst that falls due then would have been emitted already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPast(long due, long time) => due >> BucketShift < time >> BucketShift;

    /// <summary>
    /// True when a burst that falls due then is not yet to be taken out, while <see cref="TakeDue"/> is under way. In a leap of
    /// time that passes it, one beyond the ring is: to carry it along would take a step for each bucket of the leap.
    /// </summary>
    public bool IsAhead(long due, long time)
    {
        long bucket = due >> BucketShift;
        return bucket > _next && (bucket < _next + Buckets || bucket >= time >> BucketShift);
    }

    /// <summary>
    /// Begins at the location's first time, which may lie before reads that were there already: another reader's backlog.
    /// </summary>
    public void Start(OpenBursts bursts, long time)
    {
        long bucket = time >> BucketShift;
        if (_next != long.MinValue && bucket >= _next)
            return;
        while (Count > 0)
        {
            int index = TakeOldest(bursts);
            bursts[index].Next = _aside;
            _aside = index;
        }

        _next = bucket;
        AddAside(bursts);
    }

    /// <summary>Files a burst under its <see cref="OpenBurst.Due"/>.</summary>
    public void Add(OpenBursts bursts, int index)
    {
        ref OpenBurst burst = ref bursts[index];
        long bucket = burst.Due >> BucketShift;
        if (_next == long.MinValue)
            _next = bucket - (Buckets / 2);
        burst.Bucket = (int)(Math.Clamp(bucket, _next, _next + Buckets - 1) & (Buckets - 1));
        burst.Next = -1;
        burst.Previous = _last[burst.Bucket];
        if (burst.Previous >= 0)
            bursts[burst.Previous].Next = index;
        else
            _first[burst.Bucket] = index;
        _last[burst.Bucket] = index;
        Count++;
    }

    public void Remove(OpenBursts bursts, int index)
    {
        ref OpenBurst burst = ref bursts[index];
        if (burst.Previous >= 0)
            bursts[burst.Previous].Next = burst.Next;
        else
            _first[burst.Bucket] = burst.Next;
        if (burst.Next >= 0)
            bursts[burst.Next].Previous = burst.Previous;
        else
            _last[burst.Bucket] = burst.Previous;
        Count--;
    }

    /// <summary>The first time behind the bucket of another.</summary>
    public static long NextBucket(long time) => ((time >> BucketShift) + 1) << BucketShift;

    /// <summary>Takes out the next burst that fell due before the given time, or −1. Call until it says −1.</summary>
    public int TakeDue(OpenBursts bursts, long time)
    {
        long end = time >> BucketShift;
        return end <= _next ? -1 : TakeDueSlow(bursts, end);
    }

    int TakeDueSlow(OpenBursts bursts, long end)
    {
        while (Count > 0 && _next < end)
        {
            int index = _first[(int)(_next & (Buckets - 1))];
            if (index < 0)
            {
                _next++;
                continue;
            }

            Remove(bursts, index);
            if (bursts[index].Due >> BucketShift < end)
                return index;
            bursts[index].Next = _aside;
            _aside = index;
        }

        _next = Math.Max(_next, end);
        AddAside(bursts);
        return -1;
    }

    void AddAside(OpenBursts bursts)
    {
        while (_aside >= 0)
        {
            int index = _aside;
            _aside = bursts[index].Next;
            Add(bursts, index);
        }
    }

    /// <summary>Takes out the burst that falls due first; there must be one.</summary>
    public int TakeOldest(OpenBursts bursts)
    {
        for (long bucket = _next; ; bucket++)
        {
            int index = _first[(int)(bucket & (Buckets - 1))];
            if (index < 0)
                continue;
            Remove(bursts, index);
            return index;
        }
    }
}
