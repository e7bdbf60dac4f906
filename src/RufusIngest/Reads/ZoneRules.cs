using System.Text.Json.Serialization;

namespace RufusIngest.Reads;

/// <summary>
/// The rules of a time zone as plain data: an offset and the instants at which it changes. Records carry them, so that
/// the same bytes give the same times on any machine, whatever zone database it has.
/// </summary>
public sealed class ZoneRules
{
    readonly long[] _transitions;
    readonly int[] _offsets;

    /// <summary>Takes the rules as data.</summary>
    /// <param name="baseOffsetMinutes">Minutes east of UTC before the first transition.</param>
    /// <param name="transitionsUtc">Ascending instants in 100 ns ticks since 1970-01-01 UTC.</param>
    /// <param name="offsetsMinutes">Minutes east of UTC from each of these instants on.</param>
    /// <exception cref="ArgumentException">The lists differ in length or the instants do not ascend.</exception>
    [JsonConstructor]
    public ZoneRules(
        int baseOffsetMinutes, IReadOnlyList<long>? transitionsUtc = null, IReadOnlyList<int>? offsetsMinutes = null)
    {
        BaseOffsetMinutes = baseOffsetMinutes;
        _transitions = [.. transitionsUtc ?? []];
        _offsets = [.. offsetsMinutes ?? []];
        if (_transitions.Length != _offsets.Length)
            throw new ArgumentException("A zone needs one offset for each transition.", nameof(offsetsMinutes));
        for (int i = 1; i < _transitions.Length; i++)
        {
            if (_transitions[i] <= _transitions[i - 1])
                throw new ArgumentException("A zone's transitions must ascend.", nameof(transitionsUtc));
        }
    }

    /// <summary>UTC itself.</summary>
    public static ZoneRules Utc { get; } = new(0);

    /// <summary>Minutes east of UTC before the first transition.</summary>
    public int BaseOffsetMinutes { get; }

    /// <summary>Instants at which the offset changes, ascending, 100 ns ticks since 1970-01-01 UTC.</summary>
    public IReadOnlyList<long> TransitionsUtc => _transitions;

    /// <summary>Minutes east of UTC from each transition on.</summary>
    public IReadOnlyList<int> OffsetsMinutes => _offsets;

    /// <summary>Finds a zone by IANA or Windows name, <c>UTC</c>, or an offset such as <c>+02:00</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="fromYear">First year whose transitions are taken; before it the rules in force then hold.</param>
    /// <param name="toYear">Last year whose transitions are taken.</param>
    /// <exception cref="TimeZoneNotFoundException">No such zone on this machine.</exception>
    public static ZoneRules Find(string name, int fromYear = 2000, int toYear = 2050)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name[0] is '+' or '-'
            && TimeSpan.TryParseExact(name[1..], @"hh\:mm", null, out TimeSpan offset) && offset.TotalHours <= 14)
            return new ZoneRules((int)(name[0] == '-' ? -offset.TotalMinutes : offset.TotalMinutes));
        return FromTimeZone(TimeZoneInfo.FindSystemTimeZoneById(name), fromYear, toYear);
    }

    /// <summary>Takes the rules of a zone out of this machine's zone database.</summary>
    public static ZoneRules FromTimeZone(TimeZoneInfo zone, int fromYear = 2000, int toYear = 2050)
    {
        ArgumentNullException.ThrowIfNull(zone);
        DateTime at = new(fromYear, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        DateTime end = new(toYear + 1, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        int baseOffset = OffsetMinutes(zone, at);
        int current = baseOffset;
        List<long> transitions = [];
        List<int> offsets = [];
        for (DateTime next = at.AddDays(1); next <= end; at = next, next = next.AddDays(1))
        {
            if (OffsetMinutes(zone, next) == current)
                continue;
            DateTime instant = FindChange(zone, at, next, current);
            current = OffsetMinutes(zone, next);
            transitions.Add(instant.Ticks - DateTime.UnixEpoch.Ticks);
            offsets.Add(current);
        }

        return new ZoneRules(baseOffset, transitions, offsets);
    }

    static int OffsetMinutes(TimeZoneInfo zone, DateTime utc) => (int)zone.GetUtcOffset(utc).TotalMinutes;

    /// <summary>First whole minute after <paramref name="low"/> at which the offset is no longer the given one.</summary>
    static DateTime FindChange(TimeZoneInfo zone, DateTime low, DateTime high, int offset)
    {
        int from = 0;
        int to = (int)(high - low).TotalMinutes;
        while (to - from > 1)
        {
            int middle = (from + to) / 2;
            if (OffsetMinutes(zone, low.AddMinutes(middle)) == offset)
                from = middle;
            else
                to = middle;
        }

        return low.AddMinutes(to);
    }

    /// <summary>Offset in force at an instant, in ticks.</summary>
    internal long OffsetAt(long utc)
    {
        int index = Array.BinarySearch(_transitions, utc);
        if (index < 0)
            index = ~index - 1;
        return (index < 0 ? BaseOffsetMinutes : _offsets[index]) * TimeSpan.TicksPerMinute;
    }

    /// <summary>
    /// Local times around one of them whose UTC is plainly local − offset: no transition is less than two days away, so
    /// that <see cref="ToUtc"/> gives the same. None (from = until) when one is.
    /// </summary>
    internal (long From, long Until, long Offset) PlainTimesAround(long local)
    {
        int next = Array.BinarySearch(_transitions, local);
        next = next < 0 ? ~next : next + 1;
        long from = next == 0 ? long.MinValue : _transitions[next - 1] + (2 * TimeSpan.TicksPerDay);
        long until = next == _transitions.Length ? long.MaxValue : _transitions[next] - (2 * TimeSpan.TicksPerDay);
        long offset = (next == 0 ? BaseOffsetMinutes : _offsets[next - 1]) * TimeSpan.TicksPerMinute;
        return local >= from && local < until ? (from, until, offset) : (0, 0, 0);
    }

    /// <summary>Turns a wall-clock time into UTC.</summary>
    /// <param name="local">Ticks since 1970-01-01 of the wall clock.</param>
    /// <param name="receivedUtc">When it arrived, to choose between two readings; 0 when unknown: the earlier one.</param>
    /// <param name="flags">Gains <see cref="ReadFlags.AmbiguousTime"/> or <see cref="ReadFlags.SkippedTime"/>.</param>
    internal long ToUtc(long local, long receivedUtc, ref ReadFlags flags)
    {
        if (_transitions.Length == 0)
            return local - (BaseOffsetMinutes * TimeSpan.TicksPerMinute);

        // No zone lies more than a day from UTC, so both candidates come from the offsets around this instant.
        long before = local - OffsetAt(local - TimeSpan.TicksPerDay);
        long after = local - OffsetAt(local + TimeSpan.TicksPerDay);
        if (before == after)
            return before;
        bool beforeFits = before + OffsetAt(before) == local;
        bool afterFits = after + OffsetAt(after) == local;
        if (beforeFits && afterFits)
        {
            flags |= ReadFlags.AmbiguousTime;
            (long early, long late) = before < after ? (before, after) : (after, before);
            return receivedUtc != 0 && Math.Abs(receivedUtc - late) < Math.Abs(receivedUtc - early) ? late : early;
        }

        if (beforeFits || afterFits)
            return beforeFits ? before : after;
        flags |= ReadFlags.SkippedTime;
        return before;
    }
}
