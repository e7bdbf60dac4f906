using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests;

public sealed class IngestPipelineTests
{
    readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 17, 9, 0, 0, TimeSpan.Zero));

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    IngestPipeline Start(IngestSettings settings, Func<IngestOptions, IngestOptions>? change = null)
    {
        IngestOptions options = new() { Settings = settings, Protocols = [PlainParser.Protocol] };
        return new IngestPipeline(change is null ? options : change(options), _time);
    }

    static PipeReader Lines(params IEnumerable<string> lines) =>
        PipeReader.Create(new MemoryStream(PlainParser.Lines(lines)));

    static async Task<List<string>> TakeAll(IngestPipeline pipeline)
    {
        List<string> items = [];
        await foreach (PassingBatch batch in pipeline.Batches.ReadAllAsync(Cancellation))
        {
            using (batch)
            {
                for (int i = 0; i < batch.Count; i++)
                    items.Add($"{batch.Location} {Encoding.UTF8.GetString(batch.GetItem(i))}");
            }
        }

        return items;
    }

    [Fact]
    public async Task Bytes_of_two_connections_come_out_as_numbered_items()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START"), ("b", "FINISH")));
        await pipeline.ReadAsync("a", Lines(CoreRun.Line("58", 1), CoreRun.Line("58", 1.1)), cancellation: Cancellation);
        await pipeline.ReadAsync("b", Lines(CoreRun.Line("58", 600)), cancellation: Cancellation);
        await pipeline.AddManualAsync("FINISH", "77", CoreRunTime(700), Cancellation);
        Task<List<string>> items = TakeAll(pipeline);
        await pipeline.CompleteAsync();
        Assert.Equal(
            [
                "START {\"bib\":\"58\",\"num_passing\":1,\"timestamp\":\"2026-05-17T08:00:01.000Z\",\"chip\":\"58\"}",
                "FINISH {\"bib\":\"77\",\"num_passing\":1,\"timestamp\":\"2026-05-17T08:11:40.000Z\"}",
                "FINISH {\"bib\":\"58\",\"num_passing\":2,\"timestamp\":\"2026-05-17T08:10:00.000Z\",\"chip\":\"58\"}",
            ],
            [.. (await items).OrderByDescending(item => item[0]).ThenBy(item => item.Contains("\"num_passing\":2", StringComparison.Ordinal))]);
        Assert.Equal(3, pipeline.GetCounters().Reads);
        Assert.Equal(1, pipeline.GetCounters().Suppressed);
    }

    static DateTimeOffset CoreRunTime(double seconds) => EpochTime.ToUtc(CoreRun.At(seconds));

    [Fact]
    public async Task A_batch_leaves_when_it_is_full_and_when_it_is_old_enough()
    {
        await using IngestPipeline pipeline = Start(
            CoreRun.SettingsOf(("a", "START")), options => options with { MaxBatchPassings = 3 });
        Pipe pipe = new();
        Task reading = pipeline.ReadAsync("a", pipe.Reader, cancellation: Cancellation);
        await pipe.Writer.WriteAsync(
            PlainParser.Lines(Enumerable.Range(0, 5).Select(i => CoreRun.Line($"c{i}", i))), Cancellation);

        using (PassingBatch full = await pipeline.Batches.ReadAsync(Cancellation))
            Assert.Equal((1, 3), (full.FirstNumber, full.LastNumber));
        Assert.False(pipeline.Batches.TryRead(out _));

        // Ticks of host time decide the last burst and let the batch grow old.
        using PassingBatch old = await TickUntilBatch(pipeline);
        Assert.Equal(4, old.FirstNumber);
        await pipe.Writer.CompleteAsync();
        await reading;
    }

    async Task<PassingBatch> TickUntilBatch(IngestPipeline pipeline)
    {
        Task<PassingBatch> batch = pipeline.Batches.ReadAsync(Cancellation).AsTask();
        while (!batch.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(0.1));
            await Task.Yield();
        }

        return await batch;
    }

    [Fact]
    public async Task Nobody_taking_batches_stops_the_reading_and_nothing_is_dropped()
    {
        await using IngestPipeline pipeline = Start(
            CoreRun.SettingsOf(("a", "START")),
            options => options with
            {
                MaxBatchPassings = 1,
                MaxWaitingBatches = 2,
                MaxWaitingBytes = 1,
                ChunkSize = 512,
            });
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
        Task reading = pipeline.ReadAsync("a", pipe.Reader, cancellation: Cancellation);
        Task writing = Task.Run(
            async () =>
            {
                for (int i = 0; i < 1_000; i++)
                    await pipe.Writer.WriteAsync(PlainParser.Lines(CoreRun.Line($"c{i}", i)), Cancellation);
                await pipe.Writer.CompleteAsync();
            },
            Cancellation);

        // The writer can only finish when somebody takes batches, because 1,000 lines do not fit into all the bounds.
        Assert.True(await pipeline.Batches.WaitToReadAsync(Cancellation));
        Assert.False(writing.IsCompleted);
        Task<List<string>> items = TakeAll(pipeline);
        await writing;
        await reading;
        await pipeline.CompleteAsync();
        Assert.Equal(1_000, (await items).Count);
        Assert.True(pipeline.GetCounters().ChunkWaits > 0);
        Assert.True(pipeline.GetCounters().BatchWaits > 0);
    }

    [Fact]
    public async Task A_broken_connection_is_told_to_the_caller_and_what_was_read_stays()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START")));
        // Writing ends only when the reader has taken the bytes.
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task reading = pipeline.ReadAsync("a", pipe.Reader, cancellation: Cancellation);
        await pipe.Writer.WriteAsync(PlainParser.Lines(CoreRun.Line("58", 1), "59 17"), Cancellation);
        await pipe.Writer.CompleteAsync(new IOException("reset"));
        await Assert.ThrowsAsync<IOException>(() => reading);
        await pipeline.ReadAsync("a", Lines(CoreRun.Line("60", 2)), cancellation: Cancellation);
        Task<List<string>> items = TakeAll(pipeline);
        await pipeline.CompleteAsync();
        Assert.Equal(["58", "60"], (await items).Select(item => item.Split('"')[3]));
    }

    [Fact]
    public async Task A_callback_that_throws_stops_nothing()
    {
        await using IngestPipeline pipeline = Start(
            CoreRun.SettingsOf(("a", "START")),
            options => options with
            {
                OnEvent = _ => throw new InvalidOperationException(),
                OnRead = (int _, in ChipRead _, long _, in ReadFate _) => throw new InvalidOperationException(),
            });
        await pipeline.ReadAsync("a", Lines(CoreRun.Line("0", 1, "!"), CoreRun.Line("58", 2)), cancellation: Cancellation);
        Task<List<string>> items = TakeAll(pipeline);
        await pipeline.CompleteAsync();
        Assert.Single(await items);
    }

    [Fact]
    public async Task While_batches_wait_the_next_one_grows_instead_of_leaving_by_age()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START")));
        Pipe pipe = new();
        Task reading = pipeline.ReadAsync("a", pipe.Reader, cancellation: Cancellation);
        for (int i = 0; i < 50; i++)
        {
            await pipe.Writer.WriteAsync(PlainParser.Lines(CoreRun.Line($"c{i}", i * 10)), Cancellation);
            while (pipeline.GetCounters().Reads <= i)
                await Task.Yield();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await pipe.Writer.CompleteAsync();
        await reading;
        await pipeline.CompleteAsync();
        List<int> sizes = [];
        while (pipeline.Batches.TryRead(out PassingBatch? batch))
        {
            sizes.Add(batch.Count);
            batch.Dispose();
            batch.Dispose();
        }

        Assert.Equal(50, sizes.Sum());
        Assert.InRange(sizes.Count, 1, 3);
    }

    [Fact]
    public async Task Two_connections_of_one_reader_at_once_are_refused()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START")));
        Pipe pipe = new();
        Task reading = pipeline.ReadAsync("a", pipe.Reader, cancellation: Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => pipeline.ReadAsync("a", Lines(CoreRun.Line("60", 2)), cancellation: Cancellation));
        await pipe.Writer.CompleteAsync();
        await reading;
        await pipeline.ReadAsync("a", Lines(CoreRun.Line("60", 2)), cancellation: Cancellation);
    }

    [Fact]
    public async Task Cancelling_a_connection_leaves_the_pipeline_running()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START")));
        using CancellationTokenSource stop = new();
        Task reading = pipeline.ReadAsync("a", new Pipe().Reader, cancellation: stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await pipeline.ReadAsync("a", Lines(CoreRun.Line("60", 2)), cancellation: Cancellation);
        Task<List<string>> items = TakeAll(pipeline);
        await pipeline.CompleteAsync();
        Assert.Single(await items);
    }

    [Fact]
    public async Task Readers_locations_and_chips_can_come_later()
    {
        List<TimingEvent> events = [];
        await using IngestPipeline pipeline = Start(
            CoreRun.SettingsOf(("a", "START")), options => options with { OnEvent = events.Add });
        await pipeline.AddLocationAsync(new LocationSettings { Name = "FINISH" }, Cancellation);
        await pipeline.AddReaderAsync(
            new ReaderSettings { Name = "b", Protocol = "plain", Location = "FINISH" }, Cancellation);
        await pipeline.SetChipsAsync(
            ChipTable.Create([KeyValuePair.Create(ChipCode.FromText("58"), "101")]), Cancellation);
        await pipeline.ReadAsync("b", Lines(CoreRun.Line("58", 1)), cancellation: Cancellation);
        Task<List<string>> items = TakeAll(pipeline);
        await pipeline.CompleteAsync();
        Assert.StartsWith("FINISH {\"bib\":\"101\"", Assert.Single(await items), StringComparison.Ordinal);
        Assert.Equal(
            [TimingEventKind.SessionOpened, TimingEventKind.SessionClosed], events.Select(e => e.Kind));
    }

    [Fact]
    public async Task Gate_and_filter_of_a_location_can_change_later()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START"), ("b", "FINISH")));
        await pipeline.ReadAsync("b", Lines(CoreRun.Line("58", 1)), cancellation: Cancellation);
        await pipeline.SetLocationAsync(
            new LocationSettings { Name = "FINISH", Filter = new() { Deny = ["58"] } }, Cancellation);
        await pipeline.ReadAsync("b", Lines(CoreRun.Line("58", 60), CoreRun.Line("59", 60)), cancellation: Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(
            () => pipeline.SetLocationAsync(new LocationSettings { Name = "HALFWAY" }, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            () => pipeline.SetLocationAsync(
                new LocationSettings { Name = "FINISH", Filter = new() { Deny = [""] } }, Cancellation));
        Task<List<string>> items = TakeAll(pipeline);
        await pipeline.CompleteAsync();
        Assert.Equal(["58", "59"], (await items).Select(item => item.Split('"')[3]));
        Assert.Equal(["START", "FINISH"], pipeline.Settings.Locations.Select(location => location.Name));
    }

    [Fact]
    public async Task Wrong_names_and_options_are_said()
    {
        await using IngestPipeline pipeline = Start(CoreRun.SettingsOf(("a", "START")));
        ArgumentException reader = await Assert.ThrowsAsync<ArgumentException>(
            () => pipeline.ReadAsync("x", Lines(), cancellation: Cancellation));
        Assert.Contains("no reader 'x'; there are: a", reader.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Start(CoreRun.SettingsOf(("a", "S"), ("a", "S"))));
        Assert.Throws<ArgumentException>(
            () => Start(CoreRun.SettingsOf(("a", "S")), options => options with { MaxBatchPassings = 0 }));
        ArgumentException delay = Assert.Throws<ArgumentException>(() => Start(CoreRun.SettingsOf() with
        {
            Locations = [new LocationSettings { Name = "S", Gate = new() { ReorderDelay = TimeSpan.FromSeconds(-2) } }],
        }));
        Assert.Equal("Location 'S': ReorderDelay is negative.", delay.Message);
    }

    [Fact]
    public async Task A_recorded_file_gives_the_same_whatever_the_clock_says()
    {
        List<List<string>> runs = [];
        foreach (int year in new[] { 2000, 2026, 2090 })
        {
            FakeTimeProvider time = new(new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero));
            await using IngestPipeline pipeline = new(
                new IngestOptions { Settings = CoreRun.SettingsOf(("a", "S")), Protocols = [PlainParser.Protocol] }, time);
            await pipeline.ReadAsync(
                "a", Lines(CoreRun.Line("58", 1), CoreRun.Line("59", 100), CoreRun.Line("58", 50)), true, Cancellation);
            Task<List<string>> items = TakeAll(pipeline);
            await pipeline.CompleteAsync();
            runs.Add(await items);
        }

        Assert.Equal(3, runs[0].Count);
        Assert.Equal(runs[0], runs[1]);
        Assert.Equal(runs[0], runs[2]);
    }
}
