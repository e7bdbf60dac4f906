using System.Runtime.CompilerServices;

namespace RufusIngest.Server;

/// <summary>One passing of a session; its texts lie one after another in the session's arena.</summary>
struct StoredPassing
{
    public long Number;
    public long TimeMs;
    int _chunk;
    int _start;
    TextLengths _lengthsPlusOne;

    public static StoredPassing Copy(in ParsedPassing passing, ReadOnlySpan<byte> body, TextArena arena)
    {
        var total = 0;
        for (var i = 0; i < PassingText.Count; i++)
            total += passing.Texts[i].Length;
        var stored = Empty(passing.Number, passing.TimeMs, total, arena, out var room);
        for (var i = 0; i < PassingText.Count; i++)
        {
            var slice = passing.Texts[i];
            if (slice.IsNull)
                continue;
            slice.In(body).CopyTo(room);
            room = room[slice.Length..];
            stored.SetLength(i, slice.Length);
        }

        return stored;
    }

    /// <summary>
    /// One without texts yet, and room for them: they go there one after another, in the order of their members, each
    /// told by <see cref="SetLength"/>.
    /// </summary>
    public static StoredPassing Empty(long number, long timeMs, int textBytes, TextArena arena, out Span<byte> room)
    {
        var stored = new StoredPassing { Number = number, TimeMs = timeMs };
        room = arena.Append(textBytes, out stored._chunk, out stored._start);
        return stored;
    }

    /// <summary>The text is there, and so long.</summary>
    public void SetLength(int text, int length) => _lengthsPlusOne[text] = (ushort)(length + 1);

    /// <summary>Where its texts begin in their chunk.</summary>
    public readonly int TextStart => _start;

    /// <summary>How long its texts are together.</summary>
    public readonly int TextBytes
    {
        get
        {
            var total = 0;
            for (var i = 0; i < PassingText.Count; i++)
                total += Math.Max(_lengthsPlusOne[i] - 1, 0);
            return total;
        }
    }

    /// <summary>The texts as slices of <paramref name="bytes"/>, the chunk they lie in.</summary>
    public readonly TextSlices Texts(byte[][] chunks, out ReadOnlySpan<byte> bytes)
    {
        bytes = chunks[_chunk];
        var slices = default(TextSlices);
        var start = _start;
        for (var i = 0; i < PassingText.Count; i++)
        {
            if (_lengthsPlusOne[i] == 0)
                continue;
            var length = _lengthsPlusOne[i] - 1;
            slices[i] = new TextSlice(start, length);
            start += length;
        }

        return slices;
    }

    /// <summary>Same identity, time and place, which is what makes a repeated number a duplicate.</summary>
    public readonly bool Same(in ParsedPassing passing, ReadOnlySpan<byte> body, byte[][] chunks)
    {
        if (TimeMs != passing.TimeMs)
            return false;
        var texts = Texts(chunks, out var bytes);
        return SameText(PassingText.Bib, texts, bytes, passing, body)
            && SameText(PassingText.Chip, texts, bytes, passing, body)
            && Coordinate.Same(
                texts[PassingText.Latitude], bytes, passing.Texts[PassingText.Latitude], body)
            && Coordinate.Same(
                texts[PassingText.Longitude], bytes, passing.Texts[PassingText.Longitude], body);
    }

    static bool SameText(
        int text, in TextSlices texts, ReadOnlySpan<byte> bytes, in ParsedPassing passing, ReadOnlySpan<byte> body)
    {
        var (a, b) = (texts[text], passing.Texts[text]);
        return a.IsNull == b.IsNull && a.In(bytes).SequenceEqual(b.In(body));
    }

    [InlineArray(PassingText.Count)]
    struct TextLengths
    {
        ushort _first;
    }
}
