using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>A timing point: one RUFUS device.</summary>
public sealed class IngestLocationOptions
{
    /// <summary>Its name, unique in the event.</summary>
    public string Name { get; set; } = "";

    /// <summary>As <see cref="GateOptions.Policy"/>.</summary>
    public PassingPolicy Policy { get; set; } = Defaults.Policy;

    /// <summary>As <see cref="GateOptions.DeadTime"/>.</summary>
    public TimeSpan DeadTime { get; set; } = Defaults.DeadTime;

    /// <summary>As <see cref="GateOptions.BurstGap"/>.</summary>
    public TimeSpan BurstGap { get; set; } = Defaults.BurstGap;

    /// <summary>As <see cref="GateOptions.ReorderDelay"/>.</summary>
    public TimeSpan ReorderDelay { get; set; } = Defaults.ReorderDelay;

    /// <summary>As <see cref="GateOptions.MaxBurst"/>.</summary>
    public TimeSpan? MaxBurst { get; set; } = Defaults.MaxBurst;

    /// <summary>As <see cref="GateOptions.MinLap"/>.</summary>
    public TimeSpan MinLap { get; set; } = Defaults.MinLap;

    /// <summary>As <see cref="GateOptions.BackupWindow"/>.</summary>
    public TimeSpan BackupWindow { get; set; } = Defaults.BackupWindow;

    /// <summary>As <see cref="GateOptions.IgnoreGhosts"/>.</summary>
    public bool IgnoreGhosts { get; set; } = Defaults.IgnoreGhosts;

    /// <summary>As <see cref="GateOptions.ReportCompleted"/>.</summary>
    public bool ReportCompleted { get; set; } = Defaults.ReportCompleted;

    /// <summary>As <see cref="GateOptions.ParkedAfter"/>.</summary>
    public TimeSpan ParkedAfter { get; set; } = Defaults.ParkedAfter;

    /// <summary>Which of its reads count at all. Default: all.</summary>
    public IngestFilterOptions Filter { get; } = new();

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
        Gate = new()
        {
            Policy = Policy,
            DeadTime = DeadTime,
            BurstGap = BurstGap,
            ReorderDelay = ReorderDelay,
            MaxBurst = MaxBurst,
            MinLap = MinLap,
            BackupWindow = BackupWindow,
            IgnoreGhosts = IgnoreGhosts,
            ReportCompleted = ReportCompleted,
            ParkedAfter = ParkedAfter,
        },
        Filter = Filter.ToFilter(),
    };
}
