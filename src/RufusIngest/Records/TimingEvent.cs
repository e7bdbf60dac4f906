using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>What an event tells.</summary>
public enum TimingEventKind : byte
{
    /// <summary>The starting signal or a trigger input.</summary>
    Gun = 0,

    /// <summary>An operator's marker.</summary>
    Marker,

    /// <summary>A read whose reader never had its clock set: it has no number until a correction gives it a time.</summary>
    ClockNotSet,

    /// <summary>A read without any usable time or date.</summary>
    NoTime,

    /// <summary>A reader's times began to be further ahead of their arrival than allowed.</summary>
    ClockAhead,

    /// <summary>A location began a local session.</summary>
    SessionOpened,

    /// <summary>A location's local session ended.</summary>
    SessionClosed,
}

/// <summary>Something a host should know that is no passing. Never posted.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Location">Index of the location.</param>
/// <param name="Reader">Index of the reader, or −1.</param>
/// <param name="Time">Its instant, 100 ns ticks since 1970-01-01 UTC, or 0 when there is none.</param>
/// <param name="Read">The read it comes from, else <c>default</c>.</param>
/// <param name="Number">The local session, for session events.</param>
/// <param name="Sequence">The record that told it.</param>
public readonly record struct TimingEvent(
    TimingEventKind Kind, int Location, int Reader, long Time, ChipRead Read, int Number, long Sequence);
