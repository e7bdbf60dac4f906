using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>What the protocols of RACE RESULT devices have in common.</summary>
/// <remarks>
/// <see cref="ChipRead.Detail"/> of the decoder's passings, as lines or JSON: bits 0–15 the file number, 16–47 the
/// event id (the bib set), 48–51 the channel, 52 the passing was marked invalid by the operator, 53 detected in store
/// mode, 56–63 the chip's battery in 1/10 volt. 0 is "not given".
/// </remarks>
static class RaceResultFields
{
    public const ulong Invalid = 1UL << 52;

    public const ulong StoreMode = 1UL << 53;

    /// <summary>The bit of an active chip's internal data that says: stored in the chip and delivered later.</summary>
    public const long StoredBit = 0x40;

    const int EventShift = 16;
    const int ChannelShift = 48;
    const int BatteryShift = 56;

    /// <summary>The chip code of a trigger input, by default.</summary>
    public static bool IsTrigger(ReadOnlySpan<byte> chip) => chip.SequenceEqual("99999"u8);

    public static ulong File(long number) => (ulong)number;

    public static ulong Event(long id) => (ulong)id << EventShift;

    public static ulong Channel(long number) => (ulong)number << ChannelShift;

    public static ulong Battery(long tenthsOfVolt) => (ulong)tenthsOfVolt << BatteryShift;

    /// <summary>1/100 dBm of an active chip's packed byte. Its low half is the strength of the loop, not a loop's
    /// number.</summary>
    public static short ActiveRssi(long packed) => (short)((-90 + ((packed & 0x70) >> 2)) * 100);

    /// <summary>Where another pushed passing begins in a line that has lost its end, or 0.</summary>
    public static int NextPushed(ReadOnlySpan<byte> line)
    {
        for (int at = 1; at < line.Length; at++)
        {
            int mark = line[at..].IndexOf((byte)'#');
            if (mark < 0)
                break;
            at += mark;
            if (line[at..].StartsWith("#P;"u8))
                return at;
        }

        return 0;
    }
}
