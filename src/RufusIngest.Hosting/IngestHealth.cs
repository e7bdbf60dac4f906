using Microsoft.Extensions.Diagnostics.HealthChecks;
using RufusIngest.Cloud;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>Status, words and figures of a health check. Never a key or a token.</summary>
sealed record IngestHealth(HealthStatus Status, string Description, IReadOnlyDictionary<string, object> Data)
{
    public static IngestHealth Unhealthy(string description) =>
        new(HealthStatus.Unhealthy, description, new Dictionary<string, object>());

    public static IngestHealth Of(IngestRun run, TimeSpan degradedAfter)
    {
        IngestCounters counters = run.Pipeline.GetCounters();
        IReadOnlyList<LocationStatus> all = run.Sessions.GetStatus(run.IsSending);
        List<string> faults = [];
        if (run.Broken is { IsFaulted: true, Exception.InnerException: { } exception })
            faults.Add($"The pipeline or the sending has failed: {exception.Message}");
        if (counters.IsJournalFailing)
            faults.Add($"The journal cannot be written; {counters.WaitingBytes} bytes of records wait in memory.");
        if (run.SendingFault is { } sending)
            faults.Add($"Sending has failed: {sending.Message}");
        string[] remarks = [.. all.Select(status => RemarkOn(status, degradedAfter)).OfType<string>()];
        HealthStatus health = faults.Count > 0 ? HealthStatus.Unhealthy
            : remarks.Length > 0 ? HealthStatus.Degraded
            : HealthStatus.Healthy;
        faults.AddRange(remarks);
        string words = health == HealthStatus.Healthy ? "Everything is well." : string.Join(' ', faults);
        return new(health, words, DataOf(run, counters, all));
    }

    static string? RemarkOn(LocationStatus status, TimeSpan degradedAfter)
    {
        string name = $"{status.Location}/{status.Session}";
        string why = status.Problem is null ? "" : $" ({status.Problem})";
        return status.State switch
        {
            LocationState.NoSession => $"{name}: no session to send to{why}; {status.Waiting} passings wait.",
            LocationState.Stopped => $"{name}: sending is stopped{why}; {status.Waiting} passings wait.",
            LocationState.Sending when status.Oldest > degradedAfter =>
                $"{name}: {status.Waiting} passings wait, the oldest for {status.Oldest.TotalSeconds:0} s.",
            _ => null,
        };
    }

    static Dictionary<string, object> DataOf(IngestRun run, IngestCounters counters, IReadOnlyList<LocationStatus> all)
    {
        Dictionary<string, object> data = new()
        {
            ["reads"] = counters.Reads,
            ["passings"] = counters.Passings,
            ["waiting"] = all.Sum(status => status.Waiting),
            ["oldest_waiting_seconds"] = all.Select(status => status.Oldest.TotalSeconds).DefaultIfEmpty().Max(),
            ["journal_failing"] = counters.IsJournalFailing,
        };
        if (run.Uploader?.Counters is { } upload)
        {
            data["acknowledged"] = upload.Passings;
            data["duplicates"] = upload.Duplicates;
            data["set_aside"] = upload.SetAside;
            data["alarms"] = upload.UnexpectedDuplicates + upload.WrongCounts;
        }

        foreach (LocationStatus status in all)
        {
            data[$"{status.Location}/{status.Session}"] =
                $"{status.State}, {status.AcknowledgedNumber} of {status.LastNumber}";
        }

        return data;
    }
}
