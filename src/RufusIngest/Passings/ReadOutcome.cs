namespace RufusIngest.Passings;

/// <summary>What became of a read. Each read has exactly one outcome.</summary>
public enum ReadOutcome : byte
{
    /// <summary>It began a burst, and so a passing.</summary>
    Opened = 0,

    /// <summary>Suppressed: it belongs to a burst that has its passing.</summary>
    SameBurst,

    /// <summary>Suppressed: it lies in the dead time after a time of record.</summary>
    DeadTime,

    /// <summary>Suppressed: it came late and lies just before a passing already decided, which keeps its time.</summary>
    BeforeDecided,

    /// <summary>A passing of its own, because the chip table was full.</summary>
    NotGated,

    /// <summary>No usable time: an event, no passing.</summary>
    WithoutTime,

    /// <summary>A gun or marker: an event, no passing.</summary>
    Signal,
}
