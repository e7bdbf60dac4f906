using System.Collections.Concurrent;
using System.Text;

namespace RufusIngest.Server;

/// <summary>
/// What arrives at this server, for those who watch. Inserts never wait for it: it takes a copy of a batch's last
/// passings and only while somebody listens. It knows nothing of what another server stores in the same database: with
/// several, each page shows the arrivals of its own server. Every member may be called from any thread.
/// </summary>
sealed class LiveFeed(TimeProvider timeProvider)
{
    /// <summary>Most listeners of all companies together; a further one is refused.</summary>
    public const int MaxListeners = 50;

    readonly ConcurrentDictionary<int, CompanyFeed> _companies = new();
    int _listeners;

    long NowMs => timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>What the store answered for a batch, which is only looked at during the call.</summary>
    public void Stored(int company, string token, PassingsBatch batch, in InsertResult result)
    {
        if (result.Inserted == 0)
            return;
        var feed = Of(company);
        feed.Arrivals.Add(NowMs, result.Inserted);
        if (feed.IsHeard)
            feed.Add(Last(token, batch, result));
    }

    /// <summary>Arrivals of a company by minute, and when the last of these minutes began.</summary>
    public (long[] Minutes, long LastMinuteMs) Arrivals(int company)
    {
        var now = NowMs;
        return (Of(company).Arrivals.UpTo(now), now - (now % ArrivalMinutes.MinuteMs));
    }

    /// <summary>Listens from now on, until the listener is disposed; null when there are too many.</summary>
    public LiveListener? TryListen(int company)
    {
        if (Interlocked.Increment(ref _listeners) > MaxListeners)
        {
            Interlocked.Decrement(ref _listeners);
            return null;
        }

        return new(Of(company), () => Interlocked.Decrement(ref _listeners));
    }

    /// <summary>
    /// As many of the batch's last passings as are new: which of them they are the store does not tell, and a client
    /// that repeats a part of a batch repeats its beginning. A conflict's content was not stored, so it is left out.
    /// </summary>
    static List<LivePassing> Last(string token, PassingsBatch batch, in InsertResult result)
    {
        var wanted = Math.Min(result.Inserted, CompanyFeed.Kept);
        var passings = new List<LivePassing>(wanted);
        if (result.Conflicts > batch.Conflicts.Count)
            return passings;
        for (var row = batch.Count - 1; row >= 0 && passings.Count < wanted; row--)
        {
            if (batch.Conflicts.Exists(conflict => conflict.Row == row))
                continue;
            ref readonly var passing = ref batch[row];
            ReadOnlySpan<byte> body = batch.Body.Bytes;
            passings.Add(LivePassing.Of(token, passing.Number, passing.TimeMs, passing.Texts, body));
        }

        passings.Reverse();
        return passings;
    }

    CompanyFeed Of(int company) => _companies.GetOrAdd(company, _ => new());
}

/// <summary>One passing as the page shows it.</summary>
readonly record struct LivePassing(string Token, long Number, long TimeMs, string? Bib, string? Chip)
{
    public static LivePassing Of(
        string token, long number, long timeMs, in TextSlices texts, ReadOnlySpan<byte> bytes) => new(
            token, number, timeMs, Text(texts[PassingText.Bib], bytes), Text(texts[PassingText.Chip], bytes));

    static string? Text(TextSlice slice, ReadOnlySpan<byte> bytes) =>
        slice.IsNull ? null : Encoding.UTF8.GetString(slice.In(bytes));
}
