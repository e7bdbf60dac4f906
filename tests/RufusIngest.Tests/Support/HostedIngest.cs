using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RufusIngest.Hosting;

namespace RufusIngest.Tests.Support;

/// <summary>A real host with the ingest service in it: location Finish, reader mat (IPICO).</summary>
sealed class HostedIngest : IAsyncDisposable
{
    public const string FirstLine = "aa0005800012860800012603062027472353\r\n";
    public const string SecondLine = "aa00058000120e3800012603062027510376\r\n";

    /// <summary>A server's answer about a session that has no passings.</summary>
    public const string EmptySession = """{"result":{"token_session":"T","passings":0}}""";

    readonly IHost _host;

    public HostedIngest(Action<RufusIngestOptions> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<ILoggerFactory>(Logs);
        builder.Services.AddRufusIngest(options =>
        {
            options.ApiKey = ScriptedCloud.Key;
            options.Locations.Add(new() { Name = "Finish" });
            options.Readers.Add(new() { Name = "mat", Protocol = "ipico", Location = "Finish" });
            configure(options);
        });
        builder.Services.AddHealthChecks().AddRufusIngest();
        _host = builder.Build();
        Service = _host.Services.GetRequiredService<RufusIngestService>();
        Lifetime = _host.Services.GetRequiredService<IHostApplicationLifetime>();
    }

    public CapturedLogs Logs { get; } = new();

    public RufusIngestService Service { get; }

    public IHostApplicationLifetime Lifetime { get; }

    public LocationStatus Finish => Assert.Single(Service.GetStatus());

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A server whose sessions are all empty when they are asked for.</summary>
    public static ScriptedCloud NewCloud() => new()
    {
        Otherwise = request => request.Method == "GET"
            ? ScriptedCloud.Answer(200, EmptySession)
            : ScriptedCloud.Answer(201, "{}"),
    };

    public static async Task<HostedIngest> StartAsync(Action<RufusIngestOptions> configure)
    {
        HostedIngest ingest = new(configure);
        await ingest.StartAsync();
        return ingest;
    }

    public Task StartAsync() => _host.StartAsync(Cancelled);

    /// <param name="noTime">The host's time for stopping is over from the start.</param>
    public Task StopAsync(bool noTime = false) => _host.StopAsync(noTime ? new(canceled: true) : Cancelled);

    public Task ReadAsync(string lines) => Service.Pipeline.ReadAsync(
        "mat", PipeReader.Create(new MemoryStream(Encoding.ASCII.GetBytes(lines))), cancellation: Cancelled);

    /// <summary>Adds a passing by hand and waits until it is numbered.</summary>
    public async Task AddAsync(int number)
    {
        await Service.Pipeline.AddManualAsync("Finish", $"{number}", DateTimeOffset.UnixEpoch.AddDays(20_000), Cancelled);
        while (Finish.LastNumber < number)
            await Task.Yield();
    }

    public async Task<HealthReportEntry> CheckHealthAsync()
    {
        HealthReport report = await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled);
        return report.Entries["rufus_ingest"];
    }

    public async ValueTask DisposeAsync() => await ((IAsyncDisposable)_host).DisposeAsync();
}

/// <summary>Notes method and path of each request on its way to the network.</summary>
sealed class NotedRequests : DelegatingHandler
{
    readonly List<string> _seen = [];

    public NotedRequests()
        : base(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
    }

    public string[] Seen
    {
        get
        {
            lock (_seen)
                return [.. _seen];
        }
    }

    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_seen)
            _seen.Add($"{request.Method} {request.RequestUri!.AbsolutePath}");
        return base.SendAsync(request, cancellationToken);
    }
}
