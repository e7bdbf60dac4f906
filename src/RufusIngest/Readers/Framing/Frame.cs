using RufusIngest.Reads;

namespace RufusIngest.Readers.Framing;

/// <summary>What is left of a frame whose end is known; the whole of it at first.</summary>
/// <param name="text">From the first byte that was not taken yet to the end of the frame, at least one byte.</param>
readonly ref struct Frame(ReadOnlySpan<byte> text)
{
    /// <summary>The bytes, without those that only end the frame.</summary>
    public ReadOnlySpan<byte> Text { get; } = text;

    /// <summary>Nothing of the frame was taken yet.</summary>
    public bool IsStart { get; init; }

    /// <summary>The stream ended before the frame did: its last field may be cut off.</summary>
    public bool IsCutOff { get; init; }

    /// <summary>The byte that ended a frame of text, 0 at the end of the stream.</summary>
    public byte End { get; init; }

    /// <summary>In a JSON stream: an object whose syntax is good, or the rest of one. Otherwise a line of text.</summary>
    public bool IsObject { get; init; }

    /// <summary>Names of the reader's timing points, or null where nobody asks for them.</summary>
    public PointNames? Points { get; init; }

    /// <summary>The number of the timing point of this name, 0 when there is none.</summary>
    public ushort PointOf(ReadOnlySpan<byte> utf8) => Points?.NumberOf(utf8) ?? 0;
}

/// <summary>What a protocol makes of the front of a frame: a read, up to two controls, or nothing yet.</summary>
/// <remarks>Everything stays unset where the frame is rejected; only <see cref="Length"/> counts then.</remarks>
struct FrameOutput
{
    // Kept small: it is cleared for each frame.
    long _firstNumber;
    long _secondNumber;
    byte _controls;
    ControlKind _firstKind;
    ControlKind _secondKind;
    byte _firstVariant;
    byte _secondVariant;

    /// <summary>Bytes taken, or 0 for all that are left; a frame with more in it is given again from there.</summary>
    public int Length { get; set; }

    /// <summary>The slot holds a read.</summary>
    public bool HasRead { get; set; }

    /// <summary>
    /// Nothing is taken yet: the byte that ended the frame is part of it. It is given again up to the next one; at the end of
    /// the stream there is none (<see cref="Frame.End"/>), and it is cut off.
    /// </summary>
    public bool GoesOn { get; set; }

    /// <summary>How many controls there are.</summary>
    public readonly int Controls => _controls;

    /// <summary>Adds a control that points at the bytes taken. A third would be lost: no frame has one.</summary>
    public void Add(ControlKind kind, long number = 0, byte variant = 0)
    {
        if (_controls++ == 0)
            (_firstKind, _firstVariant, _firstNumber) = (kind, variant, number);
        else
            (_secondKind, _secondVariant, _secondNumber) = (kind, variant, number);
    }

    /// <summary>The first control at its place.</summary>
    public readonly ControlRecord First(int position, int length) =>
        new(_firstKind, _firstNumber, position, length) { Variant = _firstVariant };

    /// <summary>The second control at its place.</summary>
    public readonly ControlRecord Second(int position, int length) =>
        new(_secondKind, _secondNumber, position, length) { Variant = _secondVariant };
}

/// <summary>What one protocol adds to a framing: how the bytes of a frame read. Implemented by structs.</summary>
/// <remarks>
/// It never allocates, throws or reads a clock. Its fields are the state of one connection, which starts with the value it
/// was made with; they hold what later frames need, never bytes of this one.
/// </remarks>
interface IFrameProtocol
{
    /// <summary>Takes what stands at the front of a frame: at most one read and two controls.</summary>
    /// <param name="frame">What is left of the frame.</param>
    /// <param name="read">An empty read, to be filled in place; what is left in it counts only with
    /// <see cref="FrameOutput.HasRead"/>.</param>
    /// <param name="output">Empty; says what was found and how much of the frame it took.</param>
    /// <returns>Why the bytes taken are rejected, or none.</returns>
    RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output);
}

/// <summary>The reads and controls of one parse call, filled from the start.</summary>
ref struct ParseOutput(Span<ChipRead> reads, Span<ControlRecord> controls)
{
    readonly Span<ChipRead> _reads = reads;
    readonly Span<ControlRecord> _controls = controls;

    public int Reads { get; private set; }

    public int Controls { get; private set; }

    /// <summary>Another frame might not fit.</summary>
    public readonly bool IsFull => Reads == _reads.Length || Controls + 2 > _controls.Length;

    /// <summary>Gives a protocol what is left of a frame, and keeps what it makes of it.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="frame">What is left of the frame.</param>
    /// <param name="position">Where that begins in the source.</param>
    /// <param name="length">The bytes taken; 0 when the frame goes on.</param>
    /// <returns>Why they are rejected, or none.</returns>
    public RejectReason Take<TProtocol>(ref TProtocol protocol, in Frame frame, int position, out int length)
        where TProtocol : struct, IFrameProtocol
    {
        FrameOutput output = default;
        ref ChipRead read = ref _reads[Reads];
        read.Reset();
        RejectReason reason = protocol.Take(frame, ref read, ref output);
        length = output.Length == 0 ? frame.Text.Length : output.Length;
        if (output.GoesOn)
        {
            length = frame.End == 0 ? length : 0;
            return frame.End == 0 ? RejectReason.Truncated : RejectReason.None;
        }

        if (reason != RejectReason.None)
            return frame.IsCutOff && length == frame.Text.Length ? RejectReason.Truncated : reason;
        if (output.HasRead)
            Reads++;
        if (output.Controls > 0)
            _controls[Controls++] = output.First(position, length);
        if (output.Controls > 1)
            _controls[Controls++] = output.Second(position, length);
        return RejectReason.None;
    }

    /// <summary>Adds a control that no frame made.</summary>
    public void Add(ControlKind kind, int position, int length) =>
        _controls[Controls++] = new ControlRecord(kind, 0, position, length);
}
