namespace RufusIngest.Journal;

/// <summary>What is left of a session in a journal that may be damaged.</summary>
sealed class ScannedSession(long id)
{
    public long Id => id;

    /// <summary>Null: its row is lost.</summary>
    public string? Location { get; set; }

    public int Number { get; set; }

    public string? Token { get; set; }

    public int Acknowledged { get; set; }

    public long Hash { get; set; }

    public int Rebased { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>The row is what was written.</summary>
    public bool IsTrusted { get; set; }

    /// <summary>The passings up to the cursor give the hash beside it: it is right, whatever became of the row.</summary>
    public bool IsCursorProven { get; set; }

    /// <summary>Highest number that is known to have been given.</summary>
    public int LastKnown { get; set; }

    /// <summary>How many of its kept passings can be trusted.</summary>
    public int Kept { get; set; }

    /// <summary>Rows of its passings.</summary>
    public List<RowPlace> Rows { get; } = [];

    /// <summary>Passings that were set aside. Nothing proves them.</summary>
    public SortedDictionary<int, (int Status, string? Words)> SetAside { get; } = [];

    public string Name => Location is null ? $"the session with row {id}" : $"{Location}/{Number}";
}
