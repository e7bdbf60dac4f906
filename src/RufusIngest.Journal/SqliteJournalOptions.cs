namespace RufusIngest.Journal;

/// <summary>How a journal is opened.</summary>
public sealed record SqliteJournalOptions
{
    /// <summary>
    /// Only look: nothing is written, and another process may be working with it; what it commits later is seen.
    /// </summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// Bytes written after which the write-ahead log is copied into the file, beside the commits. Default 8 MiB; when it
    /// has grown to eight times as much, a commit waits for the copy.
    /// </summary>
    public long CheckpointBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Storage below SQLite, for tests; null: the system's files.</summary>
    internal string? Vfs { get; init; }

    /// <summary>Copy the write-ahead log within the commit, so that a test knows when.</summary>
    internal bool CheckpointInline { get; init; }
}
