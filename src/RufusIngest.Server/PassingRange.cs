namespace RufusIngest.Server;

/// <summary>Numbers and times of the passings wanted; all four ends are included.</summary>
readonly record struct PassingRange(long First, long Last, long FromMs, long ToMs)
{
    public static PassingRange All { get; } = new(0, long.MaxValue, long.MinValue, long.MaxValue);

    /// <summary>Whether times bound it at all.</summary>
    public bool IsTimed => FromMs != long.MinValue || ToMs != long.MaxValue;

    public bool Holds(long timeMs) => timeMs >= FromMs && timeMs <= ToMs;

    /// <summary>The part of it whose numbers are greater.</summary>
    public PassingRange After(long number) =>
        number == long.MaxValue ? this with { First = 1, Last = 0 } : this with { First = number + 1 };
}

/// <summary>Which page of a listing is wanted, from 1, and how much a page holds.</summary>
readonly record struct Paging(int Page, int Limit)
{
    /// <summary>Whoever asks wants to know how many there are; otherwise what comes before the page's end counts.</summary>
    public bool IsCounted { get; init; } = true;

    public long Skip => (Page - 1L) * Limit;

    public bool HasMore(int total) => Skip + Limit < total;
}
