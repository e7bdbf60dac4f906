using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>What came from one reader so far.</summary>
public sealed record ReaderCounters
{
    /// <summary>The reader's name.</summary>
    public required string Name { get; init; }

    /// <summary>The points that its protocol or its settings name, by <see cref="ChipRead.Point"/> from 1.</summary>
    public IReadOnlyList<string> PointNames { get; init; } = [];

    /// <summary>Reads whose point has no number: its name is too long, or there are more than are kept.</summary>
    public long PointsUntold { get; init; }

    /// <summary>Bytes received.</summary>
    public long Bytes { get; init; }

    /// <summary>Chip reads, all of them.</summary>
    public long Reads { get; init; }

    /// <summary>Guns and markers.</summary>
    public long Signals { get; init; }

    /// <summary>Of the reads, those without a usable time: clock not set, no date.</summary>
    public long WithoutTime { get; init; }

    /// <summary>Rejected frames by reason; reasons that did not occur are absent.</summary>
    public required IReadOnlyDictionary<RejectReason, long> Rejects { get; init; }

    /// <summary>Control records by kind; kinds that did not occur are absent.</summary>
    public required IReadOnlyDictionary<ControlKind, long> Controls { get; init; }
}

/// <summary>What became of one location so far.</summary>
/// <param name="Name">The location's name.</param>
/// <param name="Passings">Passings numbered, in all sessions.</param>
/// <param name="Late">Of them, those flagged late.</param>
/// <param name="Manual">Of them, those entered by hand.</param>
/// <param name="Session">Its local session, from 1; 0 before the first passing.</param>
/// <param name="LastNumber">Last number in that session.</param>
public sealed record LocationCounters(
    string Name, long Passings, long Late, long Manual, int Session, int LastNumber);

/// <summary>
/// Counters of a core. Every read is accounted for: reads = passings that were not entered by hand + suppressed +
/// without time + bursts still open.
/// </summary>
public sealed record IngestCounters
{
    /// <summary>By reader.</summary>
    public required IReadOnlyList<ReaderCounters> Readers { get; init; }

    /// <summary>By location.</summary>
    public required IReadOnlyList<LocationCounters> Locations { get; init; }

    /// <summary>Suppressed reads by reason; reasons that did not occur are absent.</summary>
    public IReadOnlyDictionary<ReadOutcome, long> SuppressedBy { get; init; } = new Dictionary<ReadOutcome, long>();

    /// <summary>Reads that became passings of their own because the chip table was full.</summary>
    public long NotGated { get; init; }

    /// <summary>Bursts decided early because too many were open.</summary>
    public long ClosedEarly { get; init; }

    /// <summary>Earlier passings forgotten because of the limit.</summary>
    public long Forgotten { get; init; }

    /// <summary>Parked chips not told, over <see cref="GateOptions.MaxParked"/>.</summary>
    public long ParkedUntold { get; init; }

    /// <summary>How often a connection found no room for a chunk and waited, over <c>MaxWaitingBytes</c>.</summary>
    public long ChunkWaits { get; init; }

    /// <summary>Bytes of records that wait in memory.</summary>
    public long WaitingBytes { get; init; }

    /// <summary>Commits of the journal.</summary>
    public long Commits { get; init; }

    /// <summary>Commits that failed and were tried again; while this grows, nothing leaves.</summary>
    public long FailedCommits { get; init; }

    /// <summary>The journal cannot be written just now.</summary>
    public bool IsJournalFailing { get; init; }

    /// <summary>How often the core found no room for a batch and waited, over <c>MaxWaitingBatches</c>.</summary>
    public long BatchWaits { get; init; }

    /// <summary>All reads.</summary>
    public long Reads => Readers.Sum(reader => reader.Reads);

    /// <summary>All passings.</summary>
    public long Passings => Locations.Sum(location => location.Passings);

    /// <summary>All suppressed reads.</summary>
    public long Suppressed => SuppressedBy.Values.Sum();

    /// <summary>All rejected frames.</summary>
    public long Rejected => Readers.Sum(reader => reader.Rejects.Values.Sum());
}
