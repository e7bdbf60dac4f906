using System.Net;
using System.Text.RegularExpressions;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public partial class ReferencePageTests
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_reference_needs_no_key_and_names_nothing_but_this_server()
    {
        await using var venue = await TestVenue.StartAsync();
        venue.Use(null);
        var html = await ReadAsync("/reference", "text/html");
        var needed = Address().Matches(html).Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(
            ["/openapi.json", "/page/icon.svg", "/page/page.css", "/page/reference.css", "/page/reference.js"],
            needed.Order());
        var script = await ReadAsync("/page/reference.js", "text/javascript");
        Assert.Equal("""fetch("/openapi.json")""", Assert.Single(Asking().Matches(script)).Value);
        foreach (var text in new[] { html, script, await ReadAsync("/page/reference.css", "text/css") })
            Assert.DoesNotMatch("""https?:|["'(`]//|@import|url\(""", text);

        async Task<string> ReadAsync(string path, string type)
        {
            using var answer = await venue.Client.GetAsync(path, Cancelled);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';", policy);
            return await answer.Content.ReadAsStringAsync(Cancelled);
        }
    }

    [Fact]
    public async Task without_the_page_there_is_no_reference_and_the_document_stays()
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { Page = false });
        (await venue.GetAsync("/reference")).Says(HttpStatusCode.NotFound, "Unknown route");
        Assert.Equal(HttpStatusCode.OK, (await venue.GetAsync("/openapi.json")).Status);
    }

    [GeneratedRegex("(?:src|href|action)=\"([^\"]*)\"")]
    private static partial Regex Address();

    [GeneratedRegex("""(?:fetch|import|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\s*\(.*?\)""")]
    private static partial Regex Asking();
}
