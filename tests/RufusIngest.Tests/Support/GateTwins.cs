using System.Globalization;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>
/// Gives a gate and its model the same operations and stops at the first difference. Passings and events of one operation are
/// compared as sets, because the order of different chips within a bucket of time is nobody's business.
/// </summary>
sealed class GateTwins
{
    readonly PassingGate _gate;
    readonly GateModel? _model;
    readonly List<Passing> _gatePassings = [];
    readonly List<Passing> _modelPassings = [];
    readonly List<GateEvent> _gateEvents = [];
    readonly List<GateEvent> _modelEvents = [];
    readonly List<long> _times = [];

    public GateTwins(params GateOptions[] options)
        : this(options, hasModel: true)
    {
    }

    GateTwins(GateOptions[] options, bool hasModel)
    {
        _gate = new PassingGate(
            new GateLimits(),
            (ref passing) => Take(_gatePassings, ref passing),
            (in told) => _gateEvents.Add(told));
        if (hasModel)
        {
            _model = new GateModel(
                (ref passing) => Take(_modelPassings, ref passing),
                (in told) => _modelEvents.Add(told));
        }

        SetLocations(options);
    }

    /// <summary>The gate alone, to compare with itself.</summary>
    public static GateTwins WithoutModel(params GateOptions[] options) => new(options, hasModel: false);

    public List<Passing> Passings { get; } = [];

    public List<GateEvent> Events { get; } = [];

    public int Reads { get; private set; }

    public static TimeSpan Ms(double ms) => TimeSpan.FromTicks((long)Math.Round(ms * TimeSpan.TicksPerMillisecond));

    public void SetLocations(params GateOptions[] options)
    {
        while (_times.Count < options.Length)
            _times.Add(long.MinValue);
        _gate.SetLocations(options);
        _model?.SetLocations(options);
        Compare("the new settings");
    }

    /// <param name="bibs">Chips as digits by bib, <c>["01", "2"]</c>: chips 0 and 1 have one bib, 2 has another.</param>
    public void SetChips(params string[] bibs)
    {
        ChipTable chips = ChipTable.Create(bibs.SelectMany((of, bib) =>
            of.Select(chip => KeyValuePair.Create(ChipCode.FromText($"c{chip}"), $"b{bib}"))));
        _gate.SetChips(chips);
        _model?.SetChips(chips);
        // Which bib a passing has now is not modelled.
        _gateEvents.RemoveAll(told => told.Kind == GateEventKind.Corrected);
        _modelEvents.RemoveAll(told => told.Kind == GateEventKind.Corrected);
        Compare("the new chips");
    }

    public ReadOutcome Read(int lane, double ms, int chip, int reader = 0, bool ahead = false, short rssi = ChipRead.NoRssi,
        int hits = 1, ushort antenna = 0, ReadFlags flags = ReadFlags.None)
    {
        ChipRead read = default;
        read.Reset();
        read.Chip = ChipCode.FromText($"c{chip}");
        read.RssiCentiDbm = rssi;
        read.Hits = hits;
        read.Antenna = antenna;
        read.Flags = flags;
        read.LatitudeE7 = Reads;
        return Read(lane, Ms(ms).Ticks, read, reader, ahead);
    }

    public ReadOutcome Read(int lane, long time, in ChipRead read, int reader, bool ahead)
    {
        long aheadOf = ahead ? _times[lane >> 1] : long.MinValue;
        ReadOutcome outcome = _gate.Add(lane, time, read, reader, aheadOf);
        _gate.Outcomes[(int)outcome]++;
        Reads++;
        ReadOutcome? expected = _model?.Add(lane, time, read, reader, aheadOf);
        Assert.True(_model is null || outcome == expected, $"a read was {outcome}, not {expected}");
        Compare("a read");
        return outcome;
    }

    public void Advance(int location, double ms) => AdvanceTicks(location, Ms(ms).Ticks);

    public void AdvanceTicks(int location, long time)
    {
        _times[location] = Math.Max(_times[location], time);
        _gate.Advance(location, time);
        _model?.Advance(location, time);
        Compare("advancing");
    }

    public void Flush(int location)
    {
        _gate.Flush(location);
        _model?.Flush(location);
        Compare("flushing");
    }

    /// <summary>The number is the burst's, so that it does not depend on the order of passings.</summary>
    static void Take(List<Passing> passings, ref Passing passing)
    {
        passing.Session = 1;
        passing.Number = (int)passing.Burst;
        passings.Add(passing);
    }

    /// <summary>Reads that are suppressed, by the gate's counts.</summary>
    public long Suppressed => _gate.Outcomes.Index()
        .Where(pair => ((ReadOutcome)pair.Index).IsSuppressed()).Sum(pair => pair.Item);

    void Compare(string after)
    {
        if (_model is not null)
            CompareModel(_model, after);
        Passings.AddRange(_gatePassings);
        Events.AddRange(_gateEvents);
        _gatePassings.Clear();
        _modelPassings.Clear();
        _gateEvents.Clear();
        _modelEvents.Clear();
        // A read is the one of its passing, suppressed, or waits with its burst.
        Assert.True(
            _model is null || Reads == Passings.Count + Suppressed + _model.Open,
            $"after {after} reads are not accounted for");
    }

    void CompareModel(GateModel model, string after)
    {
        if (_gatePassings.Count + _modelPassings.Count + _gateEvents.Count + _modelEvents.Count > 0)
        {
            Same("passing", _gatePassings.Select(Show), _modelPassings.Select(Show));
            Same("event", _gateEvents.Where(IsModelled).Select(Show), _modelEvents.Select(Show));
        }

        long[] outcomes = model.CountOutcomes();
        if (!_gate.Outcomes.SequenceEqual(outcomes))
            Same("outcome", _gate.Outcomes.Select(ShowOutcome), outcomes.Select(ShowOutcome));

        void Same(string what, IEnumerable<string> gate, IEnumerable<string> model)
        {
            string[] is_ = [.. gate.Order(StringComparer.Ordinal)], must = [.. model.Order(StringComparer.Ordinal)];
            if (!is_.SequenceEqual(must))
            {
                Assert.Fail($"after {after}\n  gate's {what}s:  {string.Join("\n    ", is_.Except(must))}\n"
                    + $"  model's {what}s: {string.Join("\n    ", must.Except(is_))}");
            }
        }
    }

    static bool IsModelled(GateEvent told) =>
        told.Kind is GateEventKind.Suppressed or GateEventKind.Corrected or GateEventKind.Completed;

    static string ShowOutcome(long count, int outcome) => $"{(ReadOutcome)outcome} {count}";

    /// <summary>What the gate still knows: little of a passing whose burst is not followed any more.</summary>
    static string Show(GateEvent told) => told.Kind switch
    {
        GateEventKind.Corrected =>
            $"Corrected {told.Passing.Session}/{told.Passing.Number}: first {told.Passing.First}, time {told.Passing.Time}",
        // A burst that went into another one had no time of record yet.
        GateEventKind.Suppressed =>
            $"Suppressed {told.Reason} into {told.Into}: {Show(told.Passing with { Time = 0 })}",
        _ => $"{told.Kind}: {Show(told.Passing)}",
    };

    static string Show(Passing p) => string.Create(CultureInfo.InvariantCulture, $"""
        {p.Chip} @{p.Location} {p.Policy} at {p.Time} ({p.First} {p.Peak} {p.Last}) burst {p.Burst} number {p.Session}/{p.Number} reader {p.Reader} hits {p.Hits} rssi {p.BestRssiCentiDbm} antennas {p.Antennas} [{p.Flags}] at {p.HasPosition} {p.LatitudeE7} {p.LongitudeE7}
        """);
}
