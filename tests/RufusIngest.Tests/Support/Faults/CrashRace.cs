using System.Text.Json;
using RufusIngest.Records;
using RufusIngest.Server;
using RufusIngest.Simulators;

namespace RufusIngest.Tests.Support;

/// <summary>A race that is played to the real tool while it is killed again and again.</summary>
sealed record CrashPlan
{
    /// <summary>Decides logs, faults, aims and moments.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Passings of each of the readers, which have a location each.</summary>
    public int Crossings { get; init; } = 3_000;

    public int Readers { get; init; } = 2;

    public LogPace Pace { get; init; } = new(1_024, TimeSpan.FromMilliseconds(5));

    /// <summary>Kills at most; none: the run that the others are compared with.</summary>
    public int Kills { get; init; }

    /// <summary>Faults of the requests that no kill waits for.</summary>
    public IReadOnlyList<FaultChance> Faults { get; init; } = [];

    public required Func<string, IngestJournal> OpenJournal { get; init; }
}

/// <summary>What a race came to.</summary>
/// <param name="Kills">How many of each phase, by the evidence.</param>
/// <param name="Stored">What the venue holds: location, number, time and chip, in order.</param>
/// <param name="Violations">What must not be.</param>
sealed record CrashResult(
    IReadOnlyDictionary<CrashPhase, int> Kills, IReadOnlyList<string> Stored, IReadOnlyList<string> Violations);

/// <summary>Plays one <see cref="CrashPlan"/>.</summary>
sealed class CrashRace : IAsyncDisposable
{
    static readonly CrashPhase[] Aims =
        [CrashPhase.AppendCommit, CrashPhase.CommitPost, CrashPhase.PostAnswer, CrashPhase.AnswerCursor];

    readonly CrashPlan _plan;
    readonly TestVenue _venue;
    readonly FaultProxy _proxy;
    readonly SplitMix64 _random;
    readonly FaultPlan _faults;
    readonly LogReader[] _readers;
    readonly Dictionary<CrashPhase, int> _kills = [];
    readonly List<string> _violations = [];
    readonly string _folder = Directory.CreateTempSubdirectory("crash-").FullName;
    JournalFacts _before = JournalFacts.None;
    Fault _aim = Fault.None;
    int _requestsToLetPass;
    int _requestsBefore;

    CrashRace(CrashPlan plan, TestVenue venue)
    {
        (_plan, _venue) = (plan, venue);
        _random = new SplitMix64(plan.Seed);
        _faults = new FaultPlan(_random.Next(), plan.Faults);
        _proxy = new FaultProxy(venue.Server.BaseAddress, _ => FaultOfNext());
        _readers =
        [
            .. Enumerable.Range(0, plan.Readers)
                .Select(reader => new LogReader(RaceLog.Write(plan.Seed, plan.Crossings, (byte)reader), plan.Pace)),
        ];
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    string JournalPath => Path.Combine(_folder, "race.journal");

    bool IsPlayedOut => _readers.All(reader => reader.IsPlayedOut);

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
        Directory.Delete(_folder, recursive: true);
    }

    async Task<CrashResult> RunAsync()
    {
        for (int kill = 0; kill < _plan.Kills && !IsPlayedOut; kill++)
            await LiveAndDieAsync(Aims[_random.Next(0, Aims.Length - 1)]);
        _aim = Fault.None;
        using ToolProcess last = Start();
        Task played = Task.WhenAll(_readers.Select(
            reader => reader.UntilAsync(() => reader.IsPlayedOut, Cancellation)));
        if (await Task.WhenAny(played, last.Exit) == played)
            last.Interrupt();
        await last.Exit.WaitAsync(Cancellation);
        if (last.ExitCode != 0)
            _violations.Add($"The last run ended with {last.ExitCode}:\n{last.Said}");
        return new(_kills, await StoredAsync(), _violations);
    }

    /// <summary>One life of the process, from its start to its kill when it is likely to be in a phase.</summary>
    async Task LiveAndDieAsync(CrashPhase aim)
    {
        _requestsBefore = _proxy.Requests.Count;
        Volatile.Write(ref _requestsToLetPass, _random.Next(0, 3));
        _aim = aim switch
        {
            CrashPhase.CommitPost => Fault.Hold(FaultPoint.BeforeForward),
            CrashPhase.PostAnswer => Fault.Hold(FaultPoint.AfterForward),
            CrashPhase.AnswerCursor => Fault.Hold(FaultPoint.AnswerPassed),
            _ => Fault.None,
        };
        using ToolProcess tool = Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<HeldRequest?> moment = aim == CrashPhase.AppendCommit
            ? NewBytesAsync(over.Token)
            : HeldAsync(over.Token);
        Task ended = Task.WhenAll(_readers.Select(
            reader => reader.UntilAsync(() => reader.IsPlayedOut, over.Token)));
        Task first = await Task.WhenAny(moment, ended, tool.Exit);
        if (first == tool.Exit)
            _violations.Add($"It ended by itself with {tool.ExitCode}:\n{tool.Said}");
        await KillAsync(tool, moment.IsCompletedSuccessfully ? await moment : null, isCounted: first == moment);
        await over.CancelAsync();
    }

    /// <summary>The next POST of this life that is held; those of the lives before are let go.</summary>
    async Task<HeldRequest?> HeldAsync(CancellationToken over)
    {
        while (true)
        {
            HeldRequest held = await _proxy.NextHeldAsync(over);
            if (held.Request.Ordinal > _requestsBefore)
                return held;
            held.Cut();
        }
    }

    /// <summary>Ends when a reader has just handed over bytes that no process before was given.</summary>
    async Task<HeldRequest?> NewBytesAsync(CancellationToken over)
    {
        LogReader reader = _readers[_random.Next(0, _readers.Length - 1)];
        long goal = Math.Min(reader.Length, reader.MostHanded + _random.Next(1, 32 * 1024));
        await reader.UntilAsync(() => reader.MostHanded >= goal, over);
        return null;
    }

    async Task KillAsync(ToolProcess tool, HeldRequest? held, bool isCounted)
    {
        long[] handed = [.. _readers.Select(reader => reader.LastEnd == LogReaderEnd.None ? reader.Handed : 0)];
        if (!tool.HasExited)
            tool.Kill();
        await tool.Exit;
        PostFacts? post = held is null ? null : PostFacts.Read(held.Request);
        PostFacts[] posts =
            [.. _proxy.Requests.Skip(_requestsBefore).Select(PostFacts.Read).OfType<PostFacts>()];
        JournalFacts after = ReadJournal();
        CrashEvidence evidence = new(_before, after, handed, post, posts);
        if (isCounted)
            _kills[evidence.Phase] = _kills.GetValueOrDefault(evidence.Phase) + 1;
        _violations.AddRange(evidence.Violations());
        _before = after;
        held?.Cut();
    }

    JournalFacts ReadJournal()
    {
        if (!File.Exists(JournalPath))
            return JournalFacts.None;
        using IngestJournal journal = _plan.OpenJournal(JournalPath);
        return JournalFacts.Read(journal);
    }

    Fault FaultOfNext() =>
        _aim.Act == FaultAct.Hold && Interlocked.Decrement(ref _requestsToLetPass) < 0 ? _aim : _faults.Next();

    ToolProcess Start() => ToolProcess.Start(
        _folder,
        TestVenue.ReadWriteKey,
        [
            "ingest", "--wait-for-readers", "--json", "--journal", JournalPath, "--request-timeout", "2",
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
