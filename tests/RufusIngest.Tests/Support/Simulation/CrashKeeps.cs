namespace RufusIngest.Tests.Support;

/// <summary>What a power cut leaves of the writes that were not synced. What was synced always stays.</summary>
enum CrashKeeps
{
    /// <summary>None of them.</summary>
    Nothing,

    /// <summary>All of them: the drive was quicker than the power cut.</summary>
    Everything,

    /// <summary>The first ones; the last of these perhaps torn.</summary>
    Prefix,

    /// <summary>Any of them, written in any order; the last one perhaps torn.</summary>
    Some,

    /// <summary>Each file draws one of the above.</summary>
    Any,
}
