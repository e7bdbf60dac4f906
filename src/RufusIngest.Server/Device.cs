namespace RufusIngest.Server;

/// <summary>
/// A bound device. Read from any thread; sessions are added under the store's lock, to a copy, so that a reader keeps
/// what it took.
/// </summary>
sealed class Device(string id, DeviceDescription description, long createdMs)
{
    volatile TimingSession[] _sessions = [];
    long _boundAgainMs = long.MinValue;

    public string Id => id;

    public DeviceDescription Description => description;

    public long CreatedMs => createdMs;

    /// <summary>In the order they were opened. Only the last can be active.</summary>
    public TimingSession[] Sessions => _sessions;

    public TimingSession? Newest => _sessions is [.., var newest] ? newest : null;

    public DeviceState State()
    {
        var written = Math.Max(createdMs, Interlocked.Read(ref _boundAgainMs));
        var passings = 0L;
        var sessions = _sessions;
        foreach (var session in sessions)
        {
            written = Math.Max(written, session.LastWriteMs);
            passings += session.Info().Passings;
        }

        return new(id, description, createdMs, written, sessions.Length, passings);
    }

    public void Touch(long nowMs) => Interlocked.Exchange(ref _boundAgainMs, nowMs);

    public void Add(TimingSession session) => _sessions = [.. _sessions, session];
}
