using System.Diagnostics.Metrics;

namespace RufusIngest.Hosting;

/// <summary>What only the service knows, as instruments of the meter <c>RufusIngest.Hosting</c>.</summary>
sealed class HostingMetrics : IDisposable
{
    readonly Meter _meter = new("RufusIngest.Hosting");

    public HostingMetrics(RufusIngestService service)
    {
        _meter.CreateObservableGauge(
            "rufus_ingest.sending.waiting",
            () => Of(service, status => (long)status.Waiting),
            "{passing}",
            "Passings that are not acknowledged yet, by location and local session.");
        _meter.CreateObservableGauge(
            "rufus_ingest.sending.oldest",
            () => Of(service, status => status.Oldest.TotalSeconds),
            "s",
            "How long the oldest of them has waited.");
        _meter.CreateObservableGauge(
            "rufus_ingest.sending.held",
            () => Of(service, status => status.State is LocationState.NoSession or LocationState.Stopped ? 1 : 0),
            description: "1 while a local session has no session to send to, or is stopped.");
    }

    public void Dispose() => _meter.Dispose();

    static IEnumerable<Measurement<T>> Of<T>(RufusIngestService service, Func<LocationStatus, T> value)
        where T : struct => service.GetStatus().Select(status => new Measurement<T>(
            value(status),
            new("location", status.Location),
            new KeyValuePair<string, object?>("session", status.Session)));
}
