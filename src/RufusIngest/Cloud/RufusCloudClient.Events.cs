using System.Text.Json;

namespace RufusIngest.Cloud;

// Events, and participants where their routes are configured.
public sealed partial class RufusCloudClient
{
    /// <summary>Events on a full page, by the specification; assumed of participants too.</summary>
    const int EventsPage = 1000;

    /// <summary>
    /// Lists the events of the account, page by page as they are asked for. Needs a key that may read. The listing ends
    /// like that of <see cref="GetSessionPassingsAsync"/>, but 404 is <see cref="RufusFailure.NotFound"/>: the path, which
    /// is not documented, may be another one (<see cref="RufusCloudOptions.EventsPath"/>).
    /// </summary>
    public IAsyncEnumerable<CloudEvent> GetEventsAsync(CancellationToken cancellationToken = default) =>
        ListAsync(_options.EventsPath, EventsPage, CloudEvent.Read, false, cancellationToken);

    /// <summary>
    /// Lists the participants of an event. The API documents neither path nor members, so it is off until
    /// <see cref="RufusCloudOptions.ParticipantsRoute"/> says both.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no route.</exception>
    public IAsyncEnumerable<CloudParticipant> GetParticipantsAsync(
        string eventToken, CancellationToken cancellationToken = default)
    {
        CloudRoute route = _options.ParticipantsRoute
            ?? throw new InvalidOperationException(
                "Participants are off: their path is not documented. Set RufusCloudOptions.ParticipantsRoute.");
        return ListAsync(
            route.PathOf("{event_token}", Segment(eventToken)),
            EventsPage,
            (JsonElement item) => CloudParticipant.Read(item, route),
            false,
            cancellationToken);
    }

    /// <summary>
    /// Creates a participant of an event; there is no way to change one. Off until
    /// <see cref="RufusCloudOptions.CreateParticipantRoute"/> says path and members.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no route.</exception>
    public Task CreateParticipantAsync(
        string eventToken, CloudParticipant participant, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(participant);
        CloudRoute route = _options.CreateParticipantRoute
            ?? throw new InvalidOperationException(
                "Creating participants is off: the path is not documented. Set RufusCloudOptions.CreateParticipantRoute.");
        return DoAsync(
            new(route.Method), route.PathOf("{event_token}", Segment(eventToken)), participant.Write(route),
            cancellationToken);
    }
}
