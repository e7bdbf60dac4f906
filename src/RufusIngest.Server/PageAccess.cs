using System.Net;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Who may see the page, and from where.</summary>
sealed class PageAccess(ApiKeys keys, PageSessions sessions)
{
    /// <summary>The cookie of a sign-in; it holds a random identifier and nothing else.</summary>
    public const string Cookie = "rufus_page";

    static readonly string[] _forwarding = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"];

    /// <summary>Whose data a request may see; null: it has to sign in.</summary>
    public int? Company(HttpContext context) =>
        SignedIn(context) ?? (IsLoopback(context) ? keys.OnlyCompany : null);

    /// <summary>A sign-in ends with its key.</summary>
    public int? SignedIn(HttpContext context) =>
        sessions.Find(context.Request.Cookies[Cookie]) is var (company, key) && keys.Holds(company, key) ? company : null;

    /// <summary>
    /// Whether a name in the address can be trusted. Over loopback nothing but the connection tells who asks, and a
    /// page from the internet whose name was made to point to this machine comes over that connection too.
    /// </summary>
    public static bool IsNamedWell(HttpContext context)
    {
        var host = context.Request.Host.Host;
        return !IsLoopback(context) || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(host, out _);
    }

    /// <summary>
    /// Whether a browser says that another site's page made it send this. What says nothing is no browser of today, and
    /// another site has no cookie to send with it.
    /// </summary>
    public static bool IsFromElsewhere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [{ } site, ..])
            return site is not ("same-origin" or "none");
        return request.Headers.Origin is [{ } origin, ..]
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var from)
                && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// From this machine, as far as is known: a proxy on it tells that it passes on another's request.
    /// </summary>
    static bool IsLoopback(HttpContext context)
    {
        var connection = context.Connection;
        return connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && !Array.Exists(_forwarding, context.Request.Headers.ContainsKey);
    }
}
