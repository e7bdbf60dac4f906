using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>The API's operations on timing sessions.</summary>
sealed class SessionOperations(OperationContext shared)
{
    static readonly string[] _members = ["deviceid", "alias"];

    readonly VenueRules _rules = shared.Rules;
    readonly VenueStore _store = shared.Store;
    readonly Responses _responses = shared.Responses;

    public async Task OpenAsync(HttpContext context, int company)
    {
        var values = new string?[_members.Length];
        if (!await shared.TryReadStringsAsync(context, _members, 1, values).ConfigureAwait(false))
            return;
        var answer = await _store.OpenAsync(company, values[0]!, values[1]).ConfigureAwait(false) is { } token
            ? _responses.SendAsync(context, _rules.OpenStatus, "Session inserted succesfully", "token_session", token)
            : shared.DeviceNotFoundAsync(context, values[0]!);
        await answer.ConfigureAwait(false);
    }

    public async Task CloseAsync(HttpContext context, int company)
    {
        var token = OperationContext.Token(context);
        var answer = await _store.CloseAsync(company, token).ConfigureAwait(false) is { } closes
            ? _responses.SendAsync(
                context, closes ? StatusCodes.Status200OK : _rules.CloseAgainStatus, "Session closed succesfully",
                "token_session", token)
            : shared.SessionNotFoundAsync(context, token);
        await answer.ConfigureAwait(false);
    }

    public async Task GetAsync(HttpContext context, int company)
    {
        var token = OperationContext.Token(context);
        var session = await _store.FindSessionAsync(company, token, context.RequestAborted).ConfigureAwait(false);
        await (session is null ? shared.SessionNotFoundAsync(context, token) : SendAsync(context, session))
            .ConfigureAwait(false);
    }

    public async Task ListAsync(HttpContext context, int company)
    {
        var deviceId = OperationContext.DeviceId(context);
        var query = new QueryReader(context.Request.Query);
        var paging = query.Paging();
        if (query.Error is { } error)
        {
            await shared.RefuseAsync(context, error).ConfigureAwait(false);
            return;
        }

        var (page, total) = await _store.SessionsAsync(company, deviceId, paging, context.RequestAborted)
            .ConfigureAwait(false);
        var answer = total == 0
            ? shared.SessionsNotFoundAsync(context, deviceId)
            : _responses.SendListAsync(context, page, paging, total, ApiJson.WriteSummary);
        await answer.ConfigureAwait(false);
    }

    public async Task GetActiveAsync(HttpContext context, int company)
    {
        var deviceId = OperationContext.DeviceId(context);
        var active = await _store.ActiveSessionAsync(company, deviceId, context.RequestAborted).ConfigureAwait(false);
        await (active is null ? shared.SessionsNotFoundAsync(context, deviceId) : SendAsync(context, active))
            .ConfigureAwait(false);
    }

    Task SendAsync(HttpContext context, SessionState session) => _responses.SendAsync(
        context, 200, Responses.Success, json => ApiJson.WriteDetail(json, session));
}
