using System.Threading.Channels;
using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>A bounded queue of batches, without a store behind it. One dispatcher fills it.</summary>
sealed class BatchSource(string location, int session, UploadOptions options, Action<SetAsideItem> keepSetAside)
    : PassingSource
{
    readonly Channel<PassingBatch> _queue = Channel.CreateBounded<PassingBatch>(
        new BoundedChannelOptions(options.MaxQueuedBatches) { SingleReader = true, SingleWriter = true });

    PassingBatch? _head;

    /// <summary>For the dispatcher. False: it is full.</summary>
    public bool TryAdd(PassingBatch batch) => _queue.Writer.TryWrite(batch);

    /// <summary>Ends when there may be room.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellationToken) =>
        _queue.Writer.WaitToWriteAsync(cancellationToken).AsTask();

    /// <summary>No batch will follow.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    public override async ValueTask<bool> NextAsync(PassingItems into, CancellationToken cancellationToken)
    {
        while (!_queue.Reader.TryRead(out _head))
        {
            if (!await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
                return false;
        }

        into.Clear(_head.FirstNumber);
        for (int i = 0; i < _head.Count; i++)
            into.Add(_head.GetItem(i));
        return true;
    }

    public override void Acknowledge(int number, IReadOnlyList<SetAsidePassing>? setAside, PassingItems items)
    {
        foreach (SetAsidePassing passing in setAside ?? [])
        {
            keepSetAside(new(
                location, session, passing, items.GetItem(passing.Number - items.FirstNumber).ToArray()));
        }

        if (_head is null || number < _head.LastNumber)
            return;
        _head.Dispose();
        _head = null;
    }

    public override void KeepToken(string token)
    {
    }

    /// <summary>The batches that were not acknowledged to their ends, once the loop has ended.</summary>
    public void TakeUndelivered(List<PassingBatch> into)
    {
        if (_head is not null)
            into.Add(_head);
        _head = null;
        while (_queue.Reader.TryRead(out PassingBatch? batch))
            into.Add(batch);
    }
}
