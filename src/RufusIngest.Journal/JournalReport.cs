namespace RufusIngest.Journal;

/// <summary>What a check or a repair found out about a journal.</summary>
public sealed record JournalReport
{
    /// <summary>The journal that was looked at.</summary>
    public required string Path { get; init; }

    /// <summary>The journal that a repair wrote; null after a check.</summary>
    public string? RepairedPath { get; init; }

    /// <summary>What is wrong, at most 1,000 findings; the last one then counts the others.</summary>
    public required IReadOnlyList<JournalFinding> Findings { get; init; }

    /// <summary>How many records can be trusted.</summary>
    public long Records { get; init; }

    /// <summary>Sequence of the first record that can be trusted; 0: there is none.</summary>
    public long FirstSequence { get; init; }

    /// <summary>Sequence of the last record that can be trusted; 0: there is none.</summary>
    public long LastSequence { get; init; }

    /// <summary>How many kept passings can be trusted.</summary>
    public long Passings { get; init; }

    /// <summary>How many local sessions there are.</summary>
    public int Sessions { get; init; }

    /// <summary>Nothing is damaged. A commit that a crash cut off is no damage.</summary>
    public bool IsSound => Findings.All(finding => finding.Kind == JournalFindingKind.UnfinishedCommit);
}
