namespace RufusIngest.Server;

/// <summary>Shape of answers: flat in the cloud's older pages, wrapped in its newer specification.</summary>
public enum VenueEnvelope
{
    /// <summary>Members at the top level; coordinates read back as strings.</summary>
    Flat,

    /// <summary>Members inside <c>{"body": …}</c>; coordinates read back as numbers.</summary>
    Wrapped,
}
