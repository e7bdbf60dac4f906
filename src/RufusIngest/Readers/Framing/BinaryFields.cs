using System.Buffers.Binary;
using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>Fields that most binary protocols have, from bytes into a read.</summary>
static class BinaryFields
{
    // 2001: clocks that nobody set begin in 1970 or 2000.
    const long ClockWasSet = 11_323 * EpochTime.TicksPerDay;

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
    /// Microseconds since 1970. A clock that was never set is told by <see cref="ReadFlags.ClockNotSet"/>; what is no
    /// time at all gives <see cref="ReadFlags.NoTime"/>.
    /// </summary>
    public static void SinceEpoch(ulong microseconds, ReadFlags zone, ref ChipRead read)
    {
        read.Flags |= !TryTicks(microseconds, out long ticks) ? ReadFlags.NoTime | ReadFlags.FieldDropped
            : ticks < ClockWasSet ? zone | ReadFlags.ClockNotSet
            : zone;
        read.Time = ticks;
    }

    /// <summary>Whether microseconds since 1970 are of a clock that was set.</summary>
    public static bool IsSet(ulong microseconds) => TryTicks(microseconds, out long ticks) && ticks >= ClockWasSet;

    /// <summary>Ticks of a count of microseconds, from 1970 or from a start; false from the last day of the year 9999
    /// on.</summary>
    public static bool TryTicks(ulong microseconds, out long ticks)
    {
        bool fits = microseconds < (ulong)EpochTime.LastDay / TimeSpan.TicksPerMicrosecond;
        ticks = fits ? (long)microseconds * TimeSpan.TicksPerMicrosecond : 0;
        return fits;
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
