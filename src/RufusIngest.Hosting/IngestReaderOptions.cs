using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Hosting;

/// <summary>A source of reads. With a journal a reader that it knows cannot be changed.</summary>
public sealed class IngestReaderOptions
{
    /// <summary>Its name, unique in the event, for <see cref="IngestPipeline.ReadAsync"/>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Name of its protocol: <c>cloudbox</c>, <c>ipico</c>, <c>ultra</c>, or one of one's own.</summary>
    public string Protocol { get; set; } = "";

    /// <summary>Name of the location its reads belong to, as far as no point of it says otherwise.</summary>
    public string Location { get; set; } = "";

    /// <summary>As <see cref="ReaderSettings.IsBackup"/>.</summary>
    public bool IsBackup { get; set; }

    /// <summary>As <see cref="ReaderSettings.Points"/>.</summary>
    public IList<IngestPointOptions> Points { get; } = [];

    /// <summary>
    /// Zone of its clock where the protocol states none: IANA or Windows name, or an offset. Default UTC.
    /// </summary>
    public string Zone { get; set; } = "UTC";

    /// <summary>As <see cref="ReaderSettings.SessionDate"/>.</summary>
    public DateOnly? SessionDate { get; set; }

    /// <summary>As <see cref="ReaderSettings.ClockCorrection"/>.</summary>
    public TimeSpan ClockCorrection { get; set; }

    /// <summary>As <see cref="ReaderSettings.IgnoreStatedZone"/>.</summary>
    public bool IgnoreStatedZone { get; set; }

    /// <summary>As <see cref="ReaderSettings.StripLeadingZeros"/>.</summary>
    public bool StripLeadingZeros { get; set; }

    internal ReaderSettings ToSettings() => new()
    {
        Name = Name,
        Protocol = Protocol,
        Location = Location,
        IsBackup = IsBackup,
        Points = [.. Points.Select(point => point.ToSettings())],
        Zone = ZoneRules.Find(Zone),
        SessionDate = SessionDate,
        ClockCorrection = ClockCorrection,
        IgnoreStatedZone = IgnoreStatedZone,
        StripLeadingZeros = StripLeadingZeros,
    };
}
