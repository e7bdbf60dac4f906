using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static SQLitePCL.raw;

namespace RufusIngest.Tests.Support;

/// <summary>
/// Makes a <see cref="SimulatedDisk"/> a VFS of the native SQLite (sqlite.org/c3ref/vfs.html). Registered under its own
/// name until disposed; its native memory stays until the last file is closed.
/// </summary>
sealed unsafe partial class SqliteVfs : IDisposable
{
    const string Library = "e_sqlite3";
    const long UnixEpochInJulianMilliseconds = 210_866_760_000_000;

    static int _made;

    readonly SimulatedDisk _disk;
    readonly Methods* _methods;
    int _users = 1;

    static SqliteVfs() => SQLitePCL.Batteries_V2.Init();

    public SqliteVfs(SimulatedDisk disk)
    {
        _disk = disk;
        Name = $"simulated-disk-{Interlocked.Increment(ref _made)}";
        int nameLength = Encoding.UTF8.GetByteCount(Name);
        _methods = (Methods*)NativeMemory.AllocZeroed((nuint)(sizeof(Methods) + nameLength + 1));
        byte* name = (byte*)(_methods + 1);
        Encoding.UTF8.GetBytes(Name, new Span<byte>(name, nameLength));
        *_methods = new Methods
        {
            Version = 2,
            FileSize = sizeof(SqliteFile),
            LongestPath = 512,
            Name = name,
            AppData = GCHandle.ToIntPtr(GCHandle.Alloc(this)),
            Open = &Open,
            Delete = &Delete,
            Access = &Access,
            FullPathname = &FullPathname,
            Randomness = &Randomness,
            Sleep = &Sleep,
            CurrentTime = &CurrentTime,
            GetLastError = &GetLastError,
            CurrentTimeInt64 = &CurrentTimeInt64,
        };
        if (Register(_methods, 0) != SQLITE_OK)
            throw new InvalidOperationException("SQLite takes no VFS.");
    }

    public string Name { get; }

    public void Dispose()
    {
        _ = Unregister(_methods);
        Leave();
    }

    /// <summary>One file fewer is open, or the disk is gone.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _users) > 0)
            return;
        GCHandle.FromIntPtr(_methods->AppData).Free();
        NativeMemory.Free(_methods);
    }

    static SqliteVfs Of(Methods* vfs) => Unsafe.As<SqliteVfs>(GCHandle.FromIntPtr(vfs->AppData).Target!);

    static string Text(byte* text) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Open(Methods* self, byte* name, SqliteFile* file, int flags, int* outFlags)
    {
        SqliteVfs vfs = Of(self);
        *file = default;
        int result = vfs._disk.Open(
            name == null ? null : Text(name), flags, out SimulatedFileHandle? handle, out bool readOnly);
        if (handle is null)
            return result;
        Interlocked.Increment(ref vfs._users);
        file->Open(vfs, handle, deleteOnClose: (flags & SQLITE_OPEN_DELETEONCLOSE) != 0);
        if (outFlags != null)
        {
            *outFlags = readOnly
                ? (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY
                : flags;
        }
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Delete(Methods* self, byte* name, int syncDirectory) =>
        Of(self)._disk.Delete(Text(name), syncDirectory != 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Access(Methods* self, byte* name, int flags, int* result)
    {
        *result = Of(self)._disk.Exists(Text(name)) ? 1 : 0;
        return SQLITE_OK;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int FullPathname(Methods* self, byte* name, int size, byte* fullName)
    {
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        if (text.Length >= size)
            return SQLITE_CANTOPEN;
        text.CopyTo(new Span<byte>(fullName, size));
        fullName[text.Length] = 0;
        return SQLITE_OK;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Randomness(Methods* self, int count, byte* bytes)
    {
        Of(self)._disk.Fill(new Span<byte>(bytes, count));
        return count;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Sleep(Methods* self, int microseconds)
    {
        Of(self)._disk.Sleep(microseconds);
        return microseconds;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int CurrentTime(Methods* self, double* julianDays)
    {
        *julianDays = JulianMilliseconds(self) / 86_400_000.0;
        return SQLITE_OK;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int CurrentTimeInt64(Methods* self, long* julianMilliseconds)
    {
        *julianMilliseconds = JulianMilliseconds(self);
        return SQLITE_OK;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int GetLastError(Methods* self, int size, byte* text) => 0;

    static long JulianMilliseconds(Methods* self) =>
        Of(self)._disk.Now.ToUnixTimeMilliseconds() + UnixEpochInJulianMilliseconds;

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_register")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int Register(Methods* vfs, int makeDefault);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_unregister")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int Unregister(Methods* vfs);

    /// <summary>struct sqlite3_vfs, version 2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct Methods
    {
        public int Version;
        public int FileSize;
        public int LongestPath;
        public Methods* Next;
        public byte* Name;
        public nint AppData;
        public delegate* unmanaged[Cdecl]<Methods*, byte*, SqliteFile*, int, int*, int> Open;
        public delegate* unmanaged[Cdecl]<Methods*, byte*, int, int> Delete;
        public delegate* unmanaged[Cdecl]<Methods*, byte*, int, int*, int> Access;
        public delegate* unmanaged[Cdecl]<Methods*, byte*, int, byte*, int> FullPathname;
        public nint DlOpen;
        public nint DlError;
        public nint DlSym;
        public nint DlClose;
        public delegate* unmanaged[Cdecl]<Methods*, int, byte*, int> Randomness;
        public delegate* unmanaged[Cdecl]<Methods*, int, int> Sleep;
        public delegate* unmanaged[Cdecl]<Methods*, double*, int> CurrentTime;
        public delegate* unmanaged[Cdecl]<Methods*, int, byte*, int> GetLastError;
        public delegate* unmanaged[Cdecl]<Methods*, long*, int> CurrentTimeInt64;
    }
}
