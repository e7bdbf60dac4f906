using System.Runtime.CompilerServices;

namespace RufusIngest.Reads;

/// <summary>
/// Gives a read its instant: adds zone, date, arrival time and configured offset to what the reader said. Pure: it
/// depends on the reads before it and on nothing else. One resolver serves one reader and one thread.
/// </summary>
public sealed class ReadTimeResolver
{
    // Records of one reader may be this much out of order; a count that falls back further was restarted.
    const long RestartedBelow = 60 * EpochTime.TicksPerSecond;

    readonly ZoneRules _zone;
    readonly bool _zoneStatedByReader;
    readonly long _offset;
    readonly long _firstDay; // Midnight of the session date, 0 without one.
    long _lastDated;

    // When a clock that counts from its start was zero, ticks UTC, and the highest count since; 0: not known.
    long _start;
    long _counted;
    long _lastArrival; // Of a read of such a clock.

    // Local times from which the zone's offset is the same for days around: no rule needs looking up between.
    long _plainFrom = long.MaxValue;
    long _plainUntil = long.MinValue;
    long _plainOffset;

    /// <summary>Makes the resolver of one reader.</summary>
    /// <param name="zone">Zone of the reader's wall clock where it states none.</param>
    /// <param name="ignoreStatedZone">Take a stated <c>Z</c> for local time all the same (some firmware prints
    /// one).</param>
    /// <param name="sessionDate">Date of date-less times where neither a receive time nor an earlier read tells
    /// it.</param>
    /// <param name="offset">Correction added to every time, for a clock known to be wrong.</param>
    public ReadTimeResolver(
        ZoneRules zone, bool ignoreStatedZone = false, DateOnly? sessionDate = null, TimeSpan offset = default)
    {
        _zone = zone;
        _zoneStatedByReader = !ignoreStatedZone;
        _offset = offset.Ticks;
        if (sessionDate is not { } date)
            return;
        _firstDay = EpochTime.FromUtc(new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero));
        _lastDated = EpochTime.FromUtc(new DateTimeOffset(date, new TimeOnly(12, 0), TimeSpan.Zero));
    }

    /// <summary>
    /// The reader is connected anew and may have been started anew: when its clock was zero, if it counts from its
    /// start, is to be found out again.
    /// </summary>
    public void Reconnected() => _start = 0;

    /// <summary>Finds the instant of a read.</summary>
    /// <param name="read">Flags are added to it; its time stays as the reader said it.</param>
    /// <param name="receivedUtc">Arrival of the bytes that completed it, ticks since 1970-01-01 UTC, or 0 when
    /// unknown.</param>
    /// <param name="utc">The instant in 100 ns ticks since 1970-01-01 UTC.</param>
    /// <returns>
    /// False when no instant can be given: the clock was never set, there is neither time nor date, or the year would
    /// be past 9999.
    /// </returns>
    public bool TryResolve(ref ChipRead read, long receivedUtc, out long utc)
    {
        ReadFlags flags = read.Flags;
        utc = 0;
        if ((flags & ReadFlags.NoTime) != 0)
        {
            utc = receivedUtc;
            return receivedUtc != 0;
        }

        long time = read.Time;
        if ((flags & (ReadFlags.NoDate | ReadFlags.SinceStart)) != 0)
        {
            if ((flags & ReadFlags.SinceStart) != 0)
                return TrySinceStart(time, receivedUtc, out utc);
            // Whoever gives a session date says that the clock shows the time of that day.
            if (_firstDay != 0)
                flags &= ~ReadFlags.ClockNotSet;
            if ((flags & ReadFlags.ClockNotSet) != 0 || !TryAddDate(ref time, receivedUtc))
                return false;
        }
        else if (time < EpochTime.ClockSetFrom || (flags & ReadFlags.ClockNotSet) != 0)
        {
            read.Flags = flags | ReadFlags.ClockNotSet;
            return false;
        }
        else
        {
            _lastDated = time;
        }

        utc = _offset + ((flags & ReadFlags.ZoneKnown) != 0 && _zoneStatedByReader
            ? time
            : time >= _plainFrom && time < _plainUntil ? time - _plainOffset
            : LookUp(time, receivedUtc, ref flags));
        read.Flags = flags;
        return utc >= EpochTime.ClockSetFrom - EpochTime.TicksPerDay && utc < EpochTime.LastDay;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    long LookUp(long local, long receivedUtc, ref ReadFlags flags)
    {
        (_plainFrom, _plainUntil, _plainOffset) = _zone.PlainTimesAround(local);
        return _zone.ToUtc(local, receivedUtc, ref flags);
    }

    /// <summary>
    /// The first arrival tells when the clock was zero; so it does again after the count fell back, which a restart
    /// does. A count higher than the time since the arrival before is no restart but an old read, told late.
    /// In a record without arrivals the session date's midnight, in the reader's zone, stands for the start.
    /// </summary>
    bool TrySinceStart(long count, long receivedUtc, out long utc)
    {
        if (receivedUtc != 0 && (_start == 0
            || (count < _counted - RestartedBelow && count <= receivedUtc - _lastArrival + RestartedBelow)))
        {
            _start = receivedUtc - count;
            _counted = count;
        }

        if (receivedUtc != 0)
            _lastArrival = receivedUtc;

        _counted = Math.Max(_counted, count);
        ReadFlags ignored = ReadFlags.None;
        utc = _start != 0 ? _start + count + _offset
            : _firstDay != 0 ? _zone.ToUtc(_firstDay, 0, ref ignored) + count + _offset
            : 0;
        return utc != 0 && utc < EpochTime.LastDay;
    }

    /// <summary>Puts a time of day on the date that brings it nearest to the arrival, else to the read before
    /// it.</summary>
    bool TryAddDate(ref long time, long receivedUtc)
    {
        long near = receivedUtc != 0 ? receivedUtc - _offset + _zone.OffsetAt(receivedUtc) : _lastDated;
        if (near == 0)
            return false;
        if (time >= EpochTime.TicksPerDay)
        {
            if (receivedUtc == 0 && _firstDay != 0)
            {
                time += _firstDay;
                _lastDated = time;
                return true;
            }

            time %= EpochTime.TicksPerDay;
        }

        long candidate = near - (near % EpochTime.TicksPerDay) + time;
        if (candidate - near > EpochTime.TicksPerDay / 2)
            candidate -= EpochTime.TicksPerDay;
        else if (near - candidate > EpochTime.TicksPerDay / 2)
            candidate += EpochTime.TicksPerDay;
        time = candidate;
        _lastDated = candidate;
        return true;
    }
}
