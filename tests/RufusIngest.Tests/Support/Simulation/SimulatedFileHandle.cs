using static SQLitePCL.raw;

namespace RufusIngest.Tests.Support;

/// <summary>
/// An open file, as SQLite sees it: every operation answers with SQLite's result code. Dead after a crash: it can only
/// be closed.
/// </summary>
sealed class SimulatedFileHandle(SimulatedDisk disk, SimulatedFile file, string? name, int epoch)
{
    SharedMemory? _sharedMemory;
    ShmLocks _shmLocks;

    /// <summary>The file's name; null for a temporary file.</summary>
    public string? Name => name;

    public SimulatedFile File => file;

    /// <summary>Which life of the disk it was opened in.</summary>
    public int Epoch => epoch;

    public FileLock LockLevel { get; private set; }

    public int Read(Span<byte> destination, long offset)
    {
        lock (disk.Gate)
        {
            if (!disk.IsAlive(this))
                return SQLITE_IOERR_READ;
            ReadOnlySpan<byte> seen = file.Seen;
            ReadOnlySpan<byte> rest = offset < seen.Length ? seen[(int)offset..] : [];
            if (rest.Length >= destination.Length)
            {
                rest[..destination.Length].CopyTo(destination);
                return SQLITE_OK;
            }
            rest.CopyTo(destination);
            destination[rest.Length..].Clear();
            return SQLITE_IOERR_SHORT_READ;
        }
    }

    public int Write(ReadOnlySpan<byte> bytes, long offset)
    {
        lock (disk.Gate)
        {
            if (!disk.IsAlive(this))
                return SQLITE_IOERR_WRITE;
            int result = disk.AdmitWrite(file, offset, bytes.Length, out int written);
            if (written > 0)
                file.Write((int)offset, bytes[..written]);
            return result;
        }
    }

    public int SetLength(long length)
    {
        lock (disk.Gate)
        {
            if (!disk.IsAlive(this))
                return SQLITE_IOERR_TRUNCATE;
            int result = disk.AdmitSetLength(file, length);
            if (result == SQLITE_OK)
                file.SetLength((int)length);
            return result;
        }
    }

    public int Sync()
    {
        lock (disk.Gate)
            return disk.IsAlive(this) ? disk.Sync(file, name) : SQLITE_IOERR_FSYNC;
    }

    public int GetLength(out long length)
    {
        lock (disk.Gate)
        {
            length = disk.IsAlive(this) ? file.Length : 0;
            return disk.IsAlive(this) ? SQLITE_OK : SQLITE_IOERR_FSTAT;
        }
    }

    /// <summary>
    /// SQLite's five levels: many share, one may reserve beside them, exclusive waits for them to leave.
    /// </summary>
    public int Lock(FileLock level)
    {
        lock (disk.Gate)
        {
            if (!disk.IsAlive(this))
                return SQLITE_IOERR_LOCK;
            if (level <= LockLevel)
                return SQLITE_OK;
            FileLock others = HighestOtherLock();
            if (level == FileLock.Shared)
            {
                if (others >= FileLock.Pending)
                    return SQLITE_BUSY;
            }
            else if (others >= FileLock.Reserved)
                return SQLITE_BUSY;
            else if (level == FileLock.Exclusive && others >= FileLock.Shared)
            {
                // Keeps new readers out while the old ones leave.
                LockLevel = FileLock.Pending;
                return SQLITE_BUSY;
            }
            LockLevel = level;
            return SQLITE_OK;
        }
    }

    public int Unlock(FileLock level)
    {
        lock (disk.Gate)
            LockLevel = level < LockLevel ? level : LockLevel;
        return SQLITE_OK;
    }

    public int IsReserved(out bool reserved)
    {
        lock (disk.Gate)
        {
            reserved = LockLevel >= FileLock.Reserved || HighestOtherLock() >= FileLock.Reserved;
            return disk.IsAlive(this) ? SQLITE_OK : SQLITE_IOERR_CHECKRESERVEDLOCK;
        }
    }

    public int MapSharedMemory(int region, int size, bool extend, out nint address)
    {
        lock (disk.Gate)
        {
            address = 0;
            if (!disk.IsAlive(this))
                return SQLITE_IOERR_SHMMAP;
            if (_sharedMemory is null)
            {
                if (file.SharedMemory is null && disk.ReadOnly)
                    return SQLITE_CANTOPEN;
                _sharedMemory = file.SharedMemory ??= new SharedMemory();
                _sharedMemory.Join();
            }
            address = _sharedMemory.Map(region, size, extend);
            return SQLITE_OK;
        }
    }

    public int LockSharedMemory(int first, int count, int flags)
    {
        lock (disk.Gate)
        {
            if (_sharedMemory is null || !disk.IsAlive(this))
                return SQLITE_IOERR_SHMLOCK;
            return _sharedMemory.Lock(ref _shmLocks, first, count, flags);
        }
    }

    public int UnmapSharedMemory()
    {
        lock (disk.Gate)
            LeaveSharedMemory();
        return SQLITE_OK;
    }

    public int Close(bool delete)
    {
        lock (disk.Gate)
        {
            LeaveSharedMemory();
            file.Handles.Remove(this);
            disk.Close(this, delete);
        }
        return SQLITE_OK;
    }

    void LeaveSharedMemory()
    {
        if (_sharedMemory is null)
            return;
        _sharedMemory.Unlock(ref _shmLocks, -1);
        if (_sharedMemory.Leave() && file.SharedMemory == _sharedMemory)
            file.SharedMemory = null;
        _sharedMemory = null;
    }

    FileLock HighestOtherLock()
    {
        FileLock highest = FileLock.None;
        foreach (SimulatedFileHandle other in file.Handles)
        {
            if (other != this && other.LockLevel > highest)
                highest = other.LockLevel;
        }
        return highest;
    }
}
