namespace RufusIngest.Server;

/// <summary>Shape of answers. The cloud's older pages show the flat one, its newer specification the wrapped one.</summary>
public enum VenueEnvelope
{
    /// <summary>Members at the top level; coordinates read back as strings.</summary>
    Flat,

    /// <summary>Members inside <c>{"body": …}</c>; coordinates read back as numbers.</summary>
    Wrapped,
}
