using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The rules of docs/cleaning.md written down as plainly as they can be, to hold the gate against: every read is kept,
/// neighbours are found by looking through lists, what is known of a burst is worked out again whenever it is asked for.
/// Slow, and without the bounds of rule 8.
/// </summary>
sealed class GateModel(PassingHandler emit, GateObserver tell)
{
    readonly List<Location> _locations = [];
    readonly List<Read> _reads = [];
    ChipTable _chips = ChipTable.Empty;
    long _bursts;

    enum State
    {
        Open,
        Decided,
        Suppressed,
    }

    /// <summary>Reads by what became of them until now.</summary>
    public long[] CountOutcomes()
    {
        long[] outcomes = new long[Enum.GetValues<ReadOutcome>().Length];
        foreach (Read read in _reads)
            outcomes[(int)read.Outcome]++;
        return outcomes;
    }

    /// <summary>Bursts that have no passing yet and may still get one.</summary>
    public int Open => _locations.SelectMany(location => location.Lines)
        .Sum(line => line.Waiting.Count(waiting => waiting.Interval.State == State.Open));

    public void SetLocations(IReadOnlyList<GateOptions> options)
    {
        for (int i = 0; i < _locations.Count; i++)
        {
            if (_locations[i].Options == options[i])
                continue;
            Flush(i);
            _locations[i].Options = options[i];
        }

        for (int i = _locations.Count; i < options.Count; i++)
            _locations.Add(new Location(i) { Options = options[i] });
    }

    public ReadOutcome Add(int lane, long time, in ChipRead value, int reader, long aheadOf)
    {
        Location location = _locations[lane >> 1];
        Line line = location.Lines[lane & 1];
        Track track = TrackOf(line, value.Chip);
        Read read = new(time, value, reader);
        _reads.Add(read);
        ReadOutcome outcome = Place(line, track, read, aheadOf);
        DecideDue(line);
        return outcome;
    }

    public void Advance(int location, long time)
    {
        if (time <= _locations[location].Time)
            return;
        _locations[location].Time = time;
        foreach (Line line in _locations[location].Lines)
            DecideDue(line);
    }

    public void Flush(int location)
    {
        foreach (Line line in _locations[location].Lines)
        {
            CloseWhile(line, _ => true);
        }
    }

    // Rule 2: where a read goes.

    ReadOutcome Place(Line line, Track track, Read read, long aheadOf)
    {
        GateOptions options = line.Location.Options;
        long gap = options.Gap.Ticks, dead = options.DeadTime.Ticks, time = read.Time;
        Interval? before = track.Intervals.LastOrDefault(interval => interval.First <= time);
        Interval? after = track.Intervals.Find(interval => interval.First > time);
        bool isLastSeen = read.Has(ReadFlags.LastSeen) && before is { IsBegun: true, IsEnded: false };
        if (before is not null && (time - before.Last <= gap || isLastSeen))
            return Take(line, track, before, read, ReadOutcome.SameBurst);
        if (before is { State: State.Decided } && time - before.Record <= dead)
            return Take(line, track, before, read, ReadOutcome.DeadTime);
        if (after is not null && after.First - time <= gap)
            return TakeBefore(line, after, read);
        if (track.Intervals.Find(interval => interval.First > time && interval.State == State.Decided) is { } passing
            && passing.Record - time <= dead)
            return read.Outcome = ReadOutcome.BeforeDecided;
        Begin(line, track, read, aheadOf);
        return ReadOutcome.Opened;
    }

    ReadOutcome Take(Line line, Track track, Interval interval, Read read, ReadOutcome outcome)
    {
        outcome = AddTo(line, interval, read, outcome);
        while (track.After(interval) is { State: State.Open } next
            && next.First - interval.Last <= line.Location.Options.Gap.Ticks)
            Unite(line, track, interval, next);
        SeeArrival(line, interval, read);
        return outcome;
    }

    ReadOutcome TakeBefore(Line line, Interval interval, Read read)
    {
        ReadOutcome outcome = AddTo(
            line, interval, read, interval.State == State.Decided ? ReadOutcome.BeforeDecided : ReadOutcome.SameBurst);
        if (interval.State == State.Decided)
            tell(new GateEvent(GateEventKind.Corrected, Facts(line, interval)));
        return outcome;
    }

    static ReadOutcome AddTo(Line line, Interval interval, Read read, ReadOutcome outcome)
    {
        GateOptions options = line.Location.Options;
        bool isFirst = options.Policy == PassingPolicy.First;
        read.Outcome = interval.State == State.Suppressed ? interval.Reason : outcome;
        read.IsCounted = interval.State == State.Open
            ? isFirst || read.Time - interval.First <= options.LongestBurst.Ticks
            : interval.IsFollowed && outcome != ReadOutcome.DeadTime
                && (read.Time - interval.LastCounted <= options.Gap.Ticks || read.Has(ReadFlags.LastSeen));
        interval.HasMore |= interval.IsFollowed && read.IsCounted;
        interval.Reads.Add(read);
        SeeArrival(line, interval, read);
        return read.Outcome;
    }

    static void SeeArrival(Line line, Interval interval, Read read)
    {
        bool isFirst = line.Location.Options.Policy == PassingPolicy.First;
        if (read.IsCounted && (interval.IsFollowed || !isFirst))
            interval.LocationTime = Math.Max(interval.LocationTime, line.Location.Time);
    }

    /// <summary>Two intervals become one, which stays in the place of the earlier one.</summary>
    void Unite(Line line, Track track, Interval interval, Interval later)
    {
        bool isKnown = interval.State == State.Open || interval.IsFollowed;
        ReadOutcome reason = interval.State == State.Suppressed ? interval.Reason : ReadOutcome.SameBurst;
        Passing facts = Facts(line, later) with { Number = interval.Number, Session = interval.Session };
        tell(new GateEvent(GateEventKind.Suppressed, facts, reason, isKnown ? interval.Burst : 0));
        track.Intervals.Remove(later);
        if (isKnown)
        {
            interval.Flags |= later.Flags;
            interval.HasMore |= interval.IsFollowed;
            interval.LocationTime = Math.Max(
                interval.Waits ? interval.LocationTime : long.MinValue, later.Waits ? later.LocationTime : long.MinValue);
            interval.Waits |= later.Waits;
        }

        foreach (Read read in later.Reads)
        {
            if (interval.State == State.Suppressed)
                read.Outcome = interval.Reason;
            else if (read.Outcome == ReadOutcome.Opened)
                read.Outcome = ReadOutcome.SameBurst;
            read.IsCounted &= isKnown;
        }

        interval.Reads.AddRange(later.Reads);
    }

    void Begin(Line line, Track track, Read read, long aheadOf)
    {
        Location location = line.Location;
        Interval interval = new(++_bursts, location.Index) { LocationTime = location.Time };
        interval.Reads.Add(read);
        read.IsCounted = true;
        read.Outcome = ReadOutcome.Opened;
        track.Intervals.Insert(track.Intervals.Count(other => other.First <= read.Time), interval);
        if (aheadOf != long.MinValue)
        {
            interval.Waits = true;
            interval.LocationTime = aheadOf;
            interval.Flags |= PassingFlags.ClockAhead;
        }
        else if (Bucket(location.Time) > Bucket(DueOf(line, interval)))
        {
            interval.Waits = true;
        }

        if (read.Time < location.Time - location.Options.Gap.Ticks - location.Options.ReorderDelay.Ticks
            && location.Time != long.MinValue)
            interval.Flags |= PassingFlags.Late;
        if (IsDecidedAtOnce(line, interval))
            Decide(line, track, interval);
    }

    // Rule 4: when a burst is decided.

    static long Bucket(long time) => time >> 17;

    long DueOf(Line line, Interval interval)
    {
        GateOptions options = line.Location.Options;
        long gap = options.Gap.Ticks, longest = interval.First + options.LongestBurst.Ticks;
        long delay = options.ReorderDelay.Ticks
            + (line.IsBackup && !interval.IsFollowed ? options.BackupWindow.Ticks : 0);
        bool isFirst = options.Policy == PassingPolicy.First;
        bool isAtOnce = isFirst && !interval.IsFollowed && !IsGhost(line, interval);
        if (interval.Waits)
            return interval.LocationTime + (isAtOnce ? 0 : gap) + delay;
        if (isAtOnce)
            return interval.First + delay;
        if (isFirst || interval.IsFollowed)
            return interval.LastCounted + gap + delay;
        bool awaitsLastSeen = interval.Counted.Any(read => read.Has(ReadFlags.FirstSeen))
            && !interval.Counted.Any(read => read.Has(ReadFlags.LastSeen));
        return (awaitsLastSeen ? longest : Math.Min(interval.LastCounted + gap, longest)) + delay;
    }

    bool IsGhost(Line line, Interval interval) => line.Location.Options.IgnoreGhosts
        && !_chips.TryGetBib(interval.Earliest.Value.Chip, out _) && interval.First == interval.Last;

    bool IsDecidedAtOnce(Line line, Interval interval) => !line.IsBackup
        && line.Location.Options is { Policy: PassingPolicy.First } options && !IsGhost(line, interval)
        && (options.ReorderDelay == TimeSpan.Zero
            || (interval.Waits && (interval.Flags & PassingFlags.ClockAhead) == 0));

    void DecideDue(Line line) => CloseWhile(line, bucket => bucket < Bucket(line.Location.Time));

    /// <summary>Closes bursts one by one, in the order of their buckets.</summary>
    void CloseWhile(Line line, Func<long, bool> isDue)
    {
        while (line.Waiting.GroupBy(waiting => Bucket(DueOf(line, waiting.Interval))).MinBy(group => group.Key) is { } next
            && isDue(next.Key))
        {
            var (track, interval) = next.MinBy(waiting => waiting.Interval.Burst);
            // Those before it, back to the last passing, that are due as well go first.
            List<Interval> chain = [interval];
            Interval? before = interval.State == State.Open ? track.Before(interval) : null;
            for (; before is { State: not State.Decided }; before = track.Before(before))
            {
                if (before.State == State.Open && isDue(Bucket(DueOf(line, before))))
                    chain.Insert(0, before);
            }

            chain.ForEach(due => Close(line, track, due));
        }
    }

    /// <summary>Ends the wait for a burst's passing, or for its end when that is asked for.</summary>
    void Close(Line line, Track track, Interval interval)
    {
        if (interval.State == State.Open)
        {
            Decide(line, track, interval);
            return;
        }

        interval.IsFollowed = false;
        if (interval.HasMore)
            tell(new GateEvent(GateEventKind.Completed, Facts(line, interval)));
    }

    // Rule 5: what is decided.

    void Decide(Line line, Track track, Interval interval)
    {
        GateOptions options = line.Location.Options;
        long dead = options.DeadTime.Ticks, window = options.BackupWindow.Ticks;
        long record = RecordOf(options, interval);
        if (track.Before(interval) is { State: State.Decided } before && interval.First - before.Record <= dead)
        {
            Join(line, track, interval, before);
            return;
        }

        interval.Record = record;
        int place = track.Intervals.IndexOf(interval);
        Interval? earlier = track.Intervals.Take(place).LastOrDefault(other => other.State == State.Decided);
        Interval? later = track.Intervals.Skip(place + 1).FirstOrDefault(other => other.State == State.Decided);
        Track? other = TrackAt(line.Other, interval.Earliest.Value.Chip);
        if (earlier is not null && interval.First - earlier.Record <= dead)
        {
            Suppress(line, interval, ReadOutcome.DeadTime, earlier);
        }
        else if (later is not null && later.Record - record <= dead)
        {
            Suppress(line, interval, ReadOutcome.BeforeDecided, later);
        }
        else if (line.IsBackup && other?.Intervals.FindLast(IsSeenNear) is { } seen)
        {
            Suppress(line, interval, ReadOutcome.Backup, seen);
        }
        else if (!line.IsBackup && other?.Intervals.FindLast(IsPassingNear) is { } accepted)
        {
            Suppress(line, interval, ReadOutcome.AfterBackup, accepted);
            tell(new GateEvent(GateEventKind.Corrected, Facts(line, interval)));
        }
        else if (IsGhost(line, interval))
        {
            Suppress(line, interval, ReadOutcome.Ghost, null);
        }
        else if (NearestLap(record, options.MinLap.Ticks, track, other) is { } lap)
        {
            Suppress(line, interval, ReadOutcome.MinLap, lap);
        }
        else
        {
            Emit(line, interval);
        }

        bool IsSeenNear(Interval seen) => seen.State != State.Suppressed
            && seen.First - record <= window && record - seen.Last <= window;

        bool IsPassingNear(Interval accepted) => accepted.State == State.Decided
            && Math.Abs(accepted.Record!.Value - record) <= window;
    }

    static Interval? NearestLap(long record, long lap, params Track?[] tracks)
    {
        List<Interval> before = [], after = [];
        foreach (Track track in tracks.OfType<Track>())
        {
            List<Interval> passings = track.Intervals.FindAll(interval => interval.State == State.Decided);
            int last = passings.FindLastIndex(passing => passing.Record <= record);
            before.AddRange(passings.Skip(last).Take(last < 0 ? 0 : 1));
            after.AddRange(passings.Skip(last + 1).Take(1));
        }

        return before.MaxBy(passing => passing.Record) is { } earlier && record - earlier.Record < lap ? earlier
            : after.MinBy(passing => passing.Record) is { } later && later.Record - record < lap ? later
            : null;
    }

    static long RecordOf(GateOptions options, Interval interval) => options.Policy switch
    {
        PassingPolicy.Peak => interval.Peak,
        PassingPolicy.Fitted => Vertex(interval) ?? interval.Peak,
        PassingPolicy.Last => interval.LastCounted,
        _ => interval.First,
    };

    static long? Vertex(Interval interval)
    {
        StrongestReads strongest = new();
        foreach (SignalSample sample in interval.Strengths.Distinct()
            .OrderByDescending(sample => sample.RssiCentiDbm).ThenBy(sample => sample.Time).Take(StrongestReads.Capacity))
            strongest.Add(sample.Time, sample.RssiCentiDbm);
        return interval.Strengths.Any()
            && ParabolaFit.TryFindVertex(strongest, interval.First, interval.LastCounted, out long vertex) ? vertex : null;
    }

    void Join(Line line, Track track, Interval interval, Interval before)
    {
        const ReadOutcome reason = ReadOutcome.DeadTime;
        Passing facts = Facts(line, interval) with { Number = before.Number, Session = before.Session };
        track.Intervals.Remove(interval);
        foreach (Read read in interval.Reads)
        {
            read.Outcome = reason;
            read.IsCounted = false;
        }

        before.Reads.AddRange(interval.Reads);
        tell(new GateEvent(GateEventKind.Suppressed, facts, reason));
    }

    void Suppress(Line line, Interval interval, ReadOutcome reason, Interval? standing)
    {
        (interval.State, interval.Reason, interval.Record) = (State.Suppressed, reason, null);
        (interval.Session, interval.Number) = (standing?.Session ?? 0, standing?.Number ?? 0);
        foreach (Read read in interval.Reads)
            read.Outcome = reason;
        bool isInto = reason is ReadOutcome.Backup or ReadOutcome.AfterBackup
            && standing is ({ State: State.Open } or { IsFollowed: true });
        tell(new GateEvent(GateEventKind.Suppressed, Facts(line, interval), reason, isInto ? standing!.Burst : 0));
    }

    void Emit(Line line, Interval interval)
    {
        interval.State = State.Decided;
        if (line.IsBackup)
            interval.Flags |= PassingFlags.Backup;
        Passing passing = Facts(line, interval);
        emit(ref passing);
        (interval.Session, interval.Number) = (passing.Session, passing.Number);
        interval.IsFollowed = line.Location.Options.ReportCompleted;
    }

    /// <summary>Rule 3: what a burst knows.</summary>
    static Passing Facts(Line line, Interval interval)
    {
        Read earliest = interval.Earliest;
        return new Passing
        {
            Chip = earliest.Value.Chip,
            Time = interval.Record ?? RecordOf(line.Location.Options, interval),
            First = interval.First,
            Peak = interval.Peak,
            Last = interval.LastCounted,
            Number = interval.Number,
            Session = interval.Session,
            Location = line.Location.Index,
            Burst = interval.Burst,
            Reader = earliest.Reader,
            Hits = interval.Counted.Sum(read => read.Value.Hits),
            BestRssiCentiDbm = interval.Counted.Max(read => read.Value.RssiCentiDbm),
            Policy = line.Location.Options.Policy,
            Flags = interval.Flags,
            Antennas = interval.Counted.Where(read => read.Value.Antenna > 0)
                .Aggregate(0u, (set, read) => set | (1u << Math.Min((int)read.Value.Antenna, 31))),
            HasPosition = earliest.Has(ReadFlags.HasPosition),
            LatitudeE7 = earliest.Value.LatitudeE7,
            LongitudeE7 = earliest.Value.LongitudeE7,
        };
    }

    // Rule 6: athletes with several chips.

    public void SetChips(ChipTable chips)
    {
        ChipTable old = _chips;
        HashSet<ChipCode> regrouped = [.. old.SharedChips.Concat(chips.SharedChips)
            .Where(chip => !old.MatesOf(chip).ToArray().ToHashSet().SetEquals(chips.MatesOf(chip).ToArray()))];
        List<Line> lines = [.. _locations.SelectMany(location => location.Lines)];
        foreach (Line line in lines)
        {
            foreach (var (track, interval) in line.Waiting.Where(open => open.Track.Chips.Overlaps(regrouped)).ToList())
            {
                while (track.Intervals.Contains(interval) && (interval.State == State.Open || interval.IsFollowed))
                    Close(line, track, interval);
            }
        }

        _chips = chips;
        foreach (Line line in lines)
        {
            BeginAnew(line, chips);
            BringTogether(line, chips);
            DecideDue(line);
        }
    }

    /// <summary>The track of a chip at a line: its own, or that of an athlete's chip that was read there before.</summary>
    Track TrackOf(Line line, ChipCode chip)
    {
        bool isNew = !line.Seen.Contains(chip);
        if (isNew)
            line.Seen.Add(chip);
        Track? track = TrackAt(line, chip);
        if (track is null)
        {
            line.Tracks.Add(track = new Track(chip));
            if (!isNew)
                line.Tracks.Sort((one, other) => line.Seen.IndexOf(one.Keeper).CompareTo(line.Seen.IndexOf(other.Keeper)));
        }

        track.Chips.Add(chip);
        return track;
    }

    Track? TrackAt(Line line, ChipCode chip) => line.Tracks.Find(track => track.Chips.Contains(chip))
        ?? line.Tracks.Find(track => _chips.MatesOf(chip).Contains(track.Keeper));

    static void BeginAnew(Line line, ChipTable chips)
    {
        foreach (Track track in line.Tracks)
            track.Chips.RemoveWhere(chip => chip != track.Keeper && !chips.MatesOf(chip).Contains(track.Keeper));
    }

    static void BringTogether(Line line, ChipTable chips)
    {
        foreach (Track track in line.Tracks.ToList())
        {
            Track keeper = line.Tracks.First(other => other == track || chips.MatesOf(track.Keeper).Contains(other.Keeper));
            if (keeper == track)
                continue;
            line.Tracks.Remove(track);
            keeper.Chips.UnionWith(track.Chips);
            foreach (Interval interval in track.Intervals.AsEnumerable().Reverse())
                BringAlong(line, keeper, interval);
        }
    }

    static void BringAlong(Line line, Track track, Interval interval)
    {
        long gap = line.Location.Options.Gap.Ticks;
        Interval? before = track.Intervals.LastOrDefault(other => other.First <= interval.First);
        Interval? after = track.Intervals.Find(other => other.First > interval.First);
        Interval? near = before is not null && interval.First - before.Last <= gap ? before
            : after is not null && after.First - interval.Last <= gap ? after
            : null;
        if (near is null)
        {
            track.Intervals.Insert(before is null ? 0 : track.Intervals.IndexOf(before) + 1, interval);
            return;
        }

        near.Reads.AddRange(interval.Reads);
        near.Record = near.Record is null || interval.Record > near.Record ? interval.Record : near.Record;
        if (near.State == State.Decided || interval.State != State.Decided)
            return;
        near.State = State.Decided;
        (near.Session, near.Number) = (interval.Session, interval.Number);
    }

    /// <summary>A read and what became of it. Reads are listed in the order in which they came.</summary>
    sealed class Read(long time, ChipRead value, int reader)
    {
        public long Time => time;

        public ChipRead Value => value;

        public int Reader => reader;

        public ReadOutcome Outcome { get; set; }

        /// <summary>It came before its burst had lasted the maximum, and before that was decided.</summary>
        public bool IsCounted { get; set; }

        public bool Has(ReadFlags flag) => (value.Flags & flag) != 0;
    }

    sealed class Interval(long burst, int location)
    {
        public List<Read> Reads { get; } = [];

        public long Burst => burst;

        public int Location => location;

        public State State { get; set; }

        public ReadOutcome Reason { get; set; }

        public long? Record { get; set; }

        public int Session { get; set; }

        public int Number { get; set; }

        public PassingFlags Flags { get; set; }

        /// <summary>It falls due by the location's time when its last read came, not by its own.</summary>
        public bool Waits { get; set; }

        public long LocationTime { get; set; }

        /// <summary>It has its passing and is watched for what else comes to light.</summary>
        public bool IsFollowed { get; set; }

        public bool HasMore { get; set; }

        public Read Earliest => Reads.MinBy(read => read.Time)!;

        public long First => Reads.Min(read => read.Time);

        public long Last => Reads.Max(read => read.Time);

        public bool IsBegun => Reads.Exists(read => read.Has(ReadFlags.FirstSeen));

        public bool IsEnded => Reads.Exists(read => read.Has(ReadFlags.LastSeen));

        public IEnumerable<Read> Counted => Reads.Where(read => read.IsCounted);

        public long LastCounted => Counted.Max(read => read.Time);

        public IEnumerable<SignalSample> Strengths => Counted
            .Where(read => read.Value.RssiCentiDbm != ChipRead.NoRssi)
            .Select(read => new SignalSample(read.Time, read.Value.RssiCentiDbm));

        public long Peak => Strengths.OrderByDescending(sample => sample.RssiCentiDbm).ThenBy(sample => sample.Time)
            .Select(sample => sample.Time).FirstOrDefault(First);
    }

    /// <summary>The intervals of a chip, or of an athlete's chips, at a line, in order of their first reads.</summary>
    sealed class Track(ChipCode keeper)
    {
        public ChipCode Keeper => keeper;

        public HashSet<ChipCode> Chips { get; } = [];

        public List<Interval> Intervals { get; } = [];

        public Interval? Before(Interval interval) => Intervals.ElementAtOrDefault(Intervals.IndexOf(interval) - 1);

        public Interval? After(Interval interval) => Intervals.ElementAtOrDefault(Intervals.IndexOf(interval) + 1);
    }

    sealed class Line(Location location, bool isBackup)
    {
        public Location Location => location;

        public bool IsBackup => isBackup;

        public Line Other => location.Lines[isBackup ? 0 : 1];

        public List<Track> Tracks { get; } = [];

        /// <summary>Chips in the order in which they were read here first.</summary>
        public List<ChipCode> Seen { get; } = [];

        /// <summary>Intervals that wait for their passing, or are followed to their end.</summary>
        public IEnumerable<(Track Track, Interval Interval)> Waiting => Tracks.SelectMany(track => track.Intervals
            .Where(interval => interval.State == State.Open || interval.IsFollowed).Select(interval => (track, interval)));
    }

    sealed class Location
    {
        public Location(int index)
        {
            Index = index;
            Lines = [new Line(this, false), new Line(this, true)];
        }

        public int Index { get; }

        public required GateOptions Options { get; set; }

        public long Time { get; set; } = long.MinValue;

        public Line[] Lines { get; }
    }
}
