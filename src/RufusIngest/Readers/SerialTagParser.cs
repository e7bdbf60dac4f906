using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Small serial readers of 125 kHz cards: <c>LF</c>, ten hex digits, <c>CR</c>; <c>STX</c>, ten hex digits, two of a check,
/// <c>ETX</c>; and the binary form <c>STX</c>, length, type, bytes, check, <c>ETX</c>. Written from printed samples.
/// </summary>
/// <remarks>
/// No time: the arrival stands in (<see cref="ReadFlags.NoTime"/>). The chip is the ten hex digits, upper case or as sent; of
/// the binary form the bytes behind the type, in hex. Both checks are the exclusive or of the bytes before them, without the
/// first. A frame that fails costs its first byte and what stands before the next possible one.
/// </remarks>
struct SerialTagParser : IReadParser
{
    const byte Stx = 2;
    const byte Etx = 3;
    const int Digits = 10;
    const int TextFrame = 1 + Digits + 2 + 1;
    const int LeastBinary = 8; // STX, length, type, three bytes, check, ETX
    const int MostBinary = 16;

    public readonly ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        int position = 0;
        int count = 0;
        while (true)
        {
            while (position < source.Length && source[position] is (byte)'\r' or (byte)'\n' or 0)
                position++;
            if (position == source.Length)
                return ParseResult.Done(position, count, 0);
            if (count == reads.Length)
                return ParseResult.DestinationFull(position, count, 0);
            ReadOnlySpan<byte> rest = source[position..];
            reads[count].Reset();
            reads[count].Flags = ReadFlags.NoTime;
            RejectReason reason = Take(rest, endOfStream, ref reads[count], out int length);
            if (length == 0)
                return ParseResult.NeedMore(position, count, 0);
            position += length;
            if (reason != RejectReason.None)
                return ParseResult.Malformed(position, count, 0, reason, position - length, length);
            count++;
        }
    }

    /// <summary>Takes the frame at the front, or the bytes that are none.</summary>
    /// <param name="rest">At least one byte.</param>
    /// <param name="ended">No more will come.</param>
    /// <param name="read">Filled when nothing is wrong.</param>
    /// <param name="length">Bytes taken; 0 when more are needed.</param>
    static RejectReason Take(ReadOnlySpan<byte> rest, bool ended, ref ChipRead read, out int length)
    {
        bool isText = rest[0] != Stx;
        bool isBinary = !isText && rest.Length > 1 && rest[1] is >= LeastBinary and <= MostBinary;
        length = isText ? LineLength(rest) : isBinary ? rest[1] : TextFrame;
        if (length == 0 || length > rest.Length || (!isText && rest.Length == 1))
        {
            length = ended ? GarbageLength(rest) : 0;
            return RejectReason.Truncated;
        }

        RejectReason reason = isText ? TakeDigits(rest[..length], ref read)
            : isBinary ? TakeBinary(rest[..length], ref read)
            : TakeChecked(rest[..length], ref read);
        if (reason != RejectReason.None && !isText)
            length = GarbageLength(rest[..length]);
        return reason;
    }

    /// <summary>Up to the end of a line or the beginning of another kind of frame; 0 when neither came yet.</summary>
    static int LineLength(ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOfAny((byte)'\r', (byte)'\n', Stx);
        return end >= 0 ? end : rest.Length > LineScanner.DefaultLimit ? LineScanner.DefaultLimit : 0;
    }

    /// <summary>What is lost with a bad frame: up to where the next may begin.</summary>
    static int GarbageLength(ReadOnlySpan<byte> frame)
    {
        int next = frame[1..].IndexOfAny(Stx, (byte)'\n');
        return next < 0 ? frame.Length : next + 1;
    }

    static RejectReason TakeDigits(ReadOnlySpan<byte> line, ref ChipRead read) =>
        line.Length != Digits ? RejectReason.UnknownFrame
        : !AsciiNumber.IsHex(line) ? RejectReason.BadNumber
        : ReadFields.Chip(line, ref read);

    static RejectReason TakeChecked(ReadOnlySpan<byte> frame, ref ChipRead read)
    {
        if (frame[^1] != Etx || !AsciiNumber.IsHex(frame[1..^1]))
            return RejectReason.BadSyntax;
        int check = 0;
        for (int at = 1; at < TextFrame - 1; at += 2)
            check ^= AsciiNumber.TwoHexDigits(frame, at);
        return check != 0 ? RejectReason.BadCheck : ReadFields.Chip(frame.Slice(1, Digits), ref read);
    }

    static RejectReason TakeBinary(ReadOnlySpan<byte> frame, ref ChipRead read)
    {
        if (frame[^1] != Etx)
            return RejectReason.BadSyntax;
        int check = 0;
        foreach (byte b in frame[1..^1])
            check ^= b;
        if (check != 0)
            return RejectReason.BadCheck;
        ReadOnlySpan<byte> code = frame[3..^2];
        _ = ChipCode.TryFromEpc(code, code.Length * 8, out ChipCode chip);
        read.Chip = chip;
        read.Detail = frame[2];
        return RejectReason.None;
    }
}
