using System.Diagnostics;
using System.IO.Pipelines;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Benchmarks;

/// <summary>
/// What durability costs, on a real disk (the current folder's): ingest, the time to be durable at 1,500 reads/s beside a
/// bare write and fsync of the same bytes, and replay.
/// </summary>
static class JournalBenchmarks
{
    const int Runs = 7;
    const int Reads = 3_000_000;
    const int Chips = 40_000;
    const int SlowReads = 15_000;
    const double SlowReadsPerSecond = 1_500;

    static readonly IngestOptions Options = new()
    {
        Settings = new IngestSettings
        {
            Locations = [new LocationSettings { Name = "FINISH" }],
            Readers = [new ReaderSettings { Name = "mat", Protocol = "ultra", Location = "FINISH" }],
        },
    };

    public static async Task<int> RunAsync()
    {
        byte[] race = Samples.UltraRace(Reads, Chips);
        Console.WriteLine($"{Reads:N0} reads of {race.Length / (double)Reads:F1} bytes, {Chips:N0} chips; file in "
            + $"{Environment.CurrentDirectory}");
        string file = Path.GetFullPath("bench.journal");
        try
        {
            for (int run = 0; run <= Runs; run++)
            {
                Remove(file);
                double ingest = await IngestAsync(file, race, run > 0);
                double replay = Replay(file);
                if (run > 0)
                    Console.WriteLine($"run {run}: durable ingest {ingest:N0} reads/s, replay {replay:N0} reads/s");
            }

            for (int run = 1; run <= 3; run++)
            {
                await SlowAsync(file, race, TimeSpan.FromMilliseconds(5));
                await SlowAsync(file, race, TimeSpan.Zero);
            }
        }
        finally
        {
            Remove(file);
        }

        return 0;
    }

    static async Task<double> IngestAsync(string file, byte[] race, bool say)
    {
        using TimedJournal journal = new(SqliteJournal.Open(file));
        await using IngestPipeline pipeline = await IngestPipeline.OpenAsync(Options, journal);
        long allocated = GC.GetTotalAllocatedBytes(true);
        long start = Stopwatch.GetTimestamp();
        await pipeline.ReadAsync("mat", PipeReader.Create(new MemoryStream(race), new(bufferSize: 65_536)), recorded: true);
        await pipeline.PauseAsync();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(true) - allocated;
        if (pipeline.GetCounters().Reads != Reads || journal.GetSessions()[0].LastNumber < Reads / 11)
            throw new InvalidDataException("Not the race it should be.");
        if (say)
        {
            Console.WriteLine(
                $"  {journal.Commits.Count} commits, {allocated / journal.Commits.Count:N0} B allocated a commit, "
                + $"{allocated / (double)Reads:F2} B a read; p50 {Percentile(journal, 50):F2} ms, p99 "
                + $"{Percentile(journal, 99):F2} ms; file {new FileInfo(file).Length:N0}, log "
                + $"{new FileInfo(file + "-wal").Length:N0} bytes");
        }

        return Reads / seconds;
    }

    static double Percentile(TimedJournal journal, int percent) =>
        Percentile([.. journal.Commits.Select(commit => commit.Milliseconds)], percent);

    static double Percentile(double[] values, int percent)
    {
        Array.Sort(values);
        return values[Math.Min(values.Length - 1, values.Length * percent / 100)];
    }

    static double Replay(string file)
    {
        using SqliteJournal journal = SqliteJournal.Open(file);
        IngestCore core = new();
        IngestOutput output = new();
        long start = Stopwatch.GetTimestamp();
        core.Replay(
            journal,
            output,
            (in IngestRecord _) =>
            {
                while (output.TryTakeBatch(out PassingBatch batch))
                    batch.Dispose();
                output.ClearEvents();
            });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return core.GetCounters().Reads / seconds;
    }

    /// <summary>A line at a time at the pace of a busy mat; how long each takes to be durable.</summary>
    static async Task SlowAsync(string file, byte[] race, TimeSpan commitAge)
    {
        Remove(file);
        using TimedJournal journal = new(SqliteJournal.Open(file));
        await using (IngestPipeline pipeline = await IngestPipeline.OpenAsync(Options with { CommitAge = commitAge }, journal))
        {
            Pipe pipe = new();
            Task reading = pipeline.ReadAsync("mat", pipe.Reader);
            long start = Stopwatch.GetTimestamp();
            int at = 0;
            for (int i = 0; i < SlowReads; i++)
            {
                while (Stopwatch.GetElapsedTime(start).TotalSeconds * SlowReadsPerSecond < i)
                    await Task.Delay(1);
                int length = race.AsSpan(at).IndexOf((byte)'\n') + 1;
                await pipe.Writer.WriteAsync(race.AsMemory(at, length));
                at += length;
            }

            await pipe.Writer.CompleteAsync();
            await reading;
            await pipeline.PauseAsync();
        }

        double[] bare = BareWrites(journal);
        Console.WriteLine(
            $"1,500 reads/s, commit age {commitAge.TotalMilliseconds} ms: {journal.Commits.Count} commits; commit p50 "
            + $"{Percentile(journal, 50):F2}, p99 {Percentile(journal, 99):F2} ms; bare write + fsync of the same bytes p50 "
            + $"{Percentile(bare, 50):F2}, p99 {Percentile(bare, 99):F2} ms");
    }

    /// <summary>The same bytes in the same pieces at the same moments, appended to a plain file.</summary>
    static double[] BareWrites(TimedJournal journal)
    {
        string path = Path.GetFullPath("bench.bare");
        List<double> times = [];
        byte[] bytes = new byte[journal.Commits.Max(commit => commit.Bytes)];
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1))
        {
            long began = Stopwatch.GetTimestamp();
            foreach (var (length, _, _, end) in journal.Commits)
            {
                while (Stopwatch.GetTimestamp() - began < end - journal.Commits[0].End)
                    Thread.Yield();
                long start = Stopwatch.GetTimestamp();
                file.Write(bytes, 0, length);
                file.Flush(flushToDisk: true);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        File.Delete(path);
        return [.. times];
    }

    static void Remove(string file)
    {
        foreach (string end in new[] { "", "-wal", "-shm", "-lock" })
            File.Delete(file + end);
    }
}
