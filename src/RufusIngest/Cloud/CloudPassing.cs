namespace RufusIngest.Cloud;

/// <summary>A passing as the server stored it; what it does not say, or says in an unknown form, is null.</summary>
public sealed record CloudPassing
{
    /// <summary>Its number in the session (<c>num_passing</c>).</summary>
    public int? Number { get; init; }

    /// <summary>Bib, or the chip where no bib was known.</summary>
    public string? Bib { get; init; }

    /// <summary>Chip code.</summary>
    public string? Chip { get; init; }

    /// <summary>Time of record.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Latitude in degrees.</summary>
    public double? Latitude { get; init; }

    /// <summary>Longitude in degrees.</summary>
    public double? Longitude { get; init; }
}
