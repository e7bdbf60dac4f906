using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>
/// Where the members that most JSON protocols have stand in the object of one read. Each protocol says by which names
/// they go, and takes chip and time by its own rules.
/// </summary>
struct ReadMembers
{
    public JsonValue Chip;
    public JsonValue Time;
    public JsonValue Antenna;
    public JsonValue Rssi;
    public JsonValue Hits;
    public JsonValue Number;

    /// <summary>
    /// Antenna, signal, hits and number into a read. One that is missing or null stays as it was; one that is unreadable
    /// too, and sets <see cref="ReadFlags.FieldDropped"/>.
    /// </summary>
    /// <param name="text">The object they stand in.</param>
    /// <param name="read">The read.</param>
    /// <param name="rssiDecimals">2 where the signal is in dBm, 0 where it is in 1/100 dBm.</param>
    public readonly void FillOptional(ReadOnlySpan<byte> text, ref ChipRead read, int rssiDecimals = 2)
    {
        bool ok = true;
        if (JsonNumber.Whole(Antenna, text, 0, ushort.MaxValue, ref ok, out long antenna))
            read.Antenna = (ushort)antenna;
        if (JsonNumber.Scaled(Rssi, text, rssiDecimals, short.MaxValue, ref ok, out int rssi))
            read.RssiCentiDbm = (short)rssi;
        if (JsonNumber.Whole(Hits, text, 1, int.MaxValue, ref ok, out long hits))
            read.Hits = (int)hits;
        if (JsonNumber.Whole(Number, text, 0, long.MaxValue, ref ok, out long number))
            read.Number = number;
        ReadFields.Dropped(!ok, ref read);
    }
}
