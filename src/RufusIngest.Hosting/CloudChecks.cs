using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>What is asked of the server before a session is sent to, so that no number means two passings.</summary>
static class CloudChecks
{
    static readonly TimeSpan LongestQuestion = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A session without a kept token is numbered from 1: a cloud session that has passings would take the new ones for
    /// repeats. A key that cannot read leaves it unknown.
    /// </summary>
    /// <exception cref="InvalidOperationException">It has passings.</exception>
    /// <exception cref="RufusCloudException">The server gave no answer, or knows no such session.</exception>
    public static async Task RequireEmptyAsync(
        RufusCloudClient cloud, string location, string token, CancellationToken cancellation)
    {
        CloudSession session;
        try
        {
            session = await cloud.GetSessionAsync(token, cancellation).ConfigureAwait(false);
        }
        catch (RufusCloudException exception) when (exception.Failure == RufusFailure.KeyRefused)
        {
            return;
        }

        if (session.Passings > 0)
        {
            throw new InvalidOperationException(
                $"{location}: the session to send to has {session.Passings} passings already, and the numbers here begin "
                + "at 1; open another one.");
        }
    }

    /// <summary>
    /// A server that has more passings of a session than the journal: the journal lost its end, and its next numbers
    /// are taken. Unknown when the server does not say within 5 s: the race does not wait for it.
    /// </summary>
    /// <exception cref="JournalException">It has.</exception>
    public static async Task RequireNotBehindAsync(
        RufusCloudClient cloud, PassingStore journal, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(LongestQuestion);
        foreach (StoredSession session in journal.GetSessions())
        {
            if (session.Token is null || (session.IsClosed && session.AcknowledgedNumber == session.LastNumber))
                continue;
            try
            {
                await RequireNotBehindAsync(cloud, session, limited.Token).ConfigureAwait(false);
            }
            catch (RufusCloudException)
            {
                // No answer, or a key that cannot read.
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return;
            }
        }
    }

    static async Task RequireNotBehindAsync(
        RufusCloudClient cloud, StoredSession session, CancellationToken cancellation)
    {
        await foreach (CloudPassing passing in cloud.GetSessionPassingsAsync(
            session.Token!, first: session.LastNumber + 1, cancellationToken: cancellation).ConfigureAwait(false))
        {
            if (passing.Number <= session.LastNumber)
                return; // It does not heed the range.
            throw new JournalException(
                JournalProblem.Damaged,
                $"{session.Location}/{session.Session}: the server has passing {passing.Number}, and the journal ends "
                + $"at {session.LastNumber}: it lost its end. Repair it with what the server has.");
        }
    }
}
