using System.Runtime.InteropServices;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>Which read of a burst gave the time of record.</summary>
public enum PassingPolicy : byte
{
    /// <summary>The first read of the burst.</summary>
    First = 0,

    /// <summary>No burst: entered by hand.</summary>
    Manual,

    /// <summary>The strongest read of the burst; the first where the reader gives no signal strength.</summary>
    Peak,

    /// <summary>
    /// The vertex of a parabola through the burst's strongest reads; as <see cref="Peak"/> where none can be laid.
    /// </summary>
    Fitted,

    /// <summary>The last read of the burst.</summary>
    Last,
}

/// <summary>What is unusual about a passing.</summary>
[Flags]
public enum PassingFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its burst lay before what the location had already decided: a backlog, a rewind, a slow reader.</summary>
    Late = 1,

    /// <summary>A bound was reached and it was decided before its time.</summary>
    ClosedEarly = 1 << 1,

    /// <summary>The reader's time was further ahead of its arrival than allowed.</summary>
    ClockAhead = 1 << 2,

    /// <summary>The chip table of the gate was full: this read was not deduplicated.</summary>
    NotGated = 1 << 3,

    /// <summary>Seen at the backup line only.</summary>
    Backup = 1 << 4,
}

/// <summary>
/// One athlete going past one location once, frozen as it was when it was numbered. A plain value; times are 100 ns
/// ticks since 1970-01-01 UTC, to be truncated to milliseconds where they leave.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public struct Passing
{
    /// <summary>The chip, or empty for a manual entry.</summary>
    public ChipCode Chip { get; set; }

    /// <summary>Time of record.</summary>
    public long Time { get; set; }

    /// <summary>First read of the burst as known at emission.</summary>
    public long First { get; set; }

    /// <summary>Strongest read as known at emission; the first where the reader gives no signal strength.</summary>
    public long Peak { get; set; }

    /// <summary>Last read as known at emission.</summary>
    public long Last { get; set; }

    /// <summary>Number in its local session, from 1, without gaps.</summary>
    public int Number { get; set; }

    /// <summary>Local session of the location, from 1.</summary>
    public int Session { get; set; }

    /// <summary>Index of the location in the settings.</summary>
    public int Location { get; set; }

    /// <summary>Its burst, unique among all reads of the event, from 1; 0 for a manual entry.</summary>
    public long Burst { get; set; }

    /// <summary>Index of the reader that gave the first read in the settings, or −1.</summary>
    public int Reader { get; set; }

    /// <summary>Detections counted at emission.</summary>
    public int Hits { get; set; }

    /// <summary>Best signal strength in 1/100 dBm, or <see cref="ChipRead.NoRssi"/>.</summary>
    public short BestRssiCentiDbm { get; set; }

    /// <summary>Which read gave <see cref="Time"/>, as asked for.</summary>
    public PassingPolicy Policy { get; set; }

    /// <summary>What is unusual.</summary>
    public PassingFlags Flags { get; set; }

    /// <summary>Bit n is set when antenna n saw the chip; antennas above 31 share bit 31.</summary>
    public uint Antennas { get; set; }

    /// <summary>Latitude and longitude are known.</summary>
    public bool HasPosition { get; set; }

    /// <summary>Latitude in 10⁻⁷ degrees.</summary>
    public int LatitudeE7 { get; set; }

    /// <summary>Longitude in 10⁻⁷ degrees.</summary>
    public int LongitudeE7 { get; set; }
}
