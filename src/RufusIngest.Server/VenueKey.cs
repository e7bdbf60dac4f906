namespace RufusIngest.Server;

/// <summary>One API key of the company. Its text form leaves the secret out.</summary>
/// <param name="Name">What logs call the key.</param>
/// <param name="Key">The secret as clients send it; opaque, at most 512 UTF-8 bytes.</param>
/// <param name="Access">What the key may do.</param>
public sealed record VenueKey(string Name, string Key, VenueAccess Access)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Access})";
}
