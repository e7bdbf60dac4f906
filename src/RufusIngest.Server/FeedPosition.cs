namespace RufusIngest.Server;

/// <summary>Where a reader of the feed is, and what it wants; the token and number are as it sent them.</summary>
readonly record struct FeedPosition(string? Token, long? Last, PassingRange Range, Paging Paging)
{
    /// <summary>
    /// What to read of the newest session: what follows the last number when the token is its own, everything when the
    /// token is another session's, unknown or not given.
    /// </summary>
    /// <param name="newest">The newest session's token.</param>
    /// <param name="isOfDevice">The position's token is that of one of the device's sessions.</param>
    public (PassingRange Range, Paging Paging, long ResumedFrom) In(string newest, bool isOfDevice)
    {
        if (Token == newest)
            return (Last is { } number ? Range.After(number) : Range, Paging, Last ?? 0);

        // The page was one of the session it jumps away from.
        return (Range, isOfDevice ? Paging with { Page = 1 } : Paging, 0);
    }
}

/// <summary>A page of the feed: passings of the newest session. Who has it disposes the passings.</summary>
sealed record PassingsFeedPage(
    string DeviceId, string Token, string? Alias, long ResumedFrom, Paging Paging, PassingsPage Passings);
