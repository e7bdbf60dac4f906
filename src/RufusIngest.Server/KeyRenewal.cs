namespace RufusIngest.Server;

/// <summary>Has a server learn of keys that another program or host added or revoked.</summary>
sealed class KeyRenewal : IAsyncDisposable
{
    readonly CancellationTokenSource _end = new();
    readonly Task _loop;

    public KeyRenewal(ApiKeys keys, VenueStore store, TimeSpan every, TimeProvider timeProvider) =>
        _loop = RunAsync(keys, store, every, timeProvider);

    public async ValueTask DisposeAsync()
    {
        if (_end.IsCancellationRequested)
            return;
        await _end.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    async Task RunAsync(ApiKeys keys, VenueStore store, TimeSpan every, TimeProvider timeProvider)
    {
        using var timer = new PeriodicTimer(every, timeProvider);
        while (await timer.WaitForNextTickAsync(_end.Token).ConfigureAwait(false))
        {
            try
            {
                keys.Renew(await store.KeysAsync(_end.Token).ConfigureAwait(false));
            }
            catch (VenueDataException)
            {
                // Whoever writes or reads hears of it; the keys that were known go on to hold.
            }
        }
    }
}
