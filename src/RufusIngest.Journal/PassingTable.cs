using System.Buffers.Binary;
using System.IO.Hashing;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// Rows of passings: consecutive ones of a session, each as its length in two bytes and its JSON item. A row has the
/// running hash of all items of its session up to its last one, so that a changed or missing row shows.
/// </summary>
sealed class PassingTable(SqliteDatabase database)
{
    readonly SqliteStatement _insert = database.Prepare("INSERT INTO passings VALUES (?, ?, ?, ?)");
    readonly SqliteStatement _startBefore = database.Prepare(
        "SELECT id, count, hash FROM passings WHERE id > ? AND id <= ? ORDER BY id DESC LIMIT 1");
    readonly SqliteStatement _rows = database.Prepare(
        "SELECT id, count, data, hash FROM passings WHERE id >= ? AND id <= ? ORDER BY id");
    byte[] _row = new byte[64 * 1024];

    public static long Id(long session, int number) => (session << 32) | (uint)number;

    /// <summary>The running hash before a session's first passing, so that a row fits no other session.</summary>
    public static long Seed(long session) => session;

    /// <summary>Number and running hash of a session's last passing.</summary>
    public (int Number, long Hash) Last(long session)
    {
        _startBefore.Bind(1, Id(session, 0)).Bind(2, Id(session, int.MaxValue));
        try
        {
            return _startBefore.Step()
                ? ((int)_startBefore.Integer(0) + (int)_startBefore.Integer(1) - 1, _startBefore.Integer(2))
                : (0, Seed(session));
        }
        finally
        {
            _startBefore.Reset();
        }
    }

    /// <summary>Writes the passings of a batch from a position on as a row.</summary>
    /// <returns>Bytes written.</returns>
    public int Append(long session, PassingBatch batch, int from, ref long hash)
    {
        int length = 0;
        for (int i = from; i < batch.Count; i++)
            length = AddToRow(length, batch.GetItem(i), ref hash);
        return Insert(session, batch.FirstNumber + from, batch.Count - from, length, hash);
    }

    /// <summary>Writes items as a row.</summary>
    public void Append(long session, PassingItems items, ref long hash)
    {
        int length = 0;
        for (int i = 0; i < items.Count; i++)
            length = AddToRow(length, items.GetItem(i), ref hash);
        Insert(session, items.FirstNumber, items.Count, length, hash);
    }

    int AddToRow(int length, ReadOnlySpan<byte> item, ref long hash)
    {
        if (length + 2 + item.Length > _row.Length)
            Array.Resize(ref _row, (length + 2 + item.Length) * 2);
        BinaryPrimitives.WriteUInt16LittleEndian(_row.AsSpan(length), checked((ushort)item.Length));
        item.CopyTo(_row.AsSpan(length + 2));
        hash = Next(hash, item);
        return length + 2 + item.Length;
    }

    int Insert(long session, int first, int count, int length, long hash)
    {
        _insert.Bind(1, Id(session, first)).Bind(2, count).Bind(3, _row.AsSpan(0, length)).Bind(4, hash).Run();
        return length;
    }

    /// <summary>Reads passings after a number; each row it touches is held against its hash first.</summary>
    /// <exception cref="JournalException">A row is damaged or missing.</exception>
    public int Read(long session, string name, int afterNumber, int most, PassingItems into)
    {
        into.Clear(afterNumber + 1);
        (int start, int hashedNumber, long hash) = Start(session, afterNumber + 1);
        int next = start;
        _rows.Bind(1, Id(session, start)).Bind(2, Id(session, int.MaxValue));
        try
        {
            while (into.Count < most && _rows.Step())
            {
                int first = (int)_rows.Integer(0);
                int count = (int)_rows.Integer(1);
                ReadOnlySpan<byte> data = _rows.Blob(2);
                if (first != next || hashedNumber != first - 1 || !TryHash(data, count, ref hash)
                    || hash != _rows.Integer(3))
                    throw Damaged(name, next);
                Take(data, first, afterNumber, most, into);
                hashedNumber = first + count - 1;
                next = hashedNumber + 1;
            }
        }
        finally
        {
            _rows.Reset();
        }

        return into.Count;
    }

    /// <summary>The running hash up to a number; null: there is no such number, or its row is damaged.</summary>
    public long? HashAt(long session, int number)
    {
        if (number == 0)
            return Seed(session);
        (int start, _, long hash) = Start(session, number);
        PassingItems items = new();
        if (Read(session, "", start - 1, number - start + 1, items) < number - start + 1)
            return null;
        for (int i = 0; i < items.Count; i++)
            hash = Next(hash, items.GetItem(i));
        return hash;
    }

    /// <summary>Where the row begins that holds a number, and the running hash before it.</summary>
    (int Start, int HashedNumber, long Hash) Start(long session, int number)
    {
        int start = 1;
        _startBefore.Bind(1, Id(session, 0)).Bind(2, Id(session, number));
        if (_startBefore.Step())
            start = (int)_startBefore.Integer(0);
        _startBefore.Reset();
        _startBefore.Bind(1, Id(session, 0)).Bind(2, Id(session, start - 1));
        (int, int, long) found = _startBefore.Step()
            ? (start, (int)_startBefore.Integer(0) + (int)_startBefore.Integer(1) - 1, _startBefore.Integer(2))
            : (start, 0, Seed(session));
        _startBefore.Reset();
        return found;
    }

    static bool TryHash(ReadOnlySpan<byte> data, int count, ref long hash)
    {
        int offset = 0;
        for (int i = 0; i < count; i++)
        {
            if (!TryItem(data, ref offset, out ReadOnlySpan<byte> item))
                return false;
            hash = Next(hash, item);
        }

        return offset == data.Length;
    }

    static void Take(ReadOnlySpan<byte> data, int first, int afterNumber, int most, PassingItems into)
    {
        int offset = 0;
        for (int number = first; into.Count < most && TryItem(data, ref offset, out ReadOnlySpan<byte> item); number++)
        {
            if (number > afterNumber)
                into.Add(item);
        }
    }

    /// <summary>Takes the next item out of a row.</summary>
    public static bool TryItem(ReadOnlySpan<byte> data, ref int offset, out ReadOnlySpan<byte> item)
    {
        item = default;
        if (data.Length - offset < 2)
            return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(data[offset..]);
        if (data.Length - offset - 2 < length)
            return false;
        item = data.Slice(offset + 2, length);
        offset += 2 + length;
        return true;
    }

    /// <summary>The running hash behind an item.</summary>
    public static long Next(long hash, ReadOnlySpan<byte> item) => (long)XxHash3.HashToUInt64(item, hash);

    JournalException Damaged(string name, int number) => new(
        JournalProblem.Damaged,
        $"{database.Path}: the kept passings of {name} are damaged or missing from number {number} on; none of them is "
        + "sent. Copy the file away, then repair the journal.");
}
