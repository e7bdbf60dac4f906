using System.Buffers;
using System.Text.Json;

namespace RufusIngest.Server;

/// <summary>Where a passing of a device lies, in the order in which a device's passings are read.</summary>
readonly record struct PassingKey(long TimeMs, int Session, long Number, int Row) : IComparable<PassingKey>
{
    public int CompareTo(PassingKey other) =>
        TimeMs != other.TimeMs ? TimeMs.CompareTo(other.TimeMs)
        : Session != other.Session ? Session.CompareTo(other.Session)
        : Number.CompareTo(other.Number);
}

/// <summary>A session with passings on a page, and the chunks their texts lie in; null: the page's own arena.</summary>
sealed record PageSession(string Token, string DeviceId, byte[][]? Chunks)
{
    /// <summary>Escaped once for all its passings.</summary>
    public JsonEncodedText JsonToken { get; } = JsonEncodedText.Encode(Token, Responses.Encoder);

    /// <inheritdoc cref="JsonToken"/>
    public JsonEncodedText JsonDeviceId { get; } = JsonEncodedText.Encode(DeviceId, Responses.Encoder);
}

/// <summary>A page of stored passings, copied out of its sessions. Disposing gives its memory back.</summary>
sealed class PassingsPage : IDisposable
{
    readonly StoredPassing[] _rows;
    readonly int[]? _sources; // By row; null: all of the first.
    readonly List<PageSession> _sessions;

    PassingsPage(int limit, List<PageSession> sessions, int[]? sources)
    {
        _rows = ArrayPool<StoredPassing>.Shared.Rent(limit);
        (_sessions, _sources) = (sessions, sources);
    }

    /// <summary>An empty page, to which at most <paramref name="limit"/> passings are added.</summary>
    public PassingsPage(int limit)
        : this(limit, [], new int[limit])
    {
    }

    public int Count { get; private set; }

    /// <summary>How many there are on all pages.</summary>
    public int Total { get; set; }

    /// <summary>How many there are when the page shows it, being the last, and when nobody wants to know.</summary>
    public int? EndsAt(Paging paging) =>
        !paging.IsCounted || (Count < paging.Limit && (Count > 0 || paging.Skip == 0)) ? (int)paging.Skip + Count : null;

    /// <summary>Where the texts of added passings lie.</summary>
    public TextArena Arena { get; } = new();

    public ref readonly StoredPassing this[int row] => ref _rows[row];

    public PageSession Session(int row) => _sessions[_sources?[row] ?? 0];

    /// <summary>The chunks that the texts of a row lie in.</summary>
    public byte[][] Chunks(int row) => Session(row).Chunks ?? Arena.Chunks;

    /// <summary>A session of added passings; the first is 0.</summary>
    public void AddSession(string token, string deviceId) => _sessions.Add(new(token, deviceId, null));

    /// <summary>Adds a passing whose texts are in the arena.</summary>
    public void Add(in StoredPassing passing, int session)
    {
        _sources![Count] = session;
        _rows[Count++] = passing;
    }

    /// <summary>A session's passings in the order of their numbers.</summary>
    public static PassingsPage Of(TimingSession session, in PassingRange range, Paging paging)
    {
        var source = new List<PageSession>(1);
        var page = new PassingsPage(paging.Limit, source, null);
        var (copied, total, chunks) = session.Read(range, paging.Skip, page._rows.AsSpan(0, paging.Limit));
        source.Add(new(session.Token, session.DeviceId, chunks));
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
        var sources = new List<PageSession>();
        sources.AddRange(sessions.Select(session => new PageSession(session.Token, session.DeviceId, null)));
        var page = new PassingsPage(count, sources, new int[count]) { Count = count, Total = keys.Count };
        for (var i = 0; i < count; i++)
        {
            var key = keys[(int)paging.Skip + i];
            page._rows[i] = sessions[key.Session].Row(key.Row, out var chunks);
            page._sources![i] = key.Session;

            // What a session's texts lie in only grows: the last chunks hold those of all its rows.
            sources[key.Session] = sources[key.Session] with { Chunks = chunks };
        }

        return page;
    }

    public void Dispose() => ArrayPool<StoredPassing>.Shared.Return(_rows);
}
