using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Passings;

/// <summary>
/// Consecutive passings of one local session, as values and as the JSON items they are sent as. The bytes are written
/// once; a retry sends the same ones.
/// </summary>
/// <remarks>
/// Whoever takes a batch owns it and gives it back to its pool by <see cref="Dispose"/>, once, after the last use of
/// <see cref="Items"/> and <see cref="Passings"/>. Not thread-safe; it may move between threads.
/// </remarks>
public sealed class PassingBatch : IDisposable
{
    readonly PassingsJsonWriter _writer = new();
    readonly ObjectPool<PassingBatch> _pool;
    readonly Passing[] _passings;
    readonly int[] _ends;
    byte[] _items;
    int _length;
    int _isOut;

    internal PassingBatch(ObjectPool<PassingBatch> pool, int maxPassings)
    {
        _pool = pool;
        _passings = new Passing[maxPassings];
        _ends = new int[maxPassings];
        _items = new byte[maxPassings * 128];
    }

    /// <summary>Name of the location.</summary>
    public string Location { get; private set; } = "";

    /// <summary>Local session of the location, from 1.</summary>
    public int Session { get; private set; }

    /// <summary>How many passings it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Number of its first passing.</summary>
    public int FirstNumber => _passings[0].Number;

    /// <summary>Number of its last passing.</summary>
    public int LastNumber => FirstNumber + Count - 1;

    /// <summary>The passings, in ascending number.</summary>
    public ReadOnlySpan<Passing> Passings => _passings.AsSpan(0, Count);

    /// <summary>The API's JSON objects, UTF-8, separated by commas.</summary>
    public ReadOnlyMemory<byte> Items => _items.AsMemory(0, _length);

    internal bool IsFull => Count == _passings.Length;

    internal int LocationIndex => _passings[0].Location;

    /// <summary>Host time at which the first passing came in, ticks since 1970-01-01 UTC.</summary>
    internal long OpenedAt { get; private set; }

    /// <summary>The JSON object of one passing.</summary>
    /// <param name="index">Position in the batch, from 0.</param>
    public ReadOnlySpan<byte> GetItem(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        int start = index == 0 ? 0 : _ends[index - 1] + 1;
        return _items.AsSpan(start, _ends[index] - start);
    }

    internal void Open(string location, int session, long now)
    {
        _isOut = 1;
        Location = location;
        Session = session;
        OpenedAt = now;
    }

    internal void Append(in Passing passing, ReadOnlySpan<byte> jsonBib)
    {
        int need = _length + 1 + jsonBib.Length + PassingsJsonWriter.MaxBytesWithoutBib;
        if (need > _items.Length)
            Array.Resize(ref _items, Math.Max(need, _items.Length * 2));
        if (Count > 0)
            _items[_length++] = (byte)',';
        _length += _writer.Write(_items.AsSpan(_length), passing, jsonBib);
        _ends[Count] = _length;
        _passings[Count++] = passing;
    }

    /// <summary>Gives the batch and its buffers back to the pool. Only the first call counts.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOut, 0) == 1)
            _pool.Return(this);
    }

    internal void Clear()
    {
        Count = 0;
        _length = 0;
    }

    /// <summary>Makes batches of one size and takes them back.</summary>
    internal sealed class Policy(int maxPassings) : PooledObjectPolicy<PassingBatch>
    {
        ObjectPool<PassingBatch>? _pool;

        /// <summary>A pool that keeps as many idle batches as can be on the way at once.</summary>
        public static ObjectPool<PassingBatch> CreatePool(int maxPassings, int keep)
        {
            Policy policy = new(maxPassings);
            return policy._pool = new DefaultObjectPool<PassingBatch>(policy, keep);
        }

        public override PassingBatch Create() => new(_pool!, maxPassings);

        public override bool Return(PassingBatch obj)
        {
            obj.Clear();
            return true;
        }
    }
}
