using System.Diagnostics.Metrics;
using RufusIngest.Records;

namespace RufusIngest;

/// <summary>
/// The pipeline's counters as instruments of the meter <c>RufusIngest</c>. They are read when somebody collects, so the
/// hot path pays nothing.
/// </summary>
sealed class IngestMetrics : IDisposable
{
    readonly Meter _meter = new("RufusIngest");

    public IngestMetrics(IngestPipeline pipeline)
    {
        _meter.CreateObservableCounter(
            "rufus_ingest.bytes", () => OfReaders(pipeline, reader => reader.Bytes), "By", "Bytes received by reader.");
        _meter.CreateObservableCounter(
            "rufus_ingest.reads", () => OfReaders(pipeline, reader => reader.Reads), "{read}", "Chip reads by reader.");
        _meter.CreateObservableCounter(
            "rufus_ingest.reads.without_time",
            () => OfReaders(pipeline, reader => reader.WithoutTime),
            "{read}",
            "Reads without a usable time by reader.");
        _meter.CreateObservableCounter(
            "rufus_ingest.rejects", () => Rejects(pipeline), "{frame}", "Rejected frames by reader and reason.");
        _meter.CreateObservableCounter(
            "rufus_ingest.reads.suppressed", () => Suppressed(pipeline), "{read}", "Suppressed reads by reason.");
        _meter.CreateObservableCounter(
            "rufus_ingest.passings", () => Passings(pipeline), "{passing}", "Passings numbered by location.");
        _meter.CreateObservableGauge(
            "rufus_ingest.waiting", () => pipeline.GetCounters().WaitingBytes, "By", "Bytes of records waiting in memory.");
        _meter.CreateObservableGauge(
            "rufus_ingest.journal.failing",
            () => pipeline.GetCounters().IsJournalFailing ? 1 : 0,
            description: "1 while records cannot be made durable and nothing leaves.");
        _meter.CreateObservableCounter(
            "rufus_ingest.journal.commits", () => pipeline.GetCounters().Commits, "{commit}", "Commits of the journal.");
        _meter.CreateObservableCounter(
            "rufus_ingest.journal.failed_commits",
            () => pipeline.GetCounters().FailedCommits,
            "{commit}",
            "Commits that failed and were tried again.");
    }

    public void Dispose() => _meter.Dispose();

    static IEnumerable<Measurement<long>> OfReaders(IngestPipeline pipeline, Func<ReaderCounters, long> value) =>
        pipeline.GetCounters().Readers.Select(
            reader => new Measurement<long>(value(reader), Tag("reader", reader.Name)));

    static IEnumerable<Measurement<long>> Rejects(IngestPipeline pipeline) =>
        from reader in pipeline.GetCounters().Readers
        from pair in reader.Rejects
        select new Measurement<long>(pair.Value, Tag("reader", reader.Name), Tag("reason", pair.Key.ToString()));

    static IEnumerable<Measurement<long>> Suppressed(IngestPipeline pipeline) =>
        pipeline.GetCounters().SuppressedBy.Select(
            pair => new Measurement<long>(pair.Value, Tag("reason", pair.Key.ToString())));

    static IEnumerable<Measurement<long>> Passings(IngestPipeline pipeline) =>
        pipeline.GetCounters().Locations.Select(
            location => new Measurement<long>(location.Passings, Tag("location", location.Name)));

    static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
