namespace RufusIngest.Passings;

/// <summary>
/// JSON items of consecutive passings of one local session, in a buffer that is used again and again. One thread.
/// </summary>
public sealed class PassingItems
{
    byte[] _bytes = new byte[16 * 1024];
    int[] _ends = new int[128];
    int _length;

    /// <summary>Number of the first passing.</summary>
    public int FirstNumber { get; private set; }

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Number of the last passing.</summary>
    public int LastNumber => FirstNumber + Count - 1;

    /// <summary>Forgets what it holds.</summary>
    /// <param name="firstNumber">Number of the passing that will be added first.</param>
    public void Clear(int firstNumber)
    {
        FirstNumber = firstNumber;
        Count = 0;
        _length = 0;
    }

    /// <summary>Adds the next passing's JSON object, UTF-8.</summary>
    public void Add(ReadOnlySpan<byte> item)
    {
        if (Count == _ends.Length)
            Array.Resize(ref _ends, Count * 2);
        int need = _length + 1 + item.Length;
        if (need > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(need, _bytes.Length * 2));
        if (Count > 0)
            _bytes[_length++] = (byte)',';
        item.CopyTo(_bytes.AsSpan(_length));
        _length += item.Length;
        _ends[Count++] = _length;
    }

    /// <summary>The JSON object of one passing.</summary>
    /// <param name="index">Position, from 0.</param>
    public ReadOnlySpan<byte> GetItem(int index) => GetItems(index, index + 1).Span;

    /// <summary>JSON objects separated by commas; valid until the next change.</summary>
    /// <param name="from">Position of the first, from 0.</param>
    /// <param name="to">Position behind the last.</param>
    public ReadOnlyMemory<byte> GetItems(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)to, (uint)Count, nameof(to));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)from, (uint)to, nameof(from));
        int start = from == 0 ? 0 : _ends[from - 1] + 1;
        return _bytes.AsMemory(start, _ends[to - 1] - start);
    }
}
