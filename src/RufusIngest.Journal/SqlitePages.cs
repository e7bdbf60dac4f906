using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace RufusIngest.Journal;

/// <summary>
/// The pages of a SQLite file with what its write-ahead log holds over them, read without SQLite and without changing
/// anything. One thread.
/// </summary>
sealed class SqlitePages : IDisposable
{
    /// <summary>SQLite's own default; journals are made with it.</summary>
    const int UsualPageSize = 4096;

    readonly SafeFileHandle _file;
    readonly SafeFileHandle? _log;
    readonly Dictionary<uint, int> _frames = [];
    readonly List<(uint Page, int Frame)> _covered = [];

    SqlitePages(string path, int pageSize)
    {
        PageSize = pageSize;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Count = (uint)Math.Min((RandomAccess.GetLength(_file) + pageSize - 1) / pageSize, uint.MaxValue);
        string log = path + "-wal";
        Log = WalLook.Read(log, pageSize);
        if (Log is null || Log.PageSize != pageSize)
            return;
        _log = File.OpenHandle(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        for (int i = 0; i < Log.Marked; i++)
            Lay(i, Log.Frames[i]);
    }

    public int PageSize { get; }

    /// <summary>The write-ahead log; null: there is none.</summary>
    public WalLook? Log { get; }

    /// <summary>Pages are numbered from 1 to this.</summary>
    public uint Count { get; private set; }

    /// <summary>Versions of pages that a frame covers which does not hold; they may be whole.</summary>
    public int CoveredCount => _covered.Count;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The database; its log lies beside it.</param>
    /// <param name="usual">Take the usual page size, whatever the header says.</param>
    public static SqlitePages Open(string path, bool usual) => new(path, usual ? UsualPageSize : ReadPageSize(path));

    /// <summary>Whether the file begins as every SQLite file does.</summary>
    public static bool HasMagic(string path)
    {
        Span<byte> magic = stackalloc byte[16];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.ReadAtLeast(magic, 16, throwOnEndOfStream: false) == 16 && magic.SequenceEqual("SQLite format 3\0"u8);
    }

    /// <summary>Reads a page; what the file does not have is zero.</summary>
    /// <returns>False: there is no such page.</returns>
    public bool TryRead(uint page, Span<byte> into)
    {
        into.Clear();
        if (page == 0 || page > Count)
            return false;
        if (_frames.TryGetValue(page, out int frame))
            RandomAccess.Read(_log!, into, Log!.PageOffset(frame));
        else
            RandomAccess.Read(_file, into, (page - 1L) * PageSize);
        return true;
    }

    public void ReadCovered(int index, Span<byte> into)
    {
        into.Clear();
        (uint page, int frame) = _covered[index];
        if (frame >= 0)
            RandomAccess.Read(_log!, into, Log!.PageOffset(frame));
        else
            RandomAccess.Read(_file, into, (page - 1L) * PageSize);
    }

    public void Dispose()
    {
        _file.Dispose();
        _log?.Dispose();
    }

    void Lay(int index, WalLook.Frame frame)
    {
        // A page number far behind all others is a flipped one.
        if (frame.Page == 0 || frame.Page > Count + (uint)Log!.Frames.Count)
            return;
        if (!frame.Holds)
            _covered.Add((frame.Page, _frames.GetValueOrDefault(frame.Page, -1)));
        _frames[frame.Page] = index;
        Count = Math.Max(Count, frame.Page);
    }

    static int ReadPageSize(string path)
    {
        Span<byte> header = stackalloc byte[18];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.ReadAtLeast(header, 18, throwOnEndOfStream: false) < 18)
            return UsualPageSize;
        int size = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        size = size == 1 ? 65_536 : size;
        return size >= 512 && (size & (size - 1)) == 0 ? size : UsualPageSize;
    }
}
