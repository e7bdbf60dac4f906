using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>The API's one operation on events that is known.</summary>
sealed class EventOperations(OperationContext shared, IReadOnlyList<VenueEvent> options)
{
    readonly VenueEvent[] _events = [.. options];

    public Task ListAsync(HttpContext context, int company)
    {
        var query = new QueryReader(context.Request.Query);
        var paging = query.Paging(QueryReader.MaxEventsPage);
        if (query.Error is { } error)
            return shared.RefuseAsync(context, error);
        var page = paging.Skip < _events.Length ? _events.Skip((int)paging.Skip).Take(paging.Limit) : [];
        return shared.Responses.SendListAsync(context, page, paging, _events.Length, ApiJson.WriteSummary);
    }
}
