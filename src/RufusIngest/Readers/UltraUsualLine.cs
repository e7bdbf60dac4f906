using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The quick way through lines as an Ultra sends them by the thousand: live records of twelve fields, nothing missing or
/// out of range. It gives exactly what <see cref="UltraRecord"/> gives, or leaves the line to it.
/// </summary>
static class UltraUsualLine
{
    /// <summary>Bytes from the line's start on that may be looked at: its chip, the rest, a last word.</summary>
    public const int Reach = 2 + Block + Block + sizeof(ulong);

    const int Block = 64;

    // Seconds have ten digits from 2011 to 2296, so that the milliseconds begin here behind the chip.
    const int Milliseconds = 12;
    const ulong SecondsShape = (1UL << (Milliseconds - 1)) | 1;

    /// <summary>Takes a line with its end in sight.</summary>
    /// <param name="source">At least <see cref="Reach"/> bytes, the first the line's; with less the line is left.</param>
    /// <param name="read">Filled when the line is taken, else perhaps half.</param>
    /// <returns>Length of the line without its end, or 0 when it is left.</returns>
    [SkipLocalsInit]
    public static int TryTake(ReadOnlySpan<byte> source, ref ChipRead read)
    {
        if (source.Length < Reach || source[1] != ',' || (source[0] | 1) != '1')
            return 0;

        // Every offset from here on is at most the place of a bit in a mask behind that of another: within Reach.
        ref byte chip = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), 2);
        Marks marks = Marks.In(ref chip);
        int chipLength = BitOperations.TrailingZeroCount(marks.Commas);
        if (chipLength is 0 or Block || BitOperations.TrailingZeroCount(marks.Ends) < chipLength)
            return 0;
        ref byte rest = ref Unsafe.Add(ref chip, chipLength);
        marks = marks.Ends != 0 ? marks.From(chipLength) : Marks.In(ref rest);
        int end = BitOperations.TrailingZeroCount(marks.Ends);
        if (end == Block || Unsafe.Add(ref rest, end) is not ((byte)'\n' or (byte)'\r' or 0)
            || !TryTakeRest(ref rest, marks, end, ref read)
            || !TryTakeChip(ref chip, chipLength, ref read))
            return 0;
        return 2 + chipLength + end;
    }

    /// <summary>The ten fields behind the chip, <paramref name="rest"/> being the comma between.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryTakeRest(ref byte rest, in Marks marks, int end, ref ChipRead read)
    {
        // Commas behind milliseconds, signal strength, box id and start time; the fields between have one digit each.
        ulong line = (1UL << end) - 1;
        ulong commas = marks.Commas & line;
        ulong left = commas >> Milliseconds << Milliseconds;
        int antenna = BitOperations.TrailingZeroCount(left);
        left = WithoutLowest(WithoutLowest(left));
        int rewind = BitOperations.TrailingZeroCount(left);
        left = WithoutLowest(WithoutLowest(WithoutLowest(left)));
        int readerTime = BitOperations.TrailingZeroCount(left);
        left = WithoutLowest(WithoutLowest(left));
        int logId = BitOperations.TrailingZeroCount(left) + 1;
        int rssi = antenna + 3;
        int box = rewind + 5;
        if (BitOperations.PopCount(commas) != 10 || (commas & 0xFFF) != SecondsShape
            || (commas >> antenna & 0b111) != 0b101 || (commas >> rewind & 0b11111) != 0b10101)
            return false;

        int negative = Unsafe.Add(ref rest, rssi) == '-' ? 1 : 0;
        ulong looked = (~0UL << logId) | ((1UL << readerTime) - 1);
        ulong wanted = commas | ((ulong)negative << rssi);
        int dbmStart = rssi + negative;
        if (((marks.Others ^ wanted) & looked & line) != 0
            || IsNot(antenna - Milliseconds, 3) || IsNot(rewind - dbmStart, 3) || IsNot(readerTime - box, 4)
            || IsNot(end - logId, 8))
            return false;

        int port = Unsafe.Add(ref rest, antenna + 1) - '0';
        int again = Unsafe.Add(ref rest, rewind + 1) - '0';
        int dbm = (int)Number(ref rest, dbmStart, rewind - dbmStart);
        if ((uint)(port - 1) > 3 || again > 1 || dbm > 327)
            return false;
        long second = ((long)EightDigits(ref rest, 1, 8) * 100) + TwoDigits(ref rest, 9);
        long millisecond = Number(ref rest, Milliseconds, antenna - Milliseconds);
        read.Reset();
        read.Time = ((second + UltraRecord.EpochOffset) * EpochTime.TicksPerSecond)
            + (millisecond * EpochTime.TicksPerMillisecond);
        read.Antenna = (ushort)port;
        read.RssiCentiDbm = (short)((negative == 0 ? dbm : -dbm) * 100);
        read.SubReader = (ushort)(Unsafe.Add(ref rest, rewind + 3) - '0');
        read.Detail = Number(ref rest, box, readerTime - box);
        read.Number = (long)EightDigits(ref rest, logId, end - logId);
        read.Flags = again == 1 ? ReadFlags.Rewind : ReadFlags.None;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryTakeChip(ref byte chip, int length, ref ChipRead read)
    {
        if (length < sizeof(ulong))
        {
            // Chip 0 is the start input.
            read.Chip = ChipCode.FromShortText(Word(ref chip, 0), length);
            return length > 1 || chip != '0';
        }

        return TryTakeLongChip(MemoryMarshal.CreateReadOnlySpan(ref chip, length), ref read);
    }

    static bool TryTakeLongChip(ReadOnlySpan<byte> text, ref ChipRead read)
    {
        bool isChip = ChipCode.TryFromText(text, out ChipCode code);
        read.Chip = code;
        return isChip && !text.SequenceEqual("Connected"u8);
    }

    static ulong WithoutLowest(ulong bits) => bits & (bits - 1);

    /// <summary>True for a length that is not from 1 to the given one.</summary>
    static bool IsNot(int length, int most) => (uint)(length - 1) >= (uint)most;

    /// <summary>One to four digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Number(ref byte rest, int offset, int length)
    {
        // The digits go to the upper bytes; what follows the field is shifted out, and zeros come in below.
        uint digits = ((uint)Word(ref rest, offset) & 0x0F0F0F0F) << (-8 * length);
        digits = ((digits * 10) + (digits >> 8)) & 0x00FF00FF;
        return ((digits * 100) + (digits >> 16)) & 0xFFFF;
    }

    /// <summary>One to eight digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong EightDigits(ref byte rest, int offset, int length)
    {
        ulong digits = (Word(ref rest, offset) & 0x0F0F0F0F0F0F0F0F) << (-8 * length);
        digits = ((digits * 10) + (digits >> 8)) & 0x00FF00FF00FF00FF;
        digits = ((digits * 100) + (digits >> 16)) & 0x0000FFFF0000FFFF;
        return ((digits * 10_000) + (digits >> 32)) & 0xFFFFFFFF;
    }

    static int TwoDigits(ref byte rest, int offset) =>
        (Unsafe.Add(ref rest, offset) * 10) + Unsafe.Add(ref rest, offset + 1) - ('0' * 11);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Word(ref byte start, int offset)
    {
        ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    /// <summary>
    /// A bit for each of 64 bytes: for commas, for what ends a line or looks like it, and for all that is no digit.
    /// </summary>
    readonly record struct Marks(ulong Commas, ulong Ends, ulong Others)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Marks In(ref byte start)
        {
            Vector256<byte> first = Vector256.LoadUnsafe(ref start);
            Vector256<byte> second = Vector256.LoadUnsafe(ref start, (nuint)Vector256<byte>.Count);
            Vector256<byte> comma = Vector256.Create((byte)',');
            Vector256<byte> control = Vector256.Create((byte)'\r');
            Vector256<byte> zero = Vector256.Create((byte)'0');
            Vector256<byte> nine = Vector256.Create((byte)9);
            return new Marks(
                Bits(Vector256.Equals(first, comma), Vector256.Equals(second, comma)),
                Bits(Vector256.LessThanOrEqual(first, control), Vector256.LessThanOrEqual(second, control)),
                ~Bits(
                    Vector256.LessThanOrEqual(first - zero, nine), Vector256.LessThanOrEqual(second - zero, nine)));
        }

        public Marks From(int offset) => new(Commas >> offset, Ends >> offset, Others >> offset);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static ulong Bits(Vector256<byte> first, Vector256<byte> second) =>
            first.ExtractMostSignificantBits() | ((ulong)second.ExtractMostSignificantBits() << 32);
    }
}
