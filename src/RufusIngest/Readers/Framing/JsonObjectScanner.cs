using System.Buffers;

namespace RufusIngest.Readers.Framing;

/// <summary>
/// Finds whole top-level JSON objects in a stream that may join, wrap, indent, cut or garble them, and remembers how
/// far it looked, so that an object arriving in many pieces is looked at once.
/// </summary>
/// <remarks>
/// It knows strings, depth and what may stand before a brace, and no more: a found object may still be bad JSON.
/// An object is given up where it shows that it was cut off: at a line end inside a string; at a brace that can begin
/// no value; and, once it has text where none can stand (its quotes are then likely the wrong way round), at a brace
/// inside a string. Then only its own brace is lost: the search goes on at the next brace behind it from which an
/// object is, or may still become, whole.
/// </remarks>
struct JsonObjectScanner
{
    /// <summary>Longest object, and longest run of other bytes that is rejected as one.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Deepest nesting, the object itself being 1.</summary>
    public const int MaxDepth = 64;

    static readonly SearchValues<byte> StringStops = SearchValues.Create("\"\\\r\n"u8);
    static readonly SearchValues<byte> BrokenStringStops = SearchValues.Create("\"\\\r\n{"u8);

    enum Outcome
    {
        Open = 0,
        Whole,
        CutOff,
        TooLong,
        TooDeep,
    }

    int _scanned;
    int _depth;
    ulong _arrays; // Bit n: level n + 1 is an array.
    byte _before;  // The last byte outside strings that is not white: '"' for a string, 'x' for a number or word.
    bool _inString;
    bool _broken;

    /// <summary>At the bracket that ends an array in an object: the frame is the rest of that object.</summary>
    public static JsonObjectScanner BehindArray => new() { _scanned = 1, _depth = 1, _before = (byte)']' };

    /// <summary>The next call goes on in a frame that begins with the first unconsumed byte.</summary>
    public readonly bool IsResuming => _scanned > 0;

    /// <summary>The first byte from a place on that is neither white, NUL, comma, bracket nor BOM.</summary>
    public static int SkipSeparators(ReadOnlySpan<byte> source, int at)
    {
        while ((uint)at < (uint)source.Length && source[at] != '{')
        {
            if (source[at] is (byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t' or 0
                or (byte)',' or (byte)'[' or (byte)']')
                at++;
            else if (source[at..].StartsWith("\uFEFF"u8))
                at += 3;
            else
                break;
        }

        return at;
    }

    /// <summary>Finds the end of what begins at the first byte, which is no separator unless resuming.</summary>
    public JsonFrame Next(ReadOnlySpan<byte> source, bool endOfStream)
    {
        JsonFrame frame = source[0] == '{' || _depth > 0 ? NextObject(source, endOfStream) : Garbage(source, endOfStream);
        if (frame.Length > 0)
            this = default;
        return frame;
    }

    /// <summary>Other bytes up to a brace or line end: one reject.</summary>
    JsonFrame Garbage(ReadOnlySpan<byte> source, bool endOfStream)
    {
        if (!endOfStream && source.Length < 3 && "\uFEFF"u8.StartsWith(source))
            return default;
        int limit = Math.Min(source.Length, MaxBytes);
        int length = source[_scanned..limit].IndexOfAny((byte)'{', (byte)'\r', (byte)'\n');
        if (length >= 0)
            return new JsonFrame(_scanned + length, RejectReason.UnknownFrame);
        if (endOfStream || limit == MaxBytes)
            return new JsonFrame(limit, RejectReason.UnknownFrame);
        _scanned = limit;
        return default;
    }

    JsonFrame NextObject(ReadOnlySpan<byte> source, bool endOfStream)
    {
        switch (Scan(source))
        {
            case Outcome.Whole:
                return new JsonFrame(_scanned, RejectReason.None);
            case Outcome.CutOff:
                return new JsonFrame(Restart(source[..(_scanned + 1)], _scanned, false), RejectReason.Truncated);
            case Outcome.TooLong:
                return new JsonFrame(Restart(source[.._scanned], _scanned, false), RejectReason.TooLong);
            case Outcome.TooDeep:
                return new JsonFrame(_scanned, RejectReason.TooLong) { IsTooDeep = true };
            default:
                return endOfStream
                    ? new JsonFrame(Restart(source, source.Length, true), RejectReason.Truncated)
                    : default;
        }
    }

    /// <summary>
    /// The first brace behind that of a given-up object from which an object is whole, or still open, in what was seen
    /// of the source; otherwise the place where it was given up.
    /// </summary>
    static int Restart(ReadOnlySpan<byte> seen, int givenUpAt, bool nothingFollows)
    {
        for (int at = 1; at < seen.Length; at++)
        {
            int brace = seen[at..].IndexOf((byte)'{');
            if (brace < 0)
                break;
            at += brace;
            JsonObjectScanner probe = default;
            Outcome outcome = probe.Scan(seen[at..]);
            if (outcome == Outcome.Whole || (outcome == Outcome.Open && !nothingFollows))
                return at;
        }

        return givenUpAt;
    }

    /// <summary>Goes on to the end of the object, or to where it is given up; <c>_scanned</c> is that place.</summary>
    Outcome Scan(ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> text = source[..Math.Min(source.Length, MaxBytes)];
        while (_scanned < text.Length)
        {
            Outcome outcome = _inString ? InString(text) : OutsideStrings(text);
            if (outcome != Outcome.Open)
                return outcome;
            if (_inString && _scanned == text.Length - 1 && text[_scanned] == '\\')
                break; // What it escapes has not come yet.
        }

        if (text.Length < MaxBytes)
            return Outcome.Open;
        _scanned = MaxBytes;
        return Outcome.TooLong;
    }

    Outcome InString(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            int stop = text[_scanned..].IndexOfAny(_broken ? BrokenStringStops : StringStops);
            if (stop < 0)
            {
                _scanned = text.Length;
                return Outcome.Open;
            }

            _scanned += stop;
            if (text[_scanned] == '"')
            {
                _scanned++;
                _inString = false;
                return Outcome.Open;
            }

            if (text[_scanned] != '\\')
                return Outcome.CutOff;
            if (_scanned + 1 == text.Length)
                return Outcome.Open;
            if (text[_scanned + 1] is (byte)'\r' or (byte)'\n')
            {
                _scanned++;
                return Outcome.CutOff;
            }

            _scanned += 2;
        }
    }

    Outcome OutsideStrings(ReadOnlySpan<byte> text)
    {
        for (; _scanned < text.Length; _scanned++)
        {
            byte b = text[_scanned];
            switch (b)
            {
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                    continue;
                case (byte)'"':
                    _broken |= _before is (byte)'"' or (byte)'x' or (byte)'}' or (byte)']';
                    _before = b;
                    _inString = true;
                    _scanned++;
                    return Outcome.Open;
                case (byte)'{' or (byte)'[':
                    if (b == '{' && !MayOpen())
                        return Outcome.CutOff;
                    if (_depth == MaxDepth)
                        return Outcome.TooDeep;
                    _arrays = (_arrays & ~(1UL << _depth)) | (b == '[' ? 1UL << _depth : 0);
                    _depth++;
                    break;
                case (byte)'}' or (byte)']':
                    if (--_depth > 0)
                        break;
                    _scanned++;
                    return Outcome.Whole;
                case (byte)':' or (byte)',':
                    break;
                default:
                    _broken |= _before is (byte)'"' or (byte)'}' or (byte)']';
                    b = (byte)'x';
                    break;
            }

            _before = b;
        }

        return Outcome.Open;
    }

    readonly bool MayOpen() =>
        _depth == 0 || _before is (byte)':' or (byte)'[' || (_before == ',' && (_arrays >> (_depth - 1) & 1) != 0);
}

/// <summary>What begins at the first unconsumed byte of a JSON stream.</summary>
/// <param name="Length">Its length in bytes, or 0 when its end has not come yet.</param>
/// <param name="Reject">None for an object with balanced braces, otherwise why these bytes are none.</param>
readonly record struct JsonFrame(int Length, RejectReason Reject)
{
    /// <summary>It is nested too deep, and may be short.</summary>
    public bool IsTooDeep { get; init; }
}
