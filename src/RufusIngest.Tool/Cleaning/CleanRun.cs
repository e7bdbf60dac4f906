using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tool.Inspect;

namespace RufusIngest.Tool.Cleaning;

/// <summary>
/// Takes files through a core of its own and tells reads, passings and events in the order in which they come about.
/// One thread.
/// </summary>
sealed class CleanRun
{
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
        foreach (var (input, stream) in _input.Streams)
            ReadStream(input, stream, cancellation);
        Apply(RecordKind.SessionClosed, []);
        _output.CloseBatches();
        TakeBatches();
        return _core.GetCounters();
    }

    void ReadStream(InputFile input, InputStream stream, CancellationToken cancellation)
    {
        bool isTimed = input.GivesReceiveTimes(stream);
        bool isOpen = false;
        foreach (InputPiece piece in input.Read(stream.Index, cancellation))
        {
            long receivedAt = isTimed ? piece.ReceivedAt : 0;
            if (!isOpen)
                Apply(RecordKind.Connected, [], receivedAt);
            isOpen = !piece.IsEnd;
            Apply(isOpen ? RecordKind.Chunk : RecordKind.Disconnected, piece.Bytes.Span, receivedAt);
        }
    }

    void Apply(RecordKind kind, ReadOnlySpan<byte> payload, long receivedAt = 0)
    {
        _core.Apply(
            new IngestRecord { Sequence = ++_sequence, Kind = kind, Payload = payload, ReceivedAt = receivedAt }, _output);
        TellEvents(_ => true);
        _output.ClearEvents();
        _told = 0;
        TakeBatches();
    }

    /// <summary>
    /// What came about between two reads is told between them; what a read brought about itself, behind it. The core
    /// tells both before the read.
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
