namespace RufusIngest.Records;

/// <summary>How far one reader has come in its own time.</summary>
sealed class ReaderTime
{
    long _lastRead = long.MinValue;
    long _lastReadAt;
    long _disconnectedAt;
    long _hostTime;

    /// <summary>Its time now, or <see cref="long.MinValue"/> while it has said none.</summary>
    public long Now { get; private set; } = long.MinValue;

    /// <summary>It counts for its location's time.</summary>
    public bool Counts => Now != long.MinValue && !HasLeft;

    bool IsConnected { get; set; }

    /// <summary>How far its time lies behind the host's; 0 while nobody knows when its reads arrived.</summary>
    public long Lag => _hostTime == 0 || Now == long.MinValue ? 0 : _hostTime - Now;

    /// <summary>It has been disconnected for longer than the leave time.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>A read was seen.</summary>
    public void Observe(long time, long receivedAt)
    {
        if (time <= _lastRead)
            return;
        _lastRead = time;
        _lastReadAt = receivedAt;
        _hostTime = receivedAt;
        if (time > Now)
            Now = time;
    }

    /// <summary>Host time went on: so did the reader's, by as much, whether it said something or not.</summary>
    public void Tick(long hostTime, long leaveTime)
    {
        if (!IsConnected && _disconnectedAt != 0 && hostTime - _disconnectedAt > leaveTime)
            HasLeft = true;
        if (_lastReadAt == 0 || hostTime <= _lastReadAt)
            return;
        Now = Math.Max(Now, _lastRead + hostTime - _lastReadAt);
        _hostTime = Math.Max(_hostTime, hostTime);
    }

    public void Connect()
    {
        IsConnected = true;
        HasLeft = false;
    }

    public void Disconnect(long hostTime)
    {
        IsConnected = false;
        _disconnectedAt = hostTime;
        // A file that has been read to its end says no more, and nobody knows what time it is.
        HasLeft |= hostTime == 0;
    }
}

/// <summary>A location's low watermark: the time that each of its readers has reached, but those that lag.</summary>
sealed class LocationTime
{
    ReaderTime[] _readers = [];

    public void Add(ReaderTime reader) => _readers = [.. _readers, reader];

    /// <summary>All readers have left: nobody will move the time on, and nothing is worth waiting for.</summary>
    public bool IsDeserted => _readers.Length > 0 && Array.TrueForAll(_readers, reader => reader.HasLeft);

    /// <summary>A reader that counts lies at most so far behind.</summary>
    public bool IsHeldWithin(long maxLag)
    {
        foreach (ReaderTime reader in _readers)
        {
            if (reader.Counts && reader.Lag <= maxLag)
                return true;
        }

        return false;
    }

    /// <summary>
    /// The watermark, or <see cref="long.MinValue"/> while no reader has said a time. Readers that lie further behind than
    /// <paramref name="maxLag"/> hold it back only when all do.
    /// </summary>
    public long Low(long maxLag)
    {
        if (_readers.Length == 1)
            return _readers[0].Counts ? _readers[0].Now : long.MinValue;
        long low = long.MaxValue;
        long lowOfAll = long.MaxValue;
        foreach (ReaderTime reader in _readers)
        {
            if (!reader.Counts)
                continue;
            lowOfAll = Math.Min(lowOfAll, reader.Now);
            if (reader.Lag <= maxLag)
                low = Math.Min(low, reader.Now);
        }

        low = low == long.MaxValue ? lowOfAll : low;
        return low == long.MaxValue ? long.MinValue : low;
    }
}
