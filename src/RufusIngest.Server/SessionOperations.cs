using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>The API's operations on timing sessions.</summary>
sealed class SessionOperations(OperationContext shared)
{
    static readonly string[] _members = ["deviceid", "alias"];

    readonly VenueRules _rules = shared.Rules;
    readonly VenueStore _store = shared.Store;
    readonly Responses _responses = shared.Responses;

    public async Task OpenAsync(HttpContext context)
    {
        var values = new string?[_members.Length];
        if (!await shared.TryReadStringsAsync(context, _members, 1, values).ConfigureAwait(false))
            return;
        var answer = _store.Open(values[0]!, values[1]) is { } session
            ? _responses.SendAsync(
                context, _rules.OpenStatus, "Session inserted succesfully", "token_session", session.Token)
            : shared.DeviceNotFoundAsync(context, values[0]!);
        await answer.ConfigureAwait(false);
    }

    public Task CloseAsync(HttpContext context)
    {
        var token = OperationContext.Token(context);
        if (_store.Find(token) is not { } session)
            return shared.SessionNotFoundAsync(context, token);
        var status = _store.Close(session) ? StatusCodes.Status200OK : _rules.CloseAgainStatus;
        return _responses.SendAsync(context, status, "Session closed succesfully", "token_session", token);
    }

    public Task GetAsync(HttpContext context)
    {
        var token = OperationContext.Token(context);
        return _store.Find(token) is { } session
            ? SendAsync(context, session)
            : shared.SessionNotFoundAsync(context, token);
    }

    public Task ListAsync(HttpContext context)
    {
        var deviceId = OperationContext.DeviceId(context);
        var query = new QueryReader(context.Request.Query);
        var paging = query.Paging();
        if (query.Error is { } error)
            return shared.RefuseAsync(context, error);
        if (_store.FindDevice(deviceId)?.Sessions is not { Length: > 0 } sessions)
            return shared.SessionsNotFoundAsync(context, deviceId);
        var page = paging.Skip < sessions.Length ? sessions.Skip((int)paging.Skip).Take(paging.Limit) : [];
        return _responses.SendListAsync(context, page, paging, sessions.Length, ApiJson.WriteSummary);
    }

    public Task GetActiveAsync(HttpContext context)
    {
        var deviceId = OperationContext.DeviceId(context);
        return _store.FindDevice(deviceId)?.Newest is { } newest && newest.Info().Active
            ? SendAsync(context, newest)
            : shared.SessionsNotFoundAsync(context, deviceId);
    }

    Task SendAsync(HttpContext context, TimingSession session) => _responses.SendAsync(
        context, 200, Responses.Success, json => ApiJson.WriteDetail(json, session));
}
