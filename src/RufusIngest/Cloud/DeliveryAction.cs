using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>What to do next; the outcome is the next event.</summary>
enum DeliveryActionKind : byte
{
    /// <summary>Nothing: the event did not belong here.</summary>
    Idle,

    /// <summary>
    /// POST the passings from <see cref="DeliveryAction.First"/> to <see cref="DeliveryAction.Last"/>.
    /// </summary>
    Send,

    /// <summary>Wait, then say so.</summary>
    Wait,

    /// <summary>Ask the server what it has from First to Last, and compare.</summary>
    Ask,

    /// <summary>Open a new session at the server and send with its token from then on.</summary>
    Open,

    /// <summary>Report, and do nothing until the host resumes.</summary>
    Stop,

    /// <summary>All of the batch is acknowledged or set aside: give the next one.</summary>
    Done,
}

/// <summary>One output of <see cref="Delivery"/>: what became known by the event, and what to do next.</summary>
/// <param name="Kind">What to do next.</param>
readonly record struct DeliveryAction(DeliveryActionKind Kind)
{
    /// <summary>First number to send or to ask about.</summary>
    public int First { get; init; }

    /// <summary>Last number to send or to ask about.</summary>
    public int Last { get; init; }

    /// <summary>Send the body compressed.</summary>
    public bool Compress { get; init; }

    /// <summary>How long to wait.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Why it stops.</summary>
    public RufusFailure Failure { get; init; }

    /// <summary>How many more passings the server is known to have.</summary>
    public int Taken { get; init; }

    /// <summary>The cursor has moved, to <see cref="AcknowledgeTo"/>.</summary>
    public bool IsMoved { get; init; }

    /// <summary>
    /// The cursor's new place: all numbers up to it are acknowledged or set aside. 0 as well where it has not moved.
    /// </summary>
    public int AcknowledgeTo { get; init; }

    /// <summary>Numbers set aside that the cursor has passed by this move, ascending; null: none.</summary>
    public IReadOnlyList<SetAsidePassing>? SetAside { get; init; }

    /// <summary>Something a timer should know.</summary>
    public DeliveryAlarmKind? Alarm { get; init; }

    /// <summary>How many passings the alarm is about.</summary>
    public int AlarmCount { get; init; }

    /// <summary>First number of the request that the alarm is about.</summary>
    public int AlarmFirst { get; init; }

    /// <summary>Last number of the request that the alarm is about.</summary>
    public int AlarmLast { get; init; }
}
