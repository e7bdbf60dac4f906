using RufusIngest.Cloud;
using RufusIngest.Hosting;

namespace RufusIngest.Tool;

/// <summary>A client of the server and the HTTP client below it.</summary>
sealed class CloudConnection : IDisposable
{
    CloudConnection(HttpClient http, RufusCloudClient cloud) => (Http, Cloud) = (http, cloud);

    public HttpClient Http { get; }

    public RufusCloudClient Cloud { get; }

    /// <summary>Makes a client; nothing is asked yet.</summary>
    /// <exception cref="ToolException">Address, key or options cannot be used.</exception>
    public static CloudConnection Open(string address, string apiKey, RufusCloudOptions? options = null)
    {
        Uri uri = ReadAddress(address);

        // Reads are repeated; a POST never is, for that is the delivery's to decide.
        HttpClient http = new(ReadResilience.CreateHandler()) { BaseAddress = uri };
        try
        {
            return new(http, new RufusCloudClient(http, apiKey, options));
        }
        catch (ArgumentException exception)
        {
            http.Dispose();
            throw ToolException.BadInput($"the server cannot be called: {exception.Message}", exception);
        }
    }

    /// <summary>A base address, with a slash at its end.</summary>
    public static Uri ReadAddress(string text) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out Uri? address)
        && address.Scheme is "http" or "https" && address.UserInfo.Length == 0 && address.Query.Length == 0
            ? address
            : throw ToolException.BadInput($"the base address must be written as {RufusCloudClient.DefaultAddress}.");

    public void Dispose() => Http.Dispose();
}
