using System.Globalization;
using System.Text;

namespace RufusIngest.Tests.Support;

/// <summary>First line and fields of an HTTP/1.1 message.</summary>
sealed class HttpHead
{
    readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);

    public HttpHead(byte[] bytes)
    {
        Bytes = bytes;
        string[] lines = Encoding.Latin1.GetString(bytes).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        FirstLine = lines[0];
        foreach (string line in lines.Skip(1))
        {
            string[] field = line.Split(':', 2, StringSplitOptions.TrimEntries);
            _fields[field[0]] = field.Length == 2 ? field[1] : "";
        }
    }

    /// <summary>As received, with the empty line.</summary>
    public byte[] Bytes { get; }

    public string FirstLine { get; }

    public bool IsChunked => Has("Transfer-Encoding", "chunked");

    public bool Closes => Has("Connection", "close");

    public bool WantsContinue => Has("Expect", "100-continue");

    public long? ContentLength => _fields.TryGetValue("Content-Length", out string? text)
        ? long.Parse(text, CultureInfo.InvariantCulture)
        : null;

    /// <summary>Of an answer.</summary>
    public int Status => int.Parse(FirstLine.Split(' ')[1], CultureInfo.InvariantCulture);

    bool Has(string field, string word) =>
        _fields.TryGetValue(field, out string? text) && text.Contains(word, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Cuts a connection's bytes into HTTP/1.1 messages and leaves the bytes as they are. For peers that keep the rules:
/// what breaks them is an <see cref="IOException"/>.
/// </summary>
sealed class HttpFramer(Stream stream)
{
    byte[] _buffer = new byte[16 * 1024];
    int _start;
    int _end;
    long _left;
    bool _inChunks;
    bool _untilEnd;

    /// <summary>The connection has ended, as it does behind a body that says no length.</summary>
    public bool IsAtEnd { get; private set; }

    ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Reads up to the empty line; null when the connection ended before it began.</summary>
    public async Task<HttpHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = Unread.IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (await FillAsync(cancellation))
                continue;
            return _start == _end ? null : throw new EndOfStreamException("The connection ended in a head.");
        }

        HttpHead head = new(Take(length + 4));
        _inChunks = head.IsChunked;
        _left = _inChunks ? 0 : head.ContentLength ?? 0;
        bool isAnswer = head.FirstLine.StartsWith("HTTP/", StringComparison.Ordinal);
        bool hasBody = isAnswer && head.Status is >= 200 and not 204 and not 304;
        _untilEnd = hasBody && !_inChunks && head.ContentLength is null;
        return head;
    }

    /// <summary>
    /// Reads on in the body until there are so many bytes of it, or a few more where chunks begin. False at its end.
    /// </summary>
    public async Task<bool> ReadBodyAsync(MemoryStream body, long length, CancellationToken cancellation)
    {
        while (body.Length < length)
        {
            if (_left == 0 && !_untilEnd && !await BeginChunkAsync(body, cancellation))
                return false;
            if (_start == _end && !await FillAsync(cancellation))
                return _untilEnd ? false : throw new EndOfStreamException("The connection ended in a body.");

            long most = Math.Min(_untilEnd ? long.MaxValue : _left, length - body.Length);
            byte[] piece = Take((int)Math.Min(Unread.Length, most));
            body.Write(piece);
            if (!_untilEnd)
                _left -= piece.Length;
        }

        return true;
    }

    /// <summary>Reads a chunk's line into the body. False at the end of the body, behind the trailers.</summary>
    async Task<bool> BeginChunkAsync(MemoryStream body, CancellationToken cancellation)
    {
        if (!_inChunks)
            return false;
        byte[] line = await ReadLineAsync(cancellation);
        body.Write(line);
        string size = Encoding.Latin1.GetString(line).Split(';', '\r')[0];
        if (!long.TryParse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out _left))
            throw new IOException($"'{size}' is no size of a chunk.");
        if (_left > 0)
        {
            _left += 2;
            return true;
        }

        do
        {
            body.Write(line = await ReadLineAsync(cancellation));
        }
        while (line.Length > 2);
        return _inChunks = false;
    }

    async Task<byte[]> ReadLineAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = Unread.IndexOf("\r\n"u8)) < 0)
        {
            if (!await FillAsync(cancellation))
                throw new EndOfStreamException("The connection ended in a line.");
        }

        return Take(length + 2);
    }

    byte[] Take(int length)
    {
        byte[] taken = Unread[..length].ToArray();
        _start += length;
        return taken;
    }

    async Task<bool> FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            Unread.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _end);
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += read;
        IsAtEnd = read == 0;
        return read > 0;
    }
}
