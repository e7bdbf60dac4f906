using System.Runtime.CompilerServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>Where a read goes: rules 2 and 3, and 6 for chips that share their intervals.</summary>
sealed partial class PassingGate
{
    /// <summary>Places of an interval beside an index among the earlier ones.</summary>
    const int Newest = -1;
    const int None = -2;

    // Kept out of the callers: with it inlined, the way of nearly every read would be the slower for it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    ReadOutcome AddSlow(GateLane lane, int index, long time, in ChipRead read, int reader, long aheadOf)
    {
        int track = Owner(lane, index);
        (int before, int after) = Around(lane, track, time);
        if (before != None)
        {
            ref Interval interval = ref At(lane, track, before);
            bool inBurst = time - interval.Last <= lane.BurstGap
                || ((read.Flags & ReadFlags.LastSeen) != 0 && FactsAt(lane, track, before).AwaitsLastSeen);
            if (inBurst || (IsPassing(interval) && time - interval.Record <= lane.DeadTime))
                return Take(lane, track, before, time, read, inBurst);
        }

        if (after != None)
        {
            ref Interval interval = ref At(lane, track, after);
            if (interval.First - time <= lane.BurstGap)
                return PutBefore(lane, track, after, time, read, reader);
            if (PassingBehind(lane, track, time) is var passing && passing != None
                && At(lane, track, passing).Record - time <= lane.DeadTime)
                return ReadOutcome.BeforeDecided;
        }

        if (lane.Ring.Count < lane.MaxOpenBursts)
            return Insert(lane, track, before, after, time, read, reader, aheadOf);
        while (lane.Ring.Count >= lane.MaxOpenBursts)
            CloseOldest(lane);
        return AddSlow(lane, track, time, read, reader, aheadOf); // What was decided just now may take the read.
    }

    /// <summary>The track that keeps a chip's intervals.</summary>
    int Owner(GateLane lane, int index)
    {
        ref Track track = ref lane.Tracks[index];
        if (track.Newest.Open != Interval.Unused)
            return index;
        if (track.Newest.Older < 0)
            track.Newest.Older = FindOfMates(lane, track.Chip);
        return track.Newest.Older >= 0 ? track.Newest.Older : index;
    }

    /// <summary>The track with the intervals of a chip's athlete, or −1.</summary>
    int FindUsed(GateLane lane, in ChipCode chip)
    {
        int track = UsedTrack(lane, chip);
        return track >= 0 ? track : FindOfMates(lane, chip);
    }

    int FindOfMates(GateLane lane, in ChipCode chip)
    {
        foreach (ref readonly ChipCode mate in _chips.MatesOf(chip))
        {
            if (UsedTrack(lane, mate) is var track and >= 0)
                return track;
        }

        return -1;
    }

    static int UsedTrack(GateLane lane, in ChipCode chip)
    {
        int index = lane.Tracks.Find(chip);
        if (index < 0)
            return -1;
        ref Interval newest = ref lane.Tracks[index].Newest;
        return newest.Open != Interval.Unused ? index : newest.Older;
    }

    /// <summary>The interval that begins at or before an instant, and the one behind it.</summary>
    (int Before, int After) Around(GateLane lane, int track, long time)
    {
        int after = None;
        int before = lane.Tracks[track].Newest.Open == Interval.Unused ? None : Newest;
        while (before != None && At(lane, track, before).First > time)
        {
            after = before;
            before = Older(lane, track, before);
        }

        return (before, after);
    }

    int Older(GateLane lane, int track, int slot) => At(lane, track, slot).Older is var older and >= 0 ? older : None;

    /// <summary>The interval behind another, or <see cref="None"/>.</summary>
    int Behind(GateLane lane, int track, int slot)
    {
        if (slot == Newest)
            return None;
        int at = Newest;
        while (At(lane, track, at).Older != slot)
            at = At(lane, track, at).Older;
        return at;
    }

    ref Interval At(GateLane lane, int track, int slot)
    {
        if (slot >= 0)
            return ref _earlier[slot].Interval;
        return ref lane.Tracks[track].Newest;
    }

    ref IntervalFacts FactsAt(GateLane lane, int track, int slot)
    {
        if (slot >= 0)
            return ref _earlier[slot].Facts;
        return ref lane.Tracks.Facts(track);
    }

    /// <summary>Its passing may still change.</summary>
    bool IsOpen(in Interval interval) => interval.Open >= 0 && !_bursts[interval.Open].IsDecided;

    /// <summary>It has its passing.</summary>
    bool IsPassing(in Interval interval) =>
        interval.Open == Interval.Decided || (interval.Open >= 0 && _bursts[interval.Open].IsDecided);

    [MethodImpl(MethodImplOptions.NoInlining)]
    void AddToBurst(GateLane lane, int index, long time, in ChipRead read)
    {
        ref OpenBurst burst = ref _bursts[index];
        bool isFirst = lane.Policy == PassingPolicy.First;
        if (!burst.IsDecided && !isFirst && time > burst.Passing.First + lane.MaxBurst)
        {
            burst.Reads++;
            return;
        }

        // The interval may have been lengthened in its dead time; the burst itself has ended then.
        if (burst.IsDecided && time - burst.Passing.Last > lane.BurstGap && (read.Flags & ReadFlags.LastSeen) == 0)
            return;

        // A First burst that came late does not wait for the end of its reads, or a parked chip never passed.
        burst.Add(time, read, isFirst && !burst.IsDecided ? OpenBurst.OwnTimes : lane.Time);
        if (lane.Policy == PassingPolicy.Fitted && read.RssiCentiDbm != ChipRead.NoRssi)
            _bursts.Strongest(index).Add(time, read.RssiCentiDbm);
    }

    /// <summary>Rule 2.1: the interval that begins before the read takes it.</summary>
    ReadOutcome Take(GateLane lane, int track, int slot, long time, in ChipRead read, bool inBurst)
    {
        ref Interval interval = ref At(lane, track, slot);
        ref IntervalFacts facts = ref FactsAt(lane, track, slot);
        ReadOutcome outcome = interval.Open == Interval.Suppressed ? facts.Outcome
            : inBurst ? ReadOutcome.SameBurst
            : ReadOutcome.DeadTime;
        int burst = interval.Open;
        interval.Last = Math.Max(interval.Last, time);
        facts.See(read.Flags);
        slot = JoinReached(lane, track, slot);
        // Behind the joining, which may bring a wait by the location's time that this read prolongs.
        if (burst >= 0 && inBurst)
            AddToBurst(lane, burst, time, read);
        NoteParked(lane, track, slot);
        if (burst >= 0 && inBurst)
            FileAgain(lane, burst);
        return outcome;
    }

    /// <summary>Rule 2.2: the interval behind the read takes it and begins with it.</summary>
    ReadOutcome PutBefore(GateLane lane, int track, int slot, long time, in ChipRead read, int reader)
    {
        ref Interval interval = ref At(lane, track, slot);
        interval.First = time;
        FactsAt(lane, track, slot).See(read.Flags);
        if (interval.Open >= 0)
        {
            ref OpenBurst burst = ref _bursts[interval.Open];
            SetFirst(ref burst.Passing, time, read, reader);
            AddToBurst(lane, interval.Open, time, read);
            if (!burst.IsDecided)
            {
                FileAgain(lane, interval.Open);
                return ReadOutcome.SameBurst;
            }
        }

        if (interval.Open == Interval.Suppressed)
            return FactsAt(lane, track, slot).Outcome;
        _tell(new GateEvent(GateEventKind.Corrected, Known(lane, track, slot)));
        return ReadOutcome.BeforeDecided;
    }

    /// <summary>Rule 2.4: the read opens an interval.</summary>
    ReadOutcome Insert(
        GateLane lane, int track, int before, int after, long time, in ChipRead read, int reader, long aheadOf)
    {
        int slot = Newest;
        if (after != None)
        {
            slot = RentEarlier();
            if (slot < 0)
            {
                // It makes its passing but leaves no interval behind.
                Forgotten++;
                EmitAlone(lane, time, read, reader, PassingFlags.Late);
                return ReadOutcome.Opened;
            }

            At(lane, track, slot).Older = before == None ? -1 : before;
            At(lane, track, after).Older = slot;
        }
        else if (before != None)
        {
            PushNewest(lane, track);
        }
        else
        {
            At(lane, track, slot).Older = -1;
        }

        ref Interval interval = ref At(lane, track, slot);
        interval.First = interval.Last = time;
        FactsAt(lane, track, slot) = default;
        FactsAt(lane, track, slot).See(read.Flags);
        interval.Open = StartBurst(lane, track, slot, time, read, reader);
        File(lane, interval.Open, aheadOf);
        return ReadOutcome.Opened;
    }

    /// <summary>Moves the newest interval among the earlier ones to make room for a newer one.</summary>
    void PushNewest(GateLane lane, int track)
    {
        ref Interval newest = ref lane.Tracks[track].Newest;
        int slot = RentEarlier();
        if (slot >= 0)
        {
            Move(lane, track, Newest, slot);
            newest.Older = slot;
            return;
        }

        Forgotten++;
        if (IsOpen(newest))
            ClosedEarly++;
        CloseAt(lane, track, Newest, PassingFlags.ClosedEarly);
        lane.Parked.Forget(track, Newest);
    }

    /// <summary>Rule 2.1, end: open intervals that this one reaches now belong to it. Returns where it is kept then.</summary>
    int JoinReached(GateLane lane, int track, int slot)
    {
        while (Behind(lane, track, slot) is var behind && behind != None)
        {
            ref Interval later = ref At(lane, track, behind);
            if (!IsOpen(later) || later.First - At(lane, track, slot).Last > lane.BurstGap)
                break;
            JoinBurst(lane, track, slot, later.Open);
            Fold(lane, track, slot, behind);
            slot = behind;
        }

        return slot;
    }

    void JoinBurst(GateLane lane, int track, int slot, int gone)
    {
        ref Interval interval = ref At(lane, track, slot);
        ref OpenBurst later = ref _bursts[gone];
        ReadOutcome reason = interval.Open == Interval.Suppressed
            ? FactsAt(lane, track, slot).Outcome
            : ReadOutcome.SameBurst;
        long into = 0;
        if (interval.Open >= 0)
        {
            ref OpenBurst burst = ref _bursts[interval.Open];
            burst.Join(later);
            burst.HasMore = burst.IsDecided;
            if (lane.Policy == PassingPolicy.Fitted)
                _bursts.Strongest(interval.Open).AddAll(_bursts.Strongest(gone));
            into = burst.Passing.Burst;
        }

        lane.Ring.Remove(_bursts, gone);
        TellSuppressed(gone, reason, FactsAt(lane, track, slot), into);
        _bursts.Return(gone);
    }

    /// <summary>
    /// Makes one interval of two neighbours. It is the earlier one, kept in the later one's place, so that no link before it
    /// changes.
    /// </summary>
    void Fold(GateLane lane, int track, int earlier, int later)
    {
        long last = At(lane, track, later).Last;
        IntervalFacts facts = FactsAt(lane, track, later);
        if (facts.IsParked && FactsAt(lane, track, earlier).IsParked)
            lane.Parked.Forget(track, later);
        Move(lane, track, earlier, later);
        ref Interval interval = ref At(lane, track, later);
        interval.Last = Math.Max(interval.Last, last);
        FactsAt(lane, track, later).Join(facts);
        ReturnEarlier(earlier);
    }

    void Move(GateLane lane, int track, int from, int to)
    {
        ref Interval interval = ref At(lane, track, to);
        interval = At(lane, track, from);
        FactsAt(lane, track, to) = FactsAt(lane, track, from);
        if (interval.Open >= 0)
            _bursts[interval.Open].Interval = to;
        if (FactsAt(lane, track, to).IsParked)
            lane.Parked.Moved(track, from, to);
    }

    /// <summary>A slot for an earlier interval, or −1 at the bound.</summary>
    int RentEarlier()
    {
        if (_earlierInUse >= _maxEarlier)
            return -1;
        _earlierInUse++;
        if (_freeEarlier < 0)
            return _earlier.Add();
        int slot = _freeEarlier;
        _freeEarlier = _earlier[slot].Interval.Older;
        return slot;
    }

    void ReturnEarlier(int slot)
    {
        _earlierInUse--;
        _earlier[slot].Interval.Older = _freeEarlier;
        _freeEarlier = slot;
    }

    int StartBurst(GateLane lane, int track, int slot, long time, in ChipRead read, int reader)
    {
        int index = _bursts.Rent();
        ref OpenBurst burst = ref _bursts[index];
        burst = new OpenBurst
        {
            Track = track,
            Interval = slot,
            Reads = 1,
            Passing = NewPassing(lane, time, read, reader),
            SettlesFrom = OpenBurst.OwnTimes,
            SawFirstSeen = (read.Flags & ReadFlags.FirstSeen) != 0,
            SawLastSeen = (read.Flags & ReadFlags.LastSeen) != 0,
        };
        if (lane.Policy == PassingPolicy.Fitted)
        {
            ref StrongestReads strongest = ref _bursts.Strongest(index);
            strongest = default;
            if (read.RssiCentiDbm != ChipRead.NoRssi)
                strongest.Add(time, read.RssiCentiDbm);
        }

        return index;
    }

    Passing NewPassing(GateLane lane, long time, in ChipRead read, int reader)
    {
        Passing passing = new()
        {
            Location = lane.Location,
            Burst = ++_lastBurst,
            Time = time,
            Peak = time,
            Last = time,
            Hits = read.Hits,
            BestRssiCentiDbm = read.RssiCentiDbm,
            Antennas = OpenBurst.AntennaBit(read),
            Policy = lane.Policy,
            Flags = lane.IsLate(time) ? PassingFlags.Late : PassingFlags.None,
        };
        SetFirst(ref passing, time, read, reader);
        return passing;
    }

    static void SetFirst(ref Passing passing, long time, in ChipRead read, int reader)
    {
        passing.Chip = read.Chip;
        passing.First = time;
        passing.Reader = reader;
        passing.HasPosition = (read.Flags & ReadFlags.HasPosition) != 0;
        passing.LatitudeE7 = read.LatitudeE7;
        passing.LongitudeE7 = read.LongitudeE7;
    }
}
