using System.Text.Json;
using RufusIngest.Journal;
using RufusIngest.Server;
using RufusIngest.Simulators;

namespace RufusIngest.Tests.Support;

/// <summary>
/// Plays one <see cref="CrashPlan"/>: lives of the tool that a kill ends, one after the other on the same journal, and
/// a last one that may end as it should.
/// </summary>
sealed class CrashRace : IAsyncDisposable
{
    /// <summary>No life and no flush takes longer, on the slowest machine.</summary>
    static readonly TimeSpan LongestLife = TimeSpan.FromSeconds(90);

    public static IReadOnlyList<CrashPhase> Phases { get; } =
        [CrashPhase.AppendCommit, CrashPhase.CommitPost, CrashPhase.PostAnswer, CrashPhase.AnswerCursor];

    readonly CrashPlan _plan;
    readonly TestVenue _venue;
    readonly FaultProxy _proxy;
    readonly SplitMix64 _random;
    readonly FaultPlan _faults;
    readonly LogReader[] _readers;
    readonly Dictionary<CrashPhase, int> _kills = [];
    readonly List<PostFacts> _posts = [];
    readonly List<Task> _late = [];
    readonly List<string> _violations = [];
    readonly string _folder = Directory.CreateTempSubdirectory("crash-").FullName;
    JournalFacts _before = JournalFacts.None;
    Fault _aim = Fault.None;
    int _requestsToLetPass;
    int _requestsBefore;

    // One life's.
    ToolProcess? _tool;
    long[]? _handedAtKill;

    CrashRace(CrashPlan plan, TestVenue venue)
    {
        (_plan, _venue) = (plan, venue);
        _random = new SplitMix64(plan.Seed);
        _faults = new FaultPlan(_random.Next(), plan.Faults);
        _proxy = new FaultProxy(venue.Server.BaseAddress, _ => FaultOfNext())
        {
            // The answer is at the client already: only at once is fast enough.
            OnHeld = request =>
            {
                if (request.Fault.Point == FaultPoint.AnswerPassed && request.Ordinal > _requestsBefore)
                    Kill();
            },
        };
        LogPace pace = plan.Kills > 0 ? plan.Pace : LogPace.Full;
        _readers =
        [
            .. Enumerable.Range(0, plan.Readers)
                .Select(reader => new LogReader(RaceLog.Write(plan.Seed, plan.Crossings, (byte)reader), pace)),
        ];
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    string JournalPath => Path.Combine(_folder, "race.journal");

    /// <summary>A tool that is wrong may never be found in some phase, so there is an end to the trying.</summary>
    bool IsEnough =>
        _violations.Count > 0
        || _kills.Values.Sum() >= 3 * Math.Max(_plan.Kills, Phases.Count * _plan.KillsOfEach)
        || (_kills.Values.Sum() >= _plan.Kills
            && Phases.All(phase => _kills.GetValueOrDefault(phase) >= _plan.KillsOfEach));

    public static async Task<CrashResult> RunAsync(CrashPlan plan)
    {
        await using CrashRace race = new(plan, await TestVenue.StartAsync());
        return await race.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LogReader reader in _readers)
            await reader.DisposeAsync();
        await _proxy.DisposeAsync();
        await _venue.DisposeAsync();
        if (_violations.Count == 0)
            Directory.Delete(_folder, recursive: true);
    }

    async Task<CrashResult> RunAsync()
    {
        while (!IsEnough && !_readers.All(reader => reader.TimesPlayedOut > 0))
            await LiveAndDieAsync(NextAim());
        await LiveOnAsync();
        await Task.WhenAll(_late);
        IReadOnlyList<string> stored = await StoredAsync();
        if (_violations.Count > 0)
            _violations.Add($"Seed {_plan.Seed}; the journal is kept in {_folder}.");
        return new(_kills, _proxy.Counts, stored, _violations);
    }

    /// <summary>A phase that was hit least, or, one time in eight, none: then any moment will do.</summary>
    CrashPhase NextAim()
    {
        if (_random.Next(0, 7) == 0)
            return CrashPhase.Idle;
        int least = Phases.Min(phase => _kills.GetValueOrDefault(phase));
        CrashPhase[] phases = [.. Phases.Where(phase => _kills.GetValueOrDefault(phase) == least)];
        return phases[_random.Next(0, phases.Length - 1)];
    }

    /// <summary>The last life, from its start to the end that Ctrl-C asks for when everything was played.</summary>
    async Task LiveOnAsync()
    {
        _aim = Fault.None;
        foreach (LogReader reader in _readers)
            reader.Pace = LogPace.Full;
        Pause(false);
        Task played = PlayedOutAgainAsync(Cancellation);
        using ToolProcess last = Start();
        try
        {
            if (await Task.WhenAny(played, last.Exit).WaitAsync(LongestLife, Cancellation) == played)
                last.Interrupt();
            await last.Exit.WaitAsync(LongestLife, Cancellation);
            if (last.ExitCode != 0)
                _violations.Add($"The last run ended with {last.ExitCode}:\n{last.Said}");
        }
        catch (TimeoutException)
        {
            _violations.Add($"The last run did not end:\n{last.Said}");
        }
    }

    /// <summary>Everything was taken by a process that is not dead yet.</summary>
    Task PlayedOutAgainAsync(CancellationToken cancellation) => Task.WhenAll(_readers.Select(reader =>
    {
        int before = reader.TimesPlayedOut;
        return reader.UntilAsync(() => reader.TimesPlayedOut > before, cancellation);
    }));

    /// <summary>One life of the process, from its start to its kill when it is likely to be in a phase.</summary>
    async Task LiveAndDieAsync(CrashPhase aim)
    {
        _requestsBefore = _proxy.Requests.Count;
        Volatile.Write(ref _requestsToLetPass, _random.Next(0, 2));
        _aim = aim switch
        {
            CrashPhase.CommitPost => Fault.Hold(FaultPoint.BeforeForward),
            CrashPhase.PostAnswer => Fault.Hold(FaultPoint.AfterForward),
            CrashPhase.AnswerCursor => Fault.Hold(FaultPoint.AnswerPassed),
            _ => Fault.None,
        };
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task ended = PlayedOutAgainAsync(over.Token);
        _handedAtKill = null;
        Pause(false);
        using ToolProcess tool = _tool = Start();
        Task<HeldRequest?> moment = aim switch
        {
            CrashPhase.AppendCommit => NewBytesAsync(over.Token),
            CrashPhase.Idle => AnyMomentAsync(600, over.Token),
            _ => HeldAsync(over.Token),
        };
        Task limit = Task.Delay(LongestLife, over.Token);
        Task first = await Task.WhenAny(moment, ended, tool.Exit, limit);
        if (first == limit)
            _violations.Add($"Nothing came of it:\n{tool.Said}");
        if (tool.HasExited && _handedAtKill is null)
            _violations.Add($"It ended by itself with {tool.ExitCode}:\n{tool.Said}");
        else if (_handedAtKill is not null)
            first = moment; // Was killed by the exchange itself, which tells of itself next.
        await DieAsync(tool, first == moment ? await moment : null);
        await over.CancelAsync();
    }

    /// <summary>The next POST of this life that is held; those of the lives before are let go.</summary>
    async Task<HeldRequest?> HeldAsync(CancellationToken over)
    {
        while (true)
        {
            HeldRequest held = await _proxy.NextHeldAsync(over);
            if (held.Request.Ordinal <= _requestsBefore)
            {
                held.Cut();
                continue;
            }

            if (held.Point != FaultPoint.AnswerPassed)
                await AnyMomentAsync(20, over); // Reading, committing and the other location go on meanwhile.
            return held;
        }
    }

    /// <summary>Ends a little after a reader has handed over bytes that no process before was given.</summary>
    async Task<HeldRequest?> NewBytesAsync(CancellationToken over)
    {
        LogReader reader = _readers[_random.Next(0, _readers.Length - 1)];
        long goal = Math.Min(reader.Length, reader.MostHanded + _random.Next(1, 8 * 1024));
        await reader.UntilAsync(() => reader.MostHanded >= goal, over);
        Pause(true); // What was handed over is taken sooner than it is kept.
        return await AnyMomentAsync(2, over);
    }

    void Pause(bool isPaused)
    {
        foreach (LogReader reader in _readers)
            reader.IsPaused = isPaused;
    }

    async Task<HeldRequest?> AnyMomentAsync(int mostMilliseconds, CancellationToken over)
    {
        await Task.Delay(_random.Next(0, mostMilliseconds), over);
        return null;
    }

    /// <summary>A dying process takes nothing more, and what comes then hides whether it had taken the rest.</summary>
    void Kill()
    {
        Pause(true);
        long[] handed = [.. _readers.Select(reader => reader.LastEnd == LogReaderEnd.None ? reader.Handed : 0)];
        if (Interlocked.CompareExchange(ref _handedAtKill, handed, null) is null && _tool is { HasExited: false })
            _tool.Kill();
    }

    async Task DieAsync(ToolProcess tool, HeldRequest? held)
    {
        Kill();
        await tool.Exit.WaitAsync(LongestLife, Cancellation);
        long[] taken = await Task.WhenAll(_readers.Select(BytesTakenAsync));
        PostFacts? post = held is null ? null : PostFacts.Read(held.Request);
        _posts.AddRange(_proxy.Requests.Skip(_requestsBefore).Select(PostFacts.Read).OfType<PostFacts>());
        JournalFacts after = ReadJournal();
        CrashEvidence evidence = new(_before, after, taken, post, _posts);
        _kills[evidence.Phase] = _kills.GetValueOrDefault(evidence.Phase) + 1;
        _violations.AddRange(evidence.Violations());
        _before = after;
        if (held is not null)
            EndHeld(held);
    }

    /// <summary>What the process had taken of a reader's bytes for sure; 0 if its system still held some.</summary>
    async Task<long> BytesTakenAsync(LogReader reader, int index)
    {
        long handed = _handedAtKill![index];
        if (handed == 0)
            return 0;
        await reader.UntilAsync(() => reader.LastEnd != LogReaderEnd.None, Cancellation);
        return reader.LastEnd == LogReaderEnd.AllTaken ? handed : 0;
    }

    /// <summary>The dead client's request goes nowhere, or to the server, now or while the next process runs.</summary>
    void EndHeld(HeldRequest held)
    {
        switch (_random.Next(0, 2))
        {
            case 0:
                held.Cut();
                break;
            case 1:
                held.Release();
                break;
            default:
                int wait = _random.Next(0, 1_500);
                _late.Add(Task.Delay(wait, Cancellation).ContinueWith(_ => held.Release(), TaskScheduler.Default));
                break;
        }
    }

    JournalFacts ReadJournal()
    {
        if (!File.Exists(JournalPath))
            return JournalFacts.None;
        using SqliteJournal journal = SqliteJournal.Open(JournalPath, new() { ReadOnly = true });
        return JournalFacts.Read(journal);
    }

    Fault FaultOfNext() =>
        _aim.Act == FaultAct.Hold && Interlocked.Decrement(ref _requestsToLetPass) < 0 ? _aim : _faults.Next();

    ToolProcess Start() => ToolProcess.Start(
        _folder,
        TestVenue.ReadWriteKey,
        [
            "ingest", "--wait-for-readers", "--json", "--journal", JournalPath, "--request-timeout", "1",
            "--post", _proxy.BaseAddress.ToString(),
            .. _readers.SelectMany((reader, index) =>
                new[] { "--reader", $"ipico=tcp://{reader.EndPoint};location=L{index}" }),
        ]);

    /// <summary>Everything the venue holds in the sessions that the journal names, one of each location.</summary>
    async Task<IReadOnlyList<string>> StoredAsync()
    {
        List<string> stored = [];
        JournalFacts journal = ReadJournal();
        _violations.AddRange(journal.Sessions.GroupBy(session => session.Location)
            .Where(location => location.Count() > 1)
            .Select(location => $"{location.Key} has {location.Count()} sessions."));
        foreach (var session in journal.Sessions.OrderBy(session => session.Location, StringComparer.Ordinal))
        {
            int left = session.LastNumber - session.AcknowledgedNumber;
            if (left > 0)
                _violations.Add($"{session.Location}: the last {left} of {session.LastNumber} are not acknowledged.");
            for (int page = 1, more = 1; more == 1; page++)
            {
                Answer answer = await _venue.GetAsync($"passings/session/{session.Token}?page={page}");
                stored.AddRange(answer.Json.GetProperty("result").EnumerateArray()
                    .Select(passing => $"{session.Location} {Told(passing)}"));
                more = answer.Json.GetProperty("pagination").GetProperty("has_more").GetBoolean() ? 1 : 0;
            }
        }

        VenueCounters counters = _venue.Server.Counters;
        if (counters.Conflicts > 0)
            _violations.Add($"{counters.Conflicts} numbers were posted with two contents.");
        if (counters.Inserted != stored.Count)
            _violations.Add($"{counters.Inserted} stored in all, {stored.Count} in the sessions of the journal.");
        return stored;
    }

    static string Told(JsonElement passing) => string.Join(
        ' ', new[] { "num_passing", "timestamp", "bib", "chip" }.Select(name => passing.GetProperty(name).ToString()));
}
