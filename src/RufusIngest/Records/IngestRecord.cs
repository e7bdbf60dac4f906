namespace RufusIngest.Records;

/// <summary>The kinds of record. Nothing else changes what comes out.</summary>
public enum RecordKind : byte
{
    /// <summary>Locations, readers, chips and limits from here on, as JSON. The first record of all.</summary>
    Settings = 0,

    /// <summary>A reader's connection began: it counts for its location's time.</summary>
    Connected,

    /// <summary>Bytes of a reader.</summary>
    Chunk,

    /// <summary>
    /// A reader's connection ended: what it left unfinished is rejected as truncated, and its parser starts afresh.
    /// </summary>
    Disconnected,

    /// <summary>Host time went on.</summary>
    Tick,

    /// <summary>A passing entered by hand at a location, as JSON.</summary>
    ManualPassing,

    /// <summary>A location begins a new local session, numbered from 1.</summary>
    SessionOpened,

    /// <summary>A location's open bursts are decided and its local session ends.</summary>
    SessionClosed,

    /// <summary>A location's open bursts are decided because the host stops; its local session stays open.</summary>
    Paused,
}

/// <summary>One record: all that <see cref="IngestCore.Apply"/> may know. Valid while its payload is.</summary>
public readonly ref struct IngestRecord
{
    /// <summary>Position in the one order of records, from 1, without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>What it is.</summary>
    public required RecordKind Kind { get; init; }

    /// <summary>Index of the reader, or of the location for manual passings and sessions; else 0.</summary>
    public int Index { get; init; }

    /// <summary>Host time, 100 ns ticks since 1970-01-01 UTC; 0 when unknown (bytes from a file).</summary>
    public long ReceivedAt { get; init; }

    /// <summary>Bytes of a chunk, or JSON.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }
}
