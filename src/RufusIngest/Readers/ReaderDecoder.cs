using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Feeds a parser the chunks of one connection: keeps the beginning of a frame that the next chunk completes, and
/// counts and keeps what was rejected. Single-threaded.
/// </summary>
/// <remarks>
/// The virtual call is made once a block of reads, never once a read; the parser itself is a struct that the subclass
/// knows by type.
/// </remarks>
abstract class ReaderDecoder
{
    /// <summary>Reads a block holds at most.</summary>
    public const int BlockSize = 256;

    readonly long[] _rejects = new long[Enum.GetValues<RejectReason>().Length];
    readonly long[] _controls = new long[Enum.GetValues<ControlKind>().Length];

    protected ChipRead[] ReadBlock { get; } = new ChipRead[BlockSize];

    protected ControlRecord[] ControlBlock { get; } = new ControlRecord[BlockSize];

    /// <summary>Reads of the last step; the caller may change them in place.</summary>
    public Span<ChipRead> Reads => ReadBlock.AsSpan(0, ReadCount);

    /// <summary>Control records of the last step, pointing into the bytes it parsed.</summary>
    public ReadOnlySpan<ControlRecord> Controls => ControlBlock.AsSpan(0, ControlCount);

    /// <summary>The most recent rejected frames.</summary>
    public RejectLog Rejected { get; } = new();

    /// <summary>Names of points that the parser tells, over all connections.</summary>
    public PointNames PointNames { get; } = new();

    /// <summary>Bytes consumed since the decoder was made, over all connections.</summary>
    public long Position { get; protected set; }

    protected int ReadCount { get; set; }

    protected int ControlCount { get; set; }

    /// <summary>Makes a decoder around a parser.</summary>
    /// <param name="initial">What each connection starts with.</param>
    public static ReaderDecoder For<TParser>(TParser initial = default)
        where TParser : struct, IReadParser => new Decoder<TParser>(initial);

    /// <summary>Frames rejected for this reason.</summary>
    public long RejectsOf(RejectReason reason) => Volatile.Read(ref _rejects[(int)reason]);

    /// <summary>Control records of this kind.</summary>
    public long ControlsOf(ControlKind kind) => Volatile.Read(ref _controls[(int)kind]);

    /// <summary>
    /// Parses on in a chunk until a block is full, a frame is rejected or the chunk is used up. Call again, with the
    /// same chunk, until it returns false.
    /// </summary>
    /// <param name="chunk">The bytes received; they are not needed after the step that returns false.</param>
    /// <param name="offset">Where to go on in the chunk; starts at 0 and moves with each step.</param>
    /// <param name="endOfStream">The connection ended with this chunk.</param>
    /// <param name="parsed">The bytes that <see cref="Controls"/> point into, valid until the next step.</param>
    public abstract bool Step(ReadOnlySpan<byte> chunk, ref int offset, bool endOfStream, out ReadOnlySpan<byte> parsed);

    /// <summary>Forgets what an ended connection left behind.</summary>
    public abstract void Reset();

    protected void Count(in ParseResult result, ReadOnlySpan<byte> parsed)
    {
        ReadCount = result.Reads;
        ControlCount = result.Controls;
        foreach (ref readonly ControlRecord control in Controls)
            _controls[(int)control.Kind]++;
        if (result is { Consumed: 0, Status: ParseStatus.DestinationFull or ParseStatus.Malformed })
            throw new InvalidOperationException($"A parser stopped as {result.Status} without consuming anything.");
        if (result.Status == ParseStatus.Malformed)
        {
            _rejects[(int)result.Reason]++;
            Rejected.Add(
                result.Reason,
                Position + result.RejectOffset,
                parsed.Slice(result.RejectOffset, result.RejectLength));
        }

        Position += result.Consumed;
    }

    sealed class Decoder<TParser> : ReaderDecoder
        where TParser : struct, IReadParser
    {
        // Taking a little at a time keeps the copy small: the frame that was cut is nearly always whole after this.
        const int LeastTaken = 512;

        readonly TParser _initial;
        TParser _parser;
        byte[] _carry = new byte[2 * LeastTaken];
        int _carried;
        int _consumed;

        public Decoder(TParser initial)
        {
            _initial = initial;
            _parser = MakeParser();
        }

        TParser MakeParser()
        {
            if (_initial is not IPointNaming)
                return _initial;
            object boxed = _initial; // The interface can change a struct in its box only.
            ((IPointNaming)boxed).Use(PointNames);
            return (TParser)boxed;
        }

        public override bool Step(
            ReadOnlySpan<byte> chunk, ref int offset, bool endOfStream, out ReadOnlySpan<byte> parsed)
        {
            if (_carried > 0)
                return StepCarried(chunk, ref offset, endOfStream, out parsed);
            parsed = chunk[offset..];
            ParseResult result = _parser.Parse(parsed, endOfStream, ReadBlock, ControlBlock);
            Count(result, parsed);
            offset += result.Consumed;
            if (result.Status is ParseStatus.DestinationFull or ParseStatus.Malformed)
                return true;
            Carry(chunk[offset..]);
            offset = chunk.Length;
            return false;
        }

        /// <summary>Completes the frame that was cut, then goes back to parsing the chunk in place.</summary>
        bool StepCarried(ReadOnlySpan<byte> chunk, ref int offset, bool endOfStream, out ReadOnlySpan<byte> parsed)
        {
            Compact();
            int before = _carried - _consumed;
            int taken = Math.Min(chunk.Length - offset, Math.Max(LeastTaken, before));
            Carry(chunk.Slice(offset, taken));
            bool last = offset + taken == chunk.Length;
            parsed = _carry.AsSpan(_consumed, _carried - _consumed);
            ParseResult result = _parser.Parse(parsed, endOfStream && last, ReadBlock, ControlBlock);
            Count(result, parsed);
            if (result.Consumed >= before)
            {
                // What is left lies in the chunk as well, and is parsed there.
                _carried = 0;
                _consumed = 0;
                offset += result.Consumed - before;
                return offset < chunk.Length || (endOfStream && result.Status != ParseStatus.Done);
            }

            _consumed += result.Consumed;
            offset += taken;
            return !last || result.Status is ParseStatus.DestinationFull or ParseStatus.Malformed;
        }

        /// <summary>
        /// Done at the next step, because the caller still looks at the bytes of the last one; and only when at least
        /// as much is consumed as is left, so that a long frame of many steps is not moved at each of them.
        /// </summary>
        void Compact()
        {
            if (_consumed < _carried - _consumed)
                return;
            _carried -= _consumed;
            _carry.AsSpan(_consumed, _carried).CopyTo(_carry);
            _consumed = 0;
        }

        void Carry(ReadOnlySpan<byte> bytes)
        {
            if (_carried + bytes.Length > _carry.Length)
                Array.Resize(ref _carry, Math.Max(_carry.Length * 2, _carried + bytes.Length));
            bytes.CopyTo(_carry.AsSpan(_carried));
            _carried += bytes.Length;
        }

        public override void Reset()
        {
            _parser = MakeParser();
            _carried = 0;
            _consumed = 0;
        }
    }
}
