namespace RufusIngest.Readers.Framing;

/// <summary>
/// Finds the lines of a text protocol. CR, LF, CRLF and NUL end a line; empty lines are skipped; a line over the limit
/// is rejected once and dropped up to its end, over as many calls as that takes.
/// </summary>
/// <remarks>
/// It remembers how far an unfinished line was searched, so that a line in many pieces is searched once.
/// The end of a line is not part of it: the next call skips it as if it were an empty line.
/// <code>
/// while (_lines.TryNext(source, endOfStream, ref position, out int length)) { … position += length; }
/// return _lines.Ended(source, position, readCount, controlCount);
/// </code>
/// </remarks>
struct LineScanner
{
    /// <summary>Longest line in bytes, without its end, where a protocol names no other limit.</summary>
    public const int DefaultLimit = 4096;

    const byte LineFeed = (byte)'\n';
    const byte CarriageReturn = (byte)'\r';

    int _searched;
    bool _dropping;
    byte _lineEnd; // The line end behind the last line, 0 once another line has begun.

    /// <summary>The rest of a line that was too long is being dropped.</summary>
    public readonly bool IsDropping => _dropping;

    /// <summary>The source does not begin inside a line that was looked at before.</summary>
    public readonly bool IsAtLine => _searched == 0 && !_dropping;

    /// <summary>Finds the line at or behind the position.</summary>
    /// <param name="source">The source of the parse call.</param>
    /// <param name="endOfStream">Takes a last line without an end; it is the one that reaches the end of the
    /// source.</param>
    /// <param name="position">In: where the line before ended. Out: the first byte of the line.</param>
    /// <param name="length">Bytes of the line without its end, at least 1.</param>
    /// <param name="limit">Longest line that is taken.</param>
    /// <param name="ends">The bytes that end a line where they are not the usual three.</param>
    /// <param name="inside">The position is inside a line, of which the front was taken: no line ends are passed
    /// over.</param>
    /// <returns>False when there is no whole line: return <see cref="Ended"/> then.</returns>
    public bool TryNext(
        ReadOnlySpan<byte> source,
        bool endOfStream,
        ref int position,
        out int length,
        int limit = DefaultLimit,
        ReadOnlySpan<byte> ends = default,
        bool inside = false)
    {
        length = 0;
        if (inside ? position == source.Length : !MoveToLine(source, ref position, ends))
            return false;
        ReadOnlySpan<byte> rest = source[position..];
        int end = IndexOfEnd(rest[_searched..], ends);
        length = end < 0 ? rest.Length : _searched + end;
        if (length > limit)
        {
            _dropping = true;
            _searched = limit;
            return false;
        }

        bool whole = end >= 0 || endOfStream;
        _searched = whole ? 0 : length;
        return whole;
    }

    /// <summary>The line just found goes on behind its end: the next call finds it up to the next end.</summary>
    /// <param name="length">What was found of it.</param>
    public void SearchBehind(int length) => _searched = length + 1;

    /// <summary>Moves over line ends, and over the rest of a line that was too long.</summary>
    /// <returns>False when the source ends first.</returns>
    public bool MoveToLine(ReadOnlySpan<byte> source, ref int position, ReadOnlySpan<byte> ends = default)
    {
        Drop(source, ref position, ends);
        while (position < source.Length
            && (source[position] is CarriageReturn or LineFeed or 0 || ends.Contains(source[position])))
            position++;
        return position < source.Length;
    }

    void Drop(ReadOnlySpan<byte> source, ref int position, ReadOnlySpan<byte> ends)
    {
        if (!_dropping)
            return;
        int end = IndexOfEnd(source[position..], ends);
        position = end < 0 ? source.Length : position + end;
        _searched = 0;
        _dropping = end < 0;
    }

    /// <summary>Moves over line ends up to and with the next one that has no line before it.</summary>
    /// <param name="source">The source of the parse call.</param>
    /// <param name="position">In: at a line end or at a line. Out: behind the line ends that were looked at.</param>
    /// <param name="ends">The bytes that end a line where they are not the usual three.</param>
    /// <returns>True for an empty line: its end is the byte before the position.</returns>
    public bool TryEmptyLine(ReadOnlySpan<byte> source, ref int position, ReadOnlySpan<byte> ends = default)
    {
        Drop(source, ref position, ends);
        for (; position < source.Length; position++)
        {
            byte end = source[position];
            byte before = _lineEnd;
            if (end == 0)
                continue;
            if (end is not (CarriageReturn or LineFeed))
            {
                if (!ends.Contains(end))
                    break;
                _lineEnd = 0; // The line end behind it is no empty line.
                continue;
            }

            _lineEnd = before == CarriageReturn && end == LineFeed ? LineFeed : end;
            if (before == 0 || (before == CarriageReturn && end == LineFeed))
                continue;
            position++;
            return true;
        }

        if (position < source.Length)
            _lineEnd = 0;
        return false;
    }

    static int IndexOfEnd(ReadOnlySpan<byte> text, ReadOnlySpan<byte> ends) =>
        ends.IsEmpty ? text.IndexOfAny(CarriageReturn, LineFeed, (byte)0) : text.IndexOfAny(ends);

    /// <summary>The result of the parse call when there is no further line.</summary>
    /// <remarks>Of a line over the limit the first bytes, as many as the limit, are the reject.</remarks>
    public readonly ParseResult Ended(ReadOnlySpan<byte> source, int position, int reads, int controls)
    {
        if (position == source.Length)
            return ParseResult.Done(position, reads, controls);
        return _dropping
            ? ParseResult.Malformed(
                position + _searched, reads, controls, RejectReason.TooLong, position, _searched)
            : ParseResult.NeedMore(position, reads, controls);
    }
}
