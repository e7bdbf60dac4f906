using System.Buffers;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>Writes rows of records. What it wrote counts from <see cref="Accept"/> on.</summary>
sealed class RecordTable
{
    readonly SqliteStatement _insert;
    long _chain;
    long _writtenSequence;
    long _writtenChain;

    public RecordTable(SqliteDatabase database)
    {
        _insert = database.Prepare("INSERT INTO records VALUES (?, ?, ?, ?, ?)");
        SqliteStatement last = database.Prepare("SELECT first, count, chain FROM records ORDER BY first DESC LIMIT 1");
        if (last.Step())
            (LastSequence, _chain) = (last.Integer(0) + last.Integer(1) - 1, last.Integer(2));
        last.Reset();
        Revert();
    }

    public long LastSequence { get; private set; }

    /// <summary>Writes a block as a row.</summary>
    /// <returns>Bytes written.</returns>
    public long Append(RecordBlock block)
    {
        if (block.FirstSequence != _writtenSequence + 1)
            throw new ArgumentException($"Record {block.FirstSequence} cannot follow record {_writtenSequence}.");
        byte[] rented = ArrayPool<byte>.Shared.Rent(block.Count * RecordChecks.Length);
        Span<byte> checks = rented.AsSpan(0, block.Count * RecordChecks.Length);
        RecordChecks.Write(block, ref _writtenChain, checks);
        _insert.Bind(1, block.FirstSequence).Bind(2, block.Count).Bind(3, block.Data).Bind(4, checks)
            .Bind(5, _writtenChain).Run();
        _writtenSequence += block.Count;
        ArrayPool<byte>.Shared.Return(rented);
        return block.Data.Length + checks.Length;
    }

    public void Accept() => (LastSequence, _chain) = (_writtenSequence, _writtenChain);

    public void Revert() => (_writtenSequence, _writtenChain) = (LastSequence, _chain);
}
