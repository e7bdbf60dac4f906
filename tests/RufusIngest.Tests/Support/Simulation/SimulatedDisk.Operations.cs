using static SQLitePCL.raw;

namespace RufusIngest.Tests.Support;

/// <summary>
/// What the VFS asks of the disk; answers are SQLite's result codes. "Under the lock": the caller holds the gate.
/// </summary>
sealed partial class SimulatedDisk
{
    /// <summary>Opens or makes a file; without a name a temporary one. The handle is null when it fails.</summary>
    public int Open(string? name, int flags, out SimulatedFileHandle? handle, out bool readOnly)
    {
        lock (Gate)
        {
            handle = null;
            readOnly = (flags & SQLITE_OPEN_READONLY) != 0 || ReadOnly;
            if (!_powered)
                return SQLITE_CANTOPEN;
            SimulatedFile? file = name is null ? new SimulatedFile() : _seen.GetValueOrDefault(name);
            if (file is null)
            {
                if ((flags & SQLITE_OPEN_CREATE) == 0 || ReadOnly)
                    return SQLITE_CANTOPEN;
                _seen[name!] = file = new SimulatedFile();
            }
            else if (name is not null && (flags & SQLITE_OPEN_EXCLUSIVE) != 0 && (flags & SQLITE_OPEN_CREATE) != 0)
                return SQLITE_CANTOPEN;
            handle = new SimulatedFileHandle(this, file, name, _epoch);
            file.Handles.Add(handle);
            return SQLITE_OK;
        }
    }

    public int Delete(string name, bool sync)
    {
        lock (Gate)
        {
            if (!_powered || ReadOnly || IsPowerCutNow())
                return SQLITE_IOERR_DELETE;
            if (!_seen.Remove(name))
                return SQLITE_IOERR_DELETE_NOENT;
            if (!sync)
                return SQLITE_OK;
            if (Happens(SyncErrors))
                return SQLITE_IOERR_DIR_FSYNC;
            if (!IgnoreSync)
                SyncDirectory();
            return SQLITE_OK;
        }
    }

    /// <summary>Whether there is a file of this name that holds anything.</summary>
    public bool Exists(string name)
    {
        lock (Gate)
            return _powered && _seen.GetValueOrDefault(name)?.Length > 0;
    }

    /// <summary>Whether the handle's connection lives. Under the lock.</summary>
    public bool IsAlive(SimulatedFileHandle handle) => _powered && handle.Epoch == _epoch;

    /// <summary>Says how much of a write gets through, and what the write answers. Under the lock.</summary>
    public int AdmitWrite(SimulatedFile file, long offset, int length, out int written)
    {
        written = 0;
        if (ReadOnly)
            return SQLITE_IOERR_WRITE;
        written = length;
        if (IsPowerCutNow())
            return SQLITE_IOERR_WRITE;
        if (Happens(WriteErrors))
        {
            written = _random.Next(length);
            return SQLITE_IOERR_WRITE;
        }
        long room = RoomAfter(file, offset);
        if (length > room)
        {
            written = (int)room;
            return SQLITE_FULL;
        }
        Writes++;
        BytesWritten += length;
        return SQLITE_OK;
    }

    /// <summary>Under the lock.</summary>
    public int AdmitSetLength(SimulatedFile file, long length)
    {
        if (ReadOnly || IsPowerCutNow())
            return SQLITE_IOERR_TRUNCATE;
        return length > file.Length + RoomAfter(file, file.Length) ? SQLITE_FULL : SQLITE_OK;
    }

    /// <summary>
    /// Makes a file's bytes durable, and for a new file the directory: SQLite's own VFS for Unix syncs that after it
    /// made a file. Under the lock.
    /// </summary>
    public int Sync(SimulatedFile file, string? name)
    {
        if (IsPowerCutNow() || Happens(SyncErrors) || (ReadOnly && file.UnsyncedChanges > 0))
            return SQLITE_IOERR_FSYNC;
        Syncs++;
        if (IgnoreSync)
            return SQLITE_OK;
        file.Sync();
        if (name is not null && _durable.GetValueOrDefault(name) != file)
            SyncDirectory();
        return SQLITE_OK;
    }

    /// <summary>Under the lock.</summary>
    public void Close(SimulatedFileHandle handle, bool delete)
    {
        if (handle.Name is null)
            handle.File.Release();
        else if (delete && IsAlive(handle))
            _seen.Remove(handle.Name);
    }

    /// <summary>SQLite's sleep costs no time: it moves the clock.</summary>
    public void Sleep(int microseconds)
    {
        lock (Gate)
            Now += TimeSpan.FromMicroseconds(microseconds);
        Thread.Yield();
    }

    public void Fill(Span<byte> randomBytes)
    {
        lock (Gate)
            _random.NextBytes(randomBytes);
    }

    void SyncDirectory()
    {
        Dictionary<string, SimulatedFile> before = _durable;
        _durable = new Dictionary<string, SimulatedFile>(_seen);
        foreach (SimulatedFile gone in before.Values.Except(_durable.Values))
        {
            if (gone.Handles.Count == 0)
                gone.Release();
        }
    }

    bool Happens(double likelihood) => likelihood > 0 && _random.NextDouble() < likelihood;

    /// <summary>How many bytes can be written from an offset on before file or disk are full.</summary>
    long RoomAfter(SimulatedFile file, long offset)
    {
        long end = LongestFile;
        if (Capacity < long.MaxValue)
            end = Math.Min(end, file.Length + Math.Max(0, Capacity - _seen.Values.Sum(other => (long)other.Length)));
        return Math.Max(0, end - offset);
    }

    bool IsPowerCutNow()
    {
        if (_changesUntilPowerCut == long.MaxValue || --_changesUntilPowerCut > 0)
            return false;
        _powered = false;
        return true;
    }
}
