using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tool.Cleaning;

/// <summary>
/// Takes files through a core of its own and tells reads, passings and events in the order in which they come about. One
/// thread.
/// </summary>
sealed class CleanRun
{
    const int ChunkSize = 64 * 1024;

    readonly FileInput _input;
    readonly IngestCore _core;
    readonly IngestOutput _output = new(maxBatchPassings: 1000);
    long _sequence;
    int _told;

    public CleanRun(FileInput input, GateOptions gate)
    {
        _input = input;
        _core = new IngestCore { ReadObserver = Observe };
        try
        {
            Apply(RecordKind.Settings, input.ToSettings(gate).ToUtf8Json());
        }
        catch (ArgumentException exception)
        {
            throw ToolException.BadInput(exception.Message, exception);
        }
    }

    public ReadObserver? OnRead { get; init; }

    public Action<Passing>? OnPassing { get; init; }

    public Action<TimingEvent>? OnEvent { get; init; }

    /// <summary>The last rejected frames, oldest first.</summary>
    public IReadOnlyList<RejectedFrame> Rejected => _core.GetRejected(0);

    public IngestCounters Run(CancellationToken cancellation)
    {
        byte[] buffer = new byte[ChunkSize];
        foreach (FileInfo file in _input.Files)
        {
            Apply(RecordKind.Connected, []);
            ReadFile(file, buffer, cancellation);
            Apply(RecordKind.Disconnected, []);
        }

        Apply(RecordKind.SessionClosed, []);
        _output.CloseBatches();
        TakeBatches();
        return _core.GetCounters();
    }

    void ReadFile(FileInfo file, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
            int length;
            while ((length = stream.Read(buffer)) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                Apply(RecordKind.Chunk, buffer.AsSpan(0, length));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file.FullName} cannot be read: {exception.Message}", exception);
        }
    }

    void Apply(RecordKind kind, ReadOnlySpan<byte> payload)
    {
        _core.Apply(new IngestRecord { Sequence = ++_sequence, Kind = kind, Payload = payload }, _output);
        TellEvents(_ => true);
        _output.ClearEvents();
        _told = 0;
        TakeBatches();
    }

    /// <summary>
    /// What came about between two reads is told between them; what a read brought about itself, behind it. The core tells
    /// both before the read.
    /// </summary>
    void Observe(int reader, in ChipRead read, long time, in ReadFate fate)
    {
        TellEvents(told => !IsByRead(told));
        OnRead?.Invoke(reader, read, time, fate);
        TellEvents(_ => true);
    }

    static bool IsByRead(TimingEvent told) =>
        told.Kind is TimingEventKind.PassingCorrected or TimingEventKind.ParkedStarted
        || (told.Kind == TimingEventKind.BurstSuppressed && told.Reason == ReadOutcome.SameBurst);

    void TellEvents(Func<TimingEvent, bool> which)
    {
        for (; _told < _output.Events.Count && which(_output.Events[_told]); _told++)
            OnEvent?.Invoke(_output.Events[_told]);
    }

    void TakeBatches()
    {
        while (_output.TryTakeBatch(out PassingBatch batch))
        {
            using (batch)
            {
                foreach (Passing passing in batch.Passings)
                    OnPassing?.Invoke(passing);
            }
        }
    }
}
