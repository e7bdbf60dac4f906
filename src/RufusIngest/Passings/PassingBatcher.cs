using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Passings;

/// <summary>
/// Collects numbered passings into batches, one open batch a location, and hands out the full ones. Single-threaded.
/// </summary>
sealed class PassingBatcher(ObjectPool<PassingBatch> pool)
{
    readonly Queue<PassingBatch> _ready = new();
    PassingBatch?[] _open = [];

    /// <summary>Puts a passing behind those of its session.</summary>
    /// <param name="passing">The passing, numbered.</param>
    /// <param name="location">Name of its location.</param>
    /// <param name="jsonBib">Its bib as JSON text, or empty when the chip stands in.</param>
    /// <param name="now">Host time of the record that made it, for the age of the batch.</param>
    public void Add(in Passing passing, string location, ReadOnlySpan<byte> jsonBib, long now)
    {
        if (passing.Location >= _open.Length)
            Array.Resize(ref _open, passing.Location + 1);
        PassingBatch? batch = _open[passing.Location];
        if (batch is not null && batch.Session != passing.Session)
        {
            Close(passing.Location);
            batch = null;
        }

        if (batch is null)
        {
            batch = pool.Get();
            batch.Open(location, passing.Session, now);
            _open[passing.Location] = batch;
        }

        batch.Append(passing, jsonBib);
        if (batch.IsFull)
            Close(passing.Location);
    }

    /// <summary>Closes the batches opened at or before the given host time; <see cref="long.MaxValue"/> closes all.</summary>
    public void CloseOpenedUntil(long time)
    {
        for (int i = 0; i < _open.Length; i++)
        {
            if (_open[i] is { } batch && batch.OpenedAt <= time)
                Close(i);
        }
    }

    /// <summary>Takes the next closed batch; the caller owns it then.</summary>
    public bool TryTake(out PassingBatch batch) => _ready.TryDequeue(out batch!);

    void Close(int location)
    {
        _ready.Enqueue(_open[location]!);
        _open[location] = null;
    }
}
