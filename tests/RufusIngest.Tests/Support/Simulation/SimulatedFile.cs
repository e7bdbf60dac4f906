namespace RufusIngest.Tests.Support;

/// <summary>
/// A file twice over: as reads see it, and as it would be after a power cut. Between the two lies the list of changes
/// since the last sync. Guarded by the lock of its disk.
/// </summary>
sealed class SimulatedFile
{
    const int Sector = SimulatedDisk.SectorSize;

    readonly GrowingBytes _seen = new();
    readonly GrowingBytes _durable = new();
    readonly GrowingBytes _unsyncedBytes = new();
    readonly List<Change> _unsynced = [];

    /// <summary>The open handles, which hold the locks. A crash clears it.</summary>
    public List<SimulatedFileHandle> Handles { get; } = [];

    /// <summary>The memory that the connections of a database in WAL mode share; null until one maps it.</summary>
    public SharedMemory? SharedMemory { get; set; }

    public int Length => _seen.Length;

    public ReadOnlySpan<byte> Seen => _seen.Span;

    /// <summary>How many writes and truncations a crash could lose.</summary>
    public int UnsyncedChanges => _unsynced.Count;

    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        _seen.Write(offset, bytes);
        _unsynced.Add(new Change(offset, bytes.Length, _unsyncedBytes.Length));
        _unsyncedBytes.Write(_unsyncedBytes.Length, bytes);
    }

    public void SetLength(int length)
    {
        _seen.SetLength(length);
        _unsynced.Add(new Change(length, Change.SetLength, 0));
    }

    /// <summary>Everything written so far is durable from here on.</summary>
    public void Sync()
    {
        foreach (Change change in _unsynced)
            ApplyToDurable(change, change.Length);
        ForgetUnsynced();
    }

    /// <summary>The power goes: what reads see becomes what was durable, and a part of the rest.</summary>
    public void Crash(CrashKeeps keeps, Random random)
    {
        if (keeps == CrashKeeps.Any)
            keeps = (CrashKeeps)random.Next((int)CrashKeeps.Any);
        if (keeps == CrashKeeps.Some)
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_unsynced));
        int kept = keeps switch
        {
            CrashKeeps.Nothing => 0,
            CrashKeeps.Everything => _unsynced.Count,
            _ => random.Next(_unsynced.Count + 1),
        };
        bool torn = keeps is CrashKeeps.Prefix or CrashKeeps.Some;
        for (int i = 0; i < kept; i++)
        {
            if (torn && i == kept - 1 && _unsynced[i].Length > 0)
                ApplyTorn(_unsynced[i], random);
            else
                ApplyToDurable(_unsynced[i], _unsynced[i].Length);
        }
        _seen.CopyFrom(_durable);
        ForgetUnsynced();
    }

    /// <summary>Puts other bytes in place of the file's, durably.</summary>
    public void Replace(ReadOnlySpan<byte> bytes)
    {
        ForgetUnsynced();
        _seen.SetLength(0);
        _seen.Write(0, bytes);
        _durable.CopyFrom(_seen);
    }

    /// <summary>A copy with its unsynced changes and without handles.</summary>
    public SimulatedFile Clone()
    {
        var clone = new SimulatedFile();
        clone._seen.CopyFrom(_seen);
        clone._durable.CopyFrom(_durable);
        clone._unsyncedBytes.CopyFrom(_unsyncedBytes);
        clone._unsynced.AddRange(_unsynced);
        return clone;
    }

    public void Release()
    {
        _seen.Release();
        _durable.Release();
        _unsyncedBytes.Release();
        _unsynced.Clear();
    }

    void ApplyTorn(Change change, Random random)
    {
        switch (random.Next(4))
        {
            case 0: // Not torn after all.
                ApplyToDurable(change, change.Length);
                break;
            case 1: // At any byte.
                ApplyToDurable(change, random.Next(change.Length + 1));
                break;
            case 2: // At the end of a sector.
                int end = change.Offset + random.Next(change.Length + 1);
                ApplyToDurable(change, Math.Max(0, end / Sector * Sector - change.Offset));
                break;
            default: // Any of its sectors: a drive may write them in any order.
                ApplySomeSectors(change, random);
                break;
        }
    }

    void ApplySomeSectors(Change change, Random random)
    {
        int start = change.Offset;
        int end = change.Offset + change.Length;
        while (start < end)
        {
            int next = Math.Min(end, (start / Sector + 1) * Sector);
            if (random.Next(2) == 0)
            {
                int at = change.At + (start - change.Offset);
                _durable.Write(start, _unsyncedBytes.Span.Slice(at, next - start));
            }
            start = next;
        }
    }

    void ApplyToDurable(Change change, int length)
    {
        if (change.Length == Change.SetLength)
            _durable.SetLength(change.Offset);
        else if (length > 0)
            _durable.Write(change.Offset, _unsyncedBytes.Span.Slice(change.At, length));
    }

    void ForgetUnsynced()
    {
        _unsynced.Clear();
        _unsyncedBytes.SetLength(0);
    }

    /// <summary>
    /// A write of so many bytes at an offset, kept from <paramref name="At"/> on; or a change of length.
    /// </summary>
    readonly record struct Change(int Offset, int Length, int At)
    {
        public const int SetLength = -1;
    }
}
