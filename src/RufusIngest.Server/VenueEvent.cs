namespace RufusIngest.Server;

/// <summary>An event that <c>GET /v0/events</c> lists, as it stands in the options.</summary>
/// <param name="Token">Its identifier, opaque.</param>
/// <param name="Name">Name; null: not known, as for the others.</param>
/// <param name="Edition">Edition, free text.</param>
/// <param name="Location">Place, free text.</param>
/// <param name="Status">Status, free text: the API's values are not known.</param>
/// <param name="StartDate">Begin; answered in UTC.</param>
/// <param name="EndDate">End; answered in UTC.</param>
public sealed record VenueEvent(
    string Token,
    string? Name = null,
    string? Edition = null,
    string? Location = null,
    string? Status = null,
    DateTimeOffset? StartDate = null,
    DateTimeOffset? EndDate = null);
