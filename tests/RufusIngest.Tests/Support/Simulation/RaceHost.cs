using System.Buffers;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The host of a simulated race: the library's sequencer, core, stage and journal, with the pipeline's loop as events.
/// Its power can go, and its process alone.
/// </summary>
sealed class RaceHost(SimulatedRace race) : IDisposable
{
    const string File = "race.db";
    const int ChunkSize = 4_096;

    static readonly IReadOnlyList<ReaderProtocol> s_protocols = [.. ReaderProtocol.All, PlainParser.Protocol];

    readonly RacePlan _plan = race.Plan;
    readonly List<RaceUpload> _uploads = [];
    readonly List<(int Reader, int End)> _waiting = [];
    readonly List<(int Reader, int End)> _applied = [];
    IngestJournal? _journal;
    Task _changed = Task.CompletedTask;
    Sequencer? _sequencer;
    IngestStage? _stage;
    IngestOutput? _output;
    int _life;
    int _restarts;
    bool _isBusy;
    RecordKind? _ending;

    public SimulatedDisk Disk { get; } = new(race.Plan.Seed);

    public IngestJournal Journal => _journal!;

    public bool IsUp { get; private set; }

    /// <summary>All records are durable and the sessions are closed.</summary>
    public bool HasCompleted { get; private set; }

    /// <summary>The server has all there is, or refuses it.</summary>
    public bool HasDelivered => HasCompleted && IsUp && _uploads.TrueForAll(upload => upload.IsIdle);

    public void Start()
    {
        if (Disk.ReadOnly)
        {
            // The lock beside the journal could not be taken.
            StartAfter(3);
            return;
        }

        _restarts++;
        if (race.Defect == RaceDefect.NumbersReused && _restarts > 1)
            ForgetLastRows();
        bool crashesSoon = !race.IsCalm && _restarts is > 1 and < 20
            && _plan.Random.NextDouble() < _plan.RecoveryCrashChance;
        if (crashesSoon)
            Disk.CutPowerAfter(_plan.Random.Next(1, 30));
        try
        {
            Open();
        }
        catch (JournalException problem) when (problem.MayHeal || !Disk.Powered)
        {
            race.Trace.Add($"host cannot start: {problem.Problem}");
            race.Counts.CutRecoveries += Disk.Powered ? 0 : 1;
            Stop();
            if (Disk.Powered)
                StartAfter(3);
            return;
        }

        if (!Disk.Powered)
        {
            Stop();
            return;
        }

        _changed = _journal!.Changed;
        race.Trace.Add($"host starts, {_journal!.LastSequence} records");
        IsUp = true;
        race.Checks.HoldsAllThatLeft(_journal);
        _stage!.GoOn(_plan.Settings, _sequencer!);
        LookForSessions(isStart: true);
        Pump();
        TickSoon();
        foreach (RaceReader reader in race.Readers)
            reader.ConnectSoon();
    }

    /// <summary>The host goes down, however that is drawn.</summary>
    public void GoDown()
    {
        if (!Disk.Powered || !IsUp || _ending == RecordKind.Paused || race.IsCalm)
            return;
        switch (_plan.Random.Next(10))
        {
            case < 4:
                race.Trace.Add("power cut");
                LosePower();
                break;
            case < 7:
                race.Trace.Add("power cut soon");
                Disk.CutPowerAfter(_plan.Random.Next(1, 40));
                break;
            case < 9:
                Kill();
                break;
            default:
                race.Trace.Add("host pauses");
                End(RecordKind.Paused);
                break;
        }
    }

    /// <summary>
    /// In the middle of what it does: what was not synced is lost, as far as is drawn; or only the process is gone.
    /// </summary>
    public void LosePower()
    {
        if (_plan.Random.Next(3) == 0)
        {
            Kill();
            return;
        }

        var keeps = (CrashKeeps)_plan.Random.Next((int)CrashKeeps.Any + 1);
        race.Trace.Add($"power is lost, {keeps} kept");
        race.Counts.PowerCuts++;
        Disk.Crash(keeps);
        StartAgainSoon();
    }

    /// <summary>The process is gone; the disk keeps what it was given, and may lose it later.</summary>
    void Kill()
    {
        race.Trace.Add("process killed");
        race.Counts.Kills++;
        Disk.Restore(Disk.TakeSnapshot());
        StartAgainSoon();
    }

    /// <summary>Records the ends of sessions, or the pause, and lets the loop come to its end.</summary>
    public void End(RecordKind kind)
    {
        if (_ending is not null || !IsUp)
            return;
        race.Trace.Add($"host ends: {kind}");
        foreach (RaceReader reader in race.Readers)
        {
            if (reader.IsConnected)
                reader.Disconnect();
            else
                reader.Drop();
        }

        for (int location = 0; location < _plan.Locations; location++)
            Write(kind, location);
        _ending = kind;
        _sequencer!.Complete();
    }

    public void OpenSession(int location)
    {
        if (IsUp && _ending is null)
            Write(RecordKind.SessionOpened, location);
    }

    public void Write(RecordKind kind, int index)
    {
        if (!IsUp || _ending is not null)
            return;
        RequireNow(_sequencer!.WriteAsync(kind, index, _sequencer.Now, default, default));
        PumpSoon();
    }

    public void WriteChunk(int reader, ReadOnlySequence<byte> bytes, int end)
    {
        RequireNow(_sequencer!.WriteChunksAsync(reader, _sequencer.Now, bytes, default));
        _waiting.Add((reader, end));
        PumpSoon();
    }

    /// <summary>Opens the journal once more: its records give the passings that are kept.</summary>
    public void Verify()
    {
        var sessions = _journal!.GetSessions();
        Stop();
        Open();
        if (!_journal!.GetSessions().SequenceEqual(sessions))
            race.Fail("the sessions are not the same after another recovery");
        race.Checks.HoldsAllThatLeft(_journal);
    }

    public void Dispose()
    {
        Stop();
        Disk.Dispose();
    }

    void Open()
    {
        _journal = SqliteJournal.Open(File, new SqliteJournalOptions
        {
            Vfs = Disk.VfsName,
            CheckpointInline = true,
            CheckpointBytes = _plan.CheckpointBytes,
        });
        if (race.Defect == RaceDefect.LeavesBeforeCommit)
            _journal = new EagerJournal(_journal);
        _output = new IngestOutput(_plan.BatchPassings, 8);
        _stage = new IngestStage(new IngestCore(s_protocols), _output, _journal);
        _sequencer = new Sequencer(ChunkSize, 16 * 1024 * 1024, race.Clock);
        _stage.Recover(CancellationToken.None);
        _ending = null;
        _isBusy = false;
        HasCompleted = false;
    }

    /// <summary>The pipeline's loop: apply what waits, commit, wait for company.</summary>
    void Pump()
    {
        if (_isBusy || !IsUp || !Disk.Powered || HasCompleted)
            return;
        bool any = false;
        while (_sequencer!.TryTake(out RecordBlock block))
        {
            any = true;
            _stage!.Apply(block, TimeSpan.FromSeconds(0.25).Ticks);
        }

        if (!any && _ending is null)
            return;
        if (!any)
            _stage!.CloseBatches();
        _applied.AddRange(_waiting);
        _waiting.Clear();
        _isBusy = true;
        Commit(0.1, isLast: !any);
    }

    void PumpSoon() => OnThisLife(0, Pump);

    void Commit(double retryDelay, bool isLast)
    {
        try
        {
            _stage!.Commit();
        }
        catch (JournalException problem) when (problem.MayHeal)
        {
            race.Trace.Add($"commit fails: {problem.Problem}");
            race.Counts.FailedCommits++;
            WakeWhenChanged();
            OnThisLife(retryDelay, () => Commit(Math.Min(2, retryDelay * 2), isLast));
            return;
        }

        _stage.TakeBlocks(_sequencer!.Return);
        _stage.ClearEvents();
        foreach ((int reader, int end) in _applied)
            race.Readers[reader].Durable = Math.Max(race.Readers[reader].Durable, end);
        _applied.Clear();
        _isBusy = false;
        if (!Disk.Powered)
            return;
        WakeWhenChanged();
        if (isLast)
            EndRun();
        else if (_ending is null)
            WaitForCompany();
        else
            PumpSoon();
    }

    /// <summary>As the uploader does when the store says that it has changed.</summary>
    void WakeWhenChanged()
    {
        if (!Disk.Powered || !_changed.IsCompleted)
            return;
        _changed = _journal!.Changed;
        LookForSessions(isStart: false);
        foreach (RaceUpload upload in _uploads)
            upload.Wake();
    }

    void WaitForCompany()
    {
        _isBusy = true;
        OnThisLife(_plan.CommitAge, () =>
        {
            _isBusy = false;
            Pump();
        });
    }

    void EndRun()
    {
        race.Trace.Add($"host has ended: {_ending}");
        if (_ending == RecordKind.Paused)
            StartAgainSoon();
        else
            HasCompleted = true;
    }

    void TickSoon() => OnThisLife(_plan.TickInterval, () =>
    {
        if (_ending is not null)
            return;
        _sequencer!.Tick();
        Pump();
        if (race.IsCalm && race.Readers.All(reader => reader.HasSentAll))
            End(RecordKind.SessionClosed);
        PumpSoon();
        TickSoon();
    });

    /// <summary>As the uploader does: what is there at the start may have been sent.</summary>
    void LookForSessions(bool isStart)
    {
        foreach (StoredSession stored in _journal!.GetSessions().Skip(_uploads.Count))
        {
            RaceUpload upload = new(race, stored, isStart ? stored.LastNumber : 0);
            _uploads.Add(upload);
            upload.Start();
        }
    }

    void StartAgainSoon()
    {
        Stop();
        StartAfter(_plan.Random.NextDouble() * 5);
    }

    /// <summary>Starts once, however often it went down until then.</summary>
    void StartAfter(double seconds)
    {
        int life = _life;
        race.Clock.After(seconds, () =>
        {
            if (life == _life)
                Start();
        });
    }

    void Stop()
    {
        IsUp = false;
        _life++;
        foreach (RaceUpload upload in _uploads)
            upload.Die();
        foreach (RaceReader reader in race.Readers)
            reader.Drop();
        _uploads.Clear();
        _waiting.Clear();
        _applied.Clear();
        _journal?.Dispose();
        _journal = null;
    }

    void OnThisLife(double seconds, Action action)
    {
        int life = _life;
        race.Clock.After(seconds, () =>
        {
            if (life == _life && Disk.Powered)
                action();
        });
    }

    void ForgetLastRows()
    {
        if (!Disk.Exists(File))
            return;
        using SqliteSession session = new(Disk, File);
        if (session.Numbers("SELECT count(*) FROM sqlite_schema WHERE name = 'records'")[0] == 0)
            return;
        session.Try("DELETE FROM records WHERE first > 1 AND first = (SELECT max(first) FROM records)");
        session.Try("DELETE FROM passings WHERE id = (SELECT max(id) FROM passings)");
    }

    static void RequireNow(ValueTask task)
    {
        if (!task.IsCompletedSuccessfully)
            throw new InvalidOperationException("The sequencer has no room.");
        task.GetAwaiter().GetResult();
    }
}
