using RufusIngest.Cloud;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>What a simulated race is like, all of it drawn from its seed before it begins.</summary>
sealed class RacePlan
{
    /// <summary>Seconds after the last read until which things go wrong.</summary>
    const double TroubleAfterwards = 15;

    public RacePlan(int seed)
    {
        Seed = seed;
        Random random = new(seed);
        Random = random;
        Locations = random.Next(1, 3);
        ReadersALocation = random.Next(100) < 70 ? 1 : 2;
        Protocol = random.Next(2) == 0 ? "plain" : "ipico";
        Laps = random.Next(1, 5);
        Chips = Math.Max(3, random.Next(20, 81) / (Laps * Locations));
        Scripts = [.. Enumerable.Range(0, Locations * ReadersALocation).Select(_ => new ReaderScript())];
        for (int location = 0; location < Locations; location++)
            ReaderScript.Fill(Scripts, location, this);
        RaceSeconds = Scripts.Max(script => script.Seconds);
        CalmAfter = RaceSeconds + TroubleAfterwards;
        Settings = MakeSettings();
        Upload = DrawUpload(random);
        CommitAge = Pick(random, 0.02, 1, 3);
        TickInterval = Pick(random, 1.5, 4, 8);
        ChunkPause = Pick(random, 0.5, 2, 5);
        BatchPassings = Pick(random, 1, 7, 40);
        CheckpointBytes = Pick(random, 1, 4_000, 20_000, 1_000_000);
        RewindsToStart = random.Next(3) == 0;
        NetworkTrouble = Pick(random, 0, 0.15, 0.4, 0.7);
        CutChance = Pick(random, 0, 0.05, 0.2);
        DrawServer(random);
        Crashes = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.NextDouble() * CalmAfter)];
        RecoveryCrashChance = Pick(random, 0, 0.4);
        DiskTroubles = random.Next(100) < 35 ? random.Next(1, 3) : 0;
        OpensSecondSession = random.Next(100) < 12;
    }

    public int Seed { get; }

    /// <summary>For all that is drawn on the way.</summary>
    public Random Random { get; }

    public int Locations { get; }

    public int ReadersALocation { get; }

    public string Protocol { get; }

    public int Laps { get; }

    /// <summary>Chips of a location.</summary>
    public int Chips { get; }

    /// <summary>The readers' logs; a location's readers lie together.</summary>
    public ReaderScript[] Scripts { get; }

    public double RaceSeconds { get; }

    /// <summary>From then on nothing new goes wrong.</summary>
    public double CalmAfter { get; }

    public IngestSettings Settings { get; }

    public UploadOptions Upload { get; }

    public double CommitAge { get; }

    public double TickInterval { get; }

    public double ChunkPause { get; }

    public int BatchPassings { get; }

    public int CheckpointBytes { get; }

    public bool RewindsToStart { get; }

    /// <summary>How likely something happens to a request.</summary>
    public double NetworkTrouble { get; }

    /// <summary>How likely a connection breaks after a chunk.</summary>
    public double CutChance { get; }

    /// <summary>When the host goes down; how is drawn then.</summary>
    public double[] Crashes { get; }

    public double RecoveryCrashChance { get; }

    public int DiskTroubles { get; }

    public bool OpensSecondSession { get; }

    /// <summary>A server refuses what names this chip, with 400; null: none.</summary>
    public string? RefusedChip { get; private set; }

    /// <summary>Longest body that the server takes; else 413.</summary>
    public int MaxBody { get; private set; } = int.MaxValue;

    public bool KeyMayRead { get; private set; } = true;

    public bool IgnoresRange { get; private set; }

    public bool OmitsCounts { get; private set; }

    public bool TakesGzip { get; private set; } = true;

    /// <summary>When the server closes its sessions; 0: never.</summary>
    public double ClosesSessionsAt { get; private set; }

    /// <summary>When the server begins to refuse the key, for some seconds; 0: never.</summary>
    public double RefusesKeyAt { get; private set; }

    /// <summary>Numbers follow from the logs alone: one reader a location, in one session.</summary>
    public bool NumbersAreFixed => ReadersALocation == 1 && !OpensSecondSession;

    public static string LocationName(int location) => location == 0 ? "START" : "FINISH";

    public int LocationOf(int reader) => reader / ReadersALocation;

    public override string ToString() =>
        $"seed {Seed}: {Locations}x{ReadersALocation} {Protocol}, {Chips} chips x {Laps}, {Crashes.Length} crashes, "
        + $"network {NetworkTrouble}, disk {DiskTroubles}";

    static T Pick<T>(Random random, params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    static UploadOptions DrawUpload(Random random) => new()
    {
        MaxPassingsPerPost = Pick(random, 1, 5, 20, 500),
        CanRead = Pick<bool?>(random, null, null, false),
        Compress = random.Next(8) == 0,
        WhenSessionGone = Pick(random, SessionGonePolicy.Hold, SessionGonePolicy.OpenNew),
        RequestTimeout = TimeSpan.FromSeconds(Pick(random, 3, 10)),
        MaxRetryDelay = TimeSpan.FromSeconds(8),
        MaxRetryAfter = TimeSpan.FromSeconds(20),
    };

    void DrawServer(Random random)
    {
        if (random.Next(6) == 0)
            RefusedChip = Scripts[0].Chips[0];
        if (random.Next(4) == 0)
            MaxBody = random.Next(250, 1_500);
        KeyMayRead = random.Next(5) > 0;
        IgnoresRange = random.Next(6) == 0;
        OmitsCounts = random.Next(8) == 0;
        TakesGzip = random.Next(3) > 0;
        if (random.Next(10) == 0)
            ClosesSessionsAt = random.NextDouble() * CalmAfter;
        if (random.Next(10) == 0)
            RefusesKeyAt = random.NextDouble() * CalmAfter;
    }

    IngestSettings MakeSettings() => new()
    {
        Locations = [.. Enumerable.Range(0, Locations).Select(i => new LocationSettings { Name = LocationName(i) })],
        Readers =
        [
            .. Enumerable.Range(0, Scripts.Length).Select(i => new ReaderSettings
            {
                Name = $"reader-{i}",
                Protocol = Protocol,
                Location = LocationName(LocationOf(i)),
            }),
        ],
    };
}
