using System.Net.Mime;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>The OpenAPI document of all operations, written by hand: the API has shapes no generator would see.</summary>
static class ApiDocument
{
    public const string Path = "/openapi.json";

    static readonly byte[] _bytes = EmbeddedFile.Read("openapi.json");

    public static async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = MediaTypeNames.Application.Json;
        response.ContentLength = _bytes.Length;
        response.Headers.CacheControl = "no-cache"; // The next version of the server has another.
        await response.BodyWriter.WriteAsync(_bytes, context.RequestAborted).ConfigureAwait(false);
    }
}
