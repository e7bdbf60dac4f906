using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Server;

/// <summary>The API's operations on passings.</summary>
sealed partial class PassingOperations(OperationContext shared, ILogger logger, LiveFeed? live)
{
    readonly VenueRules _rules = shared.Rules;
    readonly VenueStore _store = shared.Store;
    readonly Responses _responses = shared.Responses;
    readonly PassingsParser _parser = new(shared.Rules);
    readonly PassingsReader _reader = new(shared.Responses);
    readonly ObjectPool<PassingsBatch> _batches = ObjectPool.Create<PassingsBatch>();
    long _inserted;
    long _duplicates;
    long _conflicts;

    public long Inserted => Interlocked.Read(ref _inserted);

    public long Duplicates => Interlocked.Read(ref _duplicates);

    public long Conflicts => Interlocked.Read(ref _conflicts);

    public async Task InsertAsync(HttpContext context, int company)
    {
        var batch = _batches.Get();
        try
        {
            var body = await shared.ReadAsync(context, batch.Body).ConfigureAwait(false);
            var answer = body != BodyStatus.Whole ? shared.RefuseBodyAsync(context, body)
                : !_parser.TryParse(batch) ? shared.RefuseBodyAsync(context, batch.Fault, batch.Error!)
                : StoreAsync(context, company, batch);
            await answer.ConfigureAwait(false);
        }
        finally
        {
            _batches.Return(batch);
        }
    }

    public async Task GetOfSessionAsync(HttpContext context, int company)
    {
        var token = OperationContext.Token(context);
        var query = new QueryReader(context.Request.Query);
        var (range, paging) = (query.Numbers(), query.Paging());
        var answer = query.Error is { } error ? shared.RefuseAsync(context, error)
            : await _store.SessionPassingsAsync(company, token, range, paging, context.RequestAborted)
                .ConfigureAwait(false) is { } page ? _reader.SendAsync(context, page, paging)
            : shared.SessionNotFoundAsync(context, token);
        await answer.ConfigureAwait(false);
    }

    public async Task GetOfDeviceAsync(HttpContext context, int company)
    {
        var deviceId = OperationContext.DeviceId(context);
        var query = new QueryReader(context.Request.Query);
        var (range, paging) = (query.Times(), query.Paging());
        var answer = query.Error is { } error ? shared.RefuseAsync(context, error)
            : await _store.DevicePassingsAsync(company, deviceId, range, paging, context.RequestAborted)
                .ConfigureAwait(false) is { } page ? _reader.SendAsync(context, page, paging)
            : shared.DeviceNotFoundAsync(context, deviceId);
        await answer.ConfigureAwait(false);
    }

    /// <summary>
    /// The feed: resumes in the newest session after <c>last</c>, and starts at its beginning when the token is
    /// another session's, unknown or not given.
    /// </summary>
    public async Task GetFeedAsync(HttpContext context, int company)
    {
        var deviceId = OperationContext.DeviceId(context);
        var query = new QueryReader(context.Request.Query);
        var position = new FeedPosition(
            query.Text("token_session"), query.Number("last"), query.Times(), query.Paging());
        var answer = query.Error is { } error ? shared.RefuseAsync(context, error)
            : await _store.FeedAsync(company, deviceId, position, context.RequestAborted).ConfigureAwait(false)
                is { } feed ? _reader.SendFeedAsync(context, feed)
            : shared.SessionsNotFoundAsync(context, deviceId);
        await answer.ConfigureAwait(false);
    }

    async Task StoreAsync(HttpContext context, int company, PassingsBatch batch)
    {
        var token = batch.TokenText();
        var result = await _store.InsertAsync(company, token, batch).ConfigureAwait(false);
        Interlocked.Add(ref _inserted, result.Inserted);
        Interlocked.Add(ref _duplicates, result.Duplicates);
        Interlocked.Add(ref _conflicts, result.Conflicts);
        if (result.Conflicts > 0)
            LogConflicts(token, batch, result.Conflicts);
        live?.Stored(company, token, batch, result);
        var answer = result.Status switch
        {
            InsertStatus.Stored => InsertedAsync(context, token, result),
            InsertStatus.Closed => GoneAsync(context, _rules.SessionClosedStatus, token),
            InsertStatus.Unknown => GoneAsync(context, _rules.SessionUnknownStatus, token),
            _ => _responses.RefuseAsync(
                context, Refusal.TooLarge, 507, $"The session is full at {StoredPassings.Max} passings",
                "token_session", token),
        };
        await answer.ConfigureAwait(false);
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

    void LogConflicts(string token, PassingsBatch batch, int conflicts)
    {
        foreach (var conflict in batch.Conflicts)
        {
            var (stored, sent) = _reader.Describe(token, batch, conflict);
            LogConflict(logger, stored, sent);
        }

        if (conflicts > batch.Conflicts.Count)
            LogMoreConflicts(logger, conflicts - batch.Conflicts.Count, token);
    }

    [LoggerMessage(1, LogLevel.Warning, "A passing's number is taken: stored {Stored}, ignored {Sent}")]
    static partial void LogConflict(ILogger logger, string stored, string sent);

    [LoggerMessage(2, LogLevel.Warning, "{Count} more conflicts in the same request, session {Session}")]
    static partial void LogMoreConflicts(ILogger logger, int count, string session);
}
