using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>As <see cref="PointSettings"/>, but bindable from configuration.</summary>
public sealed class IngestPointOptions
{
    /// <summary>As <see cref="PointSettings.Antennas"/>.</summary>
    public IList<int> Antennas { get; } = [];

    /// <summary>As <see cref="PointSettings.SubReaders"/>.</summary>
    public IList<int> SubReaders { get; } = [];

    /// <summary>As <see cref="PointSettings.Name"/>.</summary>
    public string? Name { get; set; }

    /// <summary>As <see cref="PointSettings.Location"/>.</summary>
    public string? Location { get; set; }

    /// <summary>As <see cref="PointSettings.IsBackup"/>.</summary>
    public bool IsBackup { get; set; }

    internal PointSettings ToSettings() => new()
    {
        Antennas = [.. Antennas],
        SubReaders = [.. SubReaders],
        Name = Name,
        Location = Location,
        IsBackup = IsBackup,
    };
}
