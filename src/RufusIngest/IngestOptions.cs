using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest;

/// <summary>What a pipeline needs to know, and every bound with its default. Immutable.</summary>
public sealed record IngestOptions
{
    /// <summary>Locations, readers and chips.</summary>
    public required IngestSettings Settings { get; init; }

    /// <summary>Protocols that readers may name. Default: those of the library; add your own.</summary>
    public IReadOnlyList<ReaderProtocol> Protocols { get; init; } = ReaderProtocol.All;

    /// <summary>Bytes of a chunk at most. Default 64 KiB.</summary>
    public int ChunkSize { get; init; } = 64 * 1024;

    /// <summary>
    /// Bytes of records waiting at most, in blocks of a chunk's size; then connections are read no further until there
    /// is room, and TCP slows the readers. It is also what is kept in memory while a journal cannot be written.
    /// Default 16 MiB: some 280,000 reads.
    /// </summary>
    public int MaxWaitingBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bytes of records made durable at once, at most, and in memory beside the waiting ones. Default 4 MiB.</summary>
    public int MaxCommitBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// With a journal: what arrives within this time of the last commit shares the next one, so that a quiet race does
    /// not wear the disk. It delays what leaves by as much at most. Default 5 ms; 0: as fast as the disk goes.
    /// </summary>
    public TimeSpan CommitAge { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Passings of a batch at most. Default 500.</summary>
    public int MaxBatchPassings { get; init; } = 500;

    /// <summary>A batch leaves this long after its first passing, unless earlier ones still wait. Default 0.25 s.</summary>
    public TimeSpan BatchAge { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// Batches waiting at most; then no more records are applied until one is taken. While any waits, the next one grows
    /// to its full size instead of leaving by age. Default 256: some 128,000 passings.
    /// </summary>
    public int MaxWaitingBatches { get; init; } = 256;

    /// <summary>How often the core is told that host time went on. Default 0.1 s.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>
    /// Called with whatever is no passing (<see cref="TimingEventKind"/>): guns, clocks, sessions, what came to light about
    /// passings. On the pipeline's thread: return quickly. What it throws is logged.
    /// </summary>
    public Action<TimingEvent>? OnEvent { get; init; }

    /// <summary>
    /// Called with every read and what became of it, on the pipeline's thread: return quickly. What it throws is logged.
    /// </summary>
    public ReadObserver? OnRead { get; init; }

    /// <summary>
    /// Called when records cannot be made durable, with what is wrong, and with null when they are again, on the
    /// pipeline's thread. Meanwhile nothing leaves and reads wait in memory. What it throws is logged.
    /// </summary>
    public Action<JournalException?>? OnJournalProblem { get; init; }

    internal void Validate()
    {
        Settings.Validate(Protocols);
        RequireAtLeast(ChunkSize, 512, nameof(ChunkSize));
        RequireAtLeast(MaxWaitingBytes, 1, nameof(MaxWaitingBytes));
        RequireAtLeast(MaxCommitBytes, 1, nameof(MaxCommitBytes));
        RequireAtLeast(MaxBatchPassings, 1, nameof(MaxBatchPassings));
        RequireAtLeast(MaxWaitingBatches, 1, nameof(MaxWaitingBatches));
        if (BatchAge < TimeSpan.Zero)
            throw new ArgumentException($"{nameof(BatchAge)} is negative.");
        if (CommitAge < TimeSpan.Zero || CommitAge > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(CommitAge)} must be 0 to 1 min.");
        if (TickInterval < TimeSpan.FromMilliseconds(1))
            throw new ArgumentException($"{nameof(TickInterval)} is shorter than a millisecond.");
    }

    static void RequireAtLeast(int value, int least, string name)
    {
        if (value < least)
            throw new ArgumentException($"{name} is {value}; it must be at least {least}.");
    }
}
