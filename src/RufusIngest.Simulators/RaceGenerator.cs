using System.Globalization;

namespace RufusIngest.Simulators;

/// <summary>Decides who crosses where and when; the reads themselves are made by <see cref="ScriptBuilder"/>.</summary>
internal sealed class RaceGenerator
{
    private const int Minute = 60_000;
    private const int StandingPerMille = 150;

    // What a mat can hold, and what keeps three reads a second from each of them below an IPICO's 1,500 reads/s.
    private const int StandingMost = 350;
    private const int SecondCrossingPerMille = 30;
    private const int UnlistedPerMille = 10;

    private readonly RaceOptions _options;
    private readonly SplitMix64 _random;
    private readonly ScriptBuilder[] _builders;
    private readonly List<RaceCrossing> _crossings = [];
    private RaceRunner[] _runners = [];

    public RaceGenerator(RaceOptions options)
    {
        _options = options;
        _random = new SplitMix64(options.Seed);
        _builders =
        [
            new(ReaderProtocol.Ipico, 30, _random.Fork()),
            new(ReaderProtocol.CloudBox, 40, _random.Fork()),
            new(ReaderProtocol.Ultra, 40, _random.Fork()),
        ];
    }

    public Race Generate()
    {
        var order = ShuffledOrder();
        _runners = [.. order.Select(MakeRunner)];
        for (var place = 0; place < order.Length; place++)
        {
            // The shuffled order also decides who stands in front, so that bibs say nothing about it.
            RunRace(order[place], place);
        }

        var gun = _options.GunUtcMs;
        ReaderScript[] scripts = [.. _builders.Select(b =>
            new ReaderScript(b.Protocol, _options.LocalOffset, _runners, b.Build(gun)))];
        RaceCrossing[] crossings =
            [.. _crossings.OrderBy(c => c.FirstUtcMs).ThenBy(c => c.Chip, StringComparer.Ordinal)];
        return new Race(_options, MakeEntries(), crossings, scripts);
    }

    private int[] ShuffledOrder()
    {
        int[] order = [.. Enumerable.Range(0, _options.Runners)];
        for (var i = order.Length - 1; i > 0; i--)
        {
            var other = _random.Next(0, i);
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }

    private RaceRunner MakeRunner(int shuffled, int index)
    {
        var number = index + 1;
        var unlisted = 0;
        for (var protocol = 0; protocol < 3; protocol++)
        {
            unlisted |= _random.Chance(UnlistedPerMille) ? 1 << protocol : 0;
        }

        // An odd factor keeps the 24-bit codes distinct. Ultra chips lie above every bib: an unknown chip's code stands
        // in for its bib and must not be another runner's.
        var ipico = ((uint)shuffled * 0x9E3779B1u) & 0xFFFFFF;
        return new RaceRunner(
            index % 20 == 11 ? Text($"W{number}") : Text($"{number}"),
            Text($"058001{ipico:x6}"),
            Text($"MC{shuffled + 1:d5}"),
            Text($"{_random.Next():X16}{(uint)_random.Next():X8}"),
            Text($"{200_001 + shuffled}"),
            unlisted);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private RaceEntry[] MakeEntries() =>
    [
        .. from builder in _builders
           from runner in _runners
           where runner.IsListed(builder.Protocol)
           select new RaceEntry(runner.Chip(builder.Protocol), runner.Bib),
    ];

    private void RunRace(int runner, int place)
    {
        var standing = Math.Min(_options.Runners * StandingPerMille / 1000, StandingMost);
        var start = place < standing ? Stand(runner) : Cross(0, runner, WalkOverStart());

        // Irwin-Hall: four even draws make a bell between 32 and 80 minutes for 10 km.
        var bell = _random.Next(0, 1000) + _random.Next(0, 1000) + _random.Next(0, 1000) + _random.Next(0, 1000);
        var netMs = (32L * Minute) + (48L * Minute * bell / 4000);
        var split = Cross(1, runner, start + (netMs * _random.Next(470, 500) / 1000));
        var finish = Cross(2, runner, start + netMs);

        if (_random.Chance(SecondCrossingPerMille))
        {
            var again = _random.Next(0, 2);
            var before = again switch { 0 => start, 1 => split, _ => finish };
            _ = Cross(again, runner, before + _random.Next(90_000, 400_000));
        }
    }

    /// <summary>At least a minute on the mat before the gun, then off it: one unbroken crossing.</summary>
    private long Stand(int runner)
    {
        var gun = _options.GunUtcMs;
        var from = gun - _random.Next(60_000, ScriptBuilder.LongestStandMs);
        return Note(_builders[0], runner, _builders[0].AddStanding(runner, from, gun + _random.Next(1_000, 18_000)));
    }

    /// <summary>Behind those who stood on the mat, within about three minutes; larger fields take longer.</summary>
    private long WalkOverStart()
    {
        var lastOver = Math.Max(200_000, _options.Runners * 1000 / 60);
        return _options.GunUtcMs + _random.Next(20_000, lastOver);
    }

    private long Cross(int location, int runner, long atUtcMs) =>
        Note(_builders[location], runner, _builders[location].AddBurst(runner, atUtcMs));

    private long Note(ScriptBuilder builder, int runner, (long First, long Last) span)
    {
        var who = _runners[runner];
        _crossings.Add(new RaceCrossing(
            ReaderScript.LocationOf(builder.Protocol),
            who.ExpectedBib(builder.Protocol),
            who.Chip(builder.Protocol),
            span.First,
            span.Last));
        return span.Last;
    }
}
