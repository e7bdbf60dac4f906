using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Simulators;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests;

/// <summary>Counts what the whole process allocates, so no other test may run beside it.</summary>
[CollectionDefinition(nameof(PipelineAllocationTests), DisableParallelization = true)]
[Collection(nameof(PipelineAllocationTests))]
public sealed class PipelineAllocationTests
{
    const int Chips = 200;
    const int Piece = 16_384;
    const int ReadsPerRound = Chips * 10;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_longer_stream_allocates_no_more()
    {
        Assert.InRange(await BytesPerFurtherRead(keep: false), 0, 0.01);
    }

    [Fact]
    public async Task With_a_journal_a_read_allocates_nothing_and_a_commit_little()
    {
        using TempFolder folder = new();
        using SqliteJournal journal = SqliteJournal.Open(folder.File("race.journal"));
        // A round of 2,000 reads comes in 5 pieces and is some 5 commits, each with a few objects of its own.
        double bytes = await BytesPerFurtherRead(keep: false, journal) * ReadsPerRound / 5;
        TestContext.Current.SendDiagnosticMessage($"{bytes:F0} B allocated a commit");
        Assert.InRange(bytes, 0, 4_000);
    }

    [Fact]
    public async Task The_measure_sees_an_object_a_batch()
    {
        Assert.InRange(await BytesPerFurtherRead(keep: true), 0.1, 10);
    }

    /// <summary>
    /// The difference of a short and a long stream through one warm pipeline, the least of several. Each round is
    /// applied before the next is sent, so that both have equally many buffers on the way, and nothing has to wait for
    /// room: a wait for room costs an object of the channel's.
    /// </summary>
    static async Task<double> BytesPerFurtherRead(bool keep, SqliteJournal? journal = null)
    {
        const int Short = 10;
        const int Long = 60;
        const int Attempts = 5;
        int reads = 0;
        int expected = 0;
        using ManualResetEventSlim applied = new();
        IngestOptions options = new()
        {
            Settings = new IngestSettings
            {
                Locations = [new LocationSettings { Name = "FINISH" }],
                Readers = [new ReaderSettings { Name = "mat", Protocol = "ipico", Location = "FINISH" }],
                // Earlier passings are remembered by design, 40 bytes each.
                Limits = new GateLimits { MaxEarlierPassings = 0 },
            },
            ChunkSize = Piece,
            MaxBatchPassings = 100,
            OnRead = (int _, in ChipRead _, long _, in ReadFate _) =>
            {
                if (++reads == expected)
                    applied.Set();
            },
        };
        options = options with { CommitAge = TimeSpan.Zero };
        await using IngestPipeline pipeline = journal is null
            ? new(options, new FakeTimeProvider())
            : await IngestPipeline.OpenAsync(options, journal, new FakeTimeProvider(), null, Cancellation);
        List<byte[]> kept = [];
        Task<int> consumer = Task.Run(() => TakeAllAsync(pipeline, keep ? kept : null), Cancellation);
        byte[] race = Rounds(Attempts * (Short + Long));
        int roundBytes = race.Length / (Attempts * (Short + Long));
        int at = 0;
        long shortest = long.MaxValue;
        long longest = long.MaxValue;
        for (int i = 0; i < Attempts; i++)
        {
            shortest = Math.Min(shortest, await AllocatedAsync(Short));
            longest = Math.Min(longest, await AllocatedAsync(Long));
        }

        await pipeline.CompleteAsync();
        int passings = await consumer + (journal?.GetSessions().Sum(session => session.LastNumber) ?? 0);
        Assert.Equal(Attempts * (Short + Long) * Chips, passings);
        return (longest - shortest) / (double)((Long - Short) * ReadsPerRound);

        async Task<long> AllocatedAsync(int rounds)
        {
            Pipe pipe = new(new PipeOptions(
                readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));
            long before = GC.GetTotalAllocatedBytes(true);
            Task reading = pipeline.ReadAsync("mat", pipe.Reader, recorded: true, Cancellation);
            for (int i = 0; i < rounds; i++, at += roundBytes)
            {
                applied.Reset();
                expected = reads + ReadsPerRound;
                for (int sent = 0; sent < roundBytes; sent += Piece)
                {
                    Memory<byte> piece = race.AsMemory(at + sent, Math.Min(Piece, roundBytes - sent));
                    await pipe.Writer.WriteAsync(piece, Cancellation);
                }

                applied.Wait(Cancellation);
            }

            await pipe.Writer.CompleteAsync();
            await reading;
            return GC.GetTotalAllocatedBytes(true) - before;
        }
    }

    static async Task<int> TakeAllAsync(IngestPipeline pipeline, List<byte[]>? kept)
    {
        int passings = 0;
        while (await pipeline.Batches.WaitToReadAsync(CancellationToken.None))
        {
            while (pipeline.Batches.TryRead(out PassingBatch? batch))
            {
                using (batch)
                    passings += batch.Count;
                kept?.Add(new byte[1000]);
            }
        }

        return passings;
    }

    static byte[] Rounds(int rounds)
    {
        ArrayBufferWriter<byte> frames = new();
        DateTime start = new(2026, 5, 17, 8, 0, 0, DateTimeKind.Unspecified);
        for (int i = 0; i < rounds * ReadsPerRound; i++)
        {
            int chip = (i % ReadsPerRound / 200 * 20) + (i % 20);
            DateTime time = start.AddSeconds(i / ReadsPerRound * 10).AddMilliseconds(i % ReadsPerRound);
            IpicoFrames.WriteRead(frames, 1, $"058001{chip:x6}", 1, 2, time);
        }

        return frames.WrittenSpan.ToArray();
    }
}
