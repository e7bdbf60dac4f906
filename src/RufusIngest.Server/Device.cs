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

    /// <summary>When it was bound, also again, or something was last written to one of its sessions.</summary>
    public long LastWriteMs
    {
        get
        {
            var last = Math.Max(createdMs, Interlocked.Read(ref _boundAgainMs));
            foreach (var session in _sessions)
                last = Math.Max(last, session.LastWriteMs);
            return last;
        }
    }

    public void Touch(long nowMs) => Interlocked.Exchange(ref _boundAgainMs, nowMs);

    public void Add(TimingSession session) => _sessions = [.. _sessions, session];
}

/// <summary>What a device says of itself when it is bound.</summary>
sealed record DeviceDescription(string SerialNumber, string Model, string? Type, string? Alias, string? Firmware);
