using System.Security.Cryptography;

namespace RufusIngest.Server;

/// <summary>Who is signed in to the page, in memory only. Every member may be called from any thread.</summary>
sealed class PageSessions(TimeProvider timeProvider)
{
    /// <summary>Most at once; one more ends the oldest.</summary>
    public const int Max = 100;

    readonly Lock _gate = new();
    readonly OrderedDictionary<string, (int Company, ulong Key, long Since)> _sessions = [];

    /// <summary>How long one lasts.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromHours(12);

    /// <summary>The random identifier of a new one.</summary>
    /// <param name="company">Whose data it shows.</param>
    /// <param name="key">The key's <see cref="StoredKey.Id"/>: of who opens it.</param>
    public string Open(int company, ulong key)
    {
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        lock (_gate)
        {
            while (_sessions.Count > 0 && (_sessions.Count >= Max || IsOver(_sessions.GetAt(0).Value.Since)))
                _sessions.RemoveAt(0);
            _sessions.Add(id, (company, key, timeProvider.GetTimestamp()));
        }

        return id;
    }

    /// <summary>Whose data it shows, and which key opened it; null when it is over or never was.</summary>
    public (int Company, ulong Key)? Find(string? id)
    {
        lock (_gate)
        {
            return id is not null && _sessions.TryGetValue(id, out var session) && !IsOver(session.Since)
                ? (session.Company, session.Key)
                : null;
        }
    }

    public void Close(string? id)
    {
        lock (_gate)
        {
            if (id is not null)
                _sessions.Remove(id);
        }
    }

    bool IsOver(long since) => timeProvider.GetElapsedTime(since) >= Lifetime;
}
