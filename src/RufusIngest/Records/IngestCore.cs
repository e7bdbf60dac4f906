using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>Sees a read after it was decided; must not keep references and should be quick.</summary>
/// <param name="reader">Index of the reader.</param>
/// <param name="read">The read as the reader said it, with what was found out about it.</param>
/// <param name="time">Its instant, 100 ns ticks since 1970-01-01 UTC, or 0 when it has none.</param>
/// <param name="fate">What became of it, and which burst or passing took it.</param>
public delegate void ReadObserver(int reader, in ChipRead read, long time, in ReadFate fate);

/// <summary>
/// The whole way from records to numbered passings, synchronous and without I/O: decode, resolve time, gate, number,
/// JSON item. The same records give the same outputs, always. One thread.
/// </summary>
public sealed class IngestCore
{
    readonly IReadOnlyList<ReaderProtocol> _protocols;
    readonly int[] _guesses = new int[ReaderDecoder.BlockSize];
    Reader[] _readers = [];
    Location[] _locations = [];
    IngestSettings? _settings;
    PassingGate? _gate;
    SentPassings? _sent;
    IngestOutput? _output;
    long _receivedAt;
    long _sequence;
    long _maxLead;
    long _maxLag;
    long _clockStep;

    /// <summary>Makes a core that has seen no record.</summary>
    /// <param name="protocols">Protocols that settings may name; by default those of the library.</param>
    public IngestCore(IReadOnlyList<ReaderProtocol>? protocols = null) => _protocols = protocols ?? ReaderProtocol.All;

    /// <summary>The settings in force, or null before the first record.</summary>
    public IngestSettings? Settings => Volatile.Read(ref _settings);

    /// <summary>Applies the next record.</summary>
    /// <param name="record">The record whose sequence follows the last one's.</param>
    /// <param name="output">Gains what the record brings about.</param>
    /// <exception cref="ArgumentException">It is not the next record, or no record that can be at this
    /// place.</exception>
    /// <exception cref="JsonException">Its payload is not what its kind says.</exception>
    public void Apply(in IngestRecord record, IngestOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (record.Sequence != _sequence + 1)
            throw new ArgumentException($"Record {record.Sequence} cannot follow record {_sequence}.");
        if (_gate is null && record.Kind != RecordKind.Settings)
            throw new ArgumentException($"The first record must be settings, not {record.Kind}.");
        _sequence = record.Sequence;
        _receivedAt = record.ReceivedAt;
        _output = output;
        switch (record.Kind)
        {
            case RecordKind.Chunk:
                ApplyChunk(_readers[record.Index], record, output);
                break;
            case RecordKind.Tick:
                ApplyTick(record, output);
                break;
            case RecordKind.Connected:
                _readers[record.Index].Time.Connect();
                break;
            case RecordKind.Disconnected:
                Disconnect(_readers[record.Index], record, output);
                break;
            case RecordKind.Settings:
                ApplySettings(IngestSettings.FromUtf8Json(record.Payload));
                break;
            case RecordKind.ManualPassing:
                ApplyManual(record);
                break;
            case RecordKind.SessionOpened:
                CloseSession(record, output);
                OpenSession(record.Index, record.Sequence, output);
                break;
            case RecordKind.SessionClosed:
                CloseSession(record, output);
                break;
            case RecordKind.Paused:
                _gate!.Flush(record.Index);
                break;
            default:
                throw new ArgumentException($"Record {record.Sequence} is of the unknown kind {(byte)record.Kind}.");
        }
    }

    /// <summary>
    /// Applies all records of a journal, as recovery does. A core that has seen no record; afterwards it goes on behind
    /// the journal's last one.
    /// </summary>
    /// <param name="journal">The journal.</param>
    /// <param name="output">Gains what the records bring about; take it in <paramref name="applied"/>.</param>
    /// <param name="applied">Called after each record.</param>
    /// <param name="cancellation">Stops between records.</param>
    /// <exception cref="JournalException">The journal is damaged; all before was applied.</exception>
    public void Replay(
        IngestJournal journal, IngestOutput output, RecordHandler applied, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(applied);
        _sent = SentPassings.Read(journal);
        journal.Replay(
            (in IngestRecord record) =>
            {
                Apply(record, output);
                applied(record);
            },
            cancellation);
    }

    /// <summary>A snapshot of all counters; may be taken from any thread.</summary>
    public IngestCounters GetCounters() => new()
    {
        Readers = [.. _readers.Select(reader => reader.GetCounters())],
        Locations = [.. _locations.Select(location => location.GetCounters())],
        SuppressedBy = CountSuppressed(),
        NotGated = OutcomesOf(ReadOutcome.NotGated),
        ClosedEarly = _gate?.ClosedEarly ?? 0,
        Forgotten = _gate?.Forgotten ?? 0,
        ParkedUntold = _gate?.ParkedUntold ?? 0,
    };

    long OutcomesOf(ReadOutcome outcome) => _gate is null ? 0 : Volatile.Read(ref _gate.Outcomes[(int)outcome]);

    Dictionary<ReadOutcome, long> CountSuppressed() =>
        Enum.GetValues<ReadOutcome>().Where(outcome => outcome.IsSuppressed())
            .Select(outcome => KeyValuePair.Create(outcome, OutcomesOf(outcome)))
            .Where(pair => pair.Value != 0).ToDictionary();

    /// <summary>The last frames a reader sent that were rejected, oldest first; may be called from any
    /// thread.</summary>
    public IReadOnlyList<RejectedFrame> GetRejected(int reader) => _readers[reader].Decoder.Rejected.ToList();

    /// <summary>Called with every read and what became of it, on the thread that applies records. Set it before the
    /// first.</summary>
    public ReadObserver? ReadObserver { get; init; }

    void ApplyChunk(Reader reader, in IngestRecord record, IngestOutput output)
    {
        if (record.ReceivedAt != 0)
            WatchStep(reader, record.ReceivedAt, output);
        Decode(reader, record, endOfStream: false, output);
        if (record.ReceivedAt != 0)
            WatchLag(reader, output);
    }

    void Decode(Reader reader, in IngestRecord record, bool endOfStream, IngestOutput output)
    {
        reader.Bytes += record.Payload.Length;
        long lost = reader.Decoder.RejectsOf(RejectReason.FramingLost);
        int offset = 0;
        bool more;
        do
        {
            more = reader.Decoder.Step(record.Payload, ref offset, endOfStream, out _);
            if (reader.Decoder.Reads.Length > 0)
                ApplyReads(reader, record, output);
        }
        while (more);
        if (!endOfStream && reader.Decoder.RejectsOf(RejectReason.FramingLost) != lost)
            output.Add(Event(TimingEventKind.FramingLost, reader, reader.Own.Location, record.ReceivedAt, default));
    }

    void ApplyReads(Reader reader, in IngestRecord record, IngestOutput output)
    {
        Span<ChipRead> reads = reader.Decoder.Reads;
        PassingGate gate = _gate!;
        gate.LookAhead(reader.Own.Lane, reads, _guesses);
        long newest = long.MinValue;
        for (int i = 0; i < reads.Length; i++)
        {
            ref ChipRead read = ref reads[i];
            bool timed = reader.Resolver.TryResolve(ref read, record.ReceivedAt, out long time);
            if (!timed || read.Kind != ReadKind.Chip)
            {
                Report(reader, read, timed ? time : 0, output);
                continue;
            }

            if (time > newest && (read.Flags & (ReadFlags.Rewind | ReadFlags.NoTime)) == 0)
                newest = time;
            Gate(reader, ref read, _guesses[i], time, record, output);
        }

        if (newest != long.MinValue && record.ReceivedAt != 0)
            reader.Clock.Observe(newest - record.ReceivedAt, record.ReceivedAt);
    }

    void Gate(Reader reader, ref ChipRead read, int guess, long time, in IngestRecord record, IngestOutput output)
    {
        PassingGate gate = _gate!;
        Line line = reader.LineOf(read);
        reader.Reads++;
        if (reader.StripLeadingZeros)
            read.Chip = read.Chip.WithoutLeadingZeros();
        long aheadOf = long.MinValue;
        if (time - record.ReceivedAt > _maxLead && record.ReceivedAt != 0)
            aheadOf = Distrust(reader, line.Location, read, time, record, output);
        else
            reader.Time.Observe(time, record.ReceivedAt);
        // Time first: what the read's own time decides is decided when the read is placed.
        foreach (Location place in reader.Places)
            gate.Advance(place.Index, place.Time.Low(_maxLag));
        ReadOutcome outcome = ReadOutcome.Opened;
        if (line.Location.Sieve is { } sieve)
            outcome = sieve.Judge(read, time);
        bool isKept = outcome == ReadOutcome.Opened;
        if (isKept)
            outcome = gate.Add(line.Lane, time, read, reader.Index, aheadOf, guess);
        gate.Outcomes[(int)outcome]++;
        ReadObserver?.Invoke(
            reader.Index, read, time,
            isKept ? gate.FateOf(line.Lane, read.Chip, time, outcome) : new ReadFate(outcome, line.Location.Index));
    }

    /// <summary>
    /// A time too far ahead to move the location's: its burst falls due from the time the location has now. A reader
    /// that has said nothing else lends the location its arrival time, so that its passings do not wait for ever.
    /// </summary>
    long Distrust(Reader reader, Location location, in ChipRead read, long time, in IngestRecord record, IngestOutput output)
    {
        if (!reader.IsAhead)
            output.Add(Event(TimingEventKind.ClockAhead, reader, location, time, read));
        reader.IsAhead = true;
        if (reader.Time.Now == long.MinValue)
            reader.Time.Observe(record.ReceivedAt, record.ReceivedAt);
        return location.Time.Low(_maxLag);
    }

    void Report(Reader reader, in ChipRead read, long time, IngestOutput output)
    {
        Location location = reader.LineOf(read).Location;
        TimingEventKind kind = read.Kind switch
        {
            ReadKind.Gun => TimingEventKind.Gun,
            ReadKind.Marker => TimingEventKind.Marker,
            _ => (read.Flags & ReadFlags.ClockNotSet) != 0 ? TimingEventKind.ClockNotSet : TimingEventKind.NoTime,
        };
        output.Add(Event(kind, reader, location, time, read));
        ReadOutcome outcome = ReadOutcome.Signal;
        if (read.Kind == ReadKind.Chip)
        {
            reader.Reads++;
            reader.WithoutTime++;
            outcome = ReadOutcome.WithoutTime;
        }
        else
        {
            reader.Signals++;
        }

        _gate!.Outcomes[(int)outcome]++;
        ReadObserver?.Invoke(reader.Index, read, time, new ReadFate(outcome, location.Index));
    }

    /// <summary>Tells when the reader's clock was set.</summary>
    void WatchStep(Reader reader, long hostTime, IngestOutput output)
    {
        long shift = reader.Clock.Pass(hostTime, _clockStep);
        if (shift == 0)
            return;
        long time = hostTime + reader.Clock.Difference;
        TimingEvent step = Event(TimingEventKind.ClockStep, reader, reader.Own.Location, time, default);
        output.Add(step with { Shift = TimeSpan.FromTicks(shift) });
    }

    /// <summary>Tells once when a location goes on without the reader, and again only after that has clearly been
    /// over.</summary>
    void WatchLag(Reader reader, IngestOutput output)
    {
        long lag = reader.Time.Lag;
        if (lag <= _maxLag / 2)
            reader.IsBehind = false;
        if (lag <= _maxLag || reader.IsBehind || !reader.Time.Counts)
            return;
        foreach (Location place in reader.Places)
        {
            if (!place.Time.IsHeldWithin(_maxLag))
                continue;
            reader.IsBehind = true;
            TimingEvent behind = Event(TimingEventKind.ClockBehind, reader, place, reader.Time.Now, default);
            output.Add(behind with { Shift = TimeSpan.FromTicks(lag) });
            return;
        }
    }

    TimingEvent Event(TimingEventKind kind, Reader reader, Location location, long time, in ChipRead read) =>
        new(kind, location.Index, reader.Index, time, read, 0, _sequence);

    /// <summary>Gives what the gate decided its number and hands it on.</summary>
    void Take(ref Passing passing) => Number(ref passing, _settings!.Chips.JsonBib(passing.Chip));

    void Number(ref Passing passing, ReadOnlySpan<byte> jsonBib)
    {
        Location location = _locations[passing.Location];
        if (!location.IsSessionOpen)
            OpenSession(passing.Location, _sequence, _output!);
        passing.Session = location.Session;
        location.Passings++;
        if (_sent is not null
            && _sent.TryTake(location.Name, passing, jsonBib, _settings!.Locations[location.Index].Gate.DeadTime))
            return;
        passing.Number = ++location.LastNumber;
        location.Late += (passing.Flags & PassingFlags.Late) != 0 ? 1 : 0;
        _output!.Batcher.Add(passing, location.Name, jsonBib, _receivedAt);
    }

    void Tell(in GateEvent told)
    {
        Passing passing = told.Passing;
        _output!.Add(new TimingEvent(
            KindOf(told.Kind), passing.Location, passing.Reader, passing.Time, default, passing.Number, _sequence)
        {
            Passing = passing,
            Reason = told.Reason,
            Into = told.Into,
        });
    }

    static TimingEventKind KindOf(GateEventKind kind) => kind switch
    {
        GateEventKind.Completed => TimingEventKind.PassingCompleted,
        GateEventKind.Corrected => TimingEventKind.PassingCorrected,
        GateEventKind.Suppressed => TimingEventKind.BurstSuppressed,
        GateEventKind.ParkedStarted => TimingEventKind.ParkedStarted,
        GateEventKind.ParkedStill => TimingEventKind.ParkedStill,
        _ => TimingEventKind.ParkedLeft,
    };

    void ApplyTick(in IngestRecord record, IngestOutput output)
    {
        foreach (Reader reader in _readers)
            reader.Time.Tick(record.ReceivedAt, _settings!.ReaderLeaveTime.Ticks);
        foreach (Reader reader in _readers)
        {
            WatchStep(reader, record.ReceivedAt, output);
            WatchLag(reader, output);
        }

        foreach (Location location in _locations)
        {
            if (location.Time.IsDeserted)
                _gate!.Flush(location.Index);
            else
                _gate!.Advance(location.Index, location.Time.Low(_maxLag));
        }
    }

    void Disconnect(Reader reader, in IngestRecord record, IngestOutput output)
    {
        Decode(reader, record, endOfStream: true, output);
        reader.Decoder.Reset();
        reader.Resolver.Reconnected();
        reader.Time.Disconnect(record.ReceivedAt);
    }

    void ApplyManual(in IngestRecord record)
    {
        ManualPassing manual = JsonSerializer.Deserialize(record.Payload, SettingsJson.Default.ManualPassing)
            ?? throw new JsonException("A manual passing must not be null.");
        Passing passing = new()
        {
            Location = record.Index,
            Reader = -1,
            Time = manual.Time,
            First = manual.Time,
            Peak = manual.Time,
            Last = manual.Time,
            BestRssiCentiDbm = ChipRead.NoRssi,
            Policy = PassingPolicy.Manual,
        };
        byte[] jsonBib = PassingsJsonWriter.Escape(Encoding.UTF8.GetBytes(manual.Bib));
        Number(ref passing, jsonBib);
        _locations[record.Index].Manual++;
    }

    void OpenSession(int index, long sequence, IngestOutput output)
    {
        Location location = _locations[index];
        location.Session++;
        location.LastNumber = _sent?.LastNumber(location.Name, location.Session) ?? 0;
        location.IsSessionOpen = true;
        output.Add(new TimingEvent(
            TimingEventKind.SessionOpened, index, -1, 0, default, location.Session, sequence));
    }

    void CloseSession(in IngestRecord record, IngestOutput output)
    {
        Location location = _locations[record.Index];
        _gate!.Flush(record.Index);
        if (!location.IsSessionOpen)
            return;
        location.IsSessionOpen = false;
        output.Add(new TimingEvent(
            TimingEventKind.SessionClosed, record.Index, -1, 0, default, location.Session, record.Sequence));
    }

    void ApplySettings(IngestSettings settings)
    {
        settings.Validate(_protocols);
        RequireContinuation(settings);
        GateOptions[] gates = [.. settings.Locations.Select(location => location.Gate)];
        _gate ??= new PassingGate(settings.Limits, Take, Tell);
        // Bursts that the change decides still go by the settings before it.
        _gate.SetLocations(gates);
        _gate.SetChips(settings.Chips);
        _maxLead = settings.MaxLead.Ticks;
        _maxLag = settings.MaxLag.Ticks;
        _clockStep = settings.ClockStep.Ticks;
        Volatile.Write(ref _settings, settings);
        foreach (LocationSettings location in settings.Locations.Skip(_locations.Length))
            _locations = [.. _locations, new Location(_locations.Length, location.Name)];
        for (int i = 0; i < _locations.Length; i++)
            _locations[i].Sieve = ReadSieve.Of(settings.Locations[i].Filter);
        foreach (ReaderSettings reader in settings.Readers.Skip(_readers.Length))
        {
            ReaderProtocol protocol = ReaderProtocol.Find(_protocols, reader.Protocol)!;
            _readers = [.. _readers, new Reader(_readers.Length, reader, _locations, protocol.CreateDecoder())];
        }
    }

    /// <summary>Throws when settings cannot follow those in force; the message names what.</summary>
    internal void RequireContinuation(IngestSettings settings)
    {
        if (_settings is not { } before)
            return;
        for (int i = 0; i < before.Locations.Count; i++)
        {
            if (i >= settings.Locations.Count || settings.Locations[i].Name != before.Locations[i].Name)
                throw new ArgumentException($"Location '{before.Locations[i].Name}' must stay where it is in the settings.");
        }

        for (int i = 0; i < before.Readers.Count; i++)
        {
            if (i >= settings.Readers.Count || settings.Readers[i].Name != before.Readers[i].Name)
                throw new ArgumentException($"Reader '{before.Readers[i].Name}' must stay where it is in the settings.");
        }
    }

    sealed class Location(int index, string name)
    {
        public int Index { get; } = index;

        public string Name { get; } = name;

        public LocationTime Time { get; } = new();

        /// <summary>What leaves reads out; null: nothing does.</summary>
        public ReadSieve? Sieve { get; set; }

        public int Session { get; set; }

        public int LastNumber { get; set; }

        public bool IsSessionOpen { get; set; }

        public long Passings { get; set; }

        public long Late { get; set; }

        public long Manual { get; set; }

        public LocationCounters GetCounters() => new(Name, Passings, Late, Manual, Session, LastNumber);
    }

    /// <summary>Where reads go: a location and the line of the gate.</summary>
    sealed record Line(Location Location, int Lane)
    {
        public static Line Of(Location[] locations, string name, bool isBackup)
        {
            Location location = locations.First(candidate => candidate.Name == name);
            return new Line(location, PassingGate.LaneOf(location.Index, isBackup));
        }
    }

    sealed class Reader
    {
        readonly PointMap? _points;
        readonly Line[] _lines;

        public Reader(int index, ReaderSettings settings, Location[] locations, ReaderDecoder decoder)
        {
            Index = index;
            Name = settings.Name;
            Decoder = decoder;
            Own = Line.Of(locations, settings.Location, settings.IsBackup);
            _points = settings.Points.Count == 0 ? null : new PointMap(settings.Points, decoder.PointNames);
            _lines =
            [
                Own,
                .. settings.Points.Select(point => Line.Of(locations, point.Location ?? settings.Location, point.IsBackup)),
            ];
            Places = [.. _lines.Select(line => line.Location).Distinct()];
            StripLeadingZeros = settings.StripLeadingZeros;
            Resolver = new ReadTimeResolver(
                settings.Zone, settings.IgnoreStatedZone, settings.SessionDate, settings.ClockCorrection);
            foreach (Location place in Places)
                place.Time.Add(Time);
        }

        public int Index { get; }

        public string Name { get; }

        /// <summary>Where its reads go, as far as no point says otherwise.</summary>
        public Line Own { get; }

        /// <summary>All locations that its reads may belong to, each once: it counts for the time of each.</summary>
        public Location[] Places { get; }

        public ReaderDecoder Decoder { get; }

        public ReadTimeResolver Resolver { get; }

        public ReaderTime Time { get; } = new();

        public ClockWatch Clock { get; } = new();

        public bool StripLeadingZeros { get; }

        public bool IsAhead { get; set; }

        /// <summary>It was told that its location goes on without it.</summary>
        public bool IsBehind { get; set; }

        public long Bytes { get; set; }

        public long Reads { get; set; }

        public long Signals { get; set; }

        public long WithoutTime { get; set; }

        public Line LineOf(in ChipRead read) => _points is null ? Own : _lines[_points.Find(read)];

        public ReaderCounters GetCounters() => new()
        {
            Name = Name,
            PointNames = Decoder.PointNames.ToList(),
            PointsUntold = Decoder.PointNames.Untold,
            Bytes = Bytes,
            Reads = Reads,
            Signals = Signals,
            WithoutTime = WithoutTime,
            Rejects = Count<RejectReason>(Decoder.RejectsOf),
            Controls = Count<ControlKind>(Decoder.ControlsOf),
        };

        static Dictionary<T, long> Count<T>(Func<T, long> count)
            where T : struct, Enum =>
            Enum.GetValues<T>().Select(key => KeyValuePair.Create(key, count(key)))
                .Where(pair => pair.Value > 0).ToDictionary();
    }
}
