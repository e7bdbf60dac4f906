using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Server;

/// <summary>The API's operations on passings.</summary>
sealed partial class PassingOperations(OperationContext shared, ILogger logger)
{
    readonly VenueRules _rules = shared.Rules;
    readonly VenueStore _store = shared.Store;
    readonly Responses _responses = shared.Responses;
    readonly PassingsParser _parser = new(shared.Rules);
    readonly PassingsReader _reader = new(shared.Responses);
    readonly ObjectPool<PassingsBatch> _batches = ObjectPool.Create<PassingsBatch>();

    public async Task InsertAsync(HttpContext context)
    {
        var batch = _batches.Get();
        try
        {
            var body = await batch.Body.ReadAsync(context.Request, _rules.MaxBodyBytes, context.RequestAborted)
                .ConfigureAwait(false);
            var answer = body != BodyStatus.Whole ? shared.RefuseBodyAsync(context, body)
                : !_parser.TryParse(batch) ? shared.RefuseBodyAsync(context, batch.Fault, batch.Error!)
                : StoreAsync(context, batch);
            await answer.ConfigureAwait(false);
        }
        finally
        {
            _batches.Return(batch);
        }
    }

    public Task GetOfSessionAsync(HttpContext context)
    {
        var token = OperationContext.Token(context);
        var query = new QueryReader(context.Request.Query);
        var (range, paging) = (query.Numbers(), query.Paging());
        if (query.Error is { } error)
            return shared.RefuseAsync(context, error);
        return _store.Find(token) is { } session
            ? _reader.SendAsync(context, PassingsPage.Of(session, range, paging), paging)
            : shared.SessionNotFoundAsync(context, token);
    }

    public Task GetOfDeviceAsync(HttpContext context)
    {
        var deviceId = OperationContext.DeviceId(context);
        var query = new QueryReader(context.Request.Query);
        var (range, paging) = (query.Times(), query.Paging());
        if (query.Error is { } error)
            return shared.RefuseAsync(context, error);
        return _store.FindDevice(deviceId) is { } device
            ? _reader.SendAsync(context, PassingsPage.Of(device.Sessions, range, paging), paging)
            : shared.DeviceNotFoundAsync(context, deviceId);
    }

    /// <summary>
    /// The feed: resumes in the newest session after <c>last</c>, and starts at its beginning when the token is
    /// another session's, unknown or not given.
    /// </summary>
    public Task GetFeedAsync(HttpContext context)
    {
        var deviceId = OperationContext.DeviceId(context);
        var query = new QueryReader(context.Request.Query);
        var (token, last) = (query.Text("token_session"), query.Number("last"));
        var (range, paging) = (query.Times(), query.Paging());
        if (query.Error is { } error)
            return shared.RefuseAsync(context, error);
        if (_store.FindDevice(deviceId)?.Sessions is not [.., var newest] sessions)
            return shared.SessionsNotFoundAsync(context, deviceId);
        if (token == newest.Token)
            range = last is { } number ? range.After(number) : range;
        else
            last = null;
        if (token != newest.Token && sessions.Any(session => session.Token == token))
            paging = paging with { Page = 1 }; // The page was one of the session it jumps away from.
        return _reader.SendFeedAsync(
            context, PassingsPage.Of(newest, range, paging), paging, newest, resumedFrom: last ?? 0);
    }

    Task StoreAsync(HttpContext context, PassingsBatch batch)
    {
        var token = batch.TokenText();
        if (_store.Find(token) is not { } session)
            return GoneAsync(context, _rules.SessionUnknownStatus, token);
        var result = _store.Insert(session, batch);
        if (result.Conflicts > 0)
            LogConflicts(session, batch, result.Conflicts);
        return result.Status switch
        {
            InsertStatus.Stored => InsertedAsync(context, token, result),
            InsertStatus.Closed => GoneAsync(context, _rules.SessionClosedStatus, token),
            _ => _responses.RefuseAsync(
                context, Refusal.TooLarge, 507, $"The session is full at {StoredPassings.Max} passings",
                "token_session", token),
        };
    }

    Task InsertedAsync(HttpContext context, string token, InsertResult result)
    {
        var status = result.Inserted > 0 ? _rules.InsertStatus : _rules.AllDuplicatesStatus;
        return _responses.SendAsync(context, status, "Passings inserted succesfully", json =>
        {
            json.WriteString("token_session"u8, token);
            json.WriteNumber("inserted_count"u8, result.Inserted);
            if (_rules.DuplicateCount)
                json.WriteNumber("duplicate_count"u8, result.Duplicates);
        });
    }

    Task GoneAsync(HttpContext context, int status, string token) =>
        _responses.SendAsync(context, status, "Session not found or closed", "token_session", token);

    void LogConflicts(TimingSession session, PassingsBatch batch, int conflicts)
    {
        var shown = Math.Min(conflicts, PassingsBatch.MaxLoggedConflicts);
        for (var i = 0; i < shown; i++)
        {
            var (stored, sent) = _reader.Describe(session, batch, i);
            LogConflict(logger, stored, sent);
        }

        if (conflicts > shown)
            LogMoreConflicts(logger, conflicts - shown, session.Token);
    }

    [LoggerMessage(1, LogLevel.Warning, "A passing's number is taken: stored {Stored}, ignored {Sent}")]
    static partial void LogConflict(ILogger logger, string stored, string sent);

    [LoggerMessage(2, LogLevel.Warning, "{Count} more conflicts in the same request, session {Session}")]
    static partial void LogMoreConflicts(ILogger logger, int count, string session);
}
