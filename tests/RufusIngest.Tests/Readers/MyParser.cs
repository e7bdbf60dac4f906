using System.Globalization;
using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Readers;

// The page docs/parsers.md shows this parser.
struct MyParser : IReadParser
{
    const int LongestLine = 200;

    public ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        int at = 0, readCount = 0, controlCount = 0;
        while (true)
        {
            while (at < source.Length && source[at] is (byte)'\r' or (byte)'\n')
                at++;
            if (at == source.Length)
                return ParseResult.Done(at, readCount, controlCount);
            if (readCount == reads.Length || controlCount == controls.Length)
                return ParseResult.DestinationFull(at, readCount, controlCount);
            int length = source[at..].IndexOfAny((byte)'\r', (byte)'\n');
            bool isCutOff = length < 0;
            length = isCutOff ? source.Length - at : length;
            if (isCutOff && !endOfStream && length <= LongestLine)
                return ParseResult.NeedMore(at, readCount, controlCount);
            ReadOnlySpan<byte> line = source.Slice(at, length);
            if (line.SequenceEqual("ping"u8))
            {
                controls[controlCount++] = new ControlRecord(ControlKind.KeepAlive, 0, at, length);
            }
            else
            {
                RejectReason reason = TakeRead(line, ref reads[readCount]);
                if (reason != RejectReason.None)
                {
                    reason = isCutOff ? RejectReason.Truncated : reason;
                    return ParseResult.Malformed(at + length, readCount, controlCount, reason, at, length);
                }

                readCount++;
            }

            at += length;
        }
    }

    static RejectReason TakeRead(ReadOnlySpan<byte> line, ref ChipRead read)
    {
        Span<Range> fields = stackalloc Range[5];
        if (line.Length > LongestLine)
            return RejectReason.TooLong;
        if (!line.StartsWith("read;"u8) || Split(line, fields) < 4)
            return RejectReason.UnknownFrame;
        read.Reset();
        if (!ChipCode.TryFromText(line[fields[1]], out ChipCode chip))
            return RejectReason.NoChip;
        Span<char> time = stackalloc char[32];
        int length = Encoding.ASCII.TryGetChars(line[fields[2]], time, out int written) ? written : 0;
        if (!DateTime.TryParseExact(
                time[..length], "yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
            return RejectReason.BadTime;
        read.Chip = chip;
        read.Time = local.Ticks - DateTime.UnixEpoch.Ticks; // The reader's wall clock: no flag says more.
        if (ushort.TryParse(line[fields[3]], CultureInfo.InvariantCulture, out ushort antenna))
            read.Antenna = antenna;
        else
            read.Flags |= ReadFlags.FieldDropped;
        return RejectReason.None;
    }

    static int Split(ReadOnlySpan<byte> line, Span<Range> fields)
    {
        int count = 0;
        foreach (Range field in line.Split((byte)';'))
        {
            if (count < fields.Length)
                fields[count++] = field;
        }

        return count;
    }
}
