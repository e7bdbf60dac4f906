namespace RufusIngest.Tests.Support;

/// <summary>
/// A stream whose writes wait, deaf to cancellation, until released; then they keep what they were given.
/// </summary>
sealed class BlockedStream : MemoryStream
{
    readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Begun => _begun.Task;

    public void Release() => _released.TrySetResult();

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _begun.TrySetResult();
        await _released.Task;
        Write(buffer.Span);
    }
}
