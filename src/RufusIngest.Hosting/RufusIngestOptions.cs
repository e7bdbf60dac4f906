using System.Diagnostics;
using System.Text.Json.Serialization;
using RufusIngest.Cloud;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>
/// What a hosted ingest needs to know, bindable from configuration. Checked when the host starts: a fault names the
/// option, and all faults are told at once. Later changes of the configuration have no effect.
/// </summary>
public sealed class RufusIngestOptions
{
    /// <summary>Section of the configuration that messages name options by.</summary>
    public const string SectionName = "RufusIngest";

    Func<IngestOptions, IngestOptions> _pipeline = options => options;
    Func<RufusCloudOptions, RufusCloudOptions> _cloud = options => options;

    /// <summary>
    /// Send passings to the server. Default true; false: they are kept in the journal, or the host takes them from
    /// <see cref="IngestPipeline.Batches"/>. A missing key is a fault, never a silent false.
    /// </summary>
    public bool Send { get; set; } = true;

    /// <summary>Where the API's version is. Default: <see cref="RufusCloudClient.DefaultAddress"/>.</summary>
    public Uri BaseAddress { get; set; } = new(RufusCloudClient.DefaultAddress);

    /// <summary>The API key, visible ASCII. In no log, message, exception or JSON.</summary>
    [JsonIgnore]
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public string? ApiKey { get; set; }

    /// <summary>A <see cref="CloudProfile"/> of the server, a JSON file; null: nothing is known of it.</summary>
    public string? ProfileFile { get; set; }

    /// <summary>
    /// The event's journal: begun when there is no such file, gone on with when there is. Null: none; then what is not
    /// sent when the process ends is lost with it, and numbers begin at 1 with each start.
    /// </summary>
    public string? JournalFile { get; set; }

    /// <summary>The locations; at least one.</summary>
    public IList<IngestLocationOptions> Locations { get; } = [];

    /// <summary>The readers that may be read.</summary>
    public IList<IngestReaderOptions> Readers { get; } = [];

    /// <summary>Bounds and times of the sending.</summary>
    public IngestUploadOptions Upload { get; } = new();

    /// <summary>How often and when a read (GET) is asked again.</summary>
    public ReadResilienceOptions Reads { get; } = new();

    /// <summary>Health is degraded while a passing waits longer than this to be acknowledged. Default 60 s.</summary>
    public TimeSpan DegradedAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Makes what sends; null: <see cref="ReadResilience.CreatePrimaryHandler"/>.</summary>
    internal Func<HttpMessageHandler>? CreatePrimaryHandler { get; private set; }

    /// <summary>
    /// Changes what is no configuration: protocols of one's own, chips, <see cref="IngestOptions.OnRead"/>, bounds of
    /// the pipeline. Called at least twice, once to be checked: it must have no other effect. Callbacks it sets are
    /// called beside the events of the service.
    /// </summary>
    public void ConfigurePipeline(Func<IngestOptions, IngestOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Func<IngestOptions, IngestOptions> before = _pipeline;
        _pipeline = options => configure(before(options));
    }

    /// <summary>
    /// Changes what is no configuration of the client: key headers, bounds, the routes of what the API does not document.
    /// Called at least twice, once to be checked: it must have no other effect.
    /// </summary>
    public void ConfigureCloud(Func<RufusCloudOptions, RufusCloudOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Func<RufusCloudOptions, RufusCloudOptions> before = _cloud;
        _cloud = options => configure(before(options));
    }

    /// <summary>
    /// Sends through another handler, for a proxy or a test. It must not follow redirects, which would take the key
    /// elsewhere, and must not repeat requests. Reads pass the retries of <see cref="Reads"/> before it, nothing else
    /// does.
    /// </summary>
    /// <param name="create">Called once; the service disposes what it makes.</param>
    public void UsePrimaryHandler(Func<HttpMessageHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        CreatePrimaryHandler = create;
    }

    /// <summary>The client's options with the profile, as the host's own changes make them.</summary>
    /// <exception cref="InvalidDataException">The profile is none.</exception>
    /// <exception cref="IOException">The profile cannot be read.</exception>
    internal RufusCloudOptions ToCloud() =>
        _cloud(new() { Profile = ProfileFile is { } file ? CloudProfile.Load(file) : null });

    /// <summary>The pipeline's options with these settings, as the host's own changes make them.</summary>
    internal IngestOptions ToPipeline(IngestSettings settings) => _pipeline(new() { Settings = settings });

    internal IngestSettings ToSettings() => new()
    {
        Locations = [.. Locations.Select(location => location.ToSettings())],
        Readers = [.. Readers.Select(reader => reader.ToSettings())],
    };
}
