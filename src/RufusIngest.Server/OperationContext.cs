using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>What all operations share.</summary>
sealed record OperationContext(VenueRules Rules, VenueStore Store, Responses Responses)
{
    /// <summary>Reads a body, and waits for no client for ever.</summary>
    public async ValueTask<BodyStatus> ReadAsync(HttpContext context, BodyBuffer body)
    {
        using var limit = new CancellationTokenSource(VenueServerOptions.MaxBodyTime, Rules.TimeProvider);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        try
        {
            return await body.ReadAsync(context.Request, Rules.MaxBodyBytes, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return BodyStatus.TooSlow;
        }
    }

    /// <summary>Reads a body of strings; false when it answered for a wrong one.</summary>
    public async Task<bool> TryReadStringsAsync(HttpContext context, string[] names, int required, string?[] values)
    {
        var body = new BodyBuffer();
        var status = await ReadAsync(context, body).ConfigureAwait(false);
        if (status != BodyStatus.Whole)
        {
            await RefuseBodyAsync(context, status).ConfigureAwait(false);
            return false;
        }

        var (fault, error) = StringMembers.Read(body.Bytes, names, required, values, Rules);
        if (fault == BodyFault.None)
            return true;
        await RefuseBodyAsync(context, fault, error!).ConfigureAwait(false);
        return false;
    }

    public Task RefuseBodyAsync(HttpContext context, BodyStatus status) => status switch
    {
        BodyStatus.TooLarge => Responses.RefuseAsync(
            context, Refusal.TooLarge, 413, $"The body is larger than {Rules.MaxBodyBytes} bytes"),
        BodyStatus.TooSlow => RefuseSlowAsync(context),
        _ => RefuseAsync(context, "The body is not the gzip or brotli it says it is"),
    };

    public Task RefuseSlowAsync(HttpContext context)
    {
        context.Response.Headers.Connection = "close"; // Nobody waits for the rest.
        return Responses.RefuseAsync(
            context, Refusal.Wrong, StatusCodes.Status408RequestTimeout, "The body came too slowly");
    }

    public Task RefuseBodyAsync(HttpContext context, BodyFault fault, string error) => fault switch
    {
        BodyFault.TooMany => Responses.RefuseAsync(context, Refusal.TooLarge, Rules.TooManyStatus, error),
        BodyFault.Missing => Responses.RefuseAsync(context, Refusal.Wrong, Rules.MissingMemberStatus, error),
        _ => RefuseAsync(context, error),
    };

    public Task RefuseAsync(HttpContext context, string error) =>
        Responses.RefuseAsync(context, Refusal.Wrong, StatusCodes.Status400BadRequest, error);

    public Task DeviceNotFoundAsync(HttpContext context, string deviceId) =>
        Responses.SendAsync(context, 404, "Device not found", "deviceid", deviceId);

    public Task SessionNotFoundAsync(HttpContext context, string token) =>
        Responses.SendAsync(context, 404, "Session not found", "token_session", token);

    public Task SessionsNotFoundAsync(HttpContext context, string deviceId) =>
        Responses.SendAsync(context, 404, "Sessions not found", "deviceid", deviceId);

    public static string Token(HttpContext context) => (string)context.Request.RouteValues["token"]!;

    public static string DeviceId(HttpContext context) => (string)context.Request.RouteValues["deviceid"]!;
}
