using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Simulators;

namespace RufusIngest.Tests;

/// <summary>Counts what the whole process allocates, so no other test may run beside it.</summary>
[CollectionDefinition(nameof(PipelineAllocationTests), DisableParallelization = true)]
[Collection(nameof(PipelineAllocationTests))]
public sealed class PipelineAllocationTests
{
    const int Chips = 200;
    const int ReadsPerRound = Chips * 10;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_longer_stream_allocates_no_more()
    {
        Assert.InRange(await BytesPerFurtherRead(keep: false), 0, 0.01);
    }

    [Fact]
    public async Task The_measure_sees_an_object_a_batch()
    {
        Assert.InRange(await BytesPerFurtherRead(keep: true), 0.1, 10);
    }

    /// <summary>
    /// The difference of a short and a long stream through one warm pipeline, the least of several: how many buffers are
    /// on the way at once, and so are in the pools, is a matter of chance. Nothing has to wait for room here; a wait for
    /// room costs an object of the channel's.
    /// </summary>
    static async Task<double> BytesPerFurtherRead(bool keep)
    {
        const int Short = 20;
        const int Long = 80;
        int reads = 0;
        int expected = 0;
        TaskCompletionSource applied = new();
        IngestOptions options = new()
        {
            Settings = new IngestSettings
            {
                Locations = [new LocationSettings { Name = "FINISH" }],
                Readers = [new ReaderSettings { Name = "mat", Protocol = "ipico", Location = "FINISH" }],
                // Earlier passings are remembered by design, 40 bytes each.
                Limits = new GateLimits { MaxEarlierPassings = 0 },
            },
            ChunkSize = 16_384,
            MaxWaitingChunks = 4096,
            MaxWaitingBatches = 4096,
            MaxBatchPassings = 100,
            OnRead = (int _, in ChipRead _, long _, ReadOutcome _) =>
            {
                if (++reads == expected)
                    applied.SetResult();
            },
        };
        await using IngestPipeline pipeline = new(options, new FakeTimeProvider());
        List<byte[]> kept = [];
        Task<int> consumer = Task.Run(() => TakeAllAsync(pipeline, keep ? kept : null), Cancellation);
        byte[] race = Rounds(Long);
        long shortest = long.MaxValue;
        long longest = long.MaxValue;
        for (int i = 0; i < 6; i++)
        {
            shortest = Math.Min(shortest, await AllocatedAsync(Short));
            longest = Math.Min(longest, await AllocatedAsync(Long));
        }

        await pipeline.CompleteAsync();
        Assert.True(await consumer > 0);
        return (longest - shortest) / (double)((Long - Short) * ReadsPerRound);

        async Task<long> AllocatedAsync(int rounds)
        {
            applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            expected = reads + (rounds * ReadsPerRound);
            MemoryStream stream = new(race, 0, race.Length / Long * rounds, writable: false);
            PipeReader source = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16_384));
            long before = GC.GetTotalAllocatedBytes(true);
            await pipeline.ReadAsync("mat", source, recorded: true, Cancellation);
            await applied.Task.WaitAsync(Cancellation);
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
