namespace RufusIngest.Cloud;

/// <summary>What happened to the passings at the head of a session's queue.</summary>
enum DeliveryEventKind : byte
{
    /// <summary>There are passings, and a token to send them with.</summary>
    BatchReady,

    /// <summary>The server answered a POST.</summary>
    Answered,

    /// <summary>The POST failed before a byte of the body was written.</summary>
    FailedBeforeSending,

    /// <summary>The POST failed when the server may have had it.</summary>
    FailedMaybeSent,

    /// <summary>The server said what it has, and it was compared.</summary>
    Compared,

    /// <summary>The question brought no answer that can be used.</summary>
    QuestionFailed,

    /// <summary>There is a new session at the server, and its token is in use from now on.</summary>
    Opened,

    /// <summary>No session could be opened.</summary>
    OpenFailed,

    /// <summary>The delay asked for is over.</summary>
    DelayElapsed,

    /// <summary>The host says that what stopped the session is put right.</summary>
    Resumed,
}

/// <summary>What the server has under a number.</summary>
enum NumberState : byte
{
    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>The passing.</summary>
    Same,

    /// <summary>Another passing.</summary>
    Different,
}

/// <summary>One input of <see cref="Delivery"/>.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Status">HTTP status of an answer; 0: there was none.</param>
readonly record struct DeliveryEvent(DeliveryEventKind Kind, int Status = 0)
{
    /// <summary>First number of a batch.</summary>
    public int First { get; init; }

    /// <summary>Last number of a batch.</summary>
    public int Last { get; init; }

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Passings the server says it stored; null: it did not say.</summary>
    public int? Inserted { get; init; }

    /// <summary>Passings the server says it had; null: it did not say.</summary>
    public int? Duplicates { get; init; }

    /// <summary>The server's words or the network's, without the key.</summary>
    public string? Words { get; init; }

    /// <summary>How long ago the failed POST began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What a comparison found for each number asked about; not kept.</summary>
    public IReadOnlyList<NumberState>? Found { get; init; }

    /// <summary>The session at the server is another one than before: nothing was sent to it.</summary>
    public bool IsNewSession { get; init; }
}
