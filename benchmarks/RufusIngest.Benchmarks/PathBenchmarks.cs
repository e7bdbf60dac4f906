using System.Text.Json;
using BenchmarkDotNet.Attributes;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Benchmarks;

/// <summary>
/// The whole way in memory, per read: 64 KiB of IPICO lines to payload bytes, 10 reads a passing, 5,500 chips.
/// </summary>
[MemoryDiagnoser]
public class PathBenchmarks
{
    readonly RaceChunks _chunks = new();
    readonly IngestCore _core = new();
    readonly IngestOutput _output = new();
    readonly Dictionary<string, DateTime> _last = [];
    readonly Dictionary<string, string> _bibs =
        Enumerable.Range(0, RaceChunks.Chips).ToDictionary(Samples.Chip, Samples.Bib);
    long _sequence;
    int _number;

    [GlobalSetup(Target = nameof(Core))]
    public void SetupCore()
    {
        IngestSettings settings = new()
        {
            Locations = [new LocationSettings { Name = "FINISH" }],
            Readers = [new ReaderSettings { Name = "mat", Protocol = "ipico", Location = "FINISH" }],
            Chips = ChipTable.Create(_bibs.Select(
                pair => KeyValuePair.Create(ChipCode.FromText(pair.Key), pair.Value))),
            // Remembering earlier passings takes 40 bytes each by design; here it is off, so that any other byte shows.
            Limits = new GateLimits { MaxEarlierPassings = 0 },
        };
        Apply(RecordKind.Settings, settings.ToUtf8Json());
        Apply(RecordKind.Connected, default);
        for (int i = 0; i < 100; i++)
            Core();
        LocationCounters location = _core.GetCounters().Locations[0];
        if (location.Passings < 99 * (Samples.IpicoReads / Samples.HitsPerPassing) || location.Late > 0)
            throw new InvalidDataException($"Not the race it should be: {location}.");
    }

    [Benchmark(OperationsPerInvoke = Samples.IpicoReads)]
    [BenchmarkCategory(AllocationGate.Category)]
    public long Core()
    {
        Apply(RecordKind.Chunk, _chunks.Next());
        long bytes = 0;
        while (_output.TryTakeBatch(out PassingBatch batch))
        {
            using (batch)
                bytes += batch.Items.Length;
        }

        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Samples.IpicoReads)]
    public long OrdinaryWay()
    {
        using StreamReader lines = Ordinary.Lines(_chunks.Next());
        List<PassingItem> items = [];
        while (lines.ReadLine() is { } line)
        {
            if (Ordinary.Ipico(line) is not { } read)
                continue;
            if (_last.TryGetValue(read.Chip, out DateTime last) && read.Time - last < TimeSpan.FromSeconds(5))
                continue;
            _last[read.Chip] = read.Time;
            items.Add(new PassingItem(_bibs[read.Chip], ++_number, Ordinary.Timestamp(read.Time), read.Chip));
        }

        return JsonSerializer.SerializeToUtf8Bytes(items, OrdinaryJson.Default.ListPassingItem).Length;
    }

    void Apply(RecordKind kind, ReadOnlySpan<byte> payload) =>
        _core.Apply(new IngestRecord { Sequence = ++_sequence, Kind = kind, Payload = payload }, _output);
}
