using System.Globalization;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// The records of a repaired journal: those that can be trusted, from the first settings on, numbered anew; at each gap
/// the readers that may have been in the midst of a frame are disconnected. One thread.
/// </summary>
sealed class RepairedRecords(JournalScan scan, FindingList findings)
{
    const int RecordsPerCommit = 4096;
    const int BytesPerCommit = 1 << 20;

    readonly Dictionary<int, int> _openings = [];
    readonly SortedSet<int> _connected = [];
    readonly SortedSet<int> _touched = [];
    long _last;
    long _hostTime;
    int _gaps;
    RecordHandler _sink = (in IngestRecord _) => { };

    /// <summary>Sequence in the damaged journal of the first settings that can be trusted; 0: there are none.</summary>
    public long FirstSettings { get; private set; }

    /// <summary>The last settings.</summary>
    public IngestSettings? Settings { get; private set; }

    /// <summary>Records are missing, so that a replay may give other passings.</summary>
    public bool HasGaps { get; private set; }

    /// <summary>Sees a record that can be trusted, in the first round.</summary>
    public void Look(in IngestRecord record)
    {
        HasGaps |= record.Sequence != _last + 1;
        _last = record.Sequence;
        if (record.Kind != RecordKind.Settings)
            return;
        if (Parse(record) is { } settings)
        {
            FirstSettings = FirstSettings == 0 ? record.Sequence : FirstSettings;
            Settings = settings;
        }
        else
        {
            findings.Add(
                JournalFindingKind.Repair,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"settings record {record.Sequence} cannot be understood and is left out"));
        }
    }

    /// <summary>
    /// After the first round: finds out by a replay which locations have begun more sessions than their records tell; that
    /// happened in a gap.
    /// </summary>
    public void Complete(IReadOnlyList<ReaderProtocol> protocols)
    {
        HasGaps |= findings.Has(JournalFindingKind.Records);
        if (FirstSettings == 0)
            return;
        if (FirstSettings > 1)
        {
            findings.Add(
                JournalFindingKind.Repair,
                $"the repaired journal begins with record {FirstSettings}, the first settings that can be trusted; what came "
                + "before is left out");
        }

        if (HasGaps)
            FindOpenings(protocols);
    }

    void FindOpenings(IReadOnlyList<ReaderProtocol> protocols)
    {
        IngestCore core = new(protocols);
        IngestOutput output = new();
        Go((in IngestRecord record) =>
        {
            core.Apply(record, output);
            while (output.TryTakeBatch(out PassingBatch batch))
                batch.Dispose();
            output.ClearEvents();
        });
        foreach (LocationCounters location in core.GetCounters().Locations)
            AddOpenings(location);
    }

    /// <summary>Writes them into a journal that is empty.</summary>
    public void Write(SqliteJournal journal, IProgress<long>? progress)
    {
        RecordBlock block = new(BytesPerCommit) { FirstSequence = 1 };
        long written = 0;
        Go((in IngestRecord record) =>
        {
            if (block.Count == RecordsPerCommit || !block.HasRoomFor(record.Payload.Length))
            {
                block = Commit(journal, block, record.Payload.Length);
                progress?.Report(written);
            }

            block.Append(record.Kind, record.Index, record.ReceivedAt, record.Payload);
            written++;
        });
        Commit(journal, block, 0);
        progress?.Report(written);
    }

    static RecordBlock Commit(SqliteJournal journal, RecordBlock block, int payload)
    {
        if (block.Count > 0)
            journal.Commit([block], [], []);
        return new RecordBlock(Math.Max(BytesPerCommit, RecordBlock.HeaderLength + payload))
        {
            FirstSequence = block.FirstSequence + block.Count,
        };
    }

    void AddOpenings(LocationCounters location)
    {
        int known = scan.Sessions.Where(session => session.IsTrusted && session.Location == location.Name)
            .Select(session => session.Number).DefaultIfEmpty().Max();
        if (known <= location.Session)
            return;
        int index = Settings!.Locations.ToList().FindIndex(candidate => candidate.Name == location.Name);
        _openings[index] = known - location.Session;
        string more = _gaps > 1 ? " that is one of several: look at the first numbers of the session" : "";
        findings.Add(
            JournalFindingKind.Repair,
            $"location {location.Name} began session {known} in a gap; it begins at the first gap now{more}");
    }

    /// <summary>One round over all records that are kept.</summary>
    void Go(RecordHandler sink)
    {
        _sink = sink;
        _last = 0;
        _hostTime = 0;
        _gaps = 0;
        _connected.Clear();
        _touched.Clear();
        long sequence = 0;
        IngestSettings? settings = null;
        scan.ReadRecords(
            new FindingList(),
            (in IngestRecord record) =>
            {
                if (record.Sequence < FirstSettings)
                    return;
                bool isFirst = sequence == 0;
                bool isGap = record.Sequence != _last + 1;
                _last = record.Sequence;
                if (record.Kind == RecordKind.Settings)
                    settings = Parse(record) ?? settings;
                if (isGap && !isFirst)
                    CloseGap(ref sequence, settings!);
                if (CanFollow(record, settings!))
                    Put(record, ref sequence);
                if (isGap && isFirst)
                    CloseGap(ref sequence, settings!);
            });
        if (_openings.Count > 0 && _gaps == 0)
            CloseGap(ref sequence, settings!);
    }

    /// <summary>Its reader, or location, may have been named by settings that are lost.</summary>
    static bool CanFollow(in IngestRecord record, IngestSettings settings) => record.Kind switch
    {
        RecordKind.Settings => Parse(record) is not null,
        RecordKind.Chunk or RecordKind.Connected or RecordKind.Disconnected => record.Index < settings.Readers.Count,
        RecordKind.Tick => true,
        RecordKind.ManualPassing or RecordKind.SessionOpened or RecordKind.SessionClosed or RecordKind.Paused =>
            record.Index < settings.Locations.Count,
        _ => false,
    };

    void CloseGap(ref long sequence, IngestSettings settings)
    {
        _gaps++;
        int[] touched = [.. _touched];
        int[] connected = [.. _connected];
        foreach (int reader in touched)
            Put(Made(RecordKind.Disconnected, reader), ref sequence);
        foreach (int reader in connected)
            Put(Made(RecordKind.Connected, reader), ref sequence);
        if (_gaps > 1)
            return;
        foreach ((int location, int count) in _openings)
        {
            for (int i = 0; i < count && location < settings.Locations.Count; i++)
                Put(Made(RecordKind.SessionOpened, location), ref sequence);
        }
    }

    IngestRecord Made(RecordKind kind, int index) =>
        new() { Sequence = 0, Kind = kind, Index = index, ReceivedAt = _hostTime };

    void Put(in IngestRecord record, ref long sequence)
    {
        sequence++;
        _hostTime = record.ReceivedAt == 0 ? _hostTime : record.ReceivedAt;
        if (record.Kind is RecordKind.Chunk or RecordKind.Connected)
            _touched.Add(record.Index);
        if (record.Kind == RecordKind.Connected)
            _connected.Add(record.Index);
        if (record.Kind == RecordKind.Disconnected)
        {
            _touched.Remove(record.Index);
            _connected.Remove(record.Index);
        }

        _sink(new IngestRecord
        {
            Sequence = sequence,
            Kind = record.Kind,
            Index = record.Index,
            ReceivedAt = record.ReceivedAt,
            Payload = record.Payload,
        });
    }

    static IngestSettings? Parse(in IngestRecord record)
    {
        try
        {
            return IngestSettings.FromUtf8Json(record.Payload);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
