using System.Text;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>The race of a plan when nothing goes wrong: the core alone, lines applied when the reader has them.</summary>
sealed class RaceReference
{
    static readonly IReadOnlyList<ReaderProtocol> s_protocols = [.. ReaderProtocol.All, PlainParser.Protocol];

    readonly IngestCore _core = new(s_protocols);
    readonly IngestOutput _output = new(maxBatchPassings: 16, keepBatches: 4);
    readonly List<string>[] _items;
    long _sequence;

    RaceReference(RacePlan plan)
    {
        _items = [.. Enumerable.Range(0, plan.Locations).Select(_ => new List<string>())];
        Apply(RecordKind.Settings, 0, 0, plan.Settings.ToUtf8Json());
        int[] offsets = new int[plan.Scripts.Length];
        for (int reader = 0; reader < offsets.Length; reader++)
            Apply(RecordKind.Connected, reader, 0, default);
        for (double at = 0; at < plan.RaceSeconds + 2; at += 2)
        {
            for (int reader = 0; reader < offsets.Length; reader++)
            {
                int end = plan.Scripts[reader].ProducedAt(at);
                Apply(RecordKind.Chunk, reader, at, plan.Scripts[reader].Bytes.AsSpan(offsets[reader]..end));
                offsets[reader] = end;
            }

            Apply(RecordKind.Tick, 0, at, default);
        }

        for (int location = 0; location < plan.Locations; location++)
            Apply(RecordKind.SessionClosed, location, plan.RaceSeconds + 2, default);
    }

    /// <summary>The items of each location.</summary>
    public static List<string>[] Items(RacePlan plan) => new RaceReference(plan)._items;

    void Apply(RecordKind kind, int index, double at, ReadOnlySpan<byte> payload)
    {
        IngestRecord record = new()
        {
            Sequence = ++_sequence,
            Kind = kind,
            Index = index,
            ReceivedAt = CoreRun.At(at),
            Payload = payload,
        };
        _core.Apply(record, _output);
        _output.ClearEvents();
        _output.CloseBatches();
        while (_output.TryTakeBatch(out PassingBatch batch))
        {
            using (batch)
            {
                List<string> items = _items[batch.Location == RacePlan.LocationName(0) ? 0 : 1];
                for (int i = 0; i < batch.Count; i++)
                    items.Add(Encoding.UTF8.GetString(batch.GetItem(i)));
            }
        }
    }
}
