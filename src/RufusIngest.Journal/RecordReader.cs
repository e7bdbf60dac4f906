using System.Collections.Concurrent;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>Hands out the records of a journal, each held against its check and its row against the chain.</summary>
sealed class RecordReader(SqliteDatabase database)
{
    const int RowsPerLook = 256;
    const int RowsAhead = 8;
    const long PagesWorthAThread = 2048;

    readonly SqliteStatement _rows = database.Prepare(
        "SELECT first, count, data, checks, chain FROM records WHERE first >= ? ORDER BY first LIMIT ?");
    long _next;
    long _chain;
    int _looked;

    /// <summary>All records in order, up to the last one that is durable when they have been handed out.</summary>
    /// <exception cref="JournalException">A record is damaged or missing.</exception>
    public void Replay(RecordHandler handler, CancellationToken cancellation)
    {
        _next = 1;
        _chain = 0;
        _looked = RowsPerLook;
        try
        {
            if (database.Number("PRAGMA page_count") >= PagesWorthAThread)
                ReplayAhead(handler, cancellation);
            else
                ReplayInPlace(handler, cancellation);
        }
        finally
        {
            _rows.Reset();
        }
    }

    void ReplayInPlace(RecordHandler handler, CancellationToken cancellation)
    {
        RecordRow row = new();
        while (TryRead(row))
            row.HandOut(handler, cancellation);
    }

    /// <summary>Rows are read and checked on a thread of their own while the ones before are applied.</summary>
    void ReplayAhead(RecordHandler handler, CancellationToken cancellation)
    {
        using BlockingCollection<RecordRow> ahead = new(RowsAhead);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ConcurrentBag<RecordRow> idle = [];
        Task reading = Task.Run(() => ReadAhead(ahead, idle, end.Token), CancellationToken.None);
        try
        {
            foreach (RecordRow row in ahead.GetConsumingEnumerable(cancellation))
            {
                row.HandOut(handler, cancellation);
                idle.Add(row);
            }
        }
        finally
        {
            end.Cancel();
            reading.GetAwaiter().GetResult();
        }
    }

    void ReadAhead(BlockingCollection<RecordRow> ahead, ConcurrentBag<RecordRow> idle, CancellationToken end)
    {
        try
        {
            while (true)
            {
                RecordRow row = idle.TryTake(out RecordRow? used) ? used : new RecordRow();
                if (!TryRead(row))
                    break;
                ahead.Add(row, end);
                if (row.Problem is not null)
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody takes rows any more.
        }
        finally
        {
            ahead.CompleteAdding();
        }
    }

    /// <summary>Reads the next row. What is wrong with it comes with it, behind the records before.</summary>
    bool TryRead(RecordRow row)
    {
        row.Clear(_next);
        try
        {
            return TryStep() && Take(row);
        }
        catch (JournalException problem)
        {
            row.Problem = problem;
            return true;
        }
    }

    /// <summary>A look ends now and then, so that the write-ahead log can be copied while a long replay runs.</summary>
    bool TryStep()
    {
        if (_looked == RowsPerLook)
        {
            _rows.Reset();
            _rows.Bind(1, _next).Bind(2, RowsPerLook);
            _looked = 0;
        }

        _looked++;
        return _rows.Step();
    }

    bool Take(RecordRow row)
    {
        long first = _rows.Integer(0);
        long count = _rows.Integer(1);
        ReadOnlySpan<byte> data = _rows.Blob(2);
        ReadOnlySpan<byte> checks = _rows.Blob(3);
        if (first != _next)
            throw Damaged($"records {_next} to {first - 1} are missing");
        if (count <= 0 || checks.Length != count * RecordChecks.Length)
            throw Damaged($"the row of record {first} holds {checks.Length} bytes of checks for {count} records");
        for (int i = 0; i < count; i++)
        {
            if (!RecordChecks.TryRead(data, checks, i, first + i, out IngestRecord record))
            {
                row.Problem = Damaged($"record {first + i} is not what was written");
                return true;
            }

            row.Add(data.Slice(row.Length, RecordBlock.HeaderLength + record.Payload.Length));
        }

        _chain = RecordChecks.Chain(checks, _chain);
        if (_chain != _rows.Integer(4))
            row.Problem = Damaged($"the chain does not hold at records {first} to {first + count - 1}");
        _next = first + count;
        return true;
    }

    JournalException Damaged(string what) =>
        new(JournalProblem.Damaged, $"{database.Path}: {what}. Copy the file away, then repair the journal.");

    /// <summary>Records of one row, in a buffer that is used again.</summary>
    sealed class RecordRow
    {
        byte[] _data = [];
        long _first;

        public int Length { get; private set; }

        /// <summary>What is wrong behind the records it holds.</summary>
        public JournalException? Problem { get; set; }

        public void Clear(long first)
        {
            _first = first;
            Length = 0;
            Problem = null;
        }

        public void Add(ReadOnlySpan<byte> record)
        {
            if (Length + record.Length > _data.Length)
                Array.Resize(ref _data, Math.Max(Length + record.Length, Math.Max(_data.Length * 2, 64 * 1024)));
            record.CopyTo(_data.AsSpan(Length));
            Length += record.Length;
        }

        public void HandOut(RecordHandler handler, CancellationToken cancellation)
        {
            int offset = 0;
            long sequence = _first;
            ReadOnlySpan<byte> data = _data.AsSpan(0, Length);
            while (RecordBlock.TryRead(data, ref offset, sequence, out IngestRecord record))
            {
                cancellation.ThrowIfCancellationRequested();
                handler(record);
                sequence++;
            }

            if (Problem is not null)
                throw Problem;
        }
    }
}
