namespace RufusIngest.Passings;

/// <summary>A local session as a store knows it.</summary>
public sealed record StoredSession
{
    /// <summary>Name of the location.</summary>
    public required string Location { get; init; }

    /// <summary>Local session of the location, from 1.</summary>
    public required int Session { get; init; }

    /// <summary>Token of the session at the server it is sent to; null: none yet.</summary>
    public string? Token { get; init; }

    /// <summary>Number of the last passing that is kept; all from 1 to it are.</summary>
    public int LastNumber { get; init; }

    /// <summary>The cursor: all numbers up to it are acknowledged or set aside.</summary>
    public int AcknowledgedNumber { get; init; }

    /// <summary>How many numbers up to the cursor were set aside.</summary>
    public int SetAside { get; init; }

    /// <summary>
    /// Passings up to this number stay as they were sent, whatever a replay makes of the records; 0: never rebased.
    /// </summary>
    public int RebasedNumber { get; init; }

    /// <summary>
    /// A passing with a lower number may follow one with a higher: what the server has says nothing of what comes next.
    /// </summary>
    public bool MayComeLate { get; init; }

    /// <summary>It has ended: no passing will follow.</summary>
    public bool IsClosed { get; init; }
}

/// <summary>A passing that the server does not take, kept with its words; nothing sends it again.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Status">HTTP status; 0 when it was not the status that decided.</param>
/// <param name="Words">The server's words, without the key, or why it was set aside.</param>
public readonly record struct SetAsidePassing(int Number, int Status, string? Words);

/// <summary>
/// Where numbered passings are kept until the server has them, and how far it has. What is in it is durable: it may leave.
/// Thread-safe.
/// </summary>
public abstract class PassingStore
{
    readonly Lock _lock = new();
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends at the next change of what there is to send. Take it before looking.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    /// <summary>The local sessions, in the order in which they began.</summary>
    public abstract IReadOnlyList<StoredSession> GetSessions();

    /// <summary>Reads the next passings of a session.</summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="session">Its local session.</param>
    /// <param name="afterNumber">Number before the first one wanted.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="into">Is cleared and filled.</param>
    /// <returns>How many there are; 0: no more for now.</returns>
    public abstract int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into);

    /// <summary>
    /// Moves the cursor. When that cannot be made durable just now, it holds in memory and is written with the next
    /// change: at worst passings are sent once more after a crash.
    /// </summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="session">Its local session.</param>
    /// <param name="number">All numbers up to it are acknowledged, but for the ones set aside.</param>
    /// <param name="setAside">Numbers set aside by this move.</param>
    public abstract void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside);

    /// <summary>Keeps the token that a session is sent with.</summary>
    public abstract void SetToken(string location, int session, string token);

    /// <summary>Ends <see cref="Changed"/>.</summary>
    protected void SignalChanged()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }
}
