namespace RufusIngest.Server;

/// <summary>Totals since start. Each is exact; together they are not one instant's picture.</summary>
/// <param name="Inserted">Passings stored.</param>
/// <param name="Duplicates">Passings not stored since their number was taken, conflicts among them.</param>
/// <param name="Conflicts">Duplicates whose content differs from the stored passing; the stored one stays.</param>
/// <param name="BadRequests">Requests refused as wrong: 400, unless the profile names another status, or 408 (too slow).</param>
/// <param name="Forbidden">Requests refused for their key: 403, unless the profile names another status.</param>
/// <param name="TooLarge">
/// A body, a list or a session over its bound: 413 (a list: unless the profile names another status) or 507.
/// </param>
/// <param name="RateLimited">Requests refused with 429, over <see cref="VenueServerOptions.MaxRequestsPerSecond"/>.</param>
/// <param name="Unavailable">
/// Requests answered with 503, since the data could not be reached; those to <c>/health/ready</c> among them.
/// </param>
public readonly record struct VenueCounters(
    long Inserted, long Duplicates, long Conflicts, long BadRequests, long Forbidden, long TooLarge,
    long RateLimited = 0, long Unavailable = 0);
