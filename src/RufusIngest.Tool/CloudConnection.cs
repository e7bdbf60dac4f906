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
    public static CloudConnection Open(string address, string? apiKey, RufusCloudOptions? options = null)
    {
        if (string.IsNullOrWhiteSpace(apiKey))
        {
            throw ToolException.BadInput(
                $"there is no API key: give --api-key or --api-key-file, or set {CommonOptions.ApiKeyVariable}.");
        }

        if (!Uri.TryCreate(address.EndsWith('/') ? address : address + "/", UriKind.Absolute, out Uri? uri)
            || uri.Scheme is not ("http" or "https"))
        {
            throw ToolException.BadInput($"'{address}' is no address; write it as {RufusCloudClient.DefaultAddress}.");
        }

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

    public void Dispose() => Http.Dispose();
}
