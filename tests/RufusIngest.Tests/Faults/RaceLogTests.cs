using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class RaceLogTests
{
    static readonly byte[] Log = RaceLog.Write(seed: 4, crossings: 300, reader: 2);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Plays so many bytes on each connection, with host time that passes in between.</summary>
    static async Task<List<string>> PassingsOfAsync(params IEnumerable<int> lengths)
    {
        FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 17, 9, 0, 0, TimeSpan.Zero));
        IngestSettings settings = new()
        {
            Locations = [new LocationSettings { Name = "L" }],
            Readers = [new ReaderSettings { Name = "r", Protocol = "ipico", Location = "L" }],
        };
        await using IngestPipeline pipeline = new(new IngestOptions { Settings = settings }, time);
        List<string> passings = [];
        Task taking = Task.Run(async () =>
        {
            await foreach (PassingBatch batch in pipeline.Batches.ReadAllAsync(Cancellation))
            {
                using (batch)
                {
                    for (int i = 0; i < batch.Count; i++)
                        passings.Add(Encoding.UTF8.GetString(batch.GetItem(i)));
                }
            }
        });
        foreach (int length in lengths)
        {
            PipeReader connection = PipeReader.Create(new MemoryStream(Log, 0, length));
            await pipeline.ReadAsync("r", connection, cancellation: Cancellation);
            time.Advance(TimeSpan.FromSeconds(1.5));
        }

        await pipeline.CompleteAsync();
        await taking;
        return passings;
    }

    [Fact]
    public async Task Played_again_and_again_from_the_beginning_it_makes_the_same_passings_with_the_same_numbers()
    {
        List<string> once = await PassingsOfAsync(Log.Length);
        Assert.Equal(300, once.Count);
        int[] cuts = [1, 37, 38, 1_000, 5_003, 5_004, 9_999, 20_000, Log.Length];
        Assert.Equal(once, await PassingsOfAsync(cuts));
    }
}
