using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>A protocol of JSON objects, joined, in arrays, on lines or wrapped in other text.</summary>
/// <remarks>
/// An object comes to <see cref="IFrameProtocol.Take"/> whole, its syntax good. One that holds several reads is taken in
/// parts: up to the first of them, then one each, then the rest.
/// </remarks>
interface IJsonProtocol : IFrameProtocol
{
    /// <summary>
    /// Text outside of objects is given to the protocol, line by line; otherwise it is a reject. What separates objects
    /// may be gone from its front; where a part of it is taken, the rest is looked at as if it came anew.
    /// </summary>
    static virtual bool TakesLines => false;

    /// <summary>
    /// Name of the array in an object that may be longer than the limit: the objects in it are then frames of their own, and
    /// what stands around them is a <see cref="ControlKind.Status"/>.
    /// </summary>
    static virtual ReadOnlySpan<byte> LongList => default;
}

/// <summary>Parses a protocol of JSON objects, each at most 64 KiB long and 64 levels deep.</summary>
struct JsonParser<TProtocol>(TProtocol protocol) : IReadParser, IPointNaming
    where TProtocol : struct, IJsonProtocol
{
    TProtocol _protocol = protocol;
    JsonObjectScanner _scanner;
    PointNames? _points;
    int _left; // Bytes left of an object of which something was taken.
    bool _inList; // The source goes on in the array of an object too long to be looked at whole…
    bool _behindList; // … or behind the array, but still in the object.

    public void Use(PointNames names) => _points = names;

    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        ParseOutput output = new(reads, controls);
        int at = 0;
        while (true)
        {
            if (_left == 0 && !_scanner.IsResuming)
                at = MoveToFrame(source, at);
            if (at == source.Length)
                return ParseResult.Done(at, output.Reads, output.Controls);
            if (output.IsFull)
                return ParseResult.DestinationFull(at, output.Reads, output.Controls);
            RejectReason reason = _left > 0
                ? TakeObject(source.Slice(at, _left), at, ref output, out int length)
                : TakeNext(source[at..], endOfStream, at, ref output, out length);
            if (length == 0)
                return ParseResult.NeedMore(at, output.Reads, output.Controls);
            if (reason != RejectReason.None)
                return ParseResult.Malformed(at + length, output.Reads, output.Controls, reason, at, length);
            at += length;
        }
    }

    /// <summary>Over separators to an object, to a line, or to the end of the list.</summary>
    int MoveToFrame(ReadOnlySpan<byte> source, int at)
    {
        if (!_inList)
            return JsonObjectScanner.SkipSeparators(source, at);
        while (at < source.Length && source[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',')
            at++;
        if (at < source.Length && source[at] == ']')
        {
            _inList = false;
            _behindList = true;
            _scanner = JsonObjectScanner.BehindArray;
        }

        return at;
    }

    RejectReason TakeNext(ReadOnlySpan<byte> rest, bool endOfStream, int at, ref ParseOutput output, out int length)
    {
        if (!_scanner.IsResuming && rest[0] == '{' && (length = ObjectLength(rest)) > 0)
            return TakeObject(rest[..length], at, ref output, out length);
        JsonFrame frame = _scanner.Next(rest, endOfStream);
        length = frame.Length;
        if (length == 0)
            return RejectReason.None;
        if (_behindList)
        {
            _behindList = false;
            if (frame.Reject == RejectReason.None)
                output.Add(ControlKind.Status, at, length);
            return frame.Reject;
        }

        switch (frame.Reject)
        {
            case RejectReason.None:
                return ObjectLength(rest) == length
                    ? TakeObject(rest[..length], at, ref output, out length)
                    : RejectReason.BadSyntax;
            case RejectReason.UnknownFrame when TProtocol.TakesLines && length < JsonObjectScanner.MaxBytes:
                Frame line = new(rest[..length]) { IsStart = true, IsCutOff = length == rest.Length, Points = _points };
                return output.Take(ref _protocol, line, at, out length);
            case RejectReason.TooLong when
                !frame.IsTooDeep && !TProtocol.LongList.IsEmpty && TryEnterList(rest, out int head):
                length = head;
                output.Add(ControlKind.Status, at, length);
                return RejectReason.None;
            default:
                return frame.Reject;
        }
    }

    RejectReason TakeObject(ReadOnlySpan<byte> text, int at, ref ParseOutput output, out int length)
    {
        Frame frame = new(text) { IsStart = _left == 0, IsObject = true, Points = _points };
        RejectReason reason = output.Take(ref _protocol, frame, at, out length);
        _left = text.Length - length;
        return reason;
    }

    /// <summary>The length of an object that lies whole and good in the source, or 0.</summary>
    static int ObjectLength(ReadOnlySpan<byte> source)
    {
        JsonMembers members = new(source[..Math.Min(source.Length, JsonObjectScanner.MaxBytes)]);
        while (members.Next())
        {
        }

        return members.ObjectLength;
    }

    bool TryEnterList(ReadOnlySpan<byte> source, out int head)
    {
        JsonMembers members = new(source[..JsonObjectScanner.MaxBytes]);
        while (members.Next())
        {
        }

        head = members.OpenArrayOf(TProtocol.LongList);
        _inList = head > 0;
        return _inList;
    }
}
