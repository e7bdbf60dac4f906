using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Server;

/// <summary>Has a server learn of keys that another program or host added or revoked.</summary>
sealed partial class KeyRenewal : IAsyncDisposable
{
    readonly ILogger _logger;
    readonly CancellationTokenSource _end = new();
    readonly Task _loop;

    public KeyRenewal(ApiKeys keys, VenueStore store, TimeSpan every, TimeProvider timeProvider, ILogger logger)
    {
        _logger = logger;
        _loop = RunAsync(keys, store, every, timeProvider);
    }

    public async ValueTask DisposeAsync()
    {
        if (_end.IsCancellationRequested)
            return;
        await _end.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A key that is revoked later must end all the same.")]
    async Task RunAsync(ApiKeys keys, VenueStore store, TimeSpan every, TimeProvider timeProvider)
    {
        var fails = false;
        using var timer = new PeriodicTimer(every, timeProvider);
        while (await timer.WaitForNextTickAsync(_end.Token).ConfigureAwait(false))
        {
            try
            {
                keys.Renew(await store.KeysAsync(_end.Token).ConfigureAwait(false));
                fails = false;
            }
            catch (Exception failure) when (!_end.IsCancellationRequested)
            {
                if (!fails)
                    LogFails(failure.Message);
                fails = true;
            }
        }
    }

    [LoggerMessage(8, LogLevel.Warning, "Keys cannot be looked at; those known go on to hold, revoked ones too: {Reason}")]
    partial void LogFails(string reason);
}
