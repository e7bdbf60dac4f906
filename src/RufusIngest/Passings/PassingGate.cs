using System.Runtime.CompilerServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>
/// Reads in, passings out: places each read of a chip and location by its own time, whatever order it comes in.
/// Single-threaded; no clock: time is what <see cref="Advance"/> is told.
/// </summary>
/// <remarks>
/// <para>
/// Each chip has, per location, the intervals in which it was there. A read inside an interval, within the burst gap
/// after it or within the dead time of its record is absorbed and may lengthen it. Any other read opens an interval. An
/// interval is open (its first read may still move earlier) until the location's time has passed first + reorder delay;
/// then its passing is emitted once and frozen.
/// </para>
/// <para>Memory: about 100 bytes a chip and location, 40 for each earlier passing of it.</para>
/// </remarks>
sealed class PassingGate
{
    Location[] _locations = [];
    readonly TrackTable _tracks;
    readonly Segments<Interval> _earlier = new();
    readonly int _maxEarlier;
    readonly OpenBursts _bursts = new();
    Passing[] _emitted = new Passing[256];
    int _emittedCount;

    public PassingGate(GateLimits limits)
    {
        _tracks = new TrackTable(limits.MaxChips);
        _maxEarlier = limits.MaxEarlierPassings;
    }

    /// <summary>Passings emitted since <see cref="ClearEmitted"/>, not numbered yet, in the order of their numbers.</summary>
    public Span<Passing> Emitted => _emitted.AsSpan(0, _emittedCount);

    /// <summary>Chips known, counted once a location.</summary>
    public int Chips => _tracks.Count;

    /// <summary>Bursts decided early because too many were open.</summary>
    public long ClosedEarly { get; private set; }

    /// <summary>Earlier passings forgotten because of the limit.</summary>
    public long Forgotten { get; private set; }

    public void ClearEmitted() => _emittedCount = 0;

    /// <summary>Sets the locations' rules; new ones come behind those that exist. What was decided stays.</summary>
    public void SetLocations(IReadOnlyList<GateOptions> options)
    {
        int known = _locations.Length;
        Array.Resize(ref _locations, options.Count);
        for (int i = 0; i < options.Count; i++)
        {
            if (i >= known)
                _locations[i] = new Location();
            _locations[i].Set(options[i]);
        }
    }

    /// <summary>
    /// Looks ahead to where the chips of many reads are kept, so that placing them does not wait for memory one by one.
    /// </summary>
    /// <param name="location">Index of the location of all of them.</param>
    /// <param name="reads">The reads.</param>
    /// <param name="guesses">As many as reads; each gains what <see cref="Add"/> may be given with its read.</param>
    public void LookAhead(int location, ReadOnlySpan<ChipRead> reads, Span<int> guesses) =>
        _tracks.Guess(reads, location, guesses);

    /// <summary>Places a read.</summary>
    /// <param name="location">Index of the location.</param>
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
        int location, long time, in ChipRead read, int reader, long aheadOf = long.MinValue, int guess = -1)
    {
        int index = _tracks.FindOrAdd(read.Chip, location, guess);
        if (index < 0)
            return EmitUngated(location, time, read, reader);
        ref Track track = ref _tracks[index];
        ref Interval newest = ref track.Newest;
        if (track.HasInterval && time >= newest.First && (read.Flags & ReadFlags.LastSeen) == 0)
        {
            ReadOutcome outcome = _locations[location].Cover(newest, time);
            if (outcome != ReadOutcome.Opened)
            {
                Absorb(ref newest, time, read);
                return outcome;
            }
        }

        return AddSlow(index, ref track, time, read, reader, aheadOf);
    }

    /// <summary>Moves a location's time on and emits what falls due. Time that lies back changes nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int location, long time)
    {
        Location at = _locations[location];
        if (time <= at.Time)
            return;
        at.Time = time;
        int index;
        while ((index = at.Ring.TakeDue(_bursts, time)) >= 0)
            Emit(index, PassingFlags.None);
    }

    /// <summary>Emits everything open at a location, in the order it falls due.</summary>
    public void Flush(int location)
    {
        Location at = _locations[location];
        while (at.Ring.Count > 0)
            Emit(at.Ring.TakeOldest(_bursts), PassingFlags.None);
    }

    // Kept out of the callers: with it inlined, the way of nearly every read would be the slower for it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    ReadOutcome AddSlow(int index, ref Track track, long time, in ChipRead read, int reader, long aheadOf)
    {
        Location location = _locations[track.Location];
        if (!track.HasInterval)
        {
            track.HasInterval = true;
            track.Newest = new Interval { Older = -1, Open = -1 };
            OpenAt(index, -1, ref track.Newest, time, read, reader, aheadOf);
            return ReadOutcome.Opened;
        }

        // The interval that begins at or before the read, and the one after it. −1 is the newest, −2 none.
        int after = -2;
        int before = -1;
        while (before != -2 && At(ref track, before).First > time)
        {
            after = before;
            int older = At(ref track, before).Older;
            before = older < 0 ? -2 : older;
        }

        if (before != -2)
        {
            ref Interval interval = ref At(ref track, before);
            ReadOutcome outcome = location.Cover(interval, time);
            if (outcome == ReadOutcome.Opened && (read.Flags & ReadFlags.LastSeen) != 0 && !interval.Ended)
                outcome = ReadOutcome.SameBurst;
            if (outcome != ReadOutcome.Opened)
            {
                Absorb(ref interval, time, read);
                interval.Ended |= (read.Flags & ReadFlags.LastSeen) != 0;
                JoinReached(ref track, location);
                return outcome;
            }
        }

        if (after != -2 && location.Reaches(time, At(ref track, after)))
            return PutBefore(ref track, after, time, read, reader, location);
        Insert(index, ref track, after, before, time, read, reader, aheadOf);
        return ReadOutcome.Opened;
    }

    ref Interval At(ref Track track, int interval)
    {
        if (interval >= 0)
            return ref _earlier[interval];
        return ref track.Newest;
    }

    void Absorb(ref Interval interval, long time, in ChipRead read)
    {
        if (time > interval.Last)
            interval.Last = time;
        if (interval.Open >= 0)
            _bursts[interval.Open].Add(time, read);
    }

    /// <summary>A read before an interval that begins within its dead time or burst gap: both are one crossing.</summary>
    ReadOutcome PutBefore(ref Track track, int at, long time, in ChipRead read, int reader, Location location)
    {
        ref Interval interval = ref At(ref track, at);
        if (interval.Open < 0)
        {
            // Only an unbroken burst reaches further back; else reads could chain back over an earlier crossing.
            if (interval.First - time <= location.BurstGap)
                interval.First = time;
            return ReadOutcome.BeforeDecided;
        }

        interval.First = time;
        int index = interval.Open;
        interval.Record = time;
        ref OpenBurst burst = ref _bursts[index];
        burst.Add(time, read);
        burst.Passing.First = time;
        burst.Passing.Time = time;
        burst.Passing.Reader = reader;
        SetPosition(ref burst.Passing, read);
        if (burst.Passing.BestRssiCentiDbm == ChipRead.NoRssi)
            burst.Passing.Peak = time;
        location.Ring.Remove(_bursts, index);
        burst.Due = Math.Min(burst.Due, time + location.ReorderDelay);
        FileOrEmit(index, location);
        return ReadOutcome.SameBurst;
    }

    void Insert(
        int index, ref Track track, int after, int before, long time, in ChipRead read, int reader, long aheadOf)
    {
        if (after == -2)
        {
            PushNewest(ref track);
            OpenAt(index, -1, ref track.Newest, time, read, reader, aheadOf);
            return;
        }

        if (_earlier.Count >= _maxEarlier)
        {
            // It makes its passing but leaves no interval behind; a burst this old is decided at once anyway.
            Forgotten++;
            EmitAlone(track.Location, time, read, reader, PassingFlags.Late);
            return;
        }

        int slot = _earlier.Add();
        ref Interval interval = ref _earlier[slot];
        interval = new Interval { Older = before == -2 ? -1 : before, Open = -1 };
        At(ref track, after).Older = slot;
        OpenAt(index, slot, ref interval, time, read, reader, aheadOf);
    }

    /// <summary>Moves the newest interval among the earlier ones to make room for a newer one.</summary>
    void PushNewest(ref Track track)
    {
        ref Interval newest = ref track.Newest;
        int older = newest.Older;
        if (_earlier.Count >= _maxEarlier)
        {
            Forgotten++;
            if (newest.Open >= 0)
            {
                _locations[track.Location].Ring.Remove(_bursts, newest.Open);
                Emit(newest.Open, PassingFlags.ClosedEarly);
            }
        }
        else
        {
            older = _earlier.Add();
            _earlier[older] = newest;
            if (newest.Open >= 0)
                _bursts[newest.Open].Interval = older;
        }

        newest = new Interval { Older = older, Open = -1 };
    }

    void OpenAt(
        int track, int at, ref Interval interval, long time, in ChipRead read, int reader, long aheadOf)
    {
        Location location = _locations[_tracks[track].Location];
        interval.First = interval.Last = interval.Record = time;
        if (location.Ring.Count >= location.MaxOpenBursts)
        {
            ClosedEarly++;
            Emit(location.Ring.TakeOldest(_bursts), PassingFlags.ClosedEarly);
        }

        int index = _bursts.Rent();
        ref OpenBurst burst = ref _bursts[index];
        burst = new OpenBurst
        {
            Track = track,
            Interval = at,
            Passing = NewPassing(_tracks[track].Location, time, read, reader),
            Due = (aheadOf == long.MinValue ? time : aheadOf) + location.ReorderDelay,
        };
        if (aheadOf != long.MinValue)
            burst.Passing.Flags |= PassingFlags.ClockAhead;
        interval.Open = index;
        FileOrEmit(index, location);
    }

    void FileOrEmit(int index, Location location)
    {
        ref OpenBurst burst = ref _bursts[index];
        bool late = burst.Passing.First + location.BurstGap < location.Time;
        if (location.ReorderDelay == 0 || location.Ring.IsPast(burst.Due))
            Emit(index, late ? PassingFlags.Late : PassingFlags.None);
        else
            location.Ring.Add(_bursts, index);
    }

    /// <summary>
    /// After an interval was lengthened: an open one that it now reaches is the same crossing. The later slot stays, so
    /// that no link before it changes.
    /// </summary>
    void JoinReached(ref Track track, Location location)
    {
        int at = -1;
        while (At(ref track, at).Older is var older && older >= 0)
        {
            ref Interval later = ref At(ref track, at);
            ref Interval earlier = ref _earlier[older];
            if (later.Open < 0 || location.Cover(earlier, later.First) == ReadOutcome.Opened)
            {
                at = older;
                continue;
            }

            Join(ref later, ref earlier, at, location);
            at = -1;
        }
    }

    void Join(ref Interval later, ref Interval earlier, int at, Location location)
    {
        int gone = later.Open;
        location.Ring.Remove(_bursts, gone);
        if (earlier.Open >= 0)
        {
            ref OpenBurst burst = ref _bursts[earlier.Open];
            ref Passing joined = ref _bursts[gone].Passing;
            burst.Interval = at;
            burst.Passing.Hits += joined.Hits;
            burst.Passing.Antennas |= joined.Antennas;
            burst.Passing.Last = Math.Max(burst.Passing.Last, joined.Last);
            if (joined.BestRssiCentiDbm > burst.Passing.BestRssiCentiDbm)
                (burst.Passing.BestRssiCentiDbm, burst.Passing.Peak) = (joined.BestRssiCentiDbm, joined.Peak);
        }

        _bursts.Return(gone);
        later.First = earlier.First;
        later.Record = earlier.Record;
        later.Last = Math.Max(later.Last, earlier.Last);
        later.Older = earlier.Older;
        later.Open = earlier.Open;
        later.Ended |= earlier.Ended;
        Joined++;
    }

    /// <summary>Bursts that opened apart and turned out to be one.</summary>
    public long Joined { get; private set; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Emit(int index, PassingFlags flags)
    {
        ref OpenBurst burst = ref _bursts[index];
        burst.Passing.Flags |= flags;
        At(ref _tracks[burst.Track], burst.Interval).Open = -1;
        Append(burst.Passing);
        _bursts.Return(index);
    }

    ReadOutcome EmitUngated(int location, long time, in ChipRead read, int reader)
    {
        EmitAlone(location, time, read, reader, PassingFlags.NotGated);
        return ReadOutcome.NotGated;
    }

    void EmitAlone(int location, long time, in ChipRead read, int reader, PassingFlags flags)
    {
        Passing passing = NewPassing(location, time, read, reader);
        passing.Flags = flags;
        Append(passing);
    }

    void Append(in Passing passing)
    {
        if (_emittedCount == _emitted.Length)
            Array.Resize(ref _emitted, _emitted.Length * 2);
        _emitted[_emittedCount++] = passing;
    }

    static Passing NewPassing(int location, long time, in ChipRead read, int reader)
    {
        Passing passing = new()
        {
            Chip = read.Chip,
            Location = location,
            Reader = reader,
            Time = time,
            First = time,
            Peak = time,
            Last = time,
            Hits = read.Hits,
            BestRssiCentiDbm = read.RssiCentiDbm,
            Antennas = read.Antenna == 0 ? 0 : 1u << Math.Min((int)read.Antenna, 31),
        };
        SetPosition(ref passing, read);
        return passing;
    }

    static void SetPosition(ref Passing passing, in ChipRead read)
    {
        passing.HasPosition = (read.Flags & ReadFlags.HasPosition) != 0;
        passing.LatitudeE7 = read.LatitudeE7;
        passing.LongitudeE7 = read.LongitudeE7;
    }

    /// <summary>One location's rules, time and open bursts.</summary>
    sealed class Location
    {
        long _deadTime;

        public long BurstGap { get; private set; }

        public long ReorderDelay { get; private set; }

        public int MaxOpenBursts { get; private set; }

        public BurstRing Ring { get; } = new();

        public long Time { get; set; } = long.MinValue;

        public void Set(GateOptions options)
        {
            _deadTime = options.DeadTime.Ticks;
            BurstGap = options.BurstGap.Ticks;
            ReorderDelay = options.ReorderDelay.Ticks;
            MaxOpenBursts = options.MaxOpenBursts;
        }

        /// <summary>Whether an interval absorbs a read that is not before it, and why.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ReadOutcome Cover(in Interval interval, long time) =>
            time - interval.Last <= BurstGap ? ReadOutcome.SameBurst
            : time - interval.Record <= _deadTime ? ReadOutcome.DeadTime
            : ReadOutcome.Opened;

        /// <summary>The read belongs to the burst of the interval after it, or its dead time would hide that one's record.</summary>
        public bool Reaches(long time, in Interval interval) =>
            interval.First - time <= BurstGap || interval.Record - time <= _deadTime;
    }
}
