using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>Counts batches out and back, and overwrites the bytes of those that come back.</summary>
sealed class CountingBatchPool(int maxPassings = 10_000) : ObjectPool<PassingBatch>
{
    public const byte Poison = (byte)'!';

    readonly HashSet<PassingBatch> _out = [];

    public int Out
    {
        get
        {
            lock (_out)
                return _out.Count;
        }
    }

    public override PassingBatch Get()
    {
        PassingBatch batch = new(this, maxPassings);
        lock (_out)
            _out.Add(batch);
        return batch;
    }

    public override void Return(PassingBatch obj)
    {
        MemoryMarshal.AsMemory(obj.Items).Span.Fill(Poison);
        obj.Clear();
        lock (_out)
            Assert.True(_out.Remove(obj), "A batch came back twice.");
    }

    /// <summary>A batch of consecutive passings. A long bib makes it big.</summary>
    public PassingBatch Make(string location, int first, int count = 2, int session = 1, int bibLength = 4)
    {
        PassingBatch batch = Get();
        batch.Open(location, session, 0);
        byte[] bib = new byte[bibLength];
        bib.AsSpan().Fill((byte)'7');
        for (int i = 0; i < count; i++)
        {
            Passing passing = new()
            {
                Chip = ChipCode.FromText("ABC123"),
                Number = first + i,
                Session = session,
                Time = (DateTime.UnixEpoch.AddYears(50).Ticks - DateTime.UnixEpoch.Ticks) + (i * 10_000_000L),
            };
            batch.Append(passing, bib);
        }

        return batch;
    }
}
