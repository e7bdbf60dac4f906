using System.Runtime.CompilerServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>
/// Reads in, passings out: places each read of a chip and line by its own time, whatever order it comes in. The rules are
/// those of docs/cleaning.md. Single-threaded; no clock: time is what <see cref="Advance"/> is told.
/// </summary>
/// <remarks>
/// Memory: about 100 bytes a chip and line, 40 for each earlier burst of it, 250 for a burst while it is open.
/// </remarks>
sealed partial class PassingGate
{
    readonly TrackBudget _budget;
    readonly int _maxEarlier;
    readonly PassingHandler _emit;
    readonly GateObserver _tell;
    readonly Segments<EarlierInterval> _earlier = new();
    readonly OpenBursts _bursts = new();

    // Bursts that wait, out of their buckets, for those before them.
    readonly Stack<int> _waiting = new();
    GateOptions[] _options = [];
    GateLane?[] _lanes = [];
    GateClock[] _clocks = [];
    ChipTable _chips = ChipTable.Empty;
    int _freeEarlier = -1;
    int _earlierInUse;
    long _lastBurst;
    long _closedByRead;

    /// <summary>Makes a gate without locations.</summary>
    /// <param name="limits">Bounds over all locations.</param>
    /// <param name="emit">Takes each passing when it is decided and gives it its number. Must not call the gate.</param>
    /// <param name="tell">Takes what else comes to light. Must not call the gate.</param>
    public PassingGate(GateLimits limits, PassingHandler emit, GateObserver tell)
    {
        _budget = new TrackBudget(limits.MaxChips);
        _maxEarlier = limits.MaxEarlierPassings;
        _emit = emit;
        _tell = tell;
    }

    /// <summary>
    /// Reads by what became of them. The caller counts in what <see cref="Add"/> returns; the gate moves reads whose burst is
    /// suppressed later.
    /// </summary>
    public long[] Outcomes { get; } = new long[Enum.GetValues<ReadOutcome>().Length];

    /// <summary>Chips known, counted once a line.</summary>
    public int Chips => _budget.Count;

    /// <summary>Bursts decided early because too many were open.</summary>
    public long ClosedEarly { get; private set; }

    /// <summary>Earlier bursts forgotten because of the limit.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Parked chips not told because there were too many.</summary>
    public long ParkedUntold { get; private set; }

    /// <summary>Index of a line for <see cref="Add"/>.</summary>
    public static int LaneOf(int location, bool isBackup) => (location << 1) + (isBackup ? 1 : 0);

    /// <summary>
    /// Sets the locations' rules; new ones come behind those that exist. What was decided stays, and open bursts of a
    /// location whose rules change are decided first.
    /// </summary>
    public void SetLocations(IReadOnlyList<GateOptions> options)
    {
        for (int i = 0; i < _options.Length; i++)
        {
            if (_options[i] == options[i])
                continue;
            Flush(i);
            _lanes[LaneOf(i, false)]?.Set(options[i]);
            _lanes[LaneOf(i, true)]?.Set(options[i]);
        }

        Array.Resize(ref _lanes, options.Count * 2);
        _clocks = [.. _clocks, .. options.Skip(_clocks.Length).Select(_ => new GateClock())];
        _options = [.. options];
    }

    /// <summary>
    /// Looks ahead to where the chips of many reads are kept, so that placing them does not wait for memory one by one.
    /// </summary>
    /// <param name="lane">Line of most of them.</param>
    /// <param name="reads">The reads.</param>
    /// <param name="guesses">As many as reads; each gains what <see cref="Add"/> may be given with its read.</param>
    public void LookAhead(int lane, ReadOnlySpan<ChipRead> reads, Span<int> guesses) =>
        Lane(lane).Tracks.Guess(reads, guesses);

    /// <summary>Places a read.</summary>
    /// <param name="lane">The line, <see cref="LaneOf"/>.</param>
    /// <param name="time">Its instant, ticks since 1970-01-01 UTC.</param>
    /// <param name="read">The read.</param>
    /// <param name="reader">Index of the reader, for the passing.</param>
    /// <param name="aheadOf">
    /// <see cref="long.MinValue"/>, or, for a read whose time is too far ahead to be believed, the location's time now:
    /// its burst falls due from there instead of from its own time.
    /// </param>
    /// <param name="guess">What <see cref="LookAhead"/> gave for the read; a wrong one costs time only.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOutcome Add(
        int lane, long time, in ChipRead read, int reader, long aheadOf = long.MinValue, int guess = -1)
    {
        GateLane at = Lane(lane);
        int index = at.Tracks.FindOrAdd(read.Chip, guess);
        if (index < 0)
            return EmitUngated(at, time, read, reader);
        ref Interval newest = ref at.Tracks[index].Newest;
        if (time >= newest.First && time - newest.First <= at.PlainLength
            && newest.Open != Interval.Suppressed && (read.Flags & ReadFlags.LastSeen) == 0)
        {
            if (time - newest.Last <= at.BurstGap)
            {
                if (time > newest.Last)
                    newest.Last = time;
                if (newest.Open >= 0)
                    AddToBurst(at, newest.Open, time, read);
                return ReadOutcome.SameBurst;
            }

            if (newest.Open == Interval.Decided && time - newest.Record <= at.DeadTime)
            {
                newest.Last = time;
                return ReadOutcome.DeadTime;
            }
        }

        return AddSlow(at, index, time, read, reader, aheadOf);
    }

    /// <summary>Moves a location's time on and decides what falls due. Time that lies back changes nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int location, long time)
    {
        GateClock clock = _clocks[location];
        if (time >= clock.Wake)
            AdvanceSlow(location, clock, time);
        else if (time > clock.Time)
            clock.Time = time;
    }

    /// <summary>Decides everything open at a location, in the order it falls due.</summary>
    public void Flush(int location)
    {
        for (int i = LaneOf(location, false); i <= LaneOf(location, true); i++)
        {
            while (_lanes[i] is { Ring.Count: > 0 } lane)
                CloseInOrder(lane, TakeOldest(lane), all: true);
        }
    }

    /// <summary>Which burst or passing a read went to. Ask right after each <see cref="Add"/>, or never.</summary>
    public ReadFate FateOf(int lane, in ChipCode chip, long time, ReadOutcome outcome)
    {
        GateLane at = Lane(lane);
        // The burst that a read opened or closed may be decided, or be gone, by now.
        bool opened = outcome is ReadOutcome.Opened or ReadOutcome.NotGated;
        ReadFate fate = new(outcome, at.Location, opened ? _lastBurst : _closedByRead);
        _closedByRead = 0;
        int track = FindUsed(at, chip);
        if (track < 0 || outcome == ReadOutcome.NotGated)
            return fate;
        (int slot, int after) = Around(at, track, time);
        if (outcome == ReadOutcome.BeforeDecided && (slot == None || At(at, track, slot).First != time))
            slot = after;
        if (slot == None)
            return fate;
        int open = At(at, track, slot).Open;
        IntervalFacts facts = FactsAt(at, track, slot);
        return fate with
        {
            Burst = open >= 0 ? _bursts[open].Passing.Burst : fate.Burst,
            Session = facts.Session,
            Number = facts.Number,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    GateLane Lane(int index) => _lanes[index] ?? MakeLane(index);

    [MethodImpl(MethodImplOptions.NoInlining)]
    GateLane MakeLane(int index)
    {
        GateLane lane = new(index, _budget, _clocks[index >> 1]);
        lane.Set(_options[lane.Location]);
        if (lane.Time != long.MinValue)
            lane.Ring.Start(_bursts, lane.Time);
        _lanes[index] = lane;
        return lane;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void AdvanceSlow(int location, GateClock clock, long time)
    {
        if (time <= clock.Time)
            return;
        bool isFirst = clock.Time == long.MinValue;
        clock.Time = time;
        clock.Wake = BurstRing.NextBucket(time);
        for (int i = LaneOf(location, false); i <= LaneOf(location, true); i++)
        {
            if (_lanes[i] is not { } lane)
                continue;
            if (isFirst)
                lane.Ring.Start(_bursts, time);
            while (lane.Ring.TakeDue(_bursts, time) is var index and >= 0)
                DecideIfDue(lane, index);
            if (time >= lane.Parked.NextCheck)
                CheckParked(lane);
            clock.Wake = Math.Min(clock.Wake, lane.Parked.NextCheck);
        }
    }
}
