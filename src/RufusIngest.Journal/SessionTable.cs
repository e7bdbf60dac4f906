using System.Globalization;
using System.IO.Hashing;
using System.Text;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// The local sessions in memory and their rows. Cursors and tokens hold in memory at once and are written with the next
/// transaction; the number of the last passing counts from <see cref="Accept"/> on.
/// </summary>
sealed class SessionTable
{
    readonly SqliteDatabase _database;
    readonly PassingTable _passings;
    readonly SqliteStatement _replace;
    readonly SqliteStatement _setAside;
    readonly SqliteStatement _rows;
    readonly SqliteStatement _setAsideRows;
    readonly List<Session> _sessions = [];
    readonly Dictionary<(string, int), Session> _byName = [];
    readonly PassingItems _kept = new();

    /// <summary>Sessions that the transaction under way began.</summary>
    readonly List<Session> _begun = [];

    public SessionTable(SqliteDatabase database, PassingTable passings)
    {
        _database = database;
        _passings = passings;
        _replace = database.Prepare("REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        _setAside = database.Prepare("REPLACE INTO set_aside VALUES (?, ?, ?)");
        _rows = database.Prepare(
            "SELECT id, location, session, token, acknowledged, hash, rebased, closed, sum, (SELECT count(*) FROM set_aside "
            + "WHERE set_aside.id >> 32 = sessions.id) FROM sessions ORDER BY id");
        _setAsideRows = database.Prepare("SELECT id, status, words FROM set_aside WHERE id > ? AND id <= ? ORDER BY id");
        Load();
    }

    /// <summary>Reads all rows.</summary>
    /// <exception cref="JournalException">A row is damaged.</exception>
    public void Load()
    {
        _sessions.Clear();
        _byName.Clear();
        _database.Execute("BEGIN");
        try
        {
            while (_rows.Step())
                Add(Read(_rows));
            foreach (Session session in _sessions)
            {
                (session.Last, session.LastHash) = _passings.Last(session.Id);
                if (session.Acknowledged > session.Last
                    || _passings.HashAt(session.Id, session.Acknowledged) != session.Hash)
                    throw Damaged(session);
            }
        }
        finally
        {
            _rows.Reset();
            _database.Execute("COMMIT");
        }

        Accept();
    }

    public long IdOf(string location, int session) =>
        _byName.TryGetValue((location, session), out Session? found) ? found.Id : 0;

    public List<StoredSession> ToList() =>
    [
        .. _sessions.Select(session => new StoredSession
        {
            Location = session.Location,
            Session = session.Number,
            Token = session.Token,
            LastNumber = session.Last,
            AcknowledgedNumber = session.Acknowledged,
            SetAside = session.SetAside,
            RebasedNumber = session.Rebased,
            IsClosed = session.IsClosed,
        }),
    ];

    public List<SetAsidePassing> GetSetAside(string location, int session)
    {
        Session owner = Get(location, session);
        List<SetAsidePassing> list = [];
        _setAsideRows.Bind(1, PassingTable.Id(owner.Id, 0)).Bind(2, PassingTable.Id(owner.Id, int.MaxValue));
        while (_setAsideRows.Step())
        {
            list.Add(new SetAsidePassing(
                (int)_setAsideRows.Integer(0), (int)_setAsideRows.Integer(1), _setAsideRows.Text(2)));
        }

        _setAsideRows.Reset();
        list.AddRange(owner.Pending);
        return list;
    }

    /// <summary>Holds what is kept already of a batch against it.</summary>
    /// <returns>How much of it is kept.</returns>
    /// <exception cref="JournalException">It differs.</exception>
    public int Compare(PassingBatch batch)
    {
        if (!_byName.TryGetValue((batch.Location, batch.Session), out Session? session))
            return 0;
        int kept = Math.Min(batch.LastNumber, session.Last) - batch.FirstNumber + 1;
        if (kept <= 0)
            return 0;
        _passings.Read(session.Id, session.Name, batch.FirstNumber - 1, kept, _kept);
        for (int i = 0; i < kept; i++)
        {
            if (!batch.GetItem(i).SequenceEqual(_kept.GetItem(i)))
                throw Mismatch(session, Encoding.UTF8.GetString(_kept.GetItem(i)), Encoding.UTF8.GetString(batch.GetItem(i)));
        }

        return kept;
    }

    /// <summary>Writes what is not kept yet of a batch.</summary>
    /// <returns>Bytes written.</returns>
    public int Append(PassingBatch batch)
    {
        Session session = GetOrBegin(batch.Location, batch.Session);
        int from = session.Last - batch.FirstNumber + 1;
        if (from < 0)
        {
            throw new JournalException(
                JournalProblem.Damaged,
                $"{_database.Path}: passings {session.Last + 1} to {batch.FirstNumber - 1} of {session.Name} are missing.");
        }

        if (from >= batch.Count)
            return 0;
        int bytes = _passings.Append(session.Id, batch, from, ref session.LastHash);
        session.Last = batch.LastNumber;
        return bytes;
    }

    /// <summary>Whether a change is news.</summary>
    public bool Changes(SessionChange change) =>
        !_byName.TryGetValue((change.Location, change.Session), out Session? session)
        || session.IsClosed != change.IsClosed;

    public void Apply(SessionChange change)
    {
        Session session = GetOrBegin(change.Location, change.Session);
        session.IsDirty |= session.IsClosed != change.IsClosed;
        session.IsClosed = change.IsClosed;
    }

    public void SetToken(string location, int session, string token)
    {
        Session owner = Get(location, session);
        owner.IsDirty |= owner.Token != token;
        owner.Token = token;
    }

    public void Acknowledge(string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside)
    {
        Session owner = Get(location, session);
        if (number < owner.Acknowledged || number > owner.Last)
        {
            throw new ArgumentOutOfRangeException(
                nameof(number), number, $"The cursor of {owner.Name} is {owner.Acknowledged}, its last passing {owner.Last}.");
        }

        owner.Hash = number == owner.Last
            ? owner.LastHash
            : _passings.HashAt(owner.Id, number) ?? throw Damaged(owner);
        owner.Acknowledged = number;
        owner.Pending.AddRange(setAside);
        owner.SetAside += setAside.Count;
        owner.IsDirty = true;
    }

    /// <summary>What is kept counts as sent under its number.</summary>
    public void Rebase()
    {
        foreach (Session session in _sessions)
        {
            session.IsDirty |= session.Rebased != session.Last;
            session.Rebased = session.Last;
        }
    }

    public void SetRebased(string location, int session, int number)
    {
        Session owner = Get(location, session);
        owner.IsDirty |= owner.Rebased != number;
        owner.Rebased = number;
    }

    /// <summary>Keeps passings that were sent, or may have been, behind those that are kept.</summary>
    public void AppendSent(string location, int session, PassingItems items)
    {
        Session owner = Get(location, session);
        if (items.FirstNumber != owner.Last + 1)
            throw new ArgumentException($"Passing {items.FirstNumber} cannot follow passing {owner.Last}.", nameof(items));
        _passings.Append(owner.Id, items, ref owner.LastHash);
        owner.Last = items.LastNumber;
    }

    /// <summary>Writes the rows that changed, within the transaction.</summary>
    public void WritePending()
    {
        foreach (Session session in _sessions)
        {
            if (!session.IsDirty)
                continue;
            _replace.Bind(1, session.Id).Bind(2, session.Location).Bind(3, session.Number).Bind(4, session.Token)
                .Bind(5, session.Acknowledged).Bind(6, session.Hash).Bind(7, session.Rebased)
                .Bind(8, session.IsClosed ? 1 : 0).Bind(9, session.Sum).Run();
            foreach (SetAsidePassing passing in session.Pending)
            {
                _setAside.Bind(1, PassingTable.Id(session.Id, passing.Number)).Bind(2, passing.Status)
                    .Bind(3, passing.Words).Run();
            }
        }
    }

    public void Accept()
    {
        foreach (Session session in _sessions)
        {
            (session.KeptLast, session.KeptHash) = (session.Last, session.LastHash);
            session.WasClosed = session.IsClosed;
            session.Pending.Clear();
            session.IsDirty = false;
        }

        _begun.Clear();
    }

    /// <summary>The transaction failed: sessions it began or closed must not be written by a later one.</summary>
    public void Revert()
    {
        foreach (Session session in _begun)
        {
            _sessions.Remove(session);
            _byName.Remove((session.Location, session.Number));
        }

        _begun.Clear();
        foreach (Session session in _sessions)
        {
            (session.Last, session.LastHash) = (session.KeptLast, session.KeptHash);
            session.IsClosed = session.WasClosed;
        }
    }

    /// <summary>Within a transaction.</summary>
    Session GetOrBegin(string location, int session)
    {
        bool isKnown = _byName.ContainsKey((location, session));
        Session owner = Get(location, session);
        if (!isKnown)
            _begun.Add(owner);
        return owner;
    }

    Session Get(string location, int session)
    {
        if (!_byName.TryGetValue((location, session), out Session? found))
        {
            found = new Session(_sessions.Count + 1, location, session) { IsDirty = true };
            Add(found);
        }

        return found;
    }

    void Add(Session session)
    {
        if (!_byName.TryAdd((session.Location, session.Number), session))
            throw Damaged(session);
        _sessions.Add(session);
    }

    Session Read(SqliteStatement row)
    {
        Session session = new(row.Integer(0), row.Text(1) ?? "", (int)row.Integer(2))
        {
            Token = row.Text(3),
            Acknowledged = (int)row.Integer(4),
            Hash = row.Integer(5),
            Rebased = (int)row.Integer(6),
            IsClosed = row.Integer(7) != 0,
            SetAside = (int)row.Integer(9),
        };
        return session.Sum == row.Integer(8) ? session : throw Damaged(session);
    }

    JournalException Damaged(Session session) => new(
        JournalProblem.Damaged,
        $"{_database.Path}: the row of session {session.Name} or a passing it has acknowledged is damaged. Copy the file "
        + "away, then repair the journal.");

    JournalException Mismatch(Session session, string kept, string now) => new(
        JournalProblem.Mismatch,
        $"{_database.Path}: the records of {session.Name} now give another passing than the one kept, and perhaps sent, "
        + $"under its number. Kept: {kept} Now: {now} Nothing is sent. Go on with the version that wrote the journal, or "
        + "rebase it.");

    /// <summary>A sum over a row, so that a changed cursor or token shows.</summary>
    public static long SumOf(
        long id, string location, int session, string? token, int acknowledged, long hash, int rebased, bool closed) =>
        (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{id}\n{location}\n{session}\n{token}\n{acknowledged}\n{hash}\n{rebased}\n{closed}")));

    sealed class Session(long id, string location, int number)
    {
        public long LastHash = PassingTable.Seed(id);

        public long Id => id;

        public string Location => location;

        public int Number => number;

        public string Name => $"{location}/{number}";

        public string? Token { get; set; }

        public int Acknowledged { get; set; }

        public long Hash { get; set; } = PassingTable.Seed(id);

        public int Rebased { get; set; }

        public bool IsClosed { get; set; }

        /// <summary>As the last transaction that succeeded left it.</summary>
        public bool WasClosed { get; set; }

        public int SetAside { get; set; }

        public int Last { get; set; }

        public int KeptLast { get; set; }

        public long KeptHash { get; set; } = PassingTable.Seed(id);

        public List<SetAsidePassing> Pending { get; } = [];

        public bool IsDirty { get; set; }

        public long Sum => SumOf(id, location, number, Token, Acknowledged, Hash, Rebased, IsClosed);
    }
}
