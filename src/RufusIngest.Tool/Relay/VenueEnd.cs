using RufusIngest.Cloud;
using RufusIngest.Server;

namespace RufusIngest.Tool.Relay;

/// <summary>A venue server to read from: one that runs somewhere, or one over its data file for this run.</summary>
sealed class VenueEnd : IAsyncDisposable
{
    readonly CloudConnection _connection;
    readonly VenueServer? _server;

    VenueEnd(CloudConnection connection, VenueServer? server = null) => (_connection, _server) = (connection, server);

    public RufusCloudClient Cloud => _connection.Cloud;

    public static VenueEnd Of(string address, string apiKey) => new(CloudConnection.Open(address, apiKey));

    /// <summary>Serves a data file on a free loopback port, to this program alone.</summary>
    public static async Task<VenueEnd> OfAsync(
        FileInfo file, string company, Terminal terminal, CancellationToken cancellation)
    {
        if (!file.Exists)
            throw ToolException.BadInput($"there is no file {file.FullName} (--data).");
        // One of another name would be made, and have nothing.
        IReadOnlyList<string> known = await VenueKeys.CompaniesAsync(new() { DataFile = file.FullName }, cancellation)
            .ConfigureAwait(false);
        if (!known.Contains(company))
        {
            throw ToolException.BadInput(
                $"{file.FullName} has no company '{company}'; --company is one of: {string.Join(", ", known)}.");
        }

        VenueKey key = VenueKey.Random("relay", VenueAccess.Read) with { Company = company };
        VenueServer server = await VenueServer.StartAsync(
            new()
            {
                DataFile = file.FullName,
                Keys = [key],
                Page = false,
                LoggerFactory = new TerminalLogs(terminal),
            },
            cancellation).ConfigureAwait(false);
        return new(CloudConnection.Open(server.BaseAddress.ToString(), key.Key), server);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        if (_server is not null)
            await _server.DisposeAsync().ConfigureAwait(false);
    }
}
