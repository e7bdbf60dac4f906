using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>A timing point: one RUFUS device.</summary>
public sealed class IngestLocationOptions
{
    /// <summary>Its name, unique in the event.</summary>
    public string Name { get; set; } = "";

    /// <summary>As <see cref="GateOptions.DeadTime"/>.</summary>
    public TimeSpan DeadTime { get; set; } = Defaults.DeadTime;

    /// <summary>As <see cref="GateOptions.BurstGap"/>.</summary>
    public TimeSpan BurstGap { get; set; } = Defaults.BurstGap;

    /// <summary>As <see cref="GateOptions.ReorderDelay"/>.</summary>
    public TimeSpan ReorderDelay { get; set; } = Defaults.ReorderDelay;

    /// <summary>
    /// Its device at the server; needed to open a session (<see cref="RufusIngestService.OpenCloudSessionAsync"/>,
    /// <see cref="SessionGonePolicy.OpenNew"/>). Null: sessions are opened elsewhere.
    /// </summary>
    public string? DeviceId { get; set; }

    /// <summary>
    /// Token of an open session without passings to send to. A token that the journal keeps goes before it. Null and
    /// none kept: passings wait, see <see cref="LocationState.NoSession"/>.
    /// </summary>
    public string? Token { get; set; }

    static GateOptions Defaults { get; } = new();

    internal LocationSettings ToSettings() => new()
    {
        Name = Name,
        Gate = new() { DeadTime = DeadTime, BurstGap = BurstGap, ReorderDelay = ReorderDelay },
    };
}
