using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static SQLitePCL.raw;

namespace RufusIngest.Tests.Support;

/// <summary>
/// What SQLite keeps of an open file: its methods (sqlite.org/c3ref/io_methods.html, version 2), and behind them which
/// <see cref="SimulatedFileHandle"/> it is. An exception cannot pass through SQLite: one in here ends the process.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct SqliteFile
{
    /// <summary>
    /// A torn write harms no byte outside itself: what SQLite takes for granted on Linux and Windows too.
    /// </summary>
    const int PowersafeOverwrite = 0x1000;

    static readonly IoMethods* s_methods = MakeMethods();

    IoMethods* _methods;
    nint _open;

    /// <summary>Fills what SQLite has set aside. SQLite closes it exactly once.</summary>
    public void Open(SqliteVfs vfs, SimulatedFileHandle handle, bool deleteOnClose)
    {
        _open = GCHandle.ToIntPtr(GCHandle.Alloc(new OpenFile(vfs, handle, deleteOnClose)));
        _methods = s_methods;
    }

    static OpenFile Of(SqliteFile* file) => Unsafe.As<OpenFile>(GCHandle.FromIntPtr(file->_open).Target!);

    static SimulatedFileHandle Handle(SqliteFile* file) => Of(file).Handle;

    static IoMethods* MakeMethods()
    {
        var methods = (IoMethods*)NativeMemory.Alloc((nuint)sizeof(IoMethods));
        *methods = new IoMethods
        {
            Version = 2,
            Close = &Close,
            Read = &Read,
            Write = &Write,
            Truncate = &Truncate,
            Sync = &Sync,
            FileSize = &FileSize,
            Lock = &Lock,
            Unlock = &Unlock,
            CheckReservedLock = &CheckReservedLock,
            FileControl = &FileControl,
            SectorSize = &SectorSize,
            DeviceCharacteristics = &DeviceCharacteristics,
            ShmMap = &ShmMap,
            ShmLock = &ShmLock,
            ShmBarrier = &ShmBarrier,
            ShmUnmap = &ShmUnmap,
        };
        return methods;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Close(SqliteFile* file)
    {
        OpenFile open = Of(file);
        GCHandle.FromIntPtr(file->_open).Free();
        *file = default;
        int result = open.Handle.Close(open.DeleteOnClose);
        open.Vfs.Leave();
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Read(SqliteFile* file, byte* bytes, int count, long offset) =>
        Handle(file).Read(new Span<byte>(bytes, count), offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Write(SqliteFile* file, byte* bytes, int count, long offset) =>
        Handle(file).Write(new ReadOnlySpan<byte>(bytes, count), offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Truncate(SqliteFile* file, long length) => Handle(file).SetLength(length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Sync(SqliteFile* file, int flags) => Handle(file).Sync();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int FileSize(SqliteFile* file, long* length) => Handle(file).GetLength(out *length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Lock(SqliteFile* file, int level) => Handle(file).Lock((FileLock)level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Unlock(SqliteFile* file, int level) => Handle(file).Unlock((FileLock)level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int CheckReservedLock(SqliteFile* file, int* reserved)
    {
        int result = Handle(file).IsReserved(out bool isReserved);
        *reserved = isReserved ? 1 : 0;
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int FileControl(SqliteFile* file, int operation, void* argument) => SQLITE_NOTFOUND;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int SectorSize(SqliteFile* file) => SimulatedDisk.SectorSize;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int DeviceCharacteristics(SqliteFile* file) => PowersafeOverwrite;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int ShmMap(SqliteFile* file, int region, int size, int extend, nint* address) =>
        Handle(file).MapSharedMemory(region, size, extend != 0, out *address);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int ShmLock(SqliteFile* file, int first, int count, int flags) =>
        Handle(file).LockSharedMemory(first, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void ShmBarrier(SqliteFile* file) => Interlocked.MemoryBarrier();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int ShmUnmap(SqliteFile* file, int delete) => Handle(file).UnmapSharedMemory();

    sealed record OpenFile(SqliteVfs Vfs, SimulatedFileHandle Handle, bool DeleteOnClose);

    /// <summary>struct sqlite3_io_methods, version 2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct IoMethods
    {
        public int Version;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int> Close;
        public delegate* unmanaged[Cdecl]<SqliteFile*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<SqliteFile*, byte*, int, long, int> Write;
        public delegate* unmanaged[Cdecl]<SqliteFile*, long, int> Truncate;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Sync;
        public delegate* unmanaged[Cdecl]<SqliteFile*, long*, int> FileSize;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Lock;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Unlock;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int*, int> CheckReservedLock;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, void*, int> FileControl;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int> SectorSize;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int> DeviceCharacteristics;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, int, int, nint*, int> ShmMap;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, int, int, int> ShmLock;
        public delegate* unmanaged[Cdecl]<SqliteFile*, void> ShmBarrier;
        public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> ShmUnmap;
    }
}
