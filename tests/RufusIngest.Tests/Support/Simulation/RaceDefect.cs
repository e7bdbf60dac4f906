namespace RufusIngest.Tests.Support;

/// <summary>What is broken on purpose, so that the rules of a simulated race show that they notice.</summary>
enum RaceDefect
{
    None,

    /// <summary>The disk says that it has synced, and has not.</summary>
    SyncIgnored,

    /// <summary>The journal gives out passings whose commit has failed.</summary>
    LeavesBeforeCommit,

    /// <summary>The journal comes back without its last rows: numbers that were used are given again.</summary>
    NumbersReused,

    /// <summary>A POST with unknown outcome counts as taken.</summary>
    DroppedWhenAmbiguous,

    /// <summary>What is sent again goes under new numbers.</summary>
    RenumberedWhenSentAgain,
}
