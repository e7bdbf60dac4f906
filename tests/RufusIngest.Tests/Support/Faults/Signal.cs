namespace RufusIngest.Tests.Support;

/// <summary>Wakes those who wait for something to become true. Thread-safe.</summary>
sealed class Signal
{
    TaskCompletionSource _next = New();

    /// <summary>Something changed.</summary>
    public void Raise() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Ends when the condition holds; it is looked at after every change, on any thread.</summary>
    public async Task UntilAsync(Func<bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            Task next = Volatile.Read(ref _next).Task;
            if (condition())
                return;
            await next.WaitAsync(cancellation);
        }
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
