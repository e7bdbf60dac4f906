using RufusIngest.Cloud;
using RufusIngest.Passings;

namespace RufusIngest.Tool;

/// <summary>
/// Gets each location's local session its token at the server: the one the journal keeps, the one that is named, or a new
/// one. A race begins without the server; what is asked for here comes when it can be reached.
/// </summary>
sealed class JournalSessions(
    Terminal terminal, RufusCloudClient cloud, PassingsUploader uploader, PassingStore journal, LiveOptions options)
{
    static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A server that has more passings of a session than the journal: the journal lost its end, and its next numbers are
    /// taken. Unknown when it cannot be asked; then the server's duplicates tell.
    /// </summary>
    public async Task RequireNotBehindAsync(CancellationToken cancellation)
    {
        foreach (StoredSession session in journal.GetSessions().Where(session => session.Token is not null))
        {
            try
            {
                await foreach (CloudPassing passing in cloud.GetSessionPassingsAsync(
                    session.Token!, first: session.LastNumber + 1, cancellationToken: cancellation).ConfigureAwait(false))
                {
                    if (passing.Number <= session.LastNumber)
                        break; // It does not heed the range.
                    throw new ToolException(
                        ExitCode.CheckFailed,
                        $"{session.Location}/{session.Session}: the server has passing {passing.Number}, and the journal "
                        + $"ends at {session.LastNumber}: it lost its end. Repair it with 'journal repair --post', which "
                        + "fetches what the server has.");
                }
            }
            catch (RufusCloudException)
            {
                // No answer, or a key that cannot read.
            }
        }
    }

    /// <summary>Ends when every location has its token.</summary>
    public Task AttachAsync(IReadOnlyList<ReaderSpec> readers, CancellationToken cancellation) =>
        Task.WhenAll(readers.GroupBy(reader => reader.Location).Select(location => AttachAsync(location, cancellation)));

    async Task AttachAsync(IGrouping<string, ReaderSpec> location, CancellationToken cancellation)
    {
        StoredSession? last = journal.GetSessions().LastOrDefault(session => session.Location == location.Key);
        int number = last is null ? 1 : last.IsClosed ? last.Session + 1 : last.Session;
        string? kept = last is { IsClosed: false } ? last.Token : null;
        for (TimeSpan delay = FirstDelay; ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                string? token = CloudSessions.GivenSession(location) ?? kept;
                string? device = null;
                if (token is null)
                    (token, device) = await CloudSessions.OpenOneAsync(terminal, cloud, location, options.Quiet, cancellation)
                        .ConfigureAwait(false);
                else if (options.WhenSessionGone == SessionGonePolicy.OpenNew)
                    device = await CloudSessions.DeviceOfAsync(cloud, location, cancellation).ConfigureAwait(false);
                uploader.AttachSession(location.Key, token, number, device);
                return;
            }
            catch (RufusCloudException exception)
            {
                if (exception.Failure is not (RufusFailure.Unreachable or RufusFailure.ServerFault or RufusFailure.Throttled))
                {
                    terminal.Say(
                        $"{location.Key}: there is no session to send to ({exception.Message}); passings stay in the journal.");
                    return;
                }

                if (delay == FirstDelay)
                {
                    terminal.Say(
                        $"{location.Key}: the server cannot be reached ({exception.Message}); trying on. Passings are kept.");
                }
            }

            await Task.Delay(delay, cancellation).ConfigureAwait(false);
        }
    }
}
