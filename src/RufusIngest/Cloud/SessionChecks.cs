using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>What to ask of the server before a session is sent to, so that no number means two passings.</summary>
public static class SessionChecks
{
    /// <summary>
    /// How many passings a cloud session has. One that is numbered from 1 must have none, or the server takes the new ones
    /// for repeats.
    /// </summary>
    /// <returns>Null when the server does not say, or the key cannot read.</returns>
    /// <exception cref="RufusCloudException">There is no answer, or no such session.</exception>
    public static async Task<int?> CountPassingsAsync(
        RufusCloudClient cloud, string tokenSession, CancellationToken cancellationToken = default)
    {
        try
        {
            return (await cloud.GetSessionAsync(tokenSession, cancellationToken).ConfigureAwait(false)).Passings;
        }
        catch (RufusCloudException e) when (e.Failure is RufusFailure.KeyRefused or RufusFailure.PermissionMissing)
        {
            return null;
        }
    }

    /// <summary>
    /// Looks for a session of which the server has more than the store, which then lost its end: its next numbers are
    /// taken.
    /// </summary>
    /// <param name="cloud">Asks the server.</param>
    /// <param name="store">The sessions; those without a token and those that are done are left out.</param>
    /// <param name="limit">How long to ask at most: a race does not wait for a network that says nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>
    /// The session and the number the server has beyond it; null when there is none, or the server did not say: then
    /// duplicates among passings never sent tell later.
    /// </returns>
    public static async Task<(StoredSession Session, int Number)?> FindAheadAsync(
        RufusCloudClient cloud, PassingStore store, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(limit);
        foreach (StoredSession session in store.GetSessions())
        {
            if (session.Token is null || (session.IsClosed && session.AcknowledgedNumber == session.LastNumber))
                continue;
            try
            {
                if (await FindAheadAsync(cloud, session, limited.Token).ConfigureAwait(false) is { } number)
                    return (session, number);
            }
            catch (RufusCloudException)
            {
                // No answer, or a key that cannot read.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        return null;
    }

    static async Task<int?> FindAheadAsync(
        RufusCloudClient cloud, StoredSession session, CancellationToken cancellationToken)
    {
        await foreach (CloudPassing passing in cloud.GetSessionPassingsAsync(
            session.Token!, first: session.LastNumber + 1, cancellationToken: cancellationToken).ConfigureAwait(false))
            return passing.Number > session.LastNumber ? passing.Number : null; // Else it does not heed the range.
        return null;
    }
}
