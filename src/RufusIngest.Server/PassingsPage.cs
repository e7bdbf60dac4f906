using System.Buffers;

namespace RufusIngest.Server;

/// <summary>Where a passing of a device lies, in the order in which a device's passings are read.</summary>
readonly record struct PassingKey(long TimeMs, int Session, long Number, int Row) : IComparable<PassingKey>
{
    public int CompareTo(PassingKey other) =>
        TimeMs != other.TimeMs ? TimeMs.CompareTo(other.TimeMs)
        : Session != other.Session ? Session.CompareTo(other.Session)
        : Number.CompareTo(other.Number);
}

/// <summary>A page of stored passings, copied out of its sessions. Disposing gives its memory back.</summary>
sealed class PassingsPage : IDisposable
{
    readonly StoredPassing[] _rows;
    readonly int[]? _sources; // By row; null: all of the first.
    readonly (TimingSession Session, byte[][] Chunks)[] _sessions;

    PassingsPage(int limit, (TimingSession Session, byte[][] Chunks)[] sessions, int[]? sources)
    {
        _rows = ArrayPool<StoredPassing>.Shared.Rent(limit);
        (_sessions, _sources) = (sessions, sources);
    }

    public int Count { get; private set; }

    /// <summary>How many there are on all pages.</summary>
    public int Total { get; private set; }

    public ref readonly StoredPassing this[int row] => ref _rows[row];

    /// <summary>The session of a row, and the chunks its texts lie in.</summary>
    public (TimingSession Session, byte[][] Chunks) Source(int row) => _sessions[_sources?[row] ?? 0];

    /// <summary>A session's passings in the order of their numbers.</summary>
    public static PassingsPage Of(TimingSession session, in PassingRange range, Paging paging)
    {
        var source = new (TimingSession, byte[][])[1];
        var page = new PassingsPage(paging.Limit, source, null);
        var (copied, total, chunks) = session.Read(range, paging.Skip, page._rows.AsSpan(0, paging.Limit));
        source[0] = (session, chunks);
        (page.Count, page.Total) = (copied, total);
        return page;
    }

    /// <summary>The passings of several sessions in the order of their times.</summary>
    public static PassingsPage Of(TimingSession[] sessions, in PassingRange range, Paging paging)
    {
        var keys = new List<PassingKey>();
        for (var i = 0; i < sessions.Length; i++)
            sessions[i].Collect(range, i, keys);
        keys.Sort();
        var count = (int)Math.Clamp(keys.Count - paging.Skip, 0, paging.Limit);
        var sources = new (TimingSession, byte[][])[sessions.Length];
        var page = new PassingsPage(count, sources, new int[count]) { Count = count, Total = keys.Count };
        for (var i = 0; i < count; i++)
        {
            var key = keys[(int)paging.Skip + i];
            page._rows[i] = sessions[key.Session].Row(key.Row, out var chunks);
            page._sources![i] = key.Session;

            // What a session's texts lie in only grows: the last chunks hold those of all its rows.
            sources[key.Session] = (sessions[key.Session], chunks);
        }

        return page;
    }

    public void Dispose() => ArrayPool<StoredPassing>.Shared.Return(_rows);
}
