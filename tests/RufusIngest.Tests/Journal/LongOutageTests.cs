using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

/// <summary>
/// The mobile network is away for hours while the race goes on at 300 reads/s; then it comes back. Six minutes here, as
/// many hours as RUFUS_OUTAGE_HOURS says.
/// </summary>
[CollectionDefinition(nameof(LongOutageTests), DisableParallelization = true)]
[Collection(nameof(LongOutageTests))]
public sealed class LongOutageTests : IDisposable
{
    const int ReadsPerSecond = 300;
    const int HitsPerPassing = 10;
    const int Chips = 3_000;

    readonly TempFolder _folder = new();
    readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(CoreRun.Start));

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Memory_stays_flat_and_all_of_it_arrives_when_the_network_is_back()
    {
        double hours = double.Parse(
            Environment.GetEnvironmentVariable("RUFUS_OUTAGE_HOURS") ?? "0.1", CultureInfo.InvariantCulture);
        await using TestVenue venue = await TestVenue.StartAsync();
        using AwayHandler network = new();
        using HttpClient http = new(network) { BaseAddress = venue.Server.BaseAddress };
        RufusCloudClient cloud = new(http, TestVenue.ReadWriteKey);
        string token = await OpenSessionAsync(venue);
        using SqliteJournal journal = SqliteJournal.Open(_folder.File("race.journal"));
        await using IngestPipeline pipeline = await IngestPipeline.OpenAsync(Options, journal, _time, null, Cancellation);
        PassingsUploader uploader = new(cloud, new UploadOptions(), _time);
        uploader.AttachSession("FINISH", token);
        TaskCompletionSource inputEnd = new();
        Task delivery = uploader.RunAsync(journal, inputEnd.Task, Cancellation);
        Pipe connection = new();
        Task reading = pipeline.ReadAsync("mat", connection.Reader, cancellation: Cancellation);

        int seconds = (int)(hours * 3600);
        List<long> memory = [];
        for (int second = 0; second < seconds; second++)
        {
            WriteSecond(connection.Writer, second);
            await connection.Writer.FlushAsync(Cancellation);
            _time.Advance(TimeSpan.FromSeconds(1));
            if (second % (seconds / 6) == (seconds / 6) - 1)
            {
                await UntilAsync(() => pipeline.GetCounters().Reads >= (second + 1L) * ReadsPerSecond);
                memory.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        await connection.Writer.CompleteAsync();
        await reading;
        await pipeline.CompleteAsync();
        inputEnd.SetResult();
        Assert.Equal(0, venue.Server.Counters.Inserted);
        int passings = Assert.Single(journal.GetSessions()).LastNumber;
        network.IsAway = false;
        long start = Stopwatch.GetTimestamp();
        // Past the delay; once a request is under way time stands still, so that none times out.
        await UntilAsync(() => network.HasSent);
        await delivery;
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;

        Assert.Equal(seconds * ReadsPerSecond / HitsPerPassing, passings);
        Assert.Equal(passings, venue.Server.Counters.Inserted);
        Assert.Equal(0, venue.Server.Counters.Conflicts);
        // The gate forgets earlier passings here, so nothing may grow: 2 MB is what pools and tiers still move.
        Assert.InRange(memory[^1] - memory[1], long.MinValue, 2_000_000);
        TestContext.Current.SendDiagnosticMessage(
            $"{hours} h away: {seconds * (long)ReadsPerSecond:N0} reads, {passings:N0} passings caught up in {took:F2} s "
            + $"({passings / took:N0}/s); managed memory {string.Join(", ", memory.Select(m => $"{m / 1e6:F1}"))} MB");
    }

    static IngestOptions Options { get; } = new()
    {
        Settings = CoreRun.SettingsOf(("mat", "FINISH")) with { Limits = new GateLimits { MaxEarlierPassings = 0 } },
        Protocols = [PlainParser.Protocol],
        CommitAge = TimeSpan.Zero,
        // A busy machine fills what may wait, and the pools keep it.
        MaxWaitingBytes = 512 * 1024,
        MaxWaitingBatches = 1,
        MaxBatchPassings = 50,
    };

    /// <summary>30 chips pass in a second, each seen ten times; a chip comes again after 100 s.</summary>
    static void WriteSecond(PipeWriter writer, int second)
    {
        const int PassingsPerSecond = ReadsPerSecond / HitsPerPassing;
        for (int i = 0; i < ReadsPerSecond; i++)
        {
            int chip = ((second * PassingsPerSecond) + (i % PassingsPerSecond)) % Chips;
            long ms = CoreRun.Start + (second * 1000L) + (i * 2);
            Span<byte> line = writer.GetSpan(40);
            System.Text.Unicode.Utf8.TryWrite(line, $"c{chip} {ms}\n", out int length);
            writer.Advance(length);
        }
    }

    async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    static async Task<string> OpenSessionAsync(TestVenue venue)
    {
        string device = (await venue.PostAsync("devices", """{"model":"m","serial_number":"s"}""")).Body.Split('"')[7];
        return (await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Body.Split('"')[7];
    }

    sealed class AwayHandler() : DelegatingHandler(new SocketsHttpHandler())
    {
        public volatile bool IsAway = true;
        public volatile bool HasSent;

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsAway)
                return Task.FromException<HttpResponseMessage>(new HttpRequestException("no network"));
            HasSent = true;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
