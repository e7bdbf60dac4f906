using RufusIngest.Passings;

namespace RufusIngest.Tool.Cleaning;

/// <summary>Outcomes in words for people.</summary>
static class OutcomeWords
{
    public static string Of(ReadOutcome outcome) => outcome switch
    {
        ReadOutcome.Opened => "opened the burst of this passing",
        ReadOutcome.SameBurst => "another read of a passing's burst",
        ReadOutcome.DeadTime => "in the dead time after a passing",
        ReadOutcome.BeforeDecided => "came late, just before a passing already decided",
        ReadOutcome.NotGated => "a passing of its own: the chip table was full",
        ReadOutcome.WithoutTime => "no usable time",
        ReadOutcome.Signal => "a gun or marker",
        ReadOutcome.MinLap => "sooner after the last passing than a lap can take",
        ReadOutcome.Backup => "at the backup line, and the primary line has the chip",
        ReadOutcome.AfterBackup => "at the primary line, after the backup line's passing was accepted",
        ReadOutcome.Ghost => "a code seen at one instant only, and not in the chip list",
        ReadOutcome.IgnoredBefore => "before the first instant of the filter",
        ReadOutcome.IgnoredAfter => "after the last instant of the filter",
        ReadOutcome.Denied => "the chip is on the deny list",
        ReadOutcome.NotAllowed => "the chip is not on the allow list",
        ReadOutcome.OtherPrefix => "the chip has none of the prefixes",
        ReadOutcome.WeakSignal => "weaker than the minimum",
        _ => "",
    };

    /// <summary>The read is, or began, a passing.</summary>
    public static bool IsPassing(ReadOutcome outcome) => outcome is ReadOutcome.Opened or ReadOutcome.NotGated;
}
