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
    long _wrongCounts;
    long _setAside;
    long _questions;
    long _requests;

    public UploadCounters Read() => new(
        Interlocked.Read(ref _batches),
        Interlocked.Read(ref _passings),
        Interlocked.Read(ref _duplicates),
        Interlocked.Read(ref _retries),
        Interlocked.Read(ref _bytes),
        Interlocked.Read(ref _queueFull),
        Interlocked.Read(ref _unexpected),
        Interlocked.Read(ref _wrongCounts),
        Interlocked.Read(ref _setAside),
        Interlocked.Read(ref _questions),
        Interlocked.Read(ref _requests));

    public void Acknowledged(int passings)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _passings, passings);
    }

    public void HadAlready(int passings) => Interlocked.Add(ref _duplicates, passings);

    public void Alarmed(DeliveryAlarmKind kind, int passings)
    {
        if (kind == DeliveryAlarmKind.NumberTaken)
            Interlocked.Add(ref _unexpected, passings);
        else
            Interlocked.Increment(ref _wrongCounts);
    }

    public void SetAside() => Interlocked.Increment(ref _setAside);

    public void Asked() => Interlocked.Increment(ref _questions);

    public void Posted() => Interlocked.Increment(ref _requests);

    public void Retried() => Interlocked.Increment(ref _retries);

    public void Sent(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void QueueWasFull() => Interlocked.Increment(ref _queueFull);
}
