using System.Buffers.Binary;
using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>Fields that most binary protocols have, from bytes into a read.</summary>
static class BinaryFields
{
    const int TicksPerMicrosecond = 10;
    const long LastMicrosecond = 253_402_300_799_999_999; // 9999-12-31 23:59:59.999999
    const long ClockWasSet = 978_307_200_000_000; // 2001: clocks that nobody set begin in 1970 or 2000.

    /// <summary>A chip of whole bytes, as binary.</summary>
    public static RejectReason Epc(ReadOnlySpan<byte> epc, ref ChipRead read)
    {
        bool taken = ChipCode.TryFromEpc(epc, epc.Length * 8, out ChipCode code);
        read.Chip = code;
        return taken ? RejectReason.None : epc.IsEmpty ? RejectReason.NoChip : RejectReason.ChipTooLong;
    }

    /// <summary>
    /// The protocol-control word and the EPC behind it; the word's five highest bits say how many words the EPC has.
    /// </summary>
    public static RejectReason PcAndEpc(ReadOnlySpan<byte> bytes, ref ChipRead read) =>
        bytes.Length < 2 ? RejectReason.NoChip
        : (bytes[0] >> 3) * 2 != bytes.Length - 2 ? RejectReason.BadSyntax
        : Epc(bytes[2..], ref read);

    /// <summary>
    /// Microseconds since 1970. A clock that was never set is told by <see cref="ReadFlags.ClockNotSet"/>; what is no time
    /// at all gives <see cref="ReadFlags.NoTime"/>.
    /// </summary>
    public static void SinceEpoch(ulong microseconds, ReadFlags zone, ref ChipRead read)
    {
        if (microseconds > LastMicrosecond)
        {
            read.Flags |= ReadFlags.NoTime | ReadFlags.FieldDropped;
            return;
        }

        read.Time = (long)microseconds * TicksPerMicrosecond;
        read.Flags |= (long)microseconds < ClockWasSet ? zone | ReadFlags.ClockNotSet : zone;
    }

    /// <summary>A whole number of 1 to 8 bytes, lowest byte first.</summary>
    public static ulong LittleEndian(ReadOnlySpan<byte> bytes)
    {
        switch (bytes.Length)
        {
            case 8:
                return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            case 4:
                return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            case 2:
                return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        }

        ulong value = 0;
        for (int at = bytes.Length - 1; at >= 0; at--)
            value = (value << 8) | bytes[at];
        return value;
    }
}
