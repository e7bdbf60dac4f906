using System.Collections.Concurrent;
using System.IO.Pipelines;
using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Tests;

public sealed class FramingLostTests
{
    // A keepalive; a header that says it is five bytes long, with more behind it.
    static readonly byte[] KeepAlive = Convert.FromHexString("043E0000000A00000001");
    static readonly byte[] Impossible = Convert.FromHexString("043E0000000500000002043E0000000A00000003");

    readonly ConcurrentQueue<TimingEvent> _events = [];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    IngestPipeline Start() => new(new IngestOptions
    {
        Settings = new IngestSettings
        {
            Locations = [new LocationSettings { Name = "FINISH" }],
            Readers = [new ReaderSettings { Name = "mat", Protocol = "llrp", Location = "FINISH" }],
        },
        OnEvent = _events.Enqueue,
    });

    [Fact]
    public async Task A_live_connection_ends_and_the_next_one_is_read_from_its_beginning()
    {
        await using IngestPipeline pipeline = Start();
        Pipe pipe = new();
        Task reading = pipeline.ReadAsync("mat", pipe.Reader, cancellation: Cancellation);
        await pipe.Writer.WriteAsync(KeepAlive, Cancellation);
        Assert.False(reading.IsCompleted);
        await pipe.Writer.WriteAsync(Impossible, Cancellation);
        await reading.WaitAsync(Cancellation); // Though nobody ended the pipe.

        await pipeline.ReadAsync("mat", PipeReader.Create(new MemoryStream(KeepAlive)), cancellation: Cancellation);
        await pipeline.CompleteAsync();
        ReaderCounters reader = pipeline.GetCounters().Readers[0];
        Assert.Equal(2, reader.Controls[ControlKind.KeepAlive]);
        Assert.Equal(1, reader.Rejects[RejectReason.FramingLost]);
        Assert.Single(_events, told => told.Kind == TimingEventKind.FramingLost);
    }

    [Fact]
    public async Task A_connection_made_after_the_lost_one_is_not_the_one_that_ends()
    {
        await using IngestPipeline pipeline = Start();
        for (int connection = 0; connection < 50; connection++)
        {
            await pipeline.ReadAsync("mat", PipeReader.Create(new MemoryStream(Impossible)), cancellation: Cancellation);
            await pipeline.ReadAsync("mat", PipeReader.Create(new MemoryStream(KeepAlive)), cancellation: Cancellation);
        }

        await pipeline.CompleteAsync();
        Assert.Equal(50, pipeline.GetCounters().Readers[0].Controls[ControlKind.KeepAlive]);
    }

    [Fact]
    public async Task A_file_is_read_to_its_end_and_what_follows_is_counted()
    {
        await using IngestPipeline pipeline = Start();
        await pipeline.ReadAsync(
            "mat", PipeReader.Create(new MemoryStream([.. KeepAlive, .. Impossible, .. KeepAlive])), recorded: true, Cancellation);
        await pipeline.CompleteAsync();
        ReaderCounters reader = pipeline.GetCounters().Readers[0];
        Assert.Equal(1, reader.Controls[ControlKind.KeepAlive]);
        Assert.Equal(1, reader.Rejects[RejectReason.FramingLost]);
        Assert.Equal(40, reader.Bytes);
        Assert.Equal(2, reader.Rejects.Values.Sum());
    }
}
