using System.Globalization;
using System.Text;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The simplest protocol there could be, for tests of what lies behind parsing: lines <c>CHIP MILLISECONDS</c>, with
/// <c>!</c> behind for a gun, <c>~</c> for local time, <c>?</c> for no time, <c>+</c> for one sent again. Then there may be
/// <c>a3</c> for the antenna, <c>s2</c> for the sub-reader, <c>r-60.5</c> for the signal and <c>pFINISH</c> for the point.
/// It allocates and is slow.
/// </summary>
struct PlainParser : IReadParser, IPointNaming
{
    PointNames? _names;

    public static ReaderProtocol Protocol { get; } = ReaderProtocol.Create<PlainParser>("plain", "test lines");

    public static byte[] Lines(params IEnumerable<string> lines) =>
        Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    public void Use(PointNames names) => _names = names;

    public readonly ParseResult Parse(
        ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
    {
        int consumed = 0, count = 0;
        while (source[consumed..].IndexOf((byte)'\n') is var length and >= 0)
        {
            if (count == reads.Length)
                return ParseResult.DestinationFull(consumed, count, 0);
            string[] parts = Encoding.UTF8.GetString(source.Slice(consumed, length)).Split(' ');
            int start = consumed;
            consumed += length + 1;
            if (parts.Length < 2)
                return ParseResult.Malformed(consumed, count, 0, RejectReason.TooFewFields, start, length);
            ref ChipRead read = ref reads[count++];
            read.Reset();
            read.Chip = ChipCode.FromText(parts[0]);
            read.Time = long.Parse(parts[1], CultureInfo.InvariantCulture) * TimeSpan.TicksPerMillisecond;
            string marks = parts.Length > 2 ? parts[2] : "";
            read.Kind = marks.Contains('!', StringComparison.Ordinal) ? ReadKind.Gun : ReadKind.Chip;
            read.Flags = marks.Contains('~', StringComparison.Ordinal) ? ReadFlags.None : ReadFlags.ZoneKnown;
            read.Flags |= marks.Contains('?', StringComparison.Ordinal) ? ReadFlags.NoTime : ReadFlags.None;
            read.Flags |= marks.Contains('+', StringComparison.Ordinal) ? ReadFlags.Rewind : ReadFlags.None;
            foreach (string part in parts.AsSpan(2))
                ParsePart(part, ref read);
        }

        if (consumed == source.Length)
            return ParseResult.Done(consumed, count, 0);
        return endOfStream
            ? ParseResult.Malformed(
                source.Length, count, 0, RejectReason.Truncated, consumed, source.Length - consumed)
            : ParseResult.NeedMore(consumed, count, 0);
    }

    readonly void ParsePart(string part, ref ChipRead read)
    {
        string value = part[1..];
        switch (part[0])
        {
            case 'a':
                read.Antenna = ushort.Parse(value, CultureInfo.InvariantCulture);
                break;
            case 's':
                read.SubReader = ushort.Parse(value, CultureInfo.InvariantCulture);
                break;
            case 'r':
                read.RssiCentiDbm = (short)(decimal.Parse(value, CultureInfo.InvariantCulture) * 100);
                break;
            case 'p':
                read.Point = _names?.NumberOf(Encoding.UTF8.GetBytes(value)) ?? 0;
                break;
        }
    }
}

/// <summary>A core with plain readers and a log of what it put out, for tests that write records by hand.</summary>
sealed class CoreRun
{
    /// <summary>2026-05-17 08:00:00 UTC in ms since 1970: where the tests' race begins.</summary>
    public const long Start = 1_779_004_800_000;

    readonly IngestCore _core;
    readonly IngestOutput _output = new(maxBatchPassings: 7);
    long _sequence;

    public CoreRun(params IEnumerable<(string Reader, string Location)> readers)
        : this(SettingsOf([.. readers]))
    {
    }

    public CoreRun(IngestSettings settings, ReadObserver? observer = null)
    {
        _core = new IngestCore([PlainParser.Protocol]) { ReadObserver = observer };
        Apply(RecordKind.Settings, 0, 0, settings.ToUtf8Json());
    }

    public List<string> Items { get; } = [];

    public List<Passing> Passings { get; } = [];

    public List<TimingEvent> Events { get; } = [];

    public IngestCounters Counters => _core.GetCounters();

    public IngestCore Core => _core;

    public static IngestSettings SettingsOf(params (string Reader, string Location)[] readers) => new()
    {
        Locations = [.. readers.Select(r => r.Location).Distinct().Select(name => new LocationSettings { Name = name })],
        Readers = [.. readers.Select(r => new ReaderSettings { Name = r.Reader, Protocol = "plain", Location = r.Location })],
    };

    /// <summary>Ticks of a moment this many seconds into the race.</summary>
    public static long At(double seconds) =>
        (Start * TimeSpan.TicksPerMillisecond) + (long)Math.Round(seconds * TimeSpan.TicksPerSecond);

    public static string Line(string chip, double seconds, string marks = "") =>
        $"{chip} {Start + (long)Math.Round(seconds * 1000)} {marks}".TrimEnd();

    public void Apply(RecordKind kind, int index = 0, long receivedAt = 0, ReadOnlySpan<byte> payload = default)
    {
        _core.Apply(
            new IngestRecord
            {
                Sequence = ++_sequence,
                Kind = kind,
                Index = index,
                ReceivedAt = receivedAt,
                Payload = payload,
            },
            _output);
        Take();
    }

    public void Chunk(int reader, double receivedAt, params IEnumerable<string> lines) =>
        Apply(RecordKind.Chunk, reader, receivedAt == 0 ? 0 : At(receivedAt), PlainParser.Lines(lines));

    public void Tick(double at) => Apply(RecordKind.Tick, 0, At(at));

    public void Close(int location = 0) => Apply(RecordKind.SessionClosed, location);

    void Take()
    {
        _output.CloseBatches();
        while (_output.TryTakeBatch(out PassingBatch batch))
        {
            using (batch)
            {
                for (int i = 0; i < batch.Count; i++)
                    Items.Add($"{batch.Location}/{batch.Session} {Encoding.UTF8.GetString(batch.GetItem(i))}");
                Passings.AddRange(batch.Passings);
            }
        }

        Events.AddRange(_output.Events);
        _output.ClearEvents();
    }
}
