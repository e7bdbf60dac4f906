using System.Runtime.InteropServices;

namespace RufusIngest.Reads;

/// <summary>What kind of record a reader sent.</summary>
public enum ReadKind : byte
{
    /// <summary>A chip was seen.</summary>
    Chip = 0,

    /// <summary>The starting signal or a trigger input. Never a chip, never deduplicated as one.</summary>
    Gun,

    /// <summary>A button or other mark of an operator.</summary>
    Marker,
}

/// <summary>What is known, missing or unusual about a read.</summary>
[Flags]
public enum ReadFlags : ushort
{
    /// <summary>Wall clock of the reader with a date, zone not stated.</summary>
    None = 0,

    /// <summary>The reader stated the zone: <see cref="ChipRead.Time"/> is UTC.</summary>
    ZoneKnown = 1,

    /// <summary>The reader sent a time of day only: <see cref="ChipRead.Time"/> counts from midnight.</summary>
    NoDate = 1 << 1,

    /// <summary>The reader sent no time; the arrival time stands in.</summary>
    NoTime = 1 << 2,

    /// <summary>The reader says that it sends this record again from its log.</summary>
    Rewind = 1 << 3,

    /// <summary>Latitude and longitude are present.</summary>
    HasPosition = 1 << 4,

    /// <summary>The reader's clock was never set (before the year 2000, or as its parser knows): no number, no
    /// passing.</summary>
    ClockNotSet = 1 << 5,

    /// <summary>A first-seen record of a reader that reports first and last.</summary>
    FirstSeen = 1 << 6,

    /// <summary>A last-seen record: it lengthens the chip's burst and opens none where one is known.</summary>
    LastSeen = 1 << 7,

    /// <summary>An optional field was unreadable and left out; the read itself is good.</summary>
    FieldDropped = 1 << 8,

    /// <summary>The time had second 60 and was taken as 59.999.</summary>
    TimeClamped = 1 << 9,

    /// <summary>The local time exists twice (clocks went back); the receive time decided.</summary>
    AmbiguousTime = 1 << 10,

    /// <summary>The local time does not exist (clocks went forward); it was read with the offset before the
    /// step.</summary>
    SkippedTime = 1 << 11,

    /// <summary>
    /// The reader's clock counts from its start or reset: <see cref="ChipRead.Time"/> is that count, and the first
    /// arrival tells when it was zero.
    /// </summary>
    SinceStart = 1 << 12,
}

/// <summary>
/// One record of a reader as the reader said it. A plain value: parsers fill it in place, nothing owns it.
/// </summary>
/// <remarks>
/// <see cref="Time"/> is never corrected. Zone, date and configured offset are applied beside it by
/// <see cref="ReadTimeResolver"/>.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
public struct ChipRead
{
    /// <summary>Value of <see cref="RssiCentiDbm"/> when the reader gave no signal strength.</summary>
    public const short NoRssi = short.MinValue;

    /// <summary>The chip; empty for guns and markers.</summary>
    public ChipCode Chip { get; set; }

    /// <summary>
    /// The reader's time in 100 ns ticks since 1970-01-01 00:00 of its own wall clock, or of UTC with
    /// <see cref="ReadFlags.ZoneKnown"/>, or since midnight with <see cref="ReadFlags.NoDate"/> (days beyond the first
    /// count from the reader's first day), or since its start with <see cref="ReadFlags.SinceStart"/>.
    /// </summary>
    public long Time { get; set; }

    /// <summary>The reader's own number of the record (log id, passing number), or −1.</summary>
    public long Number { get; set; }

    /// <summary>Further raw values of the protocol, laid out as its parser documents.</summary>
    public ulong Detail { get; set; }

    /// <summary>Latitude in 10⁻⁷ degrees, with <see cref="ReadFlags.HasPosition"/>.</summary>
    public int LatitudeE7 { get; set; }

    /// <summary>Longitude in 10⁻⁷ degrees, with <see cref="ReadFlags.HasPosition"/>.</summary>
    public int LongitudeE7 { get; set; }

    /// <summary>Detections summed up in this record; 1 where the reader does not say.</summary>
    public int Hits { get; set; }

    /// <summary>Signal strength in 1/100 dBm, or <see cref="NoRssi"/>.</summary>
    public short RssiCentiDbm { get; set; }

    /// <summary>Antenna number as the reader counts them, 0 when unknown.</summary>
    public ushort Antenna { get; set; }

    /// <summary>Reader inside the box or on the line, 0 when there is only one.</summary>
    public ushort SubReader { get; set; }

    /// <summary>The timing point that the protocol named, its number among the reader's <see cref="PointNames"/>; 0:
    /// none.</summary>
    public ushort Point { get; set; }

    /// <summary>Chip, gun or marker.</summary>
    public ReadKind Kind { get; set; }

    /// <summary>What is known or unusual.</summary>
    public ReadFlags Flags { get; set; }

    /// <summary>Sets every member to its "not given" value, so that a reused slot shows nothing of the read
    /// before.</summary>
    public void Reset()
    {
        this = default;
        Number = -1;
        Hits = 1;
        RssiCentiDbm = NoRssi;
    }
}
