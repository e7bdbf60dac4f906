namespace RufusIngest.Tests.Support;

/// <summary>
/// A disk in memory on which the real SQLite runs: open a database with <see cref="VfsName"/> as its VFS. A crash loses
/// what was not synced, as a power cut does, and kills every open connection. Thread-safe; with one thread everything
/// follows from the seed, except the salts in a WAL, which SQLite draws from a generator of the whole process.
/// </summary>
sealed partial class SimulatedDisk : IDisposable
{
    public const int SectorSize = 512;

    /// <summary>Far above what a test writes, and still an index into an array.</summary>
    const int LongestFile = 1 << 30;

    readonly Random _random;
    readonly SqliteVfs _vfs;

    /// <summary>The directory as programs see it, and as it would be after a power cut.</summary>
    Dictionary<string, SimulatedFile> _seen = [];
    Dictionary<string, SimulatedFile> _durable = [];

    int _epoch;
    bool _powered = true;
    long _changesUntilPowerCut = long.MaxValue;

    public SimulatedDisk(int seed)
    {
        _random = new Random(seed);
        _vfs = new SqliteVfs(this);
    }

    public Lock Gate { get; } = new();

    /// <summary>The name under which SQLite knows this disk, unique in the process.</summary>
    public string VfsName => _vfs.Name;

    /// <summary>The time SQLite sees. Moves only by hand, and when SQLite sleeps.</summary>
    public DateTimeOffset Now { get; set; } = new(2026, 7, 4, 8, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// How many bytes all files together may have; a write that would go beyond is cut there: SQLITE_FULL.
    /// </summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Mounted read-only: nothing can be created, written or deleted.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>How likely a write fails after a part of it was written, 0 to 1: SQLITE_IOERR_WRITE.</summary>
    public double WriteErrors { get; set; }

    /// <summary>How likely a sync fails and makes nothing durable, 0 to 1: SQLITE_IOERR_FSYNC.</summary>
    public double SyncErrors { get; set; }

    /// <summary>The broken double: a sync says that all is well and does nothing.</summary>
    public bool IgnoreSync { get; set; }

    /// <summary>Successful writes since the disk was made.</summary>
    public long Writes { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>Successful syncs since the disk was made, ignored ones too.</summary>
    public long Syncs { get; private set; }

    /// <summary>
    /// False between a power cut set by <see cref="CutPowerAfter"/> and the <see cref="Crash"/> that follows it.
    /// </summary>
    public bool Powered
    {
        get { lock (Gate) return _powered; }
    }

    public long UsedBytes
    {
        get { lock (Gate) return _seen.Values.Sum(file => (long)file.Length); }
    }

    /// <summary>The writes and truncations that a crash could lose now.</summary>
    public int UnsyncedChanges
    {
        get { lock (Gate) return _seen.Values.Sum(file => file.UnsyncedChanges); }
    }

    /// <summary>The names of the files, sorted.</summary>
    public string[] Files
    {
        get { lock (Gate) return [.. _seen.Keys.Order(StringComparer.Ordinal)]; }
    }

    /// <summary>The disk is full after so many more bytes.</summary>
    public void FillAfter(long bytes) => Capacity = UsedBytes + bytes;

    /// <summary>
    /// The power goes in the middle of the n-th write, truncation, sync or deletion from now, counted from 1; from
    /// there on everything fails until <see cref="Crash"/>.
    /// </summary>
    public void CutPowerAfter(long changes)
    {
        lock (Gate)
            _changesUntilPowerCut = changes;
    }

    /// <summary>
    /// The power goes and comes back: open connections are dead and can only be closed; faults stay as set.
    /// </summary>
    public void Crash(CrashKeeps keeps = CrashKeeps.Any)
    {
        lock (Gate)
        {
            var survivors = new Dictionary<string, SimulatedFile>();
            foreach (string name in _seen.Keys.Union(_durable.Keys).Order(StringComparer.Ordinal))
            {
                SimulatedFile? seen = _seen.GetValueOrDefault(name);
                SimulatedFile? durable = _durable.GetValueOrDefault(name);
                SimulatedFile? survivor = seen == durable || KeepsEntry(keeps) ? seen : durable;
                if (survivor is null)
                    continue;
                survivor.Crash(keeps, _random);
                survivors.Add(name, survivor);
            }
            StartAgain(survivors, new Dictionary<string, SimulatedFile>(survivors));
        }
    }

    /// <summary>A copy of a file's bytes as reads see them.</summary>
    public byte[] GetImage(string name)
    {
        lock (Gate)
            return _seen[name].Seen.ToArray();
    }

    /// <summary>Makes or replaces a file, durably. No connection may have it open.</summary>
    public void SetImage(string name, ReadOnlySpan<byte> bytes)
    {
        lock (Gate)
        {
            if (!_seen.TryGetValue(name, out SimulatedFile? file))
                _seen[name] = file = new SimulatedFile();
            file.Replace(bytes);
            _durable[name] = file;
        }
    }

    /// <summary>Deletes a file, durably. No connection may have it open.</summary>
    public void DeleteImage(string name)
    {
        lock (Gate)
        {
            _seen.Remove(name);
            _durable.Remove(name);
        }
    }

    /// <summary>
    /// The whole disk with its unsynced changes; the seed's sequence and the faults are not part of it.
    /// </summary>
    public DiskSnapshot TakeSnapshot()
    {
        lock (Gate)
            return new DiskSnapshot(_seen, _durable);
    }

    /// <summary>Puts a snapshot in place, as often as needed. Open connections are dead, as after a crash.</summary>
    public void Restore(DiskSnapshot snapshot)
    {
        lock (Gate)
        {
            (Dictionary<string, SimulatedFile> seen, Dictionary<string, SimulatedFile> durable) = snapshot.Copy();
            StartAgain(seen, durable);
        }
    }

    /// <summary>Frees the files. A connection that is still open is dead, and safe to close later.</summary>
    public void Dispose()
    {
        Restore(DiskSnapshot.Empty);
        lock (Gate)
            _powered = false;
        _vfs.Dispose();
    }

    void StartAgain(Dictionary<string, SimulatedFile> seen, Dictionary<string, SimulatedFile> durable)
    {
        foreach (SimulatedFile gone in _seen.Values.Union(_durable.Values).Except(seen.Values).Except(durable.Values))
            gone.Release();
        foreach (SimulatedFile file in seen.Values)
        {
            file.Handles.Clear();
            file.SharedMemory = null;
        }
        _seen = seen;
        _durable = durable;
        _epoch++;
        _powered = true;
        _changesUntilPowerCut = long.MaxValue;
    }

    bool KeepsEntry(CrashKeeps keeps) => keeps switch
    {
        CrashKeeps.Nothing => false,
        CrashKeeps.Everything => true,
        _ => _random.Next(2) == 0,
    };
}
