namespace RufusIngest.Readers;

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

    /// <summary>The source does not begin inside a line that was looked at before.</summary>
    public readonly bool IsAtLine => _searched == 0 && !_dropping;

    /// <summary>Finds the line at or behind the position.</summary>
    /// <param name="source">The source of the parse call.</param>
    /// <param name="endOfStream">Takes a last line without an end; it is the one that reaches the end of the source.</param>
    /// <param name="position">In: where the line before ended. Out: the first byte of the line.</param>
    /// <param name="length">Bytes of the line without its end, at least 1.</param>
    /// <param name="limit">Longest line that is taken.</param>
    /// <returns>False when there is no whole line: return <see cref="Ended"/> then.</returns>
    public bool TryNext(
        ReadOnlySpan<byte> source, bool endOfStream, ref int position, out int length, int limit = DefaultLimit)
    {
        length = 0;
        if (!MoveToLine(source, ref position))
            return false;
        ReadOnlySpan<byte> rest = source[position..];
        int end = rest[_searched..].IndexOfAny(CarriageReturn, LineFeed, (byte)0);
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

    /// <summary>Moves over line ends, and over the rest of a line that was too long.</summary>
    /// <returns>False when the source ends first.</returns>
    public bool MoveToLine(ReadOnlySpan<byte> source, ref int position)
    {
        if (_dropping)
        {
            int end = source[position..].IndexOfAny(CarriageReturn, LineFeed, (byte)0);
            position = end < 0 ? source.Length : position + end;
            _searched = 0;
            _dropping = end < 0;
        }

        while (position < source.Length && source[position] is CarriageReturn or LineFeed or 0)
            position++;
        return position < source.Length;
    }

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
