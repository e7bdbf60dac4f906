using System.Buffers;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Tool.Inspect;

/// <summary>
/// Reads bytes written as hex text: a record a line, dumps with offsets in front and text behind, logs that name the
/// direction, tables with fields between bars. Of each line the longest run of hex counts, the rest is words; lines
/// that begin with <c>#</c> are comments. Both directions of a log are taken, in the order of its lines.
/// </summary>
sealed class HexText
{
    /// <summary>A longer line is read in pieces.</summary>
    public const int MaxLine = 256 * 1024;

    /// <summary>Share of the lines that must hold hex for a text to be taken for such a one.</summary>
    const double LeastLines = 0.3;

    const int LeastBytes = 4;

    readonly ArrayBufferWriter<byte> _line = new();
    readonly byte[] _bytes = new byte[MaxLine];
    long _offset; // Bytes since the dump's last offset of zero.

    /// <summary>Lines that are neither blank nor a comment.</summary>
    public long Lines { get; private set; }

    /// <summary>Those with hex in them.</summary>
    public long HexLines { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Most of the text may well be hex.</summary>
    public bool IsLikely => Bytes >= LeastBytes && HexLines >= Lines * LeastLines;

    /// <summary>Takes the next part of the text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isLast">The last line ends with it.</param>
    /// <param name="output">Gains the bytes.</param>
    public void Add(ReadOnlySpan<byte> text, bool isLast, IBufferWriter<byte> output)
    {
        while (true)
        {
            int end = text.IndexOfAny((byte)'\n', (byte)'\r');
            int room = MaxLine - _line.WrittenCount;
            int length = Math.Min(end < 0 ? text.Length : end, room);
            _line.Write(text[..length]);
            bool isEnd = end == length;
            text = text[(isEnd ? length + 1 : length)..];
            if (isEnd || _line.WrittenCount == MaxLine || (isLast && text.IsEmpty))
            {
                AddLine(_line.WrittenSpan, output);
                _line.ResetWrittenCount();
            }

            if (text.IsEmpty)
                return;
        }
    }

    void AddLine(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        line = line.Trim(" \t"u8);
        if (line.IsEmpty || line[0] == '#')
            return;
        Lines++;
        int length = Longest(line);
        if (length == 0)
            return;
        HexLines++;
        Bytes += length;
        _offset += length;
        output.Write(_bytes.AsSpan(0, length));
    }

    /// <summary>Puts the longest run of hex into the buffer.</summary>
    int Longest(ReadOnlySpan<byte> line)
    {
        bool hasOffset = TakeOffset(ref line);
        // Behind the bytes of a dump stands what they are as text: in bars, or far to the right.
        if (line.Length > 0 && line[^1] == '|')
            line = line[..line.IndexOf((byte)'|')];
        int text = hasOffset ? line.IndexOf("   "u8) : -1;
        if (text > 0)
            line = line[..text];
        int bestStart = 0, bestLength = 0, bestDigits = 0;
        for (int at = 0; at < line.Length;)
        {
            int digits = Run(line[at..], out int length);
            if (digits > bestDigits)
                (bestStart, bestLength, bestDigits) = (at, length, digits);
            at += Math.Max(length, 1);
        }

        return Decode(line.Slice(bestStart, bestLength));
    }

    /// <summary>
    /// An offset in front: before a colon, or eight digits that say as much as was read so far. It says nothing else,
    /// but looks like bytes.
    /// </summary>
    bool TakeOffset(ref ReadOnlySpan<byte> line)
    {
        int length = 0;
        ulong value = 0;
        while (length < line.Length && length < 16 && Digit(line[length]) is >= 0 and var digit)
        {
            value = (value << 4) | (uint)digit;
            length++;
        }

        if (length < 4 || length == line.Length)
            return false;
        bool isColon = line[length] == ':' && length + 1 < line.Length && line[length + 1] == ' ';
        if (isColon || (length <= 8 && line[length] is (byte)' ' or (byte)'\t' && (value == 0 || value == (ulong)_offset)))
        {
            _offset = value == 0 ? 0 : _offset;
            line = line[(length + 1)..].TrimStart(" \t"u8);
            int text = isColon ? line.IndexOf("  "u8) : -1;
            line = text > 0 ? line[..text] : line;
            return true;
        }

        return false;
    }

    /// <summary>Digits of the words of hex from here on, all of one length but the last, which may be
    /// shorter.</summary>
    /// <param name="line">From a place at which a word may begin.</param>
    /// <param name="length">Bytes of the line that were looked at and need not be looked at again.</param>
    static int Run(ReadOnlySpan<byte> line, out int length)
    {
        int digits = 0;
        int first = 0;
        length = 0;
        int at = 0;
        while (at < line.Length)
        {
            int end = at;
            if (line[at..].StartsWith("0x"u8))
                at = end = at + 2;
            while (end < line.Length && Digit(line[end]) >= 0)
                end++;
            int word = end - at;
            bool isWord = word > 0 && (word & 1) == 0 && (end == line.Length || IsSeparator(line[end]));
            if (!isWord || (first != 0 && word > first))
                break;
            digits += word;
            length = end;
            if (first != 0 && word < first)
                break;
            first = word;
            while (end < line.Length && line[end] is (byte)' ' or (byte)'\t' or (byte)',' or (byte)'-' or (byte)':')
                end++;
            at = end;
        }

        if (length == 0)
        {
            // No hex here: on to behind the next separator.
            while (length < line.Length && !IsSeparator(line[length]))
                length++;
            length++;
        }

        length = Math.Min(length, line.Length);
        return digits;
    }

    static bool IsSeparator(byte value) =>
        value is (byte)' ' or (byte)'\t' or (byte)',' or (byte)'-' or (byte)':' or (byte)'|' or (byte)';' or (byte)'"';

    int Decode(ReadOnlySpan<byte> run)
    {
        int length = 0;
        int high = -1;
        for (int i = 0; i < run.Length; i++)
        {
            int digit = Digit(run[i]);
            if (run[i] == '0' && i + 1 < run.Length && run[i + 1] == 'x')
                i++;
            else if (digit >= 0 && high < 0)
                high = digit;
            else if (digit >= 0)
            {
                _bytes[length++] = (byte)((high << 4) | digit);
                high = -1;
            }
        }

        return length;
    }

    static int Digit(byte value) => AsciiNumber.HexValue(value) is < 16 and var digit ? digit : -1;
}
