namespace RufusIngest.Tests.Support;

/// <summary>
/// A whole race in one thread under a virtual clock: readers, host, disk, network and server, all of it following from
/// a seed. Core, stage, journal, delivery and the server's store are the real ones. A broken rule throws.
/// </summary>
sealed class SimulatedRace : IDisposable
{
    /// <summary>Far above what the longest race takes; one that goes on for ever is found.</summary>
    const int MostSteps = 20_000;

    bool _isOver;

    SimulatedRace(int seed, RaceDefect defect, double probeShare)
    {
        Plan = new RacePlan(seed);
        Defect = defect;
        ProbeShare = probeShare;
        Trace = new RaceTrace(Clock);
        Checks = new RaceChecks(this);
        Server = new RaceServer(this);
        Host = new RaceHost(this);
        Host.Disk.IgnoreSync = defect == RaceDefect.SyncIgnored;
        Readers = [.. Enumerable.Range(0, Plan.Scripts.Length).Select(index => new RaceReader(this, index))];
    }

    public RacePlan Plan { get; }

    public RaceDefect Defect { get; }

    /// <summary>Share of the POSTs at which a crash is tried on a copy of the disk.</summary>
    public double ProbeShare { get; }

    public RaceClock Clock { get; } = new();

    public RaceTrace Trace { get; }

    public RaceChecks Checks { get; }

    public RaceServer Server { get; }

    public RaceHost Host { get; }

    public RaceReader[] Readers { get; }

    public RaceCounts Counts { get; } = new();

    /// <summary>Nothing new goes wrong any more.</summary>
    public bool IsCalm => _isOver || Clock.Seconds >= Plan.CalmAfter;

    /// <summary>Runs the race of a seed.</summary>
    /// <param name="seed">The same one gives the same race, step by step.</param>
    /// <param name="defect">What is broken on purpose.</param>
    /// <param name="probeShare">Share of the POSTs at which a crash is tried.</param>
    /// <exception cref="RaceViolationException">A rule was broken.</exception>
    public static RaceCounts Run(int seed, RaceDefect defect = RaceDefect.None, double probeShare = 0.03)
    {
        using SimulatedRace race = new(seed, defect, probeShare);
        try
        {
            race.Run();
        }
        catch (Exception e) when (e is not RaceViolationException)
        {
            throw new RaceViolationException(seed, e.ToString(), race.Trace, e);
        }

        race.Counts.Races = 1;
        race.Counts.Steps = race.Clock.Steps;
        race.Counts.TraceHash = race.Trace.Hash;
        return race.Counts;
    }

    public void Fail(string what) => throw new RaceViolationException(Plan.Seed, what, Trace);

    public void Dispose()
    {
        Host.Dispose();
        Checks.Dispose();
    }

    void Run()
    {
        Trace.Add(Plan.ToString());
        Clock.After(0, Host.Start);
        foreach (double at in Plan.Crashes)
            Clock.After(at, Host.GoDown);
        for (int i = 0; i < Plan.DiskTroubles; i++)
            Clock.After(Plan.Random.NextDouble() * Plan.CalmAfter, TroubleDisk);
        Clock.After(Plan.CalmAfter, HealDisk);
        if (Plan.OpensSecondSession)
            Clock.After(Plan.Random.NextDouble() * Plan.RaceSeconds, () => Host.OpenSession(0));
        Server.ScheduleTrouble();
        while (!Host.HasDelivered)
            Step();
        _isOver = true;
        Host.Disk.CutPowerAfter(long.MaxValue);
        HealDisk();
        while (Clock.Step())
        {
            // What is still on the way gets there.
        }

        Checks.AtEnd(Host.Journal);
        Host.Verify();
    }

    void Step()
    {
        if (!Clock.Step())
            Fail("nothing is due, and not all is delivered");
        if (!Host.Disk.Powered)
            Host.LosePower();
        if (Clock.Steps > MostSteps)
            Fail("it does not end");
    }

    void TroubleDisk()
    {
        if (IsCalm)
            return;
        SimulatedDisk disk = Host.Disk;
        int kind = Plan.Random.Next(4);
        Trace.Add($"disk trouble {kind}");
        Counts.DiskTroubles++;
        switch (kind)
        {
            case 0:
                disk.FillAfter(Plan.Random.Next(0, 20_000));
                break;
            case 1:
                disk.ReadOnly = true;
                break;
            case 2:
                disk.WriteErrors = 0.3;
                break;
            default:
                disk.SyncErrors = 0.5;
                break;
        }

        Clock.After(1 + (Plan.Random.NextDouble() * 8), HealDisk);
    }

    void HealDisk()
    {
        Host.Disk.Capacity = long.MaxValue;
        Host.Disk.ReadOnly = false;
        Host.Disk.WriteErrors = 0;
        Host.Disk.SyncErrors = 0;
    }
}

/// <summary>What happened in races, so that a test can say that the troubles came.</summary>
sealed class RaceCounts
{
    public int Races { get; set; }

    public long Steps { get; set; }

    public long Passings { get; set; }

    public long Posts { get; set; }

    public long Probes { get; set; }

    public long SetAside { get; set; }

    public long PowerCuts { get; set; }

    public long Kills { get; set; }

    public long CutRecoveries { get; set; }

    public long FailedCommits { get; set; }

    public long Ambiguous { get; set; }

    public long Questions { get; set; }

    public long DiskTroubles { get; set; }

    public ulong TraceHash { get; set; }

    public void Add(RaceCounts other)
    {
        Races += other.Races;
        Steps += other.Steps;
        Passings += other.Passings;
        Posts += other.Posts;
        Probes += other.Probes;
        SetAside += other.SetAside;
        PowerCuts += other.PowerCuts;
        Kills += other.Kills;
        CutRecoveries += other.CutRecoveries;
        FailedCommits += other.FailedCommits;
        Ambiguous += other.Ambiguous;
        Questions += other.Questions;
        DiskTroubles += other.DiskTroubles;
        TraceHash ^= other.TraceHash;
    }

    public override string ToString() =>
        $"{Races} races, {Passings} passings, {Posts} POSTs, {Probes} crash probes, {PowerCuts} power cuts, "
        + $"{Kills} kills, {CutRecoveries} cut recoveries, {FailedCommits} failed commits, {Ambiguous} POSTs with "
        + $"unknown outcome, {Questions} questions, {SetAside} set aside, {DiskTroubles} disk troubles, {Steps} steps";
}
