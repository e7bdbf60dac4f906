namespace RufusIngest.Cloud;

/// <summary>Where reading of a device's passings stopped.</summary>
/// <param name="TokenSession">Session it was in.</param>
/// <param name="Last">Last number that was read there; -1: none, for numbers may begin at 0.</param>
public sealed record FeedPosition(string TokenSession, int Last);

/// <summary>One answer of a device's feed.</summary>
public sealed record FeedPage
{
    /// <summary>Session the passings are of; another one than asked for when the device has a newer one.</summary>
    public required string TokenSession { get; init; }

    /// <summary>Display name of the session.</summary>
    public string? Label { get; init; }

    /// <summary>Number after which the passings begin, as the server says it.</summary>
    public int? ResumedFrom { get; init; }

    /// <summary>The passings, as the server orders them.</summary>
    public required IReadOnlyList<CloudPassing> Passings { get; init; }
}
