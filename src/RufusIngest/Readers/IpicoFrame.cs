using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// One frame of the IPICO protocol, at the start of a text that the rest of the line may follow. Results are the bytes
/// taken, with the trailing characters that are tolerated, or a <see cref="RejectReason"/> as a negative number.
/// </summary>
static class IpicoFrame
{
    const int ShortRead = 36;
    const int LongRead = 42;
    const int ShortestControl = 10;
    const int Gun = 0x2c;

    public static bool IsRead(ReadOnlySpan<byte> text) => text.Length >= 2 && text[0] == 'a' && text[1] == 'a';

    static int Bad(RejectReason reason) => -(int)reason;

    /// <summary>Takes a frame that <see cref="IsRead"/>; the read is whole only when bytes were taken.</summary>
    public static int TakeRead(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        if (text.Length < ShortRead)
            return Bad(RejectReason.TooFewFields);
        // The 32 characters that both lengths have in common, the reader id to the hundredths.
        Vector128<byte> first = Vector128.Create(text.Slice(2, 16));
        Vector128<byte> second = Vector128.Create(text.Slice(18, 16));
        int sum = Vector128.Sum(first + second);

        bool isLong = false;
        int tail = -1;
        ReadFlags seen = ReadFlags.None;
        ulong tagData = 0;
        if (text.Length >= LongRead)
        {
            isLong = TryTagData(text, sum, out tagData);
            tail = isLong ? TailOf(text[LongRead..], true, out seen) : -1;
        }

        if (tail < 0)
        {
            if (sum != AsciiNumber.TwoHexDigits(text, ShortRead - 2))
                return Bad(isLong ? RejectReason.BadSyntax : RejectReason.BadCheck);
            isLong = false;
            tail = TailOf(text[ShortRead..], true, out seen);
            if (tail < 0)
                return Bad(RejectReason.BadSyntax);
        }

        RejectReason reason = Fill(first, second, text.Slice(4, 12), isLong ? tagData : 0, seen, ref read);
        return reason == RejectReason.None ? (isLong ? LongRead : ShortRead) + tail : Bad(reason);
    }

    /// <summary>Whether the frame passes its check as a long one; its three bytes in their place in the detail.</summary>
    static bool TryTagData(ReadOnlySpan<byte> text, int sum, out ulong detail)
    {
        int index = AsciiNumber.TwoHexDigits(text, 34);
        int page = AsciiNumber.TwoHexDigits(text, 36);
        int status = AsciiNumber.TwoHexDigits(text, 38);
        detail = ((ulong)(uint)index << 16) | ((ulong)(uint)page << 24) | ((ulong)(uint)status << 32) | (1UL << 40);
        return (index | page | status) >= 0
            && (byte)(sum + Checksum.Sum(text[34..40])) == AsciiNumber.TwoHexDigits(text, LongRead - 2);
    }

    static RejectReason Fill(
        Vector128<byte> first, Vector128<byte> second, ReadOnlySpan<byte> tag, ulong tagData, ReadFlags seen,
        ref ChipRead read)
    {
        Vector128<byte> anyHex = Vector128<byte>.AllBitsSet;
        Vector128<byte> dateAndTime = Vector128.Create(
            255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, (byte)255);
        if (!TryPairs(first, anyHex, Vector128.Create((ushort)16), out Vector128<ushort> head)
            || !TryPairs(second, dateAndTime, Vector128.Create(16, 10, 10, 10, 10, 10, 10, (ushort)16), out var stamp))
        {
            return RejectReason.BadNumber;
        }

        Vector128<byte> values = Vector128.Narrow(head, stamp);
        int hundredths = values[15];
        if (hundredths > 99 || !EpochTime.TryFromParts(
            2000 + values[9], values[10], values[11], values[12], values[13], values[14], out long time))
        {
            return RejectReason.BadTime;
        }

        read.Reset();
        _ = ChipCode.TryFromText(tag, out ChipCode chip);
        read.Chip = chip;
        read.Time = time + (hundredths * 10 * EpochTime.TicksPerMillisecond);
        read.SubReader = values[0];
        read.Detail = values[8] | ((ulong)values[7] << 8) | tagData;
        read.Flags = seen;
        return RejectReason.None;
    }

    /// <summary>Eight pairs of digits to eight numbers; letters count as digits only where allowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryPairs(
        Vector128<byte> text, Vector128<byte> lettersAllowed, Vector128<ushort> radix, out Vector128<ushort> pairs)
    {
        Vector128<byte> digit = text - Vector128.Create((byte)'0');
        Vector128<byte> letter = (text | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a');
        Vector128<byte> isDigit = Vector128.LessThanOrEqual(digit, Vector128.Create((byte)9));
        Vector128<byte> isLetter = Vector128.LessThanOrEqual(letter, Vector128.Create((byte)5)) & lettersAllowed;
        Vector128<ushort> values =
            Vector128.ConditionalSelect(isDigit, digit, letter + Vector128.Create((byte)10)).AsUInt16();
        pairs = ((values & Vector128.Create((ushort)0xFF)) * radix) + (values >> 8);
        return (isDigit | isLetter) == Vector128<byte>.AllBitsSet;
    }

    /// <summary>Takes a control frame; with <paramref name="isGun"/> the read is filled too.</summary>
    /// <param name="text">The frame and what follows it.</param>
    /// <param name="position">Where the text begins in the source.</param>
    /// <param name="read">Filled for a gun with a possible time.</param>
    /// <param name="isGun">Whether the read is filled.</param>
    /// <param name="control">Whole only when bytes were taken.</param>
    public static int TakeControl(
        ReadOnlySpan<byte> text, int position, ref ChipRead read, out bool isGun, ref ControlRecord control)
    {
        isGun = false;
        if (text.Length < 2 || text[0] != 'a' || text[1] is not ((byte)'b' or (byte)'c'))
            return Bad(RejectReason.UnknownFrame);
        if (text.Length < ShortestControl)
            return Bad(RejectReason.TooFewFields);
        int reader = AsciiNumber.TwoHexDigits(text, 2);
        int bytes = AsciiNumber.TwoHexDigits(text, 4);
        int instruction = AsciiNumber.TwoHexDigits(text, 6);
        if ((reader | bytes | instruction) < 0)
            return Bad(RejectReason.BadNumber);

        // A query has ff in the place of the length and no data.
        int length = ShortestControl + (bytes == 0xff ? 0 : bytes * 2);
        if (text.Length < length)
            return Bad(RejectReason.TooFewFields);
        if ((byte)Checksum.Sum(text[2..(length - 2)]) != AsciiNumber.TwoHexDigits(text, length - 2))
            return Bad(RejectReason.BadCheck);
        ReadOnlySpan<byte> data = text[8..(length - 2)];
        if (!AsciiNumber.IsHex(data))
            return Bad(RejectReason.BadNumber);
        int tail = TailOf(text[length..], false, out _);
        if (tail < 0)
            return Bad(RejectReason.BadSyntax);
        isGun = instruction == Gun && TryFillGun(data, reader, ref read);
        control = new ControlRecord(KindOf(instruction), instruction, position, length);
        return length + tail;
    }

    /// <summary>Year, month, day, day of week, hour, minute and second as decimal pairs, then 1/100 s as a hex pair.</summary>
    static bool TryFillGun(ReadOnlySpan<byte> data, int reader, ref ChipRead read)
    {
        if (data.Length < 16)
            return false;
        int year = AsciiNumber.TwoDigits(data, 0);
        int hundredths = AsciiNumber.TwoHexDigits(data, 14);
        if (year < 0 || (uint)hundredths > 99 || !EpochTime.TryFromParts(
            2000 + year, AsciiNumber.TwoDigits(data, 2), AsciiNumber.TwoDigits(data, 4),
            AsciiNumber.TwoDigits(data, 8), AsciiNumber.TwoDigits(data, 10), AsciiNumber.TwoDigits(data, 12),
            out long time))
        {
            return false;
        }

        read.Reset();
        read.Kind = ReadKind.Gun;
        read.Time = time + (hundredths * 10 * EpochTime.TicksPerMillisecond);
        read.SubReader = (ushort)reader;
        return true;
    }

    static ControlKind KindOf(int instruction) => instruction switch
    {
        0x01 or 0x02 => ControlKind.Clock,
        Gun => ControlKind.Gun,
        0x09 or 0x0a or 0x11 or 0x37 or 0x4b or 0x4c => ControlKind.Status,
        0xe0 or 0xe2 or (>= 0xf0 and <= 0xf5) => ControlKind.Response,
        _ => ControlKind.Unknown,
    };

    /// <summary>
    /// The characters tolerated behind a frame: FS or LS, blanks, a backslash (one importer meets it). −1 when neither
    /// the end of the line nor a new frame follows them.
    /// </summary>
    static int TailOf(ReadOnlySpan<byte> rest, bool suffixAllowed, out ReadFlags seen)
    {
        seen = ReadFlags.None;
        if (rest.IsEmpty)
            return 0;
        int at = 0;
        if (suffixAllowed && rest.Length >= 2 && rest[1] == 'S' && rest[0] is (byte)'F' or (byte)'L')
        {
            seen = rest[0] == 'F' ? ReadFlags.FirstSeen : ReadFlags.LastSeen;
            at = 2;
        }

        at = SkipBlanks(rest, at);
        if (at < rest.Length && rest[at] == '\\')
            at = SkipBlanks(rest, at + 1);
        bool frameFollows = at + 1 < rest.Length && rest[at] == 'a' && rest[at + 1] is (>= (byte)'a' and <= (byte)'c');
        return at == rest.Length || frameFollows ? at : -1;
    }

    static int SkipBlanks(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t')
            at++;
        return at;
    }
}
