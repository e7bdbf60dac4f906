namespace RufusIngest.Readers.Framing;

/// <summary>Walks the fields of a separated row in which fields may be quoted.</summary>
ref struct CsvFields(ReadOnlySpan<byte> row, byte separator)
{
    ReadOnlySpan<byte> _rest = row;
    ReadOnlySpan<byte> _field = default;
    bool _doubled;
    bool _done;

    /// <summary>Moves to the next field; false behind the last one.</summary>
    public bool Next()
    {
        if (_done)
            return false;
        _rest = TrimStart(_rest);
        _doubled = false;
        int end = !_rest.IsEmpty && _rest[0] == '"' ? QuotedEnd() : 0;
        if (end > 0)
        {
            _field = _rest[1..(end - 1)];
            _rest = _rest[end..];
        }

        // Behind a closing quote there is nothing but blanks in a good row; what else is there is not the field's.
        int length = _rest.IndexOf(separator);
        if (end == 0)
            _field = (length < 0 ? _rest : _rest[..length]).TrimEnd(" \t"u8);
        _done = length < 0;
        _rest = _done ? default : _rest[(length + 1)..];
        return true;
    }

    /// <summary>The field without its quotes.</summary>
    /// <param name="buffer">Used only for doubled quotes.</param>
    /// <returns>At most as long as the buffer; the rest is cut off.</returns>
    public readonly ReadOnlySpan<byte> Text(Span<byte> buffer)
    {
        if (!_doubled)
            return _field.Length <= buffer.Length ? _field : _field[..buffer.Length];
        int length = 0;
        for (int at = 0; at < _field.Length && length < buffer.Length; at++)
        {
            buffer[length++] = _field[at];
            if (_field[at] == '"')
                at++;
        }

        return buffer[..length];
    }

    readonly ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' && text[at] != separator)
            at++;
        return text[at..];
    }

    /// <summary>The place behind the closing quote, or 0 when there is none: the quote is then a character like others.</summary>
    int QuotedEnd()
    {
        for (int at = 1; at < _rest.Length; at += 2)
        {
            int quote = _rest[at..].IndexOf((byte)'"');
            if (quote < 0)
                break;
            at += quote;
            if (at + 1 == _rest.Length || _rest[at + 1] != '"')
                return at + 1;
            _doubled = true;
        }

        _doubled = false;
        return 0;
    }
}
