using System.Buffers.Binary;

namespace RufusIngest.Journal;

/// <summary>
/// What a write-ahead log holds, read as a plain file: SQLite stops at the first frame that does not hold, and forgets
/// the rest as soon as it opens the file. The format is the one of the SQLite documentation ("WAL-mode file format").
/// </summary>
sealed class WalLook
{
    const int HeaderLength = 32;
    const int FrameHeaderLength = 24;
    const uint Magic = 0x377F0682;
    const uint Version = 3_007_000;

    /// <summary>The first salt grows by one with each round: what is further away was not written by an earlier one.</summary>
    const uint MostRounds = 1_000_000;

    readonly List<Frame> _frames = [];
    uint _salt1;
    uint _salt2;

    WalLook(int pageSize) => PageSize = pageSize;

    public int PageSize { get; private set; }

    /// <summary>All whole frames in the file, also those that do not hold and those of an earlier round.</summary>
    public IReadOnlyList<Frame> Frames => _frames;

    /// <summary>The header is there and its sum is wrong: SQLite sees none of the frames.</summary>
    public bool IsHeaderDamaged { get; private set; }

    /// <summary>Frames from the first on that hold, up to the last commit: what SQLite sees.</summary>
    public int Committed { get; private set; }

    /// <summary>Frames up to the last commit mark that was durable, also behind a frame that does not hold.</summary>
    public int Marked { get; private set; }

    /// <summary>
    /// A frame that does not hold, or the header, has a commit behind it that another one followed: all before that was
    /// durable, as a commit begins only when the last one is. Without that it may be a commit that never ended, or what
    /// is left of one that failed.
    /// </summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Something of a commit that does not count lies behind the last one that does.</summary>
    public bool HasUnfinished { get; private set; }

    /// <summary>Where the page of a frame begins in the file.</summary>
    public long PageOffset(int frame) => FrameOffset(frame) + FrameHeaderLength;

    /// <summary>Looks at a log. Null: there is none, or nothing is in it.</summary>
    /// <param name="path">The log itself.</param>
    /// <param name="pageSize">Page size of the database, for a log whose header cannot be read.</param>
    public static WalLook? Read(string path, int pageSize)
    {
        if (!File.Exists(path))
            return null;
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length == 0)
            return null;
        WalLook look = new(pageSize);
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength)
        {
            look.HasUnfinished = true;
            return look;
        }

        look.ReadFrames(file, header);
        look.Judge((file.Length - HeaderLength) % (FrameHeaderLength + look.PageSize));
        return look;
    }

    void ReadFrames(FileStream file, ReadOnlySpan<byte> header)
    {
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        Sum sum = default;
        bool bigEndian = magic == (Magic | 1);
        sum.Add(header[..24], bigEndian);
        IsHeaderDamaged = (magic | 1) != (Magic | 1) || BinaryPrimitives.ReadUInt32BigEndian(header[4..]) != Version
            || !sum.Is(header[24..]);
        if (!IsHeaderDamaged)
            PageSize = (int)Math.Clamp(BinaryPrimitives.ReadUInt32BigEndian(header[8..]), 512, 65_536);
        (_salt1, _salt2) = Salts(header[16..]);
        byte[] frame = new byte[FrameHeaderLength + PageSize];
        Sum stored = Sum.Of(header[24..]);
        bool anyHolds = false;
        while (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            // With a damaged header the frames themselves say which round they are of.
            if (IsHeaderDamaged && !anyHolds)
                (_salt1, _salt2) = Salts(frame.AsSpan(8));
            Sum fromStored = stored;
            fromStored.AddFrame(frame, bigEndian);
            sum.AddFrame(frame, bigEndian);
            stored = Sum.Of(frame.AsSpan(16));
            // Behind a frame that does not hold, one does by the sum that that one states, or should have stated.
            bool follows = sum == stored || fromStored == stored;
            sum = follows ? stored : sum;
            _frames.Add(Take(frame, follows));
            anyHolds |= follows;
        }
    }

    Frame Take(ReadOnlySpan<byte> frame, bool follows)
    {
        (uint salt1, uint salt2) = Salts(frame[8..]);
        return new Frame(
            BinaryPrimitives.ReadUInt32BigEndian(frame),
            BinaryPrimitives.ReadUInt32BigEndian(frame[4..]),
            salt1 == _salt1 || salt2 == _salt2,
            _salt1 - salt1 is > 0 and <= MostRounds,
            follows && salt1 == _salt1 && salt2 == _salt2);
    }

    void Judge(long rest)
    {
        int firstBad = _frames.FindIndex(frame => !frame.Holds);
        int valid = IsHeaderDamaged ? 0 : firstBad < 0 ? _frames.Count : firstBad;
        Committed = valid == 0 ? 0 : _frames.FindLastIndex(valid - 1, valid, frame => frame.IsCommit) + 1;
        int evidence = _frames.Count - 1;
        while (evidence >= valid && !IsFollowed(evidence))
            evidence--;
        IsDamaged = evidence >= valid || IsHeaderDamaged;
        int end = IsDamaged ? Math.Max(evidence, 0) + 1 : Committed;
        while (IsDamaged && end < _frames.Count && _frames[end].Holds)
            end++;
        Marked = end == 0 ? 0 : _frames.FindLastIndex(end - 1, end, frame => frame.IsOfThisRound && frame.IsCommit) + 1;
        IsDamaged &= Marked > Committed;
        int last = _frames.FindLastIndex(frame => frame.IsOfThisRound);
        HasUnfinished = last + 1 > Committed
            || _frames.FindIndex(valid, frame => !frame.IsOfThisRound && !frame.IsOfEarlierRound) >= 0 || (rest > 0 && last == _frames.Count - 1);
    }

    /// <summary>A commit mark with a frame behind it that was written as the next one.</summary>
    bool IsFollowed(int frame) =>
        _frames[frame] is { IsOfThisRound: true, IsCommit: true } && frame + 1 < _frames.Count && _frames[frame + 1].Holds;

    long FrameOffset(int frame) => HeaderLength + ((long)frame * (FrameHeaderLength + PageSize));

    static (uint, uint) Salts(ReadOnlySpan<byte> at) =>
        (BinaryPrimitives.ReadUInt32BigEndian(at), BinaryPrimitives.ReadUInt32BigEndian(at[4..]));

    /// <summary>A frame.</summary>
    /// <param name="Page">The page it holds.</param>
    /// <param name="Pages">Pages of the database after the commit that it ends; else 0.</param>
    /// <param name="IsOfThisRound">It was written since the log began anew: one of its two salts is right.</param>
    /// <param name="IsOfEarlierRound">It was left over when the log began anew.</param>
    /// <param name="Holds">Its sum is right, as far as can be told.</param>
    public readonly record struct Frame(uint Page, uint Pages, bool IsOfThisRound, bool IsOfEarlierRound, bool Holds)
    {
        public bool IsCommit => Pages > 0;
    }

    /// <summary>SQLite's running sum over words of four bytes.</summary>
    record struct Sum(uint S1, uint S2)
    {
        public static Sum Of(ReadOnlySpan<byte> at)
        {
            (uint s1, uint s2) = Salts(at);
            return new Sum(s1, s2);
        }

        public readonly bool Is(ReadOnlySpan<byte> at) => this == Of(at);

        public void AddFrame(ReadOnlySpan<byte> frame, bool bigEndian)
        {
            Add(frame[..8], bigEndian);
            Add(frame[FrameHeaderLength..], bigEndian);
        }

        public void Add(ReadOnlySpan<byte> bytes, bool bigEndian)
        {
            for (int at = 0; at + 8 <= bytes.Length; at += 8)
            {
                ReadOnlySpan<byte> words = bytes[at..];
                S1 += Word(words, bigEndian) + S2;
                S2 += Word(words[4..], bigEndian) + S1;
            }
        }

        static uint Word(ReadOnlySpan<byte> at, bool bigEndian) => bigEndian
            ? BinaryPrimitives.ReadUInt32BigEndian(at)
            : BinaryPrimitives.ReadUInt32LittleEndian(at);
    }
}
