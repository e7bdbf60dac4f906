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
        if (await SessionChecks.CountPassingsAsync(cloud, token, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            throw new InvalidOperationException(
                $"{location}: the session to send to has {count} passings already, and the numbers here begin "
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
        if (await SessionChecks.FindAheadAsync(cloud, journal, LongestQuestion, cancellation).ConfigureAwait(false)
            is var (session, number))
        {
            throw new JournalException(
                JournalProblem.Damaged,
                $"{session.Location}/{session.Session}: the server has passing {number}, and the journal ends "
                + $"at {session.LastNumber}: it lost its end. Repair it with what the server has.");
        }
    }
}
