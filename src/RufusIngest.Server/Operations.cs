using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Server;

/// <summary>The API's routes with the permission each needs, and what holds for all of them.</summary>
sealed partial class Operations : IAsyncDisposable
{
    const string RetryAfterSeconds = "5";

    readonly VenueRules _rules;
    readonly OperationContext _shared;
    readonly ApiKeys _keys;
    readonly Responses _responses;
    readonly DeviceOperations _devices;
    readonly SessionOperations _sessions;
    readonly PassingOperations _passings;
    readonly EventOperations _events;
    readonly RequestLimiter? _limiter;
    readonly VenuePage? _page;
    readonly ILogger _logger;
    StoredKey? _firstKey;
    KeyRenewal? _keyRenewal;
    long _unavailable;

    Operations(VenueServerOptions options, VenueRules rules, VenueStore store, ApiKeys keys, string? newKey)
    {
        (_rules, _keys, NewKey) = (rules, keys, newKey);
        _responses = new(_rules);
        _logger = options.LoggerFactory.CreateLogger<VenueServer>();
        _shared = new(_rules, store, _responses);
        _devices = new(_shared);
        _sessions = new(_shared);
        var live = options.Page ? new LiveFeed(options.TimeProvider) : null;
        _page = live is null ? null : new(_shared, keys, live, options.TimeProvider, _logger);
        _passings = new(_shared, _logger, live);
        _events = new(_shared, options.Events);
        _limiter = options.MaxRequestsPerSecond is { } most ? new(most) : null;
        foreach (var (member, value, instead) in VenueRules.NotImitated(options.Profile))
            LogNotImitated(member, value, instead);
    }

    /// <summary>The key that was made since there was none.</summary>
    public string? NewKey { get; }

    public VenueCounters Counters => new(
        _passings.Inserted, _passings.Duplicates, _passings.Conflicts,
        _responses.Refused(Refusal.Wrong), _responses.Refused(Refusal.Forbidden), _responses.Refused(Refusal.TooLarge),
        _responses.Refused(Refusal.RateLimited), Interlocked.Read(ref _unavailable));

    /// <summary>Gathers the keys; the store stays the caller's.</summary>
    public static async Task<Operations> CreateAsync(
        VenueServerOptions options, VenueStore store, CancellationToken cancellationToken)
    {
        var rules = new VenueRules(options);
        var given = await ApiKeys.StoredAsync(options.Keys, store).ConfigureAwait(false);
        var kept = await store.KeysAsync(cancellationToken).ConfigureAwait(false);
        if (given.Count + kept.Length > 0 || !options.KeepsKeys)
            return new(options, rules, store, new(given, kept, rules), newKey: null);
        var made = VenueKey.Random("first", VenueAccess.ReadWrite | VenueAccess.Unbind);
        var first = await ApiKeys.StoredAsync([made], store).ConfigureAwait(false);
        return new(options, rules, store, new([], first, rules), made.Key) { _firstKey = first[0] };
    }

    /// <summary>
    /// Keeps the key that was made. To be called when the server listens: a start that failed must not leave a key that
    /// nobody was told.
    /// </summary>
    /// <exception cref="VenueDataException">Another server kept one first.</exception>
    public async Task KeepNewKeyAsync(VenueStore store)
    {
        if (_firstKey is { } key && !await store.TryAddFirstKeyAsync(key).ConfigureAwait(false))
            throw new VenueDataException("Another server made the first key at the same time: start again.", mayHeal: true);
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", LiveAsync);
        routes.MapGet("/health/ready", Answered(ReadyAsync));
        routes.MapGet("/health", LiveAsync);
        routes.MapGet(ApiDocument.Path, Answered(ApiDocument.SendAsync));
        routes.MapPost("/v0/devices", Guard(VenueAccess.Write, _devices.BindAsync));
        routes.MapGet("/v0/devices", Guard(VenueAccess.Read, _devices.ListAsync));
        routes.MapGet("/v0/devices/{deviceid}", Guard(VenueAccess.Read, _devices.GetAsync));
        routes.MapDelete("/v0/devices/{deviceid}", Guard(VenueAccess.Unbind, _devices.UnbindAsync));
        routes.MapPost("/v0/sessions", Guard(VenueAccess.Write, _sessions.OpenAsync));
        routes.MapPatch("/v0/sessions/close/{token}", Guard(VenueAccess.Write, _sessions.CloseAsync));
        routes.MapGet("/v0/sessions/{token}", Guard(VenueAccess.Read, _sessions.GetAsync));
        routes.MapGet("/v0/sessions/device/{deviceid}", Guard(VenueAccess.Read, _sessions.ListAsync));
        routes.MapGet("/v0/sessions/device/{deviceid}/active", Guard(VenueAccess.Read, _sessions.GetActiveAsync));
        routes.MapPost("/v0/passings", Guard(VenueAccess.Write, _passings.InsertAsync));
        routes.MapGet("/v0/passings/session/{token}", Guard(VenueAccess.Read, _passings.GetOfSessionAsync));
        routes.MapGet("/v0/passings/device/{deviceid}", Guard(VenueAccess.Read, _passings.GetOfDeviceAsync));
        if (_rules.Feed)
            routes.MapGet("/v0/passings/device2/{deviceid}", Guard(VenueAccess.Read, _passings.GetFeedAsync));
        routes.MapGet("/v0/events", Guard(VenueAccess.Read, _events.ListAsync));

        _page?.Map(routes, Answered);

        // These words are never tokens.
        routes.MapGet("/v0/sessions/device", UnknownRouteAsync);
        routes.MapGet("/v0/sessions/close", UnknownRouteAsync);
        routes.MapFallback("{**path}", UnknownRouteAsync);
    }

    /// <summary>Begins to look for keys that others add or revoke, where any are kept.</summary>
    public void BeginKeyRenewal(VenueServerOptions options, VenueStore store)
    {
        if (options.KeepsKeys)
            _keyRenewal = new(_keys, store, options.KeyRenewal, options.TimeProvider, _logger);
    }

    public async ValueTask DisposeAsync()
    {
        _limiter?.Dispose();
        if (_keyRenewal is not null)
            await _keyRenewal.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The process answers, whatever its data does: a new start would mend nothing.</summary>
    Task LiveAsync(HttpContext context) => _responses.SendAsync(context, 200, Responses.Success);

    /// <summary>The data can be read now.</summary>
    async Task ReadyAsync(HttpContext context)
    {
        await _shared.Store.KeysAsync(context.RequestAborted).ConfigureAwait(false);
        await _responses.SendAsync(context, 200, Responses.Success).ConfigureAwait(false);
    }

    Task SendUnavailableAsync(HttpContext context, VenueDataException exception)
    {
        Interlocked.Increment(ref _unavailable);
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return _responses.SendAsync(context, 503, $"The data cannot be reached: {exception.Words}");
    }

    /// <summary>Checks the key.</summary>
    RequestDelegate Guard(VenueAccess needed, Func<HttpContext, int, Task> operation) => Answered(async context =>
    {
        if (await CompanyAsync(context, needed).ConfigureAwait(false) is { } company)
            await operation(context, company).ConfigureAwait(false);
    });

    /// <summary>Answers for whatever an operation could not.</summary>
    RequestDelegate Answered(RequestDelegate operation) => async context =>
    {
        try
        {
            await operation(context).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (VenueDataException exception) when (!context.Response.HasStarted)
        {
            if (!exception.MayHeal)
                LogFault(exception, context.Request.Method); // Somebody has to mend it; clients come again until then.
            await SendUnavailableAsync(context, exception).ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            await RefuseAsync(context, exception.StatusCode).ConfigureAwait(false);
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

    /// <summary>Answers for a request that the listener could not read to its end.</summary>
    Task RefuseAsync(HttpContext context, int status) => status == StatusCodes.Status408RequestTimeout
        ? _shared.RefuseSlowAsync(context)
        : _responses.RefuseAsync(
            context, status == StatusCodes.Status413PayloadTooLarge ? Refusal.TooLarge : Refusal.Wrong, status,
            "The request could not be read");

    /// <summary>The key's company; null when it answered that the request's key may not do this, or not now.</summary>
    async ValueTask<int?> CompanyAsync(HttpContext context, VenueAccess needed)
    {
        var (access, company, id) = _keys.AccessOf(context.Request.Headers);
        if (_limiter?.TryTake(id) == false)
        {
            context.Response.Headers.RetryAfter = RequestLimiter.RetryAfterSeconds;
            await _responses.RefuseAsync(context, Refusal.RateLimited, 429, _limiter.Words).ConfigureAwait(false);
            return null;
        }

        if ((access & needed) == needed)
            return company;
        var (status, description) = access switch
        {
            null => (_rules.KeyMissingStatus, "Missing or unknown API key"),
            VenueAccess.None => (_rules.KeyUnknownStatus, "Missing or unknown API key"),
            _ => (StatusCodes.Status403Forbidden, "Wrong API key access type"),
        };
        await _responses.RefuseAsync(context, Refusal.Forbidden, status, description).ConfigureAwait(false);
        return null;
    }

    Task UnknownRouteAsync(HttpContext context) => _responses.SendAsync(context, 404, "Unknown route");

    [LoggerMessage(3, LogLevel.Error, "A {Method} request failed")]
    partial void LogFault(Exception exception, string method);

    [LoggerMessage(4, LogLevel.Warning, "The profile's {Member} is {Value}, which is not imitated: {Instead}")]
    partial void LogNotImitated(string member, string value, string instead);
}
