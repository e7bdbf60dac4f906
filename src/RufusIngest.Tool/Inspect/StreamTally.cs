using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Tool.Inspect;

/// <summary>What the times of a stream's reads are.</summary>
enum TimeBase
{
    /// <summary>No time at all.</summary>
    None = 0,

    /// <summary>The reader's wall clock with a date.</summary>
    Local,

    /// <summary>UTC, said by the reader.</summary>
    Utc,

    /// <summary>A time of day.</summary>
    NoDate,

    /// <summary>Time since the reader started.</summary>
    SinceStart,
}

/// <summary>Rejects of one reason, with the first of them.</summary>
sealed class RejectTally
{
    public long Count { get; set; }

    public required RejectedFrame First { get; init; }
}

/// <summary>
/// Counts what one protocol makes of a stream: reads, times, chips, rejects and controls, and how many of the bytes
/// that explains. Nothing is kept but counts, the chips and the first reject of each reason.
/// </summary>
sealed class StreamTally
{
    /// <summary>Chips told apart at most; a larger event's are counted up to here.</summary>
    public const int MaxChips = 1_000_000;

    /// <summary>Parts of the stream that are looked at one by one, so that a foreign end does not hide behind a long
    /// front.</summary>
    const int Parts = 8;

    /// <summary>Parts of a shorter stream are a frame or two, which may be damaged.</summary>
    const int LeastWithParts = 4096;

    readonly ReaderDecoder _decoder;
    readonly HashSet<ChipCode> _chips = [];
    readonly SortedDictionary<RejectReason, RejectTally> _rejects = [];
    readonly SortedDictionary<ControlKind, long> _controls = [];
    readonly SortedDictionary<int, long> _antennas = [];
    readonly long[] _unexplainedOfPart = new long[Parts];
    readonly long _length;
    long _rejected;
    long _previous;
    TimeBase _previousBase;

    /// <summary>Counts for one protocol.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="length">Bytes that will come, as far as it is known.</param>
    public StreamTally(ReaderProtocol protocol, long length)
    {
        Protocol = protocol;
        _decoder = protocol.CreateDecoder();
        _length = Math.Max(length, 1);
    }

    public ReaderProtocol Protocol { get; }

    public long Bytes { get; private set; }

    /// <summary>Reads of chips.</summary>
    public long Reads { get; private set; }

    /// <summary>Reads of chips with a time of their own.</summary>
    public long TimedReads { get; private set; }

    /// <summary>Guns and markers that came as a read.</summary>
    public long Signals { get; private set; }

    public long Rejects => _rejected;

    public long RejectedBytes { get; private set; }

    /// <summary>Bytes of controls that the protocol only knows to be well-formed.</summary>
    public long UnknownBytes { get; private set; }

    public long KnownControls { get; private set; }

    public long UnknownControls { get; private set; }

    public long BackwardSteps { get; private set; }

    /// <summary>The largest step back, in ticks.</summary>
    public long LargestBackwardStep { get; private set; }

    /// <summary>The first read of a chip with a time, in the stream's order.</summary>
    public ChipRead? First { get; private set; }

    public ChipRead? Last { get; private set; }

    /// <summary>Times of the kind that the first one is.</summary>
    public TimeBase Base => First is { } first ? BaseOf(first) : TimeBase.None;

    /// <summary>The smallest time of the first one's kind.</summary>
    public ChipRead? Earliest { get; private set; }

    public ChipRead? Latest { get; private set; }

    public short WeakestSignal { get; private set; } = short.MaxValue;

    public short StrongestSignal { get; private set; } = short.MinValue;

    public bool HasSignal => StrongestSignal >= WeakestSignal;

    /// <summary>Reads whose clock was never set.</summary>
    public long ClockNotSet { get; private set; }

    public int Chips => _chips.Count;

    public IReadOnlyDictionary<RejectReason, RejectTally> RejectsByReason => _rejects;

    public IReadOnlyDictionary<ControlKind, long> Controls => _controls;

    public IReadOnlyDictionary<int, long> Antennas => _antennas;

    public IReadOnlyList<string> Points => _decoder.PointNames.ToList();

    public long Frames => Reads + Signals + KnownControls;

    /// <summary>Share of the bytes that are neither rejected nor of an unknown kind.</summary>
    public double Explained => Bytes == 0 ? 0 : 1 - ((double)(RejectedBytes + UnknownBytes) / Bytes);

    /// <summary>The smallest such share of a part, an eighth of the stream.</summary>
    public double LeastExplainedPart => _length < LeastWithParts
        ? Explained
        : 1 - (_unexplainedOfPart.Max() * Parts / (double)_length);

    /// <summary>Takes the next bytes of a connection.</summary>
    /// <param name="chunk">The bytes.</param>
    /// <param name="endOfStream">The connection ends with them; the next bytes are another's.</param>
    public void Add(ReadOnlySpan<byte> chunk, bool endOfStream)
    {
        Bytes += chunk.Length;
        int offset = 0;
        bool more;
        do
        {
            more = _decoder.Step(chunk, ref offset, endOfStream, out _);
            foreach (ref readonly ChipRead read in _decoder.Reads)
                Add(read);
            foreach (ref readonly ControlRecord control in _decoder.Controls)
                Add(control);
            AddReject();
        }
        while (more);
        if (!endOfStream)
            return;
        _decoder.Reset();
        _previousBase = TimeBase.None;
    }

    public static TimeBase BaseOf(in ChipRead read) =>
        (read.Flags & ReadFlags.NoTime) != 0 ? TimeBase.None
        : (read.Flags & ReadFlags.SinceStart) != 0 ? TimeBase.SinceStart
        : (read.Flags & ReadFlags.NoDate) != 0 ? TimeBase.NoDate
        : (read.Flags & ReadFlags.ZoneKnown) != 0 ? TimeBase.Utc
        : TimeBase.Local;

    void Add(in ChipRead read)
    {
        if (read.Kind != ReadKind.Chip)
        {
            Signals++;
            return;
        }

        Reads++;
        if (_chips.Count < MaxChips)
            _chips.Add(read.Chip);
        if (read.Antenna > 0)
            _antennas[read.Antenna] = _antennas.GetValueOrDefault(read.Antenna) + 1;
        if (read.RssiCentiDbm != ChipRead.NoRssi)
        {
            WeakestSignal = Math.Min(WeakestSignal, read.RssiCentiDbm);
            StrongestSignal = Math.Max(StrongestSignal, read.RssiCentiDbm);
        }

        if (BaseOf(read) != TimeBase.None)
            AddTime(read);
    }

    void AddTime(in ChipRead read)
    {
        TimedReads++;
        TimeBase timeBase = BaseOf(read);
        bool isDated = timeBase is TimeBase.Local or TimeBase.Utc;
        if ((read.Flags & ReadFlags.ClockNotSet) != 0 || (isDated && read.Time < EpochTime.ClockSetFrom))
            ClockNotSet++;
        First ??= read;
        Last = read;
        if (timeBase == Base)
        {
            Earliest = Earliest is { } earliest && earliest.Time <= read.Time ? Earliest : read;
            Latest = Latest is { } latest && latest.Time >= read.Time ? Latest : read;
        }

        if (timeBase == _previousBase && read.Time < _previous)
        {
            BackwardSteps++;
            LargestBackwardStep = Math.Max(LargestBackwardStep, _previous - read.Time);
        }

        _previousBase = timeBase;
        _previous = read.Time;
    }

    void Add(in ControlRecord control)
    {
        _controls[control.Kind] = _controls.GetValueOrDefault(control.Kind) + 1;
        if (control.Kind != ControlKind.Unknown)
        {
            KnownControls++;
            return;
        }

        UnknownControls++;
        UnknownBytes += control.Length;
        AddUnexplained(_decoder.Position - control.Length, control.Length);
    }

    /// <summary>A step rejects one frame at most.</summary>
    void AddReject()
    {
        long rejected = _decoder.Rejected.Count;
        if (rejected == _rejected)
            return;
        _rejected = rejected;
        (RejectReason reason, long position, int length) = _decoder.Rejected.Last;
        RejectedBytes += length;
        AddUnexplained(position, length);
        if (!_rejects.TryGetValue(reason, out RejectTally? tally))
            _rejects[reason] = tally = new RejectTally { First = _decoder.Rejected.ToList()[^1] };
        tally.Count++;
    }

    void AddUnexplained(long position, long length)
    {
        long end = position + length;
        while (position < end)
        {
            int part = (int)Math.Min(position * Parts / _length, Parts - 1);
            long until = part == Parts - 1 ? end : Math.Min(end, ((part + 1) * _length / Parts) + 1);
            _unexplainedOfPart[part] += until - position;
            position = until;
        }
    }
}
