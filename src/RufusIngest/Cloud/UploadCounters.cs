namespace RufusIngest.Cloud;

/// <summary>What an uploader has done so far.</summary>
/// <param name="Batches">Answers that acknowledged passings.</param>
/// <param name="Passings">Passings acknowledged.</param>
/// <param name="Duplicates">Passings sent that the server says it had already; servers need not say.</param>
/// <param name="Retries">Requests that sent passings again.</param>
/// <param name="Bytes">Body bytes of all requests whose body was begun, those sent again included.</param>
/// <param name="QueueFull">How often a session's queue was full and the input had to wait.</param>
/// <param name="UnexpectedDuplicates">
/// Passings with a number that the server had though they were never sent before, or under which it has another
/// passing: somebody else numbers the session (<see cref="DeliveryAlarmKind.NumberTaken"/>).
/// </param>
/// <param name="WrongCounts">Answers with counts that do not add up.</param>
/// <param name="SetAside">Passings set aside.</param>
/// <param name="Questions">How often the server was asked what it has.</param>
/// <param name="Requests">POSTs of passings, those sent again included.</param>
public readonly record struct UploadCounters(
    long Batches, long Passings, long Duplicates, long Retries, long Bytes, long QueueFull, long UnexpectedDuplicates,
    long WrongCounts, long SetAside, long Questions, long Requests);
