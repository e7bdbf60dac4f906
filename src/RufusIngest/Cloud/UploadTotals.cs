namespace RufusIngest.Cloud;

/// <summary>The counters while they run: written by all sessions, read from any thread.</summary>
sealed class UploadTotals
{
    long _batches;
    long _passings;
    long _duplicates;
    long _retries;
    long _bytes;
    long _queueFull;
    long _unexpected;

    public UploadCounters Read() => new(
        Interlocked.Read(ref _batches),
        Interlocked.Read(ref _passings),
        Interlocked.Read(ref _duplicates),
        Interlocked.Read(ref _retries),
        Interlocked.Read(ref _bytes),
        Interlocked.Read(ref _queueFull),
        Interlocked.Read(ref _unexpected));

    public void Acknowledged(int passings, int duplicates)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _passings, passings);
        Interlocked.Add(ref _duplicates, duplicates);
    }

    public void NumbersTaken(int passings) => Interlocked.Add(ref _unexpected, passings);

    public void Retried() => Interlocked.Increment(ref _retries);

    public void Sent(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void QueueWasFull() => Interlocked.Increment(ref _queueFull);
}
