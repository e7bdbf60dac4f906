using System.Diagnostics.CodeAnalysis;
using RufusIngest.Conformance;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz;

/// <summary>An input for which something does not hold.</summary>
sealed class FindingException(string message) : Exception(message);

/// <summary>One parser with its slow reading. One thread.</summary>
abstract class Target
{
    /// <summary>Reads in one call of the runs that are not about it.</summary>
    protected const int Room = 64;

    /// <summary>Inputs up to here are fed byte by byte too.</summary>
    const int LongestInSingleBytes = 256;

    // What lies before and behind the input in memory: it must make no difference.
    const int Margin = 64;

    readonly Results _whole = new();
    readonly Results _other = new();

    protected Target(string name, string protocol, Type parser)
    {
        Name = name;
        Protocol = protocol;
        Parser = parser;
    }

    /// <summary>Its name, and its folder's.</summary>
    public string Name { get; }

    /// <summary>The name of the protocol.</summary>
    public string Protocol { get; }

    /// <summary>The type of the parser; the frames of its tests are the corpus.</summary>
    public Type Parser { get; }

    /// <summary>Inputs of its own, where the frames of the tests are of other parameters.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Reads of all inputs so far.</summary>
    public long Reads { get; private set; }

    /// <summary>Reads of which the slow reading could not say what they must be.</summary>
    public long Unsaid { get; private set; }

    /// <summary>What the last input gave, whole.</summary>
    public Results Last => _whole;

    /// <summary>Runs all that is checked of an input.</summary>
    /// <exception cref="FindingException">Something does not hold; every other exception is a finding too.</exception>
    public void Test(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        _whole.Clear();
        FeedWhole(bytes, _whole);
        ReadSlowly(bytes);
        uint seed = HashOf(input);
        byte[] framed = new byte[input.Length + (2 * Margin)];
        framed.AsSpan().Fill((byte)"0\n\"}a,\u0002\u00FF"[(int)(seed & 7)]);
        input.CopyTo(framed.AsSpan(Margin));
        // Mostly short pieces, as from a slow line.
        int most = (seed >> 28) == 0 ? 500 : 40;
        _other.Clear();
        FeedPieces(framed.AsSpan(Margin, input.Length), seed, most, _other);
        CompareToWhole("cut into pieces");
        if (input.Length <= LongestInSingleBytes)
        {
            _other.Clear();
            FeedPieces(bytes, 0, 1, _other);
            CompareToWhole("byte by byte");
        }

        ResolvedTimes.Check(_whole.Reads);
    }

    void CompareToWhole(string how)
    {
        if (!_other.Equals(_whole))
            throw new FindingException($"{how} it gives\n{_other}and whole it gives\n{_whole}");
    }

    /// <summary>With room for one read, so that the bytes of each are known.</summary>
    void ReadSlowly(byte[] bytes)
    {
        _other.Clear();
        string? difference = null;
        Reading reading = NewReading();
        FeedWithRoomForOne(bytes, _other, step =>
        {
            Expected? expected = reading(step);
            if (!step.HasRead)
                return;
            Reads++;
            Unsaid += expected is null ? 1 : 0;
            ChipRead read = _other.Reads[^1];
            if (expected?.DifferenceTo(read, _other.Points) is { } found)
            {
                difference ??= $"the slow reading disagrees about '{step.Taken}': {found}; the parser's is\n"
                    + $"  {ParserRun.Describe(read)}";
            }
        });
        CompareToWhole("with room for one read");
        if (difference is not null)
            throw new FindingException(difference);
    }

    static uint HashOf(ReadOnlySpan<byte> bytes)
    {
        uint hash = 2_166_136_261;
        foreach (byte b in bytes)
            hash = (hash ^ b) * 16_777_619;
        return hash ^ (hash >> 15);
    }

    protected abstract Reading NewReading();

    protected abstract void FeedWhole(byte[] input, Results results);

    protected abstract void FeedWithRoomForOne(byte[] input, Results results, Action<Step> heard);

    /// <summary>Pieces of up to so many bytes, as it follows from the seed.</summary>
    protected abstract void FeedPieces(ReadOnlySpan<byte> input, uint seed, int most, Results results);
}

/// <summary>A target of a type of parser.</summary>
sealed class Target<TParser> : Target
    where TParser : struct, IReadParser
{
    const ReadFlags Known = (ReadFlags)((1 << 13) - 1) & ~(ReadFlags.AmbiguousTime | ReadFlags.SkippedTime);

    readonly Func<Reading> _reading;
    readonly TParser _initial;
    readonly ChipRead[] _reads = new ChipRead[Room];
    readonly ControlRecord[] _controls = new ControlRecord[Room];
    int _calls;

    public Target(string name, string protocol, Func<Reading> reading, TParser initial)
        : base(name, protocol, typeof(TParser))
    {
        _reading = reading;
        _initial = initial;
    }

    protected override Reading NewReading() => _reading();

    protected override void FeedWhole(byte[] input, Results results)
    {
        TParser parser = Start(results);
        _ = Call(ref parser, input, Call(ref parser, input, 0, false, Room, results), true, Room, results);
    }

    protected override void FeedWithRoomForOne(byte[] input, Results results, Action<Step> heard)
    {
        TParser parser = Start(results);
        int at = Call(ref parser, input, 0, false, 1, results, input, heard);
        _ = Call(ref parser, input, at, true, 1, results, input, heard);
    }

    protected override void FeedPieces(ReadOnlySpan<byte> input, uint seed, int most, Results results)
    {
        TParser parser = Start(results);
        int at = 0;
        for (int end = 0; end < input.Length;)
        {
            seed = (seed * 1_664_525) + 1_013_904_223;
            end = Math.Min(input.Length, end + 1 + (int)((seed >> 16) % (uint)most));
            at = Call(ref parser, input[..end], at, false, Room, results);
        }

        _ = Call(ref parser, input, at, true, Room, results);
    }

    /// <summary>Calls the parser until it needs more.</summary>
    /// <returns>Where it needs more from.</returns>
    int Call(
        ref TParser parser,
        ReadOnlySpan<byte> source,
        int at,
        bool ended,
        int room,
        Results results,
        byte[]? all = null,
        Action<Step>? heard = null)
    {
        int controlRoom = Math.Max(2, room);
        while (true)
        {
            ReadOnlySpan<byte> rest = source[at..];
            _reads.AsSpan(0, room).Fill(NextStale());
            ParseResult result = parser.Parse(rest, ended, _reads.AsSpan(0, room), _controls.AsSpan(0, controlRoom));
            CheckCall(result, rest.Length, ended, room, controlRoom);
            int controlsBefore = results.Controls.Count;
            Keep(result, at, results);
            int start = at;
            at += result.Consumed;
            heard?.Invoke(new Step(
                all!, start, result.Status == ParseStatus.Malformed ? start + result.RejectOffset : at)
            {
                HasRead = result.Reads > 0,
                Rejected = Step.Latin(rest.Slice(result.RejectOffset, result.RejectLength)),
                Controls = results.Controls[controlsBefore..],
            });
            if (result.Status is ParseStatus.Done or ParseStatus.NeedMore)
                return at;
        }
    }

    /// <summary>What a slot holds before a call, another each time: a parser that does not reset it shows.</summary>
    ChipRead NextStale()
    {
        int value = ++_calls;
        return new ChipRead
        {
            Time = value,
            Number = value,
            Detail = (ulong)value,
            Hits = value,
            LatitudeE7 = value,
            LongitudeE7 = value,
            RssiCentiDbm = (short)value,
            Antenna = (ushort)value,
            SubReader = (ushort)value,
            Point = (ushort)value,
            Kind = (ReadKind)(value & 1),
            Flags = (ReadFlags)value,
        };
    }

    /// <summary>The contract of <see cref="IReadParser.Parse"/>, as <see cref="ParserRun"/> asserts it.</summary>
    void CheckCall(in ParseResult result, int length, bool ended, int room, int controlRoom)
    {
        Must(result.Consumed >= 0 && result.Consumed <= length, "more consumed than there is");
        Must(result.Reads <= room && result.Controls <= controlRoom, "more reads or controls than there is room");
        bool isWhole = result.Consumed == length;
        switch (result.Status)
        {
            case ParseStatus.Malformed:
                Must(result.Reason is > RejectReason.None and <= RejectReason.FramingLost, "a reject without a reason");
                Must(result.RejectOffset >= 0 && result.RejectLength > 0, "a reject of nothing");
                Must(result.RejectOffset + result.RejectLength <= result.Consumed, "a rejected frame must be consumed");
                break;
            case ParseStatus.DestinationFull:
                Must(result.Reads + result.Controls > 0, "full without anything in it");
                Must(result.Consumed > 0, "what fills the destination must be consumed");
                break;
            case ParseStatus.Done:
                Must(isWhole, "a parser that is done has consumed everything");
                break;
            case ParseStatus.NeedMore:
                Must(!ended, "nothing more can come after the end of the stream");
                Must(!isWhole, "a parser that consumed everything is done");
                break;
            default:
                Must(false, "an unknown status");
                break;
        }

        foreach (ControlRecord control in _controls.AsSpan(0, result.Controls))
        {
            Must(control.Offset >= 0 && control.Length > 0 && control.Offset + control.Length <= result.Consumed,
                "a control's bytes must be consumed");
        }

        foreach (ref readonly ChipRead read in _reads.AsSpan(0, result.Reads))
            CheckRead(read);
    }

    /// <summary>What the members of <see cref="ChipRead"/> say of themselves.</summary>
    static void CheckRead(in ChipRead read)
    {
        Must(read.Kind <= ReadKind.Marker && read.Chip.IsEmpty == (read.Kind != ReadKind.Chip),
            "a chip read has a chip, a gun or marker has none");
        Must((read.Flags & ~Known) == 0, "unknown flags, or the resolver's");
        Must(read.Hits >= 1 && read.Number >= -1, "hits are 1 and more, a number is -1 and more");
        Must(read.Time >= 0 || (read.Flags & (ReadFlags.NoDate | ReadFlags.NoTime)) == 0, "a time of day below 0");
        bool hasPosition = read.Flags.HasFlag(ReadFlags.HasPosition);
        Must(hasPosition || (read.LatitudeE7 | read.LongitudeE7) == 0, "a position without its flag");
        Must(Math.Abs((long)read.LatitudeE7) <= 900_000_000 && Math.Abs((long)read.LongitudeE7) <= 1_800_000_000,
            "a position that is not on Earth");
    }

    static void Must([DoesNotReturnIf(false)] bool holds, string otherwise)
    {
        if (!holds)
            throw new FindingException("the contract: " + otherwise);
    }

    void Keep(in ParseResult result, int at, Results results)
    {
        results.Reads.AddRange(_reads.AsSpan(0, result.Reads));
        foreach (ControlRecord control in _controls.AsSpan(0, result.Controls))
        {
            results.Controls.Add(
                new Heard(control.Kind, control.Number, control.Variant, at + control.Offset, control.Length));
        }

        if (result.Status == ParseStatus.Malformed)
            results.Rejects.Add(new Refused(result.Reason, at + result.RejectOffset, result.RejectLength));
    }

    TParser Start(Results results)
    {
        if (_initial is not IPointNaming)
            return _initial;
        object boxed = _initial;
        ((IPointNaming)boxed).Use(results.Points);
        return (TParser)boxed;
    }
}
