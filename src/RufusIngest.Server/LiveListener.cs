using System.Threading.Channels;

namespace RufusIngest.Server;

/// <summary>One who watches a company's arrivals. One thread at a time, but for <see cref="Wake"/>.</summary>
sealed class LiveListener : IDisposable
{
    readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    readonly CompanyFeed _feed;
    readonly Action _left;
    long _position;
    Task<bool>? _waiting;

    public LiveListener(CompanyFeed feed, Action left)
    {
        (_feed, _left) = (feed, left);
        _position = feed.Enter(this);
    }

    public void Wake() => _wakes.Writer.TryWrite(true);

    /// <summary>Waits for the next arrivals and gives them; none when the time is over.</summary>
    public async Task<List<LivePassing>> NextAsync(
        TimeSpan atMost, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        _waiting ??= _wakes.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        try
        {
            await _waiting.WaitAsync(atMost, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return [];
        }

        _waiting = null;
        _wakes.Reader.TryRead(out _);
        return _feed.Take(ref _position);
    }

    public void Dispose()
    {
        _feed.Leave(this);
        _wakes.Writer.TryComplete();
        _left();
    }
}
