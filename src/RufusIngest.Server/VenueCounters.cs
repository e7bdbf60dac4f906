namespace RufusIngest.Server;

/// <summary>Totals since start. Each is exact; together they are not one instant's picture.</summary>
/// <param name="Inserted">Passings stored.</param>
/// <param name="Duplicates">Passings not stored since their number was taken, conflicts among them.</param>
/// <param name="Conflicts">Duplicates whose content differs from the stored passing; the stored one stays.</param>
/// <param name="BadRequests">Answers 400.</param>
/// <param name="Forbidden">Answers 403.</param>
/// <param name="TooLarge">Answers 413 or 507: a body, a list or a session over its bound.</param>
public readonly record struct VenueCounters(
    long Inserted, long Duplicates, long Conflicts, long BadRequests, long Forbidden, long TooLarge);
