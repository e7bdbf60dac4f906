namespace RufusIngest.Cloud;

/// <summary>What an uploader has done so far.</summary>
/// <param name="Batches">Batches acknowledged.</param>
/// <param name="Passings">Passings acknowledged.</param>
/// <param name="Duplicates">Passings of them that the server says it had already; servers need not say.</param>
/// <param name="Retries">Requests that sent a batch again.</param>
/// <param name="Bytes">Body bytes of all requests whose body was begun, those sent again included.</param>
/// <param name="QueueFull">How often a session's queue was full and the input had to wait.</param>
/// <param name="UnexpectedDuplicates">
/// Of these, those of batches that were never sent before: somebody else numbers the session.
/// </param>
public readonly record struct UploadCounters(
    long Batches, long Passings, long Duplicates, long Retries, long Bytes, long QueueFull, long UnexpectedDuplicates);
