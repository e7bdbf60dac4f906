namespace RufusIngest.Cloud;

/// <summary>What is wrong though the server says success.</summary>
public enum DeliveryAlarmKind
{
    /// <summary>
    /// The server had numbers that were never sent before, or has other passings under them: somebody else numbers the
    /// session, and the new passings may not be stored.
    /// </summary>
    NumberTaken,

    /// <summary>The server's counts of stored and known passings are not those of what was sent.</summary>
    CountsDoNotAddUp,
}

/// <summary>The server says success, but not all may be well. Sending goes on.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Location">Name of the location.</param>
/// <param name="Session">Local session of the location.</param>
/// <param name="FirstNumber">First number of the request.</param>
/// <param name="LastNumber">Last number of the request.</param>
/// <param name="Count">How many of these numbers it is about, as far as the server says.</param>
public sealed record DeliveryAlarm(
    DeliveryAlarmKind Kind, string Location, int Session, int FirstNumber, int LastNumber, int Count);
