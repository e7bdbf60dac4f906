using System.Buffers;
using System.Net.Mime;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Server;

/// <summary>The page for people: its routes, and what holds for all of them.</summary>
sealed partial class VenuePage
{
    const int MaxSignInBytes = 4 * 1024;

    const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    const string MessageMark = "<!--message-->";

    readonly ApiKeys _keys;
    readonly PageAccess _access;
    readonly PageSessions _sessions;
    readonly SignInThrottle _throttle;
    readonly PageData _data;
    readonly PageStream _stream;
    readonly PageDownload _download;
    readonly Responses _responses;
    readonly ILogger _logger;

    public VenuePage(
        OperationContext shared, ApiKeys keys, LiveFeed live, TimeProvider timeProvider, ILogger logger)
    {
        (_keys, _logger, _responses) = (keys, logger, shared.Responses);
        _sessions = new(timeProvider);
        _access = new(keys, _sessions);
        _throttle = new(timeProvider);
        _data = new(shared.Store, live);
        _stream = new(live, _data, _access, timeProvider);
        _download = new(shared);
    }

    /// <summary>Adds the page's routes; <paramref name="answered"/> answers for what they could not.</summary>
    public void Map(IEndpointRouteBuilder routes, Func<RequestDelegate, RequestDelegate> answered)
    {
        routes.MapGet("/", answered(Guard(ShowAsync, isLinked: true)));
        routes.MapPost("/signin", answered(Guard(SignInAsync)));
        routes.MapPost("/signout", answered(Guard(SignOutAsync)));
        routes.MapGet("/page/state", answered(Guard(SignedIn(SendStateAsync))));
        routes.MapGet("/page/live", answered(Guard(SignedIn(_stream.SendAsync))));
        routes.MapGet("/page/sessions/{token}.csv", answered(Guard(SignedIn(_download.SendAsync))));
        var reference = File("reference.html");
        routes.MapGet("/reference", answered(Guard(
            context => SendAsync(context, 200, MediaTypeNames.Text.Html, reference), isLinked: true)));
        MapFile(routes, answered, "reference.css", MediaTypeNames.Text.Css);
        MapFile(routes, answered, "reference.js", MediaTypeNames.Text.JavaScript);
        MapFile(routes, answered, "page.css", MediaTypeNames.Text.Css);
        MapFile(routes, answered, "page.js", MediaTypeNames.Text.JavaScript);
        MapFile(routes, answered, "icon.svg", MediaTypeNames.Image.Svg);
    }

    void MapFile(
        IEndpointRouteBuilder routes, Func<RequestDelegate, RequestDelegate> answered, string name, string type)
    {
        var bytes = File(name);
        routes.MapGet($"/page/{name}", answered(Guard(context => SendAsync(context, 200, type, bytes))));
    }

    /// <summary>Sets the headers of every answer and refuses what another site's page sent.</summary>
    /// <param name="operation">What to do.</param>
    /// <param name="isLinked">Other sites may link to it.</param>
    RequestDelegate Guard(RequestDelegate operation, bool isLinked = false) => context =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin"; // With none at all, browsers hide the origin of our own form.
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (PageAccess.IsNamedWell(context) && (isLinked || !PageAccess.IsFromElsewhere(context.Request)))
            return operation(context);
        return _responses.RefuseAsync(context, Refusal.Forbidden, 403, "Not from another site's page");
    };

    RequestDelegate SignedIn(Func<HttpContext, int, Task> operation) => context =>
        _access.Company(context) is { } company
            ? operation(context, company)
            : _responses.RefuseAsync(context, Refusal.Forbidden, 401, "Sign in first");

    Task ShowAsync(HttpContext context) => _access.Company(context) is null
        ? ShowSignInAsync(context, 200, "")
        : SendAsync(context, 200, MediaTypeNames.Text.Html, File("index.html"));

    async Task SignInAsync(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (!_throttle.TryBegin(address))
        {
            context.Response.Headers.RetryAfter = $"{(int)SignInThrottle.Window.TotalSeconds}";
            await ShowSignInAsync(context, 429, "Too many attempts. Wait a minute, then try again.")
                .ConfigureAwait(false);
            return;
        }

        var (access, company, id) = _keys.AccessOf(await SentKeyAsync(context).ConfigureAwait(false));
        if (!access.HasFlag(VenueAccess.Read))
        {
            LogRefused(address?.ToString());
            await ShowSignInAsync(context, 403, "This key is unknown, or it may not read.").ConfigureAwait(false);
            return;
        }

        _throttle.Succeeded(address);
        _sessions.Close(context.Request.Cookies[PageAccess.Cookie]);
        context.Response.Cookies.Append(PageAccess.Cookie, _sessions.Open(company, id), CookieOf(context.Request));
        SeeOther(context);
    }

    Task SignOutAsync(HttpContext context)
    {
        _sessions.Close(context.Request.Cookies[PageAccess.Cookie]);
        context.Response.Cookies.Delete(PageAccess.Cookie, CookieOf(context.Request));
        SeeOther(context);
        return Task.CompletedTask;
    }

    /// <summary>The form's key; null when there is none that could be one.</summary>
    static async Task<string?> SentKeyAsync(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith(
            MediaTypeNames.Application.FormUrlEncoded, StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MaxSignInBytes;
        try
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
            return form["key"] is [{ } key] ? key.Trim() : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    static CookieOptions CookieOf(HttpRequest request) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps || request.Headers["X-Forwarded-Proto"] == "https",
        MaxAge = PageSessions.Lifetime,
        Path = "/",
    };

    async Task SendStateAsync(HttpContext context, int company)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var json = Responses.Writer(output))
        {
            var signedIn = _access.SignedIn(context) is not null;
            await _data.WriteStateAsync(json, company, signedIn, context.RequestAborted).ConfigureAwait(false);
        }

        await SendAsync(context, 200, MediaTypeNames.Application.Json, output.WrittenMemory).ConfigureAwait(false);
    }

    static void SeeOther(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = "/";
    }

    static Task ShowSignInAsync(HttpContext context, int status, string message)
    {
        var form = Encoding.UTF8.GetString(File("signin.html")).Replace(MessageMark, message, StringComparison.Ordinal);
        return SendAsync(context, status, MediaTypeNames.Text.Html, Encoding.UTF8.GetBytes(form));
    }

    static async Task SendAsync(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = type + "; charset=utf-8";
        response.ContentLength = body.Length;
        await response.BodyWriter.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    static byte[] File(string name) => EmbeddedFile.Read("Page/" + name);

    [LoggerMessage(9, LogLevel.Warning, "A sign-in to the page was refused, from {Address}")]
    partial void LogRefused(string? address);
}
