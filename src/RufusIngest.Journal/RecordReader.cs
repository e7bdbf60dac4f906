using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>Hands out the records of a journal, each held against its check and its row against the chain.</summary>
sealed class RecordReader(SqliteDatabase database)
{
    const int RowsPerLook = 256;

    readonly SqliteStatement _rows = database.Prepare(
        "SELECT first, count, data, checks, chain FROM records WHERE first >= ? ORDER BY first LIMIT ?");

    /// <summary>All records in order, up to the last one that is durable when they have been handed out.</summary>
    /// <exception cref="JournalException">A record is damaged or missing.</exception>
    public void Replay(RecordHandler handler, CancellationToken cancellation)
    {
        long next = 1;
        long chain = 0;
        // A look ends now and then, so that the write-ahead log can be copied while a long replay runs.
        while (Look(handler, ref next, ref chain, cancellation) == RowsPerLook)
            cancellation.ThrowIfCancellationRequested();
    }

    int Look(RecordHandler handler, ref long next, ref long chain, CancellationToken cancellation)
    {
        int rows = 0;
        _rows.Bind(1, next).Bind(2, RowsPerLook);
        try
        {
            for (; _rows.Step(); rows++)
            {
                cancellation.ThrowIfCancellationRequested();
                long first = _rows.Integer(0);
                if (first != next)
                    throw Damaged($"records {next} to {first - 1} are missing");
                HandOut(handler, first, ref next, ref chain);
            }
        }
        finally
        {
            _rows.Reset();
        }

        return rows;
    }

    void HandOut(RecordHandler handler, long first, ref long next, ref long chain)
    {
        long count = _rows.Integer(1);
        ReadOnlySpan<byte> data = _rows.Blob(2);
        ReadOnlySpan<byte> checks = _rows.Blob(3);
        if (count <= 0 || checks.Length != count * RecordChecks.Length)
            throw Damaged($"the row of record {first} holds {checks.Length} bytes of checks for {count} records");
        for (int i = 0; i < count; i++)
        {
            if (!RecordChecks.TryRead(data, checks, i, first + i, out IngestRecord record))
                throw Damaged($"record {first + i} is not what was written");
            handler(record);
        }

        chain = RecordChecks.Chain(checks, chain);
        if (chain != _rows.Integer(4))
            throw Damaged($"the chain does not hold at records {first} to {first + count - 1}");
        next = first + count;
    }

    JournalException Damaged(string what) =>
        new(JournalProblem.Damaged, $"{database.Path}: {what}. Copy the file away, then repair the journal.");
}
