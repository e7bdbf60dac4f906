using System.Buffers.Binary;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>Where a row lies.</summary>
/// <param name="Id">Its row id.</param>
/// <param name="Page">The page; for a version that lies under a damaged frame, its index, negative.</param>
/// <param name="Offset">Where in the page the cell begins.</param>
readonly record struct RowPlace(long Id, long Page, int Offset);

/// <summary>
/// All that can be trusted in a journal, however damaged: rows are found page by page without the trees above them, and
/// each is judged by its own checks, sums and hashes. Nothing throws on damage and nothing is invented. Memory: 24
/// bytes a row. One thread.
/// </summary>
sealed class JournalScan : IDisposable
{
    /// <summary>First byte of pages that are no leaves of a table: a chained one of less than 64 GiB, or free.</summary>
    const byte NoLeaf = 0;

    readonly SqlitePages _pages;
    readonly CarvedRow _row;
    readonly byte[] _page;
    readonly List<RowPlace> _records = [];
    readonly SortedDictionary<long, ScannedSession> _sessions = [];
    readonly CancellationToken _cancellation;
    long _loaded;

    JournalScan(SqlitePages pages, CancellationToken cancellation)
    {
        _pages = pages;
        _row = new CarvedRow(pages);
        _page = new byte[pages.PageSize];
        _cancellation = cancellation;
    }

    public WalLook? Log => _pages.Log;

    /// <summary>Sessions by their row's id; those without a name have lost their row.</summary>
    public IReadOnlyCollection<ScannedSession> Sessions => _sessions.Values;

    /// <summary>Finds the rows of a journal.</summary>
    /// <param name="path">The file; its write-ahead log lies beside it. Neither is changed.</param>
    /// <param name="cancellation">Stops between pages.</param>
    /// <exception cref="IOException">The disk cannot read it.</exception>
    public static JournalScan Open(string path, CancellationToken cancellation = default)
    {
        JournalScan scan = Open(path, usual: false, cancellation);
        if (scan._records.Count > 0)
            return scan;
        scan.Dispose(); // Perhaps the page size is what is damaged.
        return Open(path, usual: true, cancellation);
    }

    static JournalScan Open(string path, bool usual, CancellationToken cancellation)
    {
        SqlitePages pages = SqlitePages.Open(path, usual);
        try
        {
            JournalScan scan = new(pages, cancellation);
            scan.FindRows();
            return scan;
        }
        catch
        {
            pages.Dispose();
            throw;
        }
    }

    public void Dispose() => _pages.Dispose();

    /// <summary>Goes through all records.</summary>
    /// <param name="findings">Gains what is wrong.</param>
    /// <param name="visitor">Gets the records that can be trusted, in order.</param>
    public void ReadRecords(FindingList findings, RecordHandler? visitor)
    {
        RecordJudge judge = new(findings, visitor);
        for (int i = 0; i < _records.Count; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            int from = i;
            while (i + 1 < _records.Count && _records[i + 1].Id == _records[from].Id)
                i++;
            if (Load(from == i ? _records[i] : Best(from, i)))
                judge.Take(_row);
        }

        judge.End();
    }

    /// <summary>Goes through the kept passings of a session.</summary>
    /// <param name="session">One of <see cref="Sessions"/>; gains what comes to light about it.</param>
    /// <param name="findings">Gains what is wrong.</param>
    /// <param name="visitor">Gets the passings that can be trusted, in order.</param>
    public void ReadPassings(ScannedSession session, FindingList findings, PassingHandler? visitor)
    {
        PassingJudge judge = new(session, findings, visitor);
        foreach (RowPlace place in session.Rows)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (Load(place))
                judge.Take(_row);
        }

        judge.End();
    }

    void FindRows()
    {
        for (long page = 1; page <= _pages.Count; page++)
            FindRows(page);
        for (int i = 0; i < _pages.CoveredCount; i++)
            FindRows(-1 - i);
        _records.Sort(Compare);
        foreach (ScannedSession session in _sessions.Values)
            session.Rows.Sort(Compare);
    }

    void FindRows(long page)
    {
        _cancellation.ThrowIfCancellationRequested();
        LoadPage(page);
        int at = page == 1 ? 100 : 0;
        if (_page[at] == NoLeaf)
            return;
        int cells = BinaryPrimitives.ReadUInt16BigEndian(_page.AsSpan(at + 3));
        int pointer = at + 8;
        for (int i = 0; i < cells && pointer + 2 <= _page.Length; i++, pointer += 2)
        {
            int offset = BinaryPrimitives.ReadUInt16BigEndian(_page.AsSpan(pointer));
            if (_row.TryRead(_page, offset, head: true))
                Note(page, offset);
        }
    }

    void Note(long page, int offset)
    {
        RowPlace place = new(_row.Id, page, offset);
        switch (_row.Shape)
        {
            case RowShape.Record when place.Id > 0:
                _records.Add(place);
                break;
            case RowShape.Passing when place.Id > 0:
                Session(place.Id >> 32).Rows.Add(place);
                break;
            case RowShape.Session when place.Id > 0 && _row.TryRead(_page, offset, head: false):
                NoteSession(Session(place.Id));
                break;
            case RowShape.SetAside when place.Id > 0 && _row.TryRead(_page, offset, head: false):
                Session(place.Id >> 32).SetAside[(int)place.Id] = ((int)_row.Integer(1), _row.Text(2));
                break;
        }
    }

    void NoteSession(ScannedSession session)
    {
        string location = _row.Text(1) ?? "";
        int number = (int)_row.Integer(2);
        int acknowledged = (int)_row.Integer(4);
        int rebased = (int)_row.Integer(6);
        bool isClosed = _row.Integer(7) != 0;
        bool isTrusted = _row.Integer(8) == SessionTable.SumOf(
            session.Id, location, number, _row.Text(3), acknowledged, _row.Integer(5), rebased, isClosed);
        // Of two versions the later one, which has sent more.
        bool isLess = session.Location is not null
            && (isTrusted, rebased, acknowledged).CompareTo((session.IsTrusted, session.Rebased, session.Acknowledged)) < 0;
        if (isLess)
            return;
        session.Location = location;
        session.Number = number;
        session.Token = _row.Text(3);
        session.Acknowledged = acknowledged;
        session.Hash = _row.Integer(5);
        session.Rebased = rebased;
        session.IsClosed = isClosed;
        session.IsTrusted = isTrusted;
    }

    ScannedSession Session(long id)
    {
        if (!_sessions.TryGetValue(id, out ScannedSession? session))
            _sessions[id] = session = new ScannedSession(id);
        return session;
    }

    /// <summary>Of several versions of a row the one with most records that can be trusted.</summary>
    RowPlace Best(int from, int to)
    {
        RowPlace best = _records[from];
        int most = -1;
        for (int i = from; i <= to; i++)
        {
            int whole = Load(_records[i]) ? RecordJudge.CountWhole(_row) : -1;
            if (whole > most)
                (best, most) = (_records[i], whole);
        }

        return best;
    }

    bool Load(RowPlace place)
    {
        if (_loaded != place.Page)
            LoadPage(place.Page);
        return _row.TryRead(_page, place.Offset, head: false);
    }

    void LoadPage(long page)
    {
        if (page > 0)
            _pages.TryRead((uint)page, _page);
        else
            _pages.ReadCovered((int)(-1 - page), _page);
        _loaded = page;
    }

    /// <summary>By row, and versions of one row in the order in which they were found.</summary>
    static int Compare(RowPlace a, RowPlace b) => (a.Id, a.Page, a.Offset).CompareTo((b.Id, b.Page, b.Offset));
}
