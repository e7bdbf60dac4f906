using System.Text;
using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Server;

/// <summary>One request's passings, as slices of its body. Reused through a pool; one thread at a time.</summary>
sealed class PassingsBatch : IResettable
{
    /// <summary>Conflicts kept for the log; further ones of the same batch are only counted.</summary>
    public const int MaxLoggedConflicts = 20;

    // A batch that grew beyond this for one large request is not kept.
    const int MaxKeptBytes = 1024 * 1024;
    const int MaxKeptRows = 10_000;

    ParsedPassing[] _rows = new ParsedPassing[256];
    byte[] _scratch = [];

    public BodyBuffer Body { get; } = new();

    public TextSlice Token { get; set; }

    public int Count { get; private set; }

    /// <summary>What was wrong, and where; null after a body that parsed.</summary>
    public string? Error { get; private set; }

    public BodyFault Fault { get; private set; }

    /// <summary>The first few conflicts of the last insert.</summary>
    public List<PassingConflict> Conflicts { get; } = [];

    public ref readonly ParsedPassing this[int row] => ref _rows[row];

    public ref ParsedPassing Add()
    {
        if (Count == _rows.Length)
            Array.Resize(ref _rows, Count * 2);
        ref var row = ref _rows[Count++];
        row = default;
        return ref row;
    }

    public void Clear() => Count = 0;

    public string TokenText() => Encoding.UTF8.GetString(Token.In(Body.Bytes));

    /// <summary>Keeps what is stored under the number of a row.</summary>
    public void AddConflict(int row, string deviceId, in StoredPassing stored, byte[][] chunks)
    {
        var texts = stored.Texts(chunks, out var bytes);
        var copy = new byte[stored.TextBytes];
        bytes.Slice(stored.TextStart, copy.Length).CopyTo(copy);
        for (var i = 0; i < PassingText.Count; i++)
            texts[i] = texts[i].Moved(-stored.TextStart);
        Conflicts.Add(new(row, deviceId, stored.Number, stored.TimeMs, texts, copy));
    }

    public bool Fail(string error, BodyFault fault = BodyFault.Wrong)
    {
        (Error, Fault) = (error, fault);
        return false;
    }

    /// <summary>Room to undo the escapes of a string of this many bytes.</summary>
    public Span<byte> Scratch(int length)
    {
        if (_scratch.Length < length)
            _scratch = new byte[length];
        return _scratch;
    }

    public bool TryReset()
    {
        Begin();
        return Body.Capacity <= MaxKeptBytes && _rows.Length <= MaxKeptRows;
    }

    public void Begin()
    {
        Count = 0;
        Token = default;
        Conflicts.Clear();
        (Error, Fault) = (null, BodyFault.None);
    }
}

/// <summary>One passing of a request; its texts are slices of the body.</summary>
struct ParsedPassing
{
    public long Number;
    public long TimeMs;
    public TextSlices Texts;
}
