using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace RufusIngest.Server;

/// <summary>The API's operations: route, permission, answer.</summary>
sealed partial class Operations
{
    static readonly string[] _deviceMembers = ["serial_number", "model", "type", "alias", "firmware"];
    static readonly string[] _sessionMembers = ["deviceid", "alias"];

    readonly VenueServerOptions _options;
    readonly ApiKeys _keys;
    readonly VenueStore _store;
    readonly PassingsParser _parser;
    readonly Responses _responses;
    readonly PassingsReader _reader;
    readonly ObjectPool<PassingsBatch> _batches = ObjectPool.Create<PassingsBatch>();
    readonly ILogger _logger;

    public Operations(VenueServerOptions options)
    {
        _options = options;
        _keys = new(options.Keys);
        _store = new(options.TimeProvider);
        _parser = new(options);
        _responses = new(options.Envelope);
        _reader = new(_responses);
        _logger = options.LoggerFactory.CreateLogger<VenueServer>();
    }

    public VenueCounters Counters => new(
        _store.Inserted, _store.Duplicates, _store.Conflicts,
        _responses.BadRequests, _responses.Forbidden, _responses.TooLarge);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", context => _responses.SendAsync(context, 200, Responses.Success));
        routes.MapPost("/v0/devices", Guard(VenueAccess.Write, BindDeviceAsync));
        routes.MapPost("/v0/sessions", Guard(VenueAccess.Write, OpenSessionAsync));
        routes.MapPatch("/v0/sessions/close/{token}", Guard(VenueAccess.Write, CloseSessionAsync));
        routes.MapGet("/v0/sessions/{token}", Guard(VenueAccess.Read, GetSessionAsync));
        routes.MapPost("/v0/passings", Guard(VenueAccess.Write, InsertPassingsAsync));
        routes.MapGet("/v0/passings/session/{token}", Guard(VenueAccess.Read, GetPassingsAsync));

        // These words are never tokens.
        routes.MapGet("/v0/sessions/device/{**rest}", UnknownRouteAsync);
        routes.MapGet("/v0/sessions/close/{**rest}", UnknownRouteAsync);
        routes.MapFallback("{**path}", UnknownRouteAsync);
    }

    /// <summary>Checks the key, and answers for whatever an operation could not.</summary>
    RequestDelegate Guard(VenueAccess needed, RequestDelegate operation) => async context =>
    {
        try
        {
            var access = _keys.AccessOf(context.Request.Headers);
            if (access == VenueAccess.None)
                await _responses.SendAsync(context, 403, "Missing or unknown API key").ConfigureAwait(false);
            else if ((access & needed) == 0)
                await _responses.SendAsync(context, 403, "Wrong API key access type").ConfigureAwait(false);
            else
                await operation(context).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (BadHttpRequestException exception)
        {
            await _responses.SendAsync(context, exception.StatusCode, "The request could not be read")
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ConnectionAbortedException or ConnectionResetException)
        {
            // The client left, and reading told it before the request's own token did.
            context.Abort();
        }
        catch (Exception exception)
        {
            LogFault(exception, context.Request.Method);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await _responses.SendFaultAsync(context).ConfigureAwait(false);
        }
    };

    async Task BindDeviceAsync(HttpContext context)
    {
        var values = new string?[_deviceMembers.Length];
        if (!await TryReadStringsAsync(context, _deviceMembers, 2, values).ConfigureAwait(false))
            return;
        var description = new DeviceDescription(values[0]!, values[1]!, values[2], values[3], values[4]);
        var status = _store.TryBind(description, out var deviceId) ? 201 : 409;
        await _responses.SendAsync(context, status, "Device binded succesfully", "deviceid", deviceId)
            .ConfigureAwait(false);
    }

    async Task OpenSessionAsync(HttpContext context)
    {
        var values = new string?[_sessionMembers.Length];
        if (!await TryReadStringsAsync(context, _sessionMembers, 1, values).ConfigureAwait(false))
            return;
        var answer = _store.Open(values[0]!, values[1]) is { } session
            ? _responses.SendAsync(context, 201, "Session inserted succesfully", "token_session", session.Token)
            : _responses.SendAsync(context, 404, "Device not found", "deviceid", values[0]);
        await answer.ConfigureAwait(false);
    }

    Task CloseSessionAsync(HttpContext context)
    {
        var token = Token(context);
        if (_store.Find(token) is not { } session)
            return SessionNotFoundAsync(context, token);
        session.Close();
        return _responses.SendAsync(context, 200, "Session closed succesfully", "token_session", token);
    }

    Task GetSessionAsync(HttpContext context)
    {
        var token = Token(context);
        return _store.Find(token) is { } session
            ? _responses.SendSessionAsync(context, session)
            : SessionNotFoundAsync(context, token);
    }

    async Task InsertPassingsAsync(HttpContext context)
    {
        var batch = _batches.Get();
        try
        {
            var body = await batch.Body.ReadAsync(context.Request, _options.MaxBodyBytes, context.RequestAborted)
                .ConfigureAwait(false);
            var answer = body != BodyStatus.Whole ? NoBodyAsync(context, body)
                : !_parser.TryParse(batch) ? _responses.SendAsync(context, batch.ErrorStatus, batch.Error!)
                : StoreAsync(context, batch);
            await answer.ConfigureAwait(false);
        }
        finally
        {
            _batches.Return(batch);
        }
    }

    Task StoreAsync(HttpContext context, PassingsBatch batch)
    {
        var token = batch.TokenText();
        var session = _store.Find(token);
        var result = session is null ? new(InsertStatus.Closed) : _store.Insert(session, batch);
        if (result.Conflicts > 0)
            LogConflicts(session!, batch, result.Conflicts);
        return result.Status switch
        {
            InsertStatus.Stored => _responses.SendInsertedAsync(context, token, result),
            InsertStatus.Closed =>
                _responses.SendAsync(context, 404, "Session not found or closed", "token_session", token),
            _ => _responses.SendAsync(
                context, 507, $"The session is full at {StoredPassings.Max} passings", "token_session", token),
        };
    }

    Task GetPassingsAsync(HttpContext context)
    {
        var token = Token(context);
        if (PassingsQuery.Read(context.Request.Query, out var query) is { } error)
            return _responses.SendAsync(context, 400, error);
        return _store.Find(token) is { } session
            ? _reader.SendAsync(context, session, query)
            : SessionNotFoundAsync(context, token);
    }

    async Task<bool> TryReadStringsAsync(HttpContext context, string[] names, int required, string?[] values)
    {
        var body = new BodyBuffer();
        var status = await body.ReadAsync(context.Request, _options.MaxBodyBytes, context.RequestAborted)
            .ConfigureAwait(false);
        if (status != BodyStatus.Whole)
        {
            await NoBodyAsync(context, status).ConfigureAwait(false);
            return false;
        }

        if (StringMembers.Read(body.Bytes, names, required, values, _options) is not { } error)
            return true;
        await _responses.SendAsync(context, 400, error).ConfigureAwait(false);
        return false;
    }

    void LogConflicts(TimingSession session, PassingsBatch batch, int conflicts)
    {
        var shown = Math.Min(conflicts, PassingsBatch.MaxLoggedConflicts);
        for (var i = 0; i < shown; i++)
        {
            var (stored, sent) = _reader.Describe(session, batch, i);
            LogConflict(stored, sent);
        }

        if (conflicts > shown)
            LogMoreConflicts(conflicts - shown, session.Token);
    }

    Task NoBodyAsync(HttpContext context, BodyStatus status) => status == BodyStatus.TooLarge
        ? _responses.SendAsync(context, 413, $"The body is larger than {_options.MaxBodyBytes} bytes")
        : _responses.SendAsync(context, 400, "The body is not the gzip it says it is");

    Task SessionNotFoundAsync(HttpContext context, string token) =>
        _responses.SendAsync(context, 404, "Session not found", "token_session", token);

    Task UnknownRouteAsync(HttpContext context) => _responses.SendAsync(context, 404, "Unknown route");

    static string Token(HttpContext context) => (string)context.Request.RouteValues["token"]!;

    [LoggerMessage(1, LogLevel.Warning, "A passing's number is taken: stored {Stored}, ignored {Sent}")]
    partial void LogConflict(string stored, string sent);

    [LoggerMessage(2, LogLevel.Warning, "{Count} more conflicts in the same request, session {Session}")]
    partial void LogMoreConflicts(int count, string session);

    [LoggerMessage(3, LogLevel.Error, "A {Method} request failed")]
    partial void LogFault(Exception exception, string method);
}
