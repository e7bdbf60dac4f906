namespace RufusIngest.Cloud;

/// <summary>A session that sends no more, because its server gave an answer that repeating cannot change.</summary>
/// <param name="Location">Name of the location.</param>
/// <param name="Session">Local session of the location.</param>
/// <param name="Failure">What to do about it.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Description">The server's words, without the key; at most 500 characters, one line.</param>
/// <param name="FirstUnsentNumber">Number of the first passing that was not acknowledged; all before were.</param>
public sealed record StoppedSession(
    string Location, int Session, RufusFailure Failure, int Status, string? Description, int FirstUnsentNumber);
