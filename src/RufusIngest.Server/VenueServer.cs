using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Server;

/// <summary>
/// A server that speaks the RUFUS Cloud API from its own memory, a file or a database, for venues without internet, for tests and
/// as a rehearsal of the cloud whose profile it is given. It reads no configuration file and leaves the process's
/// signals alone. Every member may be called from any thread.
/// </summary>
public sealed class VenueServer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Operations _operations;

    VenueServer(WebApplication app, Operations operations, VenueStore store)
    {
        (_app, _operations, Store) = (app, operations, store);
        var bound = new Uri(app.Urls.First());
        var host = bound.HostNameType == UriHostNameType.IPv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        var any = IPAddress.Parse(bound.DnsSafeHost) is var address
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        BaseAddress = new UriBuilder(bound) { Host = any ? host.ToString() : bound.Host, Path = "/v0/" }.Uri;
    }

    /// <summary>
    /// The API's root, ending in <c>/v0/</c>, with the real port; loopback when it listens on all addresses.
    /// </summary>
    public Uri BaseAddress { get; }

    /// <summary>What was stored and refused so far.</summary>
    public VenueCounters Counters => _operations.Counters;

    /// <summary>
    /// The key that this start made and kept as a hash, since there was none: READ_WRITE with the unbind flag, of
    /// company "default". Nobody can tell it again. Null: none was made.
    /// </summary>
    public string? NewKey => _operations.NewKey;

    internal VenueStore Store { get; }

    internal IEnumerable<Endpoint> Endpoints =>
        ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints);

    /// <summary>Starts listening; the caller disposes the server.</summary>
    /// <exception cref="ArgumentException">
    /// No key, one that cannot be sent, one twice, more than 10 of a company, a bad limit, a status in the profile that
    /// is not one, both a file and a database, or a connection string that cannot be read.
    /// </exception>
    /// <exception cref="VenueDataException">The data file or the database cannot be used.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<VenueServer> StartAsync(VenueServerOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        var store = await OpenAsync(options, isBeside: false, cancellationToken).ConfigureAwait(false);
        try
        {
            var operations = await Operations.CreateAsync(options, store, cancellationToken).ConfigureAwait(false);
            return await ListenAsync(options, operations, store, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal static async Task<VenueStore> OpenAsync(
        VenueServerOptions options, bool isBeside, CancellationToken cancellationToken)
    {
        var logger = options.LoggerFactory.CreateLogger<VenueServer>();
        return options switch
        {
            { Postgres: { } database } => await PostgresVenueStore.OpenAsync(
                database, options.TimeProvider, logger, cancellationToken).ConfigureAwait(false),
            { DataFile: { } file } => SqliteVenueStore.Open(file, options.TimeProvider, logger, isBeside),
            _ => new MemoryVenueStore(options.TimeProvider),
        };
    }

    static async Task<VenueServer> ListenAsync(
        VenueServerOptions options, Operations operations, VenueStore store, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(options.LoggerFactory);
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        var app = builder.Build();
        try
        {
            operations.Map(app);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            await operations.KeepNewKeyAsync(store).ConfigureAwait(false);
            operations.BeginKeyRenewal(options, store);
            return new VenueServer(app, operations, store);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            await operations.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops listening and lets requests in progress end; cancelling cuts them off.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    /// <summary>
    /// Copies a data file to a new file, as it is at one instant, while servers use it (here or in another process), or
    /// when none does. The copy is a data file. It appears under its name when it is whole and on the disk.
    /// </summary>
    /// <exception cref="VenueDataException">It cannot be read or written, or the new file is there already.</exception>
    public static Task BackupAsync(string dataFile, string path, CancellationToken cancellationToken) =>
        Task.Run(() => VenueBackup.Write(dataFile, path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        await _operations.DisposeAsync().ConfigureAwait(false);
        await Store.DisposeAsync().ConfigureAwait(false);
    }

    static void Configure(KestrelServerOptions kestrel, VenueServerOptions options)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;

        // The operations bound the body themselves: Kestrel would cut the connection while a client is still sending
        // the rest of a body that is too large, and the client would not see the 413.
        limits.MaxRequestBodySize = null;
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.MinRequestBodyDataRate = new(VenueServerOptions.MinBodyBytesPerSecond, options.BodyGracePeriod);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Listen(options.EndPoint, listen => listen.Protocols = HttpProtocols.Http1);
    }

    /// <summary>Keeps the host from taking Ctrl+C and SIGTERM, which belong to the program around it.</summary>
    sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
