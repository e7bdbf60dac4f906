namespace RufusIngest.Journal;

/// <summary>What is wrong in a journal.</summary>
public enum JournalFindingKind
{
    /// <summary>The file does not begin as a SQLite file, or cannot be read at all.</summary>
    NotReadable,

    /// <summary>SQLite, or the reading of the journal through it, complains about the file.</summary>
    Structure,

    /// <summary>The write-ahead log is damaged with commits behind the damage, which SQLite does not see.</summary>
    WriteAheadLog,

    /// <summary>
    /// The write-ahead log ends in a commit that does not count. So it is after a crash in the midst of one, whose
    /// passings have not left; when there was no crash, the last commit is damaged.
    /// </summary>
    UnfinishedCommit,

    /// <summary>Records are changed or missing.</summary>
    Records,

    /// <summary>The chain over the checks of records is broken.</summary>
    Chain,

    /// <summary>Kept passings of a session are changed or missing.</summary>
    Passings,

    /// <summary>A session's row is changed or missing: its token and cursor are not proven.</summary>
    Session,

    /// <summary>What a repair had to do that the user should know.</summary>
    Repair,
}

/// <summary>One thing that is wrong in a journal, or that a repair did.</summary>
public sealed record JournalFinding
{
    /// <summary>What it is about.</summary>
    public required JournalFindingKind Kind { get; init; }

    /// <summary>A sentence for the user, without the path.</summary>
    public required string Words { get; init; }

    /// <summary>First record (sequence) or passing (number) concerned; 0: it is not about some of them.</summary>
    public long First { get; init; }

    /// <summary>Last one concerned; 0: all from the first on.</summary>
    public long Last { get; init; }

    /// <summary>Location of the session concerned; null: none, or its name is lost.</summary>
    public string? Location { get; init; }

    /// <summary>Local session concerned; 0: none, or its number is lost.</summary>
    public int Session { get; init; }
}
