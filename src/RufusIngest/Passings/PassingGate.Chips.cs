using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>What a new chip list changes: rule 6.</summary>
sealed partial class PassingGate
{
    /// <summary>Sets which chips share an athlete and which are known. What was decided stays.</summary>
    public void SetChips(ChipTable chips)
    {
        ChipTable before = _chips;
        if (ReferenceEquals(before, chips))
            return;
        ChipCode[] regrouped = [.. before.SharedChips.Concat(chips.SharedChips).Distinct()
            .Where(chip => !AreSame(before.MatesOf(chip), chips.MatesOf(chip)))];
        foreach (GateLane? lane in _lanes)
        {
            if (lane is not null)
                CloseBurstsOf(lane, regrouped);
        }

        _chips = chips;
        foreach (GateLane? lane in _lanes)
        {
            if (lane is null)
                continue;
            Detach(lane, regrouped);
            foreach (ChipCode chip in regrouped)
                Share(lane, chips.MatesOf(chip));
            if (lane.IgnoreGhosts)
                LookAgain(lane, chips.Chips.Where(chip => !before.Contains(chip)));
            TellBibs(lane, before, chips);
        }
    }

    /// <summary>Files bursts again of chips that cannot be ghosts any more.</summary>
    void LookAgain(GateLane lane, IEnumerable<ChipCode> chips)
    {
        foreach (int track in chips.Select(chip => UsedTrack(lane, chip)).Where(track => track >= 0))
        {
            foreach (int slot in SlotsOf(lane, track))
            {
                // Filing one may decide it, and those before it.
                if (IsInUse(lane, track, slot) && At(lane, track, slot).Open is var open and >= 0)
                    FileAgain(lane, open);
            }
        }
    }

    /// <summary>The same chips, in whatever order the lists name them.</summary>
    static bool AreSame(ReadOnlySpan<ChipCode> mates, ReadOnlySpan<ChipCode> others)
    {
        if (mates.Length != others.Length)
            return false;
        foreach (ref readonly ChipCode mate in mates)
        {
            if (!others.Contains(mate))
                return false;
        }

        return true;
    }

    void CloseBurstsOf(GateLane lane, ChipCode[] chips)
    {
        foreach (int track in chips.Select(chip => UsedTrack(lane, chip)).Where(track => track >= 0).Distinct().Order())
        {
            // Deciding may fold an interval into the one behind it; the slot left empty has no burst.
            foreach (int slot in SlotsOf(lane, track).Where(slot => IsInUse(lane, track, slot)))
                CloseAt(lane, track, slot, PassingFlags.None);
        }
    }

    /// <summary>The places of a chip's intervals, the earliest first.</summary>
    List<int> SlotsOf(GateLane lane, int track)
    {
        List<int> slots = [];
        for (int slot = Newest; slot != None; slot = Older(lane, track, slot))
            slots.Add(slot);
        slots.Reverse();
        return slots;
    }

    bool IsInUse(GateLane lane, int track, int slot)
    {
        for (int at = Newest; at != None; at = Older(lane, track, at))
        {
            if (at == slot)
                return true;
        }

        return false;
    }

    /// <summary>A chip that does not share any more begins anew.</summary>
    void Detach(GateLane lane, ChipCode[] chips)
    {
        foreach (ChipCode chip in chips)
        {
            int index = lane.Tracks.Find(chip);
            if (index < 0)
                continue;
            ref Interval newest = ref lane.Tracks[index].Newest;
            if (newest is { Open: Interval.Unused, Older: >= 0 }
                && !_chips.MatesOf(chip).Contains(lane.Tracks[newest.Older].Chip))
                newest.Older = -1;
        }
    }

    /// <summary>Chips that share an athlete now bring their intervals together, at the one that was there first.</summary>
    void Share(GateLane lane, ReadOnlySpan<ChipCode> mates)
    {
        List<int> tracks = [];
        foreach (ChipCode mate in mates)
        {
            if (lane.Tracks.Find(mate) is var index and >= 0)
                tracks.Add(index);
        }

        List<int> used = [.. tracks.Where(track => lane.Tracks[track].Newest.Open != Interval.Unused).Order()];
        if (used.Count == 0)
            return;
        foreach (int track in used.Skip(1))
            BringAlong(lane, track, used[0]);
        foreach (int track in tracks.Where(track => track != used[0]))
            lane.Tracks[track].Newest.Older = used[0];
    }

    void BringAlong(GateLane lane, int from, int to)
    {
        List<(Interval Interval, IntervalFacts Facts, int Slot)> intervals = [];
        for (int slot = Newest; slot != None; slot = Older(lane, from, slot))
            intervals.Add((At(lane, from, slot), FactsAt(lane, from, slot), slot));
        foreach (var (interval, facts, slot) in intervals)
        {
            lane.Parked.Forget(from, slot);
            if (slot >= 0)
                ReturnEarlier(slot);
            InsertDecided(lane, to, interval, facts with { IsParked = false });
        }

        lane.Tracks[from].Newest = new Interval { First = long.MaxValue, Older = -1, Open = Interval.Unused };
    }

    void InsertDecided(GateLane lane, int track, Interval interval, IntervalFacts facts)
    {
        (int before, int after) = Around(lane, track, interval.First);
        int near = before != None && interval.First - At(lane, track, before).Last <= lane.BurstGap ? before
            : after != None && At(lane, track, after).First - interval.Last <= lane.BurstGap ? after
            : None;
        if (near != None)
        {
            // Both were there at the same time: one crossing with two passings, kept as what covers both.
            ref Interval kept = ref At(lane, track, near);
            kept.First = Math.Min(kept.First, interval.First);
            kept.Last = Math.Max(kept.Last, interval.Last);
            kept.Record = Math.Max(kept.Record, interval.Record);
            ref IntervalFacts keptFacts = ref FactsAt(lane, track, near);
            facts.Join(keptFacts);
            if (!IsPassing(kept) && IsPassing(interval))
            {
                kept.Open = interval.Open;
                keptFacts = facts;
            }

            keptFacts.Join(facts);
            return;
        }

        int slot = RentEarlier();
        if (slot < 0)
        {
            Forgotten++;
            return;
        }

        if (after == None)
        {
            Move(lane, track, Newest, slot);
            At(lane, track, Newest) = interval with { Older = slot };
            FactsAt(lane, track, Newest) = facts;
            return;
        }

        At(lane, track, slot) = interval with { Older = before == None ? -1 : before };
        FactsAt(lane, track, slot) = facts;
        At(lane, track, after).Older = slot;
    }

    void TellBibs(GateLane lane, ChipTable before, ChipTable now)
    {
        foreach (ChipCode chip in before.Chips.Concat(now.Chips.Where(chip => !before.Contains(chip))))
        {
            if (lane.Tracks.Find(chip) is not (var track and >= 0)
                || lane.Tracks[track].Newest.Open == Interval.Unused
                || before.JsonBib(chip).SequenceEqual(now.JsonBib(chip)))
                continue;
            for (int slot = Newest; slot != None; slot = Older(lane, track, slot))
            {
                if (IsPassing(At(lane, track, slot)))
                    _tell(new GateEvent(GateEventKind.Corrected, Known(lane, track, slot)));
            }
        }
    }
}
