using System.Text.Json;

namespace RufusIngest.Cloud;

// Timing sessions: open, close, list by device, active one, information.
public sealed partial class RufusCloudClient
{
    /// <summary>
    /// Opens a session of a device. <b>The server closes the session the device had open</b>: keep the token, and do
    /// not open another one after a restart; a key that may read can ask <see cref="GetActiveSessionAsync"/> first.
    /// </summary>
    /// <returns>The session's token, to be kept by the caller.</returns>
    public async Task<string> OpenSessionAsync(
        string deviceId, string? alias = null, CancellationToken cancellationToken = default)
    {
        const string Path = "sessions";
        byte[] body = Write([("deviceid", deviceId), ("alias", alias)]);
        CloudAnswer answer = await CallAsync(HttpMethod.Post, Path, body, _options.MaxAnswerBytes, cancellationToken)
            .ConfigureAwait(false);
        RequireReadable(answer, HttpMethod.Post, Path, cancellationToken);
        return Member(answer, "token_session", HttpMethod.Post, Path);
    }

    /// <summary>Closes a session for good: it takes no more passings but can be read. Nothing reopens it.</summary>
    public Task CloseSessionAsync(string tokenSession, CancellationToken cancellationToken = default) =>
        DoAsync(HttpMethod.Patch, "sessions/close/" + Segment(tokenSession), [], cancellationToken);

    /// <summary>Asks for a session. Needs a key that may read.</summary>
    public async Task<CloudSession> GetSessionAsync(string tokenSession, CancellationToken cancellationToken = default)
    {
        CloudSession session = CloudSession.Read(
            await GetOneAsync("sessions/" + Segment(tokenSession), cancellationToken).ConfigureAwait(false));
        return session.TokenSession.Length > 0 ? session : session with { TokenSession = tokenSession };
    }

    /// <summary>
    /// Lists the sessions of a device in no order that can be relied on. Needs a key that may read. A device without
    /// sessions and an unknown one look alike: nothing is listed.
    /// </summary>
    public IAsyncEnumerable<CloudSession> GetSessionsAsync(
        string deviceId, CancellationToken cancellationToken = default) =>
        ListAsync("sessions/device/" + Segment(deviceId), 0, CloudSession.Read, true, cancellationToken);

    /// <summary>
    /// The session of a device that takes passings; null when there is none, or no such device. Needs a key that may read.
    /// </summary>
    public async Task<CloudSession?> GetActiveSessionAsync(
        string deviceId, CancellationToken cancellationToken = default)
    {
        string path = $"sessions/device/{Segment(deviceId)}/active";
        try
        {
            JsonElement item = await GetOneAsync(path, cancellationToken).ConfigureAwait(false);
            CloudSession session = CloudSession.Read(item);
            return session.TokenSession.Length > 0
                ? session
                : throw NotUnderstood(200, HttpMethod.Get, path, "The session has no token_session.");
        }
        catch (RufusCloudException e) when (e.Failure == RufusFailure.NotFound)
        {
            return null;
        }
    }
}
