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

    /// <summary>Suppressed: its burst came sooner after the chip's last passing than a lap can take.</summary>
    MinLap,

    /// <summary>Suppressed: a burst at the backup line, and the primary line has one.</summary>
    Backup,

    /// <summary>Suppressed: a burst at the primary line after the backup line's passing was accepted.</summary>
    AfterBackup,

    /// <summary>Suppressed: an unknown code seen at one instant only.</summary>
    Ghost,

    /// <summary>Suppressed by the filter: before its first instant.</summary>
    IgnoredBefore,

    /// <summary>Suppressed by the filter: after its last instant.</summary>
    IgnoredAfter,

    /// <summary>Suppressed by the filter: the chip is on its deny list.</summary>
    Denied,

    /// <summary>Suppressed by the filter: the chip is not on its allow list.</summary>
    NotAllowed,

    /// <summary>Suppressed by the filter: the chip has none of its prefixes.</summary>
    OtherPrefix,

    /// <summary>Suppressed by the filter: weaker than its minimum.</summary>
    WeakSignal,
}

/// <summary>What became of a read, and which burst or passing it belongs to, as known when it was decided about.</summary>
/// <param name="Outcome">What became of it. A burst that is suppressed later is told by an event.</param>
/// <param name="Location">Index of the location.</param>
/// <param name="Burst">
/// Its burst (<see cref="Passing.Burst"/>) while that is open, and always for a read that opened or ended it; else 0.
/// </param>
/// <param name="Session">Session of the passing that took it, where there is one already.</param>
/// <param name="Number">Number of that passing.</param>
public readonly record struct ReadFate(ReadOutcome Outcome, int Location, long Burst = 0, int Session = 0, int Number = 0);

static class ReadOutcomes
{
    /// <summary>The read made no passing, for a reason of cleaning.</summary>
    public static bool IsSuppressed(this ReadOutcome outcome) => outcome
        is not (ReadOutcome.Opened or ReadOutcome.NotGated or ReadOutcome.WithoutTime or ReadOutcome.Signal);
}
