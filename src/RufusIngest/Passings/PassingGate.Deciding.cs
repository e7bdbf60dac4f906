using System.Runtime.CompilerServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>What becomes of a burst: rules 4 and 5, and 7 for chips that do not move on.</summary>
sealed partial class PassingGate
{
    /// <summary>Files a new burst under its due time, or decides it where nothing is to be waited for.</summary>
    void File(GateLane lane, int index, long aheadOf)
    {
        ref OpenBurst burst = ref _bursts[index];
        bool mayBeGhost = MayBeGhost(lane, burst);
        bool isAtOnce = lane.ReorderDelay == 0;
        if (aheadOf != long.MinValue)
        {
            burst.Passing.Flags |= PassingFlags.ClockAhead;
            burst.SettlesFrom = aheadOf;
        }
        else if (BurstRing.IsPast(lane.DueOf(burst, mayBeGhost), lane.Time))
        {
            // With First a backlog is decided as it comes, so that its passings have the order of their reads.
            burst.SettlesFrom = lane.Time;
            isAtOnce = true;
        }

        if (isAtOnce && lane is { Policy: PassingPolicy.First, IsBackup: false } && !mayBeGhost)
        {
            Decide(lane, index, PassingFlags.None);
            return;
        }

        burst.Due = lane.DueOf(burst, mayBeGhost);
        lane.Ring.Add(_bursts, index);
    }

    /// <summary>
    /// Files a burst again when it falls due earlier than it was filed. One that falls due later is looked at when it was
    /// thought to fall due.
    /// </summary>
    void FileAgain(GateLane lane, int index)
    {
        ref OpenBurst burst = ref _bursts[index];
        long due = lane.DueOf(burst, MayBeGhost(lane, burst));
        if (due >= burst.Due)
            return;
        lane.Ring.Remove(_bursts, index);
        burst.Due = due;
        if (!BurstRing.IsPast(due, lane.Time))
        {
            lane.Ring.Add(_bursts, index);
            return;
        }

        _closedByRead = burst.Passing.Burst;
        CloseInOrder(lane, index, all: false);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void DecideIfDue(GateLane lane, int index)
    {
        ref OpenBurst burst = ref _bursts[index];
        long due = lane.DueOf(burst, MayBeGhost(lane, burst));
        if (lane.Ring.IsAhead(due, lane.Time))
        {
            burst.Due = due;
            lane.Ring.Add(_bursts, index);
            return;
        }

        CloseInOrder(lane, index, all: false);
    }

    bool MayBeGhost(GateLane lane, in OpenBurst burst)
    {
        if (!lane.IgnoreGhosts || _chips.Contains(burst.Passing.Chip))
            return false;
        // Reads beyond the maximum burst are in the interval only.
        ref Interval interval = ref At(lane, burst.Track, burst.Interval);
        return interval.First == interval.Last;
    }

    /// <summary>Takes out the burst that falls due first, which need not be the one that was thought to.</summary>
    int TakeOldest(GateLane lane)
    {
        while (true)
        {
            int index = lane.Ring.TakeOldest(_bursts);
            ref OpenBurst burst = ref _bursts[index];
            long due = lane.DueOf(burst, MayBeGhost(lane, burst));
            if (due <= burst.Due)
                return index;
            burst.Due = due;
            lane.Ring.Add(_bursts, index);
        }
    }

    void CloseOldest(GateLane lane)
    {
        int index = TakeOldest(lane);
        (int track, int slot) = (_bursts[index].Track, _bursts[index].Interval);
        if (!_bursts[index].IsDecided)
            ClosedEarly++;
        Close(lane, index, PassingFlags.ClosedEarly);
        if (At(lane, track, slot).Open != index)
            return;
        // It would be followed to its end: there is no room for that either.
        lane.Ring.Remove(_bursts, index);
        Complete(lane, index);
    }

    /// <summary>Closes the burst of an interval if it has one.</summary>
    void CloseAt(GateLane lane, int track, int slot, PassingFlags flags)
    {
        // Once for its passing, and once more where it is followed to its end.
        while (At(lane, track, slot).Open is var open and >= 0)
        {
            lane.Ring.Remove(_bursts, open);
            Close(lane, open, flags);
        }
    }

    /// <summary>
    /// As <see cref="Close"/>, but the bursts before it, back to the last passing, that are due as well go first, whatever their
    /// buckets: what a burst becomes depends on those before it.
    /// </summary>
    void CloseInOrder(GateLane lane, int index, bool all)
    {
        while (!_bursts[index].IsDecided && DueBefore(lane, index, all) is var before and >= 0)
        {
            _waiting.Push(index);
            lane.Ring.Remove(_bursts, before);
            index = before;
        }

        Close(lane, index, PassingFlags.None);
        while (_waiting.TryPop(out index))
            Close(lane, index, PassingFlags.None);
    }

    /// <summary>The latest burst that is due between the last passing before a burst and it, or −1.</summary>
    int DueBefore(GateLane lane, int index, bool all)
    {
        int older = At(lane, _bursts[index].Track, _bursts[index].Interval).Older;
        while (older >= 0 && !IsPassing(_earlier[older].Interval))
        {
            int open = _earlier[older].Interval.Open;
            if (open >= 0
                && (all || BurstRing.IsPast(lane.DueOf(_bursts[open], MayBeGhost(lane, _bursts[open])), lane.Time)))
                return open;
            older = _earlier[older].Interval.Older;
        }

        return -1;
    }

    /// <summary>Ends the wait of a burst that is in no bucket any more.</summary>
    void Close(GateLane lane, int index, PassingFlags flags)
    {
        if (_bursts[index].IsDecided)
            Complete(lane, index);
        else
            Decide(lane, index, flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Decide(GateLane lane, int index, PassingFlags flags)
    {
        ref OpenBurst burst = ref _bursts[index];
        ref Interval own = ref At(lane, burst.Track, burst.Interval);
        own.Record = TimeOfRecord(lane.Policy, index);
        burst.Passing.Time = own.Record;
        burst.Passing.Flags |= flags;
        if (own.Older >= 0 && IsPassing(_earlier[own.Older].Interval)
            && own.First - _earlier[own.Older].Interval.Record <= lane.DeadTime)
        {
            JoinBefore(lane, index, own.Older);
            return;
        }

        IntervalFacts facts = default;
        long into = 0;
        ReadOutcome reason = WhySuppressed(lane, burst, own, ref facts, ref into);
        if (reason == ReadOutcome.Opened)
            Emit(lane, index, ref own);
        else
            Suppress(lane, index, ref own, reason, facts, into);
    }

    /// <summary>Rule 5.1: what the policy makes of a burst as it is.</summary>
    long TimeOfRecord(PassingPolicy policy, int index)
    {
        ref Passing passing = ref _bursts[index].Passing;
        return policy switch
        {
            PassingPolicy.First => passing.First,
            PassingPolicy.Last => passing.Last,
            PassingPolicy.Fitted when ParabolaFit.TryFindVertex(
                _bursts.Strongest(index), passing.First, passing.Last, out long vertex) => vertex,
            _ => passing.Peak,
        };
    }

    /// <summary>Rule 5.2: the burst lies in the dead time of the passing directly before it and belongs to that.</summary>
    void JoinBefore(GateLane lane, int index, int before)
    {
        ref OpenBurst burst = ref _bursts[index];
        TellSuppressed(index, ReadOutcome.DeadTime, _earlier[before].Facts, 0);
        Fold(lane, burst.Track, before, burst.Interval);
        _bursts.Return(index);
    }

    /// <summary>Rules 5.2 to 5.7. Gives the passing or open burst that stands for a suppressed one.</summary>
    ReadOutcome WhySuppressed(
        GateLane lane, in OpenBurst burst, in Interval own, ref IntervalFacts facts, ref long into)
    {
        int before = PassingBefore(lane, burst.Track, burst.Interval);
        if (before != None && own.First - At(lane, burst.Track, before).Record <= lane.DeadTime)
        {
            facts = FactsAt(lane, burst.Track, before);
            return ReadOutcome.DeadTime;
        }

        int behind = PassingBehind(lane, burst.Track, own.First);
        if (behind != None && At(lane, burst.Track, behind).Record - own.Record <= lane.DeadTime)
        {
            facts = FactsAt(lane, burst.Track, behind);
            return ReadOutcome.BeforeDecided;
        }

        GateLane? other = _lanes[lane.Index ^ 1];
        int track = other is null ? -1 : FindUsed(other, burst.Passing.Chip);
        if (track >= 0 && FindNear(other!, track, own.Record, lane) is var near && near != None)
        {
            facts = FactsAt(other!, track, near);
            int open = At(other!, track, near).Open;
            into = open >= 0 ? _bursts[open].Passing.Burst : 0;
            return lane.IsBackup ? ReadOutcome.Backup : ReadOutcome.AfterBackup;
        }

        if (MayBeGhost(lane, burst))
            return ReadOutcome.Ghost;
        return lane.MinLap > 0 && IsWithinLap(lane, burst.Track, own.Record, ref facts, other, track)
            ? ReadOutcome.MinLap
            : ReadOutcome.Opened;
    }

    /// <summary>The other line's interval that rules 5.4 and 5.5 ask for.</summary>
    int FindNear(GateLane other, int track, long record, GateLane lane)
    {
        int slot = other.Tracks[track].Newest.Open == Interval.Unused ? None : Newest;
        for (; slot != None; slot = Older(other, track, slot))
        {
            ref Interval interval = ref At(other, track, slot);
            // One that ended too early does not end the search: an interval before it may have lasted longer.
            bool isNear = lane.IsBackup
                ? interval.Open != Interval.Suppressed && interval.First - record <= lane.BackupWindow
                    && record - interval.Last <= lane.BackupWindow
                : IsPassing(interval) && Math.Abs(interval.Record - record) <= lane.BackupWindow;
            if (isNear)
                return slot;
        }

        return None;
    }

    /// <summary>Rule 5.7: a passing of either line is nearer than a lap can take, before or after.</summary>
    bool IsWithinLap(
        GateLane lane, int track, long record, ref IntervalFacts facts, GateLane? other, int otherTrack)
    {
        long nearestBefore = long.MinValue / 2;
        long nearestAfter = long.MaxValue / 2;
        IntervalFacts after = default;
        Look(lane, track, ref facts);
        if (otherTrack >= 0)
            Look(other!, otherTrack, ref facts);
        if (record - nearestBefore < lane.MinLap)
            return true;
        facts = after;
        return nearestAfter - record < lane.MinLap;

        void Look(GateLane at, int atTrack, ref IntervalFacts before)
        {
            int slot = at.Tracks[atTrack].Newest.Open == Interval.Unused ? None : Newest;
            int behind = None;
            for (; slot != None; slot = Older(at, atTrack, slot))
            {
                ref Interval interval = ref At(at, atTrack, slot);
                if (!IsPassing(interval))
                    continue;
                if (interval.Record <= record)
                    break;
                behind = slot;
            }

            if (slot != None && At(at, atTrack, slot).Record > nearestBefore)
            {
                nearestBefore = At(at, atTrack, slot).Record;
                before = FactsAt(at, atTrack, slot);
            }

            if (behind != None && At(at, atTrack, behind).Record < nearestAfter)
            {
                nearestAfter = At(at, atTrack, behind).Record;
                after = FactsAt(at, atTrack, behind);
            }
        }
    }

    /// <summary>The latest interval before another that has its passing, or <see cref="None"/>.</summary>
    int PassingBefore(GateLane lane, int track, int slot)
    {
        do
            slot = Older(lane, track, slot);
        while (slot != None && !IsPassing(At(lane, track, slot)));
        return slot;
    }

    /// <summary>The first interval that begins after an instant and has its passing, or <see cref="None"/>.</summary>
    int PassingBehind(GateLane lane, int track, long time)
    {
        int found = None;
        for (int slot = Newest; slot != None && At(lane, track, slot).First > time; slot = Older(lane, track, slot))
        {
            if (IsPassing(At(lane, track, slot)))
                found = slot;
        }

        return found;
    }

    void Emit(GateLane lane, int index, ref Interval own)
    {
        ref OpenBurst burst = ref _bursts[index];
        if (lane.IsBackup)
            burst.Passing.Flags |= PassingFlags.Backup;
        _emit(ref burst.Passing);
        ref IntervalFacts facts = ref FactsAt(lane, burst.Track, burst.Interval);
        facts.Number = burst.Passing.Number;
        facts.Session = (ushort)burst.Passing.Session;
        facts.Outcome = ReadOutcome.SameBurst;
        if (lane.ReportCompleted)
        {
            burst.IsDecided = true;
            burst.Due = lane.DueOf(burst, mayBeGhost: false);
            if (!BurstRing.IsPast(burst.Due, lane.Time))
            {
                lane.Ring.Add(_bursts, index);
                return;
            }
        }

        own.Open = Interval.Decided;
        _bursts.Return(index);
    }

    void Complete(GateLane lane, int index)
    {
        ref OpenBurst burst = ref _bursts[index];
        At(lane, burst.Track, burst.Interval).Open = Interval.Decided;
        if (burst.HasMore)
            _tell(new GateEvent(GateEventKind.Completed, burst.Passing));
        _bursts.Return(index);
    }

    void Suppress(
        GateLane lane, int index, ref Interval own, ReadOutcome reason, in IntervalFacts standing, long into)
    {
        ref OpenBurst burst = ref _bursts[index];
        own.Open = Interval.Suppressed;
        own.Record = Interval.NoRecord;
        ref IntervalFacts facts = ref FactsAt(lane, burst.Track, burst.Interval);
        facts.Outcome = reason;
        facts.Number = standing.Number;
        facts.Session = standing.Session;
        TellSuppressed(index, reason, standing, into);
        if (reason == ReadOutcome.AfterBackup)
            _tell(new GateEvent(GateEventKind.Corrected, burst.Passing));
        _bursts.Return(index);
    }

    /// <summary>Counts a burst's reads under their reason, and tells of it.</summary>
    void TellSuppressed(int index, ReadOutcome reason, in IntervalFacts standing, long into)
    {
        ref OpenBurst burst = ref _bursts[index];
        // The caller has counted, or is about to count, the read that opened it as Opened.
        Outcomes[(int)ReadOutcome.Opened]--;
        Outcomes[(int)ReadOutcome.SameBurst] -= burst.Reads - 1;
        Outcomes[(int)reason] += burst.Reads;
        burst.Passing.Session = standing.Session;
        burst.Passing.Number = standing.Number;
        _tell(new GateEvent(GateEventKind.Suppressed, burst.Passing, reason, into));
    }

    ReadOutcome EmitUngated(GateLane lane, long time, in ChipRead read, int reader)
    {
        EmitAlone(lane, time, read, reader, PassingFlags.NotGated);
        return ReadOutcome.NotGated;
    }

    void EmitAlone(GateLane lane, long time, in ChipRead read, int reader, PassingFlags flags)
    {
        Passing passing = NewPassing(lane, time, read, reader);
        passing.Flags |= flags | (lane.IsBackup ? PassingFlags.Backup : PassingFlags.None);
        _emit(ref passing);
    }

    /// <summary>What is known of a decided interval whose burst is not followed any more.</summary>
    Passing Known(GateLane lane, int track, int slot)
    {
        ref Interval interval = ref At(lane, track, slot);
        if (interval.Open >= 0)
            return _bursts[interval.Open].Passing;
        IntervalFacts facts = FactsAt(lane, track, slot);
        return new Passing
        {
            Chip = lane.Tracks[track].Chip,
            Location = lane.Location,
            Reader = -1,
            Session = facts.Session,
            Number = facts.Number,
            Time = interval.Record == Interval.NoRecord ? interval.First : interval.Record,
            First = interval.First,
            Peak = interval.Record == Interval.NoRecord ? interval.First : interval.Record,
            Last = interval.Last,
            BestRssiCentiDbm = ChipRead.NoRssi,
            Policy = lane.Policy,
        };
    }

    void NoteParked(GateLane lane, int track, int slot)
    {
        ref Interval interval = ref At(lane, track, slot);
        ref IntervalFacts facts = ref FactsAt(lane, track, slot);
        if (facts.IsParked || interval.Last - interval.First <= lane.ParkedAfter)
            return;
        facts.IsParked = true;
        if (lane.Parked.Count >= lane.MaxParked)
        {
            ParkedUntold++;
            return;
        }

        _tell(new GateEvent(GateEventKind.ParkedStarted, Known(lane, track, slot)));
        lane.Park(track, slot, interval.Last);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void CheckParked(GateLane lane)
    {
        for (int i = lane.Parked.Count - 1; i >= 0; i--)
        {
            ParkedChips.Entry entry = lane.Parked[i];
            ref Interval interval = ref At(lane, entry.Track, entry.Interval);
            long end = lane.EndOf(interval.Last, entry.Lag);
            if (lane.Time > end)
            {
                _tell(new GateEvent(GateEventKind.ParkedLeft, Known(lane, entry.Track, entry.Interval)));
                FactsAt(lane, entry.Track, entry.Interval).IsParked = false;
                lane.Parked.RemoveAt(i);
                continue;
            }

            long report = entry.Report;
            if (lane.Time >= report)
            {
                _tell(new GateEvent(GateEventKind.ParkedStill, Known(lane, entry.Track, entry.Interval)));
                report = lane.Time + lane.ReportEvery;
            }

            lane.Parked[i] = entry with { Check = end, Report = report };
        }

        lane.Parked.SetNextCheck();
    }
}
