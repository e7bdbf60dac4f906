namespace RufusIngest.Passings;

/// <summary>What the gate tells beside passings.</summary>
enum GateEventKind : byte
{
    Completed,
    Corrected,
    Suppressed,
    ParkedStarted,
    ParkedStill,
    ParkedLeft,
}

/// <summary>Something that came to light about a burst.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Passing">
/// What is known now. With the number of the passing that it is or, for a suppressed burst, that stands for it; 0 where there is
/// none yet.
/// </param>
/// <param name="Reason">Why the burst is suppressed.</param>
/// <param name="Into">The open burst that a suppressed one went into, or 0.</param>
readonly record struct GateEvent(
    GateEventKind Kind, Passing Passing, ReadOutcome Reason = ReadOutcome.Opened, long Into = 0);

/// <summary>Takes a passing and gives it session and number.</summary>
delegate void PassingHandler(ref Passing passing);

/// <summary>Takes what the gate tells.</summary>
delegate void GateObserver(in GateEvent told);
