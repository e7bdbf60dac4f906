using System.Runtime.InteropServices;
using static SQLitePCL.raw;

namespace RufusIngest.Tests.Support;

/// <summary>
/// What the connections of one database share in WAL mode: the index of the WAL in plain memory, and eight locks over
/// it. Guarded by the lock of its disk. Connections that a crash has killed keep theirs until they are closed, since
/// SQLite reads it without asking.
/// </summary>
sealed unsafe class SharedMemory
{
    const int Exclusive = -1;
    const int UnlockFlag = 1; // SQLITE_SHM_UNLOCK
    const int SharedFlag = 4; // SQLITE_SHM_SHARED

    readonly List<nint> _regions = [];

    /// <summary>Each lock: how many share it, or <see cref="Exclusive"/>.</summary>
    readonly int[] _locks = new int[8];

    int _users;

    public void Join() => _users++;

    /// <summary>The last to leave frees the memory; true says so.</summary>
    public bool Leave()
    {
        if (--_users > 0)
            return false;
        foreach (nint region in _regions)
            NativeMemory.Free((void*)region);
        _regions.Clear();
        return true;
    }

    /// <summary>The address of a region, or zero when there is none and none is to be made.</summary>
    public nint Map(int region, int size, bool extend)
    {
        while (extend && _regions.Count <= region)
            _regions.Add((nint)NativeMemory.AllocZeroed((nuint)size));
        return region < _regions.Count ? _regions[region] : 0;
    }

    /// <summary>Takes or gives back <paramref name="count"/> locks for one connection, all or none.</summary>
    public int Lock(ref ShmLocks held, int first, int count, int flags)
    {
        int mask = ((1 << count) - 1) << first;
        if ((flags & UnlockFlag) != 0)
            Unlock(ref held, mask);
        else if ((flags & SharedFlag) != 0)
            return LockShared(ref held, first, mask);
        else
            return LockExclusive(ref held, first, count, mask);
        return SQLITE_OK;
    }

    public void Unlock(ref ShmLocks held, int mask)
    {
        for (int i = 0; i < _locks.Length; i++)
        {
            int bit = mask & (1 << i);
            if ((held.Shared & bit) != 0)
                _locks[i]--;
            else if ((held.Exclusive & bit) != 0)
                _locks[i] = 0;
        }
        held = new ShmLocks(held.Shared & ~mask, held.Exclusive & ~mask);
    }

    int LockShared(ref ShmLocks held, int first, int mask)
    {
        if ((held.Shared & mask) != 0)
            return SQLITE_OK;
        if (_locks[first] == Exclusive)
            return SQLITE_BUSY;
        _locks[first]++;
        held = held with { Shared = held.Shared | mask };
        return SQLITE_OK;
    }

    int LockExclusive(ref ShmLocks held, int first, int count, int mask)
    {
        Span<int> wanted = _locks.AsSpan(first, count);
        if (wanted.ContainsAnyExcept(0))
            return SQLITE_BUSY;
        wanted.Fill(Exclusive);
        held = held with { Exclusive = held.Exclusive | mask };
        return SQLITE_OK;
    }
}

/// <summary>The locks one connection holds, a bit each.</summary>
readonly record struct ShmLocks(int Shared, int Exclusive);
