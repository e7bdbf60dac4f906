using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RufusIngest.Hosting;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Hosting;

/// <summary>What docs/hosting.md shows and names is what there is.</summary>
public sealed partial class HostingPageTests
{
    static readonly string[] Meters = ["RufusIngest", "RufusIngest.Upload", "RufusIngest.Hosting"];

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_example_runs()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string token = await venue.OpenAsync();
        using TcpListener mat = new(IPAddress.Loopback, 0);
        mat.Start();
        Task run = RunAsync(
            [
                $"--MatPort={((IPEndPoint)mat.LocalEndpoint).Port}", $"--RufusIngest:BaseAddress={venue.Server.BaseAddress}",
                $"--RufusIngest:ApiKey={TestVenue.ReadWriteKey}", "--RufusIngest:Locations:0:Name=Finish",
                $"--RufusIngest:Locations:0:Token={token}", "--RufusIngest:Readers:0:Name=mat",
                "--RufusIngest:Readers:0:Protocol=ipico", "--RufusIngest:Readers:0:Location=Finish",
                "--Logging:LogLevel:Default=None",
            ],
            out Task<IHost> built);
        IHost host = await built;
        using (Socket connection = await mat.AcceptSocketAsync(Cancelled))
        {
            await connection.SendAsync(
                Encoding.ASCII.GetBytes(HostedIngest.FirstLine + HostedIngest.SecondLine), Cancelled);
        }

        RufusIngestService ingest = host.Services.GetRequiredService<RufusIngestService>();
        while (ingest.Pipeline.GetCounters().Reads < 2 || ingest.GetStatus()[0].State != LocationState.Sending)
            await Task.Yield();
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await run.WaitAsync(Cancelled);
        Assert.Equal(2, venue.Server.Counters.Inserted);
    }

    static Task RunAsync(string[] args, out Task<IHost> built)
    {
        TaskCompletionSource<IHost> build = new();
        built = build.Task;
        return Task.Run(() => RunAsync(args, build));
    }

    static async Task RunAsync(string[] args, TaskCompletionSource<IHost> built)
    {
#pragma warning disable xUnit1051 // The example is shown without a test's cancellation.
        // Page program begins
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddRufusIngest(builder.Configuration.GetSection("RufusIngest"));
        builder.Services.AddHostedService<MatReader>(); // Behind it: starts after it, stops before it.
        builder.Services.AddHealthChecks().AddRufusIngest();
        using IHost host = builder.Build();
        RufusIngestService ingest = host.Services.GetRequiredService<RufusIngestService>();
        ingest.SessionStopped += stopped => Console.Error.WriteLine($"Not sent: {stopped}");
        built.SetResult(host); // Not shown.
        await host.RunAsync();
        // Page program ends
#pragma warning restore xUnit1051
    }

#pragma warning disable CA1812 // Made by the host.
    // Page reader begins
    sealed class MatReader(RufusIngestService ingest, IConfiguration configuration) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            while (true)
            {
                try
                {
                    using TcpClient mat = new();
                    await mat.ConnectAsync("127.0.0.1", configuration.GetValue<int>("MatPort"), stoppingToken);
                    await ingest.Pipeline.ReadAsync("mat", PipeReader.Create(mat.GetStream()), cancellation: stoppingToken);
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    Console.Error.WriteLine($"The mat is gone: {e.Message}");
                }

                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken);
            }
        }
    }
    // Page reader ends
#pragma warning restore CA1812

    [Theory]
    [InlineData("program", 8)]
    [InlineData("reader", 4)]
    public void The_page_shows_the_example_that_runs(string name, int indentation)
    {
        string source = File.ReadAllText(ThisFile());
        string example = source[source.IndexOf($"// Page {name} begins", StringComparison.Ordinal)..];
        example = example[..example.IndexOf($"// Page {name} ends", StringComparison.Ordinal)];
        IEnumerable<string> lines = example.Split('\n').Skip(1).SkipLast(1)
            .Where(line => !line.EndsWith("// Not shown.", StringComparison.Ordinal))
            .Select(line => line.Length > indentation ? line[indentation..] : "");
        Assert.Contains("```csharp\n" + string.Join('\n', lines) + "\n```", Page(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_names_every_instrument_with_its_unit_and_no_other()
    {
        HashSet<string> published = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (!Meters.Contains(instrument.Meter.Name))
                return;
            string unit = string.IsNullOrEmpty(instrument.Unit) ? "" : $", {instrument.Unit}";
            string kind = instrument.GetType().Name.Contains("Gauge", StringComparison.Ordinal) ? "gauge" : "counter";
            lock (published)
                published.Add($"| `{instrument.Name}` | {kind}{unit} |");
        };
        listener.Start();
        await using HostedIngest ingest = await HostedIngest.StartAsync(
            options => options.UsePrimaryHandler(HostedIngest.NewCloud));
        IEnumerable<string> named = Instrument().Matches(Page()).Select(match => match.Value);
        lock (published)
            Assert.Equal(published.Order(), named.Order());
    }

    [Fact]
    public async Task What_waits_is_measured_by_location_and_session()
    {
        await using HostedIngest ingest = await HostedIngest.StartAsync(options =>
        {
            options.Locations[0].Name = options.Readers[0].Location = "Measured";
            options.UsePrimaryHandler(HostedIngest.NewCloud);
        });
        await ingest.Service.Pipeline.AddManualAsync(
            "Measured", "1", DateTimeOffset.UnixEpoch.AddDays(20_000), Cancelled);
        while (ingest.Finish.Waiting < 1)
            await Task.Yield();
        Dictionary<string, double> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "RufusIngest.Hosting")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Note(i, value, tags));
        listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Note(i, value, tags));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Note(i, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal(1, seen["rufus_ingest.sending.waiting"]);
        Assert.Equal(1, seen["rufus_ingest.sending.held"]);
        Assert.True(seen["rufus_ingest.sending.oldest"] > 0);

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Hosts of other tests are measured too.
            if (tags.Length == 2 && Equals(tags[0].Value, "Measured") && Equals(tags[1].Value, 1))
                seen[instrument.Name] = value;
        }
    }

    [Fact]
    public void The_page_names_every_option_event_and_state()
    {
        string page = Page();
        string[] names =
        [
            .. typeof(RufusIngestOptions).GetProperties().Select(property => property.Name),
            .. typeof(IngestLocationOptions).GetProperties().Select(property => property.Name),
            .. typeof(IngestReaderOptions).GetProperties().Select(property => property.Name),
            .. typeof(ReadResilienceOptions).GetProperties().Select(property => property.Name),
            .. typeof(RufusIngestService).GetEvents().Select(found => found.Name),
            .. Enum.GetNames<LocationState>(),
        ];
        Assert.All(names, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    static string Page() => File.ReadAllText(
        Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "hosting.md"));

    static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\| `rufus[^|]*\|[^|]*\|", RegexOptions.Multiline)]
    private static partial Regex Instrument();
}
