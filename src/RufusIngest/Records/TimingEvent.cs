using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>What an event tells.</summary>
public enum TimingEventKind : byte
{
    /// <summary>The starting signal or a trigger input.</summary>
    Gun = 0,

    /// <summary>An operator's marker.</summary>
    Marker,

    /// <summary>A read whose reader never had its clock set: it has no number until a correction gives it a
    /// time.</summary>
    ClockNotSet,

    /// <summary>A read without any usable time or date.</summary>
    NoTime,

    /// <summary>A reader's times began to be further ahead of their arrival than allowed.</summary>
    ClockAhead,

    /// <summary>A location began a local session.</summary>
    SessionOpened,

    /// <summary>A location's local session ended.</summary>
    SessionClosed,

    /// <summary>
    /// A burst ended with more reads than its passing had when it was numbered
    /// (<see cref="GateOptions.ReportCompleted"/>).
    /// </summary>
    PassingCompleted,

    /// <summary>
    /// A passing would be another one now: an earlier first read turned up, a primary line's time came after a backup
    /// line's passing was accepted, or the chip has another bib. What was sent stays.
    /// </summary>
    PassingCorrected,

    /// <summary>A burst makes no passing after all; <see cref="TimingEvent.Reason"/> says why.</summary>
    BurstSuppressed,

    /// <summary>A chip does not move on: it was read without pause for longer than
    /// <see cref="GateOptions.ParkedAfter"/>.</summary>
    ParkedStarted,

    /// <summary>A parked chip is still there.</summary>
    ParkedStill,

    /// <summary>A parked chip is read no more.</summary>
    ParkedLeft,

    /// <summary>A reader's clock was set: its times lie by <see cref="TimingEvent.Shift"/> elsewhere than
    /// before.</summary>
    ClockStep,

    /// <summary>A reader's times began to lie so far behind their arrival that it holds its location back no
    /// more.</summary>
    ClockBehind,

    /// <summary>
    /// A length that cannot be (<see cref="Readers.RejectReason.FramingLost"/>): what follows on the connection cannot
    /// be read. A live connection is ended by <see cref="IngestPipeline.ReadAsync"/>, which returns.
    /// </summary>
    FramingLost,
}

/// <summary>Something a host should know that is no passing. Never posted.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Location">Index of the location.</param>
/// <param name="Reader">Index of the reader, or −1.</param>
/// <param name="Time">Its instant, 100 ns ticks since 1970-01-01 UTC, or 0 when there is none.</param>
/// <param name="Read">The read it comes from, else <c>default</c>.</param>
/// <param name="Number">The local session, for session events; the passing's number, for those of passings.</param>
/// <param name="Sequence">The record that told it.</param>
public readonly record struct TimingEvent(
    TimingEventKind Kind, int Location, int Reader, long Time, ChipRead Read, int Number, long Sequence)
{
    /// <summary>
    /// What is known now, for events of passings and bursts. Its number is that of the passing or, for a suppressed
    /// burst, of the one that stands for it; 0 where that is not numbered yet.
    /// </summary>
    public Passing Passing { get; init; }

    /// <summary>Why a burst is suppressed.</summary>
    public ReadOutcome Reason { get; init; }

    /// <summary>The open burst (<see cref="Passing.Burst"/>) that a suppressed one went into, or 0.</summary>
    public long Into { get; init; }

    /// <summary>By how much a reader's clock moved, or lies behind.</summary>
    public TimeSpan Shift { get; init; }
}
