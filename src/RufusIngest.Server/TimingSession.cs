namespace RufusIngest.Server;

/// <summary>One timing session. Every member may be called from any thread.</summary>
sealed class TimingSession(string token, string deviceId, string? alias, long createdMs)
{
    readonly Lock _gate = new();
    readonly StoredPassings _passings = new();
    bool _active = true;
    long _firstMs = long.MaxValue;
    long _lastMs = long.MinValue;
    long _touchedMs = long.MinValue;

    public string Token => token;

    public string DeviceId => deviceId;

    public string? Alias => alias;

    public long CreatedMs => createdMs;

    /// <summary>When it was opened, written to or closed last.</summary>
    public long LastWriteMs => Math.Max(createdMs, Interlocked.Read(ref _touchedMs));

    public void Touch(long nowMs) => Interlocked.Exchange(ref _touchedMs, nowMs);

    /// <summary>False when it was closed already.</summary>
    public bool Close()
    {
        lock (_gate)
        {
            var closes = _active;
            _active = false;
            return closes;
        }
    }

    public SessionState State() => new(token, alias, createdMs, Info());

    public SessionInfo Info()
    {
        lock (_gate)
            return new(_active, _passings.Count, _firstMs, _lastMs);
    }

    /// <summary>
    /// Stores the passings whose numbers are new. A number that is taken stays as it was stored: the same content is a
    /// duplicate, other content a conflict as well, of which the first few are left in the batch.
    /// </summary>
    public InsertResult Insert(PassingsBatch batch)
    {
        ReadOnlySpan<byte> body = batch.Body.Bytes;
        lock (_gate)
        {
            if (!_active)
                return new(InsertStatus.Closed);
            if (_passings.Count > StoredPassings.Max - batch.Count)
                return new(InsertStatus.Full);
            var (before, conflicts) = (_passings.Count, 0);
            for (var i = 0; i < batch.Count; i++)
            {
                ref readonly var passing = ref batch[i];
                var row = _passings.Find(passing.Number);
                if (row < 0)
                {
                    _passings.Add(passing, body);
                    _firstMs = Math.Min(_firstMs, passing.TimeMs);
                    _lastMs = Math.Max(_lastMs, passing.TimeMs);
                }
                else if (!_passings[row].Same(passing, body, _passings.Chunks))
                {
                    if (conflicts++ < PassingsBatch.MaxLoggedConflicts)
                        batch.AddConflict(i, deviceId, _passings[row], _passings.Chunks);
                }
            }

            var inserted = _passings.Count - before;
            return new(InsertStatus.Stored, inserted, batch.Count - inserted, conflicts);
        }
    }

    /// <summary>One page; the chunks hold the texts of the copied passings, which never change.</summary>
    public (int Copied, int Total, byte[][] Chunks) Read(
        in PassingRange range, long skip, Span<StoredPassing> destination)
    {
        lock (_gate)
        {
            var (copied, total) = _passings.Read(range, skip, destination);
            return (copied, total, _passings.Chunks);
        }
    }

    public void Collect(in PassingRange range, int session, List<PassingKey> keys)
    {
        lock (_gate)
            _passings.Collect(range, session, keys);
    }

    public StoredPassing Row(int row, out byte[][] chunks)
    {
        lock (_gate)
        {
            chunks = _passings.Chunks;
            return _passings[row];
        }
    }
}
