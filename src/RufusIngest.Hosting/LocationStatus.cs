namespace RufusIngest.Hosting;

/// <summary>How a local session of a location is sent.</summary>
public enum LocationState
{
    /// <summary>It is sent, or would be if anything waited; also while the server cannot be reached.</summary>
    Sending,

    /// <summary>
    /// No session of the server is attached: passings are numbered and wait. Nothing opens one by itself; see
    /// <see cref="RufusIngestService.AttachSessionAsync"/> and <see cref="RufusIngestService.OpenCloudSessionAsync"/>.
    /// </summary>
    NoSession,

    /// <summary>
    /// The server refused it: passings wait until a token is attached or <c>Uploader.Resume</c> is called.
    /// </summary>
    Stopped,

    /// <summary>
    /// Nothing is sent: <see cref="RufusIngestOptions.Send"/> is false, sending has failed, or the service has stopped.
    /// </summary>
    Off,
}

/// <summary>Where a local session of a location stands.</summary>
/// <param name="Location">Name of the location.</param>
/// <param name="Session">Its local session, from 1.</param>
/// <param name="State">How it is sent.</param>
/// <param name="Problem">What keeps it from being sent, in words; null: nothing known.</param>
/// <param name="LastNumber">Last number given; 0: none yet.</param>
/// <param name="AcknowledgedNumber">All numbers up to it are acknowledged or set aside.</param>
/// <param name="Oldest">
/// How long the oldest passing that is not acknowledged has waited in this process, to about a second; zero: none
/// waits.
/// </param>
public sealed record LocationStatus(
    string Location, int Session, LocationState State, string? Problem, int LastNumber, int AcknowledgedNumber,
    TimeSpan Oldest)
{
    /// <summary>Passings that are not acknowledged yet.</summary>
    public int Waiting => Math.Max(LastNumber - AcknowledgedNumber, 0);
}
