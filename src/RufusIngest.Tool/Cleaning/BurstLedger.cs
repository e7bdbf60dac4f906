using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tool.Cleaning;

/// <summary>What became of a read when all is told.</summary>
/// <param name="Outcome">Its last outcome.</param>
/// <param name="Burst">The burst it ended in, or 0 when it came to what was decided already.</param>
/// <param name="Session">Session of the passing that stands for it; 0: none does, or it is not known.</param>
/// <param name="Number">Number of that passing.</param>
readonly record struct FinalFate(ReadOutcome Outcome, long Burst, int Session, int Number);

/// <summary>
/// Keeps what became of bursts. A read is told when it comes, and its burst may be suppressed or go into another one later:
/// ask when everything is told.
/// </summary>
sealed class BurstLedger
{
    readonly Dictionary<long, (int Session, int Number)> _passings = [];
    readonly Dictionary<long, Suppressed> _suppressed = [];

    /// <summary>Bursts that were suppressed after reads had been told.</summary>
    public IEnumerable<long> SuppressedBursts => _suppressed.Keys;

    public void Add(in Passing passing)
    {
        if (passing.Burst != 0)
            _passings[passing.Burst] = (passing.Session, passing.Number);
    }

    /// <summary>Takes what an event tells of a burst; other events change nothing.</summary>
    public void Add(in TimingEvent told)
    {
        if (told.Kind == TimingEventKind.BurstSuppressed)
        {
            _suppressed[told.Passing.Burst] =
                new Suppressed(told.Reason, told.Passing.Session, told.Passing.Number, told.Into);
        }
    }

    /// <summary>What finally became of a read.</summary>
    public FinalFate Final(in ReadFate told)
    {
        if (told.Burst == 0)
            return new FinalFate(told.Outcome, 0, told.Session, told.Number);
        ReadOutcome outcome = told.Outcome;
        long own = told.Burst;
        long standing = told.Burst;
        bool goesOn = true;
        while (_suppressed.TryGetValue(standing, out Suppressed suppressed))
        {
            // Only a burst that became part of another shares its fate; one that gave way to another keeps its reason.
            if (goesOn)
                outcome = suppressed.Reason;
            goesOn &= suppressed.Reason == ReadOutcome.SameBurst && suppressed.Into != 0;
            if (goesOn)
                own = suppressed.Into;
            if (suppressed.Into == 0)
                return new FinalFate(outcome, own, suppressed.Session, suppressed.Number);
            standing = suppressed.Into;
        }

        (int session, int number) = _passings.GetValueOrDefault(standing);
        return new FinalFate(outcome, own, session, number);
    }

    readonly record struct Suppressed(ReadOutcome Reason, int Session, int Number, long Into);
}
